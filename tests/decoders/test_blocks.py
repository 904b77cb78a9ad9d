"""Layers and operations that several decoders share."""

import keras
import numpy as np
import pytest

from lrcn_seq.decoders import _blocks
from lrcn_seq.layers.dropout import seeded_dropout
from tests.decoders.equations import array

X = np.random.default_rng(0).normal(size=(4, 3, 50)).astype("float32")


@pytest.mark.parametrize(("initializer_range", "limit"), [(0.01, 0.01), (0.0, (6 / 1000) ** 0.5)])
def test_projection_is_drawn_within_its_range(initializer_range, limit):
    """Projection weights are uniform within ± the range or, with range 0, the Glorot range."""
    keras.utils.set_random_seed(1)
    layer = _blocks.projection(500, "feature", initializer_range)
    layer.build((None, 500))
    kernel = np.abs(array(layer.kernel))
    assert layer.name == "feature"
    assert kernel.max() <= limit
    assert kernel.mean() == pytest.approx(limit / 2, rel=0.02)


@pytest.mark.parametrize(("initializer_range", "limit"), [(0.01, 0.01), (0.0, 0.05)])
def test_word_embedding_is_drawn_within_its_range(initializer_range, limit):
    """Word embeddings are uniform within ± the range or, with range 0, ± 0.05."""
    keras.utils.set_random_seed(1)
    layer = _blocks.word_embedding(400, 50, initializer_range)
    layer.build((None,))
    values = np.abs(array(layer.embeddings))
    assert values.shape == (400, 50)
    assert values.max() <= limit
    assert values.mean() == pytest.approx(limit / 2, rel=0.02)


def test_build_stack_chains_the_widths():
    """Each LSTM layer of a stack reads the output of the layer below."""
    stack = _blocks.lstm_stack(2, 6, initializer_range=0.0, forget_bias=1.0)
    assert _blocks.build_stack(stack, 5) == 6
    assert [tuple(layer.kernel.shape) for layer in stack] == [(5, 24), (6, 24)]


def test_forget_bias_of_a_stack():
    """The biases of the forget gates start at `forget_bias`; other biases start at 0."""
    (layer,) = _blocks.lstm_stack(1, 2, initializer_range=0.0, forget_bias=0.5)
    layer.build((None, 3))
    assert array(layer.bias).tolist() == [0, 0, 0.5, 0.5, 0, 0, 0, 0]


def test_dropout_masks_are_zero_or_scaled():
    """Dropout masks have values 0 and 1 / (1 − rate)."""
    masks = _blocks.dropout_masks(seeded_dropout(0.75), (40, 50), 3, "float32", training=True)
    assert [mask.shape for mask in masks] == [(3, 40), (3, 50)]
    assert all(set(array(mask).flat) == {0.0, 4.0} for mask in masks)


@pytest.mark.parametrize(("rate", "training"), [(0.0, True), (0.5, False)])
def test_nothing_is_dropped(rate, training):
    """Without training or with rate 0, there are no dropout masks and inputs are unchanged."""
    dropout = seeded_dropout(rate)
    masks = _blocks.dropout_masks(dropout, (4,), 3, "float32", training=training)
    assert masks == ()
    assert _blocks.apply_mask(X, masks, 0) is X
    assert _blocks.sequence_dropout(X, dropout, training=training) is X


def test_apply_mask_takes_the_mask_at_the_index():
    """`apply_mask` multiplies every step by the mask at the given index."""
    masks = np.array([[[2.0]], [[3.0]]], "float32")
    assert np.array_equal(_blocks.apply_mask(X, list(masks), 1), 3 * X)


def test_sequence_dropout_has_one_mask_for_all_steps():
    """Sequence dropout multiplies all steps of a sequence by the same mask."""
    dropped = array(_blocks.sequence_dropout(X, seeded_dropout(0.5), training=True))
    masks = (dropped / X).round(4)
    assert (masks == masks[0]).all()
    assert set(masks.flat) == {0.0, 2.0}
