"""Dropout whose random state is saved with the model."""

import keras
import numpy as np
import pytest
from keras import ops

from lrcn_seq.layers.dropout import seeded_dropout

SHAPES = [(40, 50), (40, 5, 10), (4, 5, 10, 10)]


def draw(layer, shape):
    """Return the result of training dropout on ones."""
    return ops.convert_to_numpy(layer(ops.ones(shape), training=True))


def test_restoring_the_variables_repeats_the_draws():
    """Restoring the variables of the layer repeats the draws."""
    layer = seeded_dropout(0.5)
    draw(layer, SHAPES[0])
    before = [ops.convert_to_numpy(variable) for variable in layer.variables]
    first, second = draw(layer, SHAPES[0]), draw(layer, SHAPES[0])
    for variable, value in zip(layer.variables, before, strict=True):
        variable.assign(value)
    assert (draw(layer, SHAPES[0]) == first).all()
    assert (first != second).any()


def test_the_global_seed_does_not_change_the_draws():
    """Draws do not depend on the global random state."""
    layer, other = seeded_dropout(0.5), seeded_dropout(0.5)
    other.seed_generator.state.assign(layer.seed_generator.state)
    keras.utils.set_random_seed(1)
    first = draw(layer, SHAPES[0])
    keras.utils.set_random_seed(2)
    assert (draw(other, SHAPES[0]) == first).all()


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_elements_are_drawn_independently(shape):
    """The kept share is near 1 − rate along every axis, and kept values are scaled."""
    found = draw(seeded_dropout(0.2, rank=len(shape)), shape)
    assert np.allclose(np.unique(found), [0, 1.25])
    for axis in range(len(shape)):
        kept = (np.moveaxis(found, axis, 0).reshape(shape[axis], -1) > 0).mean(1)
        assert (np.abs(kept - 0.8) < 0.3).all()


@pytest.mark.parametrize("rank", [2, 3, 4])
def test_the_noise_shape_is_given(rank):
    """The noise shape is set, without which Keras on PyTorch ignores the layer's random state."""
    assert tuple(seeded_dropout(0.5, rank=rank).noise_shape) == (None,) * rank


def test_inference_changes_nothing():
    """Outside of training, the layer is the identity."""
    x = np.arange(6, dtype="float32").reshape(2, 3)
    assert (ops.convert_to_numpy(seeded_dropout(0.9)(x, training=False)) == x).all()
