"""Dropout whose random state is saved with the model."""

import keras
import numpy as np
import pytest
from keras import ops

from lrcn_seq.layers.dropout import seeded_dropout

SHAPES = [(40, 50), (40, 5, 10), (4, 5, 10, 10)]


def draw(layer, shape):
    """Return the output of a dropout layer for ones, in training mode."""
    return ops.convert_to_numpy(layer(ops.ones(shape), training=True))


def test_restoring_the_variables_repeats_the_draws():
    """Restoring the variables of a dropout layer repeats its draws."""
    layer = seeded_dropout(0.5)
    draw(layer, SHAPES[0])
    before = [ops.convert_to_numpy(variable) for variable in layer.variables]
    first, second = draw(layer, SHAPES[0]), draw(layer, SHAPES[0])
    for variable, value in zip(layer.variables, before, strict=True):
        variable.assign(value)
    assert (draw(layer, SHAPES[0]) == first).all()
    assert (first != second).any()


def test_the_global_seed_does_not_change_the_draws():
    """The draws of a dropout layer do not depend on the global random state."""
    layer, other = seeded_dropout(0.5), seeded_dropout(0.5)
    other.seed_generator.state.assign(layer.seed_generator.state)
    keras.utils.set_random_seed(1)
    first = draw(layer, SHAPES[0])
    keras.utils.set_random_seed(2)
    assert (draw(other, SHAPES[0]) == first).all()


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_elements_are_drawn_independently(shape):
    """Dropout keeps a share of 1 − rate along every axis and scales the kept values."""
    found = draw(seeded_dropout(0.2, rank=len(shape)), shape)
    assert np.allclose(np.unique(found), [0, 1.25])
    for axis in range(len(shape)):
        kept = (np.moveaxis(found, axis, 0).reshape(shape[axis], -1) > 0).mean(1)
        assert (np.abs(kept - 0.8) < 0.3).all()


@pytest.mark.parametrize("rank", [2, 3, 4])
def test_the_noise_shape_is_given(rank):
    """The noise shape of dropout is set, because Keras on PyTorch needs it to use the seed."""
    assert tuple(seeded_dropout(0.5, rank=rank).noise_shape) == (None,) * rank


def test_inference_changes_nothing():
    """Outside of training, dropout leaves its inputs unchanged."""
    x = np.arange(6, dtype="float32").reshape(2, 3)
    assert (ops.convert_to_numpy(seeded_dropout(0.9)(x, training=False)) == x).all()
