"""The Transformer decoder compared with its equations in NumPy."""

import keras
import numpy as np
import pytest
from keras import ops

from lrcn_seq.decoders.transformer import Transformer
from lrcn_seq.errors import ArgumentError
from lrcn_seq.records import SPECIAL, Encoded
from lrcn_seq.search.beam import Beam
from tests.decoders.equations import (
    EXACT,
    array,
    dense,
    layer_norm,
    multi_head_attention,
    randomize,
    softmax,
)

B, S, R, D, V, U, H, F, L = 3, 3, 2, 5, 11, 6, 2, 7, 4
MASK = np.array([[True, False, True], [True, False, False], [True, True, True]])
FEATURES = np.random.default_rng(0).normal(size=(B, S, R, D))
WORDS = np.random.default_rng(1).integers(0, V, (B, L)).astype("int32")
LARGE = {"rtol": 10 * EXACT, "atol": 10 * EXACT}
"""Tolerance for sums of many terms."""


def encoded(mask=MASK):
    """Return features and mask as tensors."""
    return Encoded(ops.convert_to_tensor(FEATURES), ops.convert_to_tensor(mask))


def built(**options):
    """Return a decoder of two blocks with random weights."""
    options = {"layers": 2, "words_limit": L, "dtype": "float64"} | options
    decoder = Transformer(V, units=U, heads=H, intermediate_units=F, **options)
    decoder(encoded(), WORDS)
    randomize(decoder)
    return decoder


def sinusoid(position):
    """Return sin(p / 10000^(2i / U)) and cos(p / 10000^(2i / U)) in turn (section 3.5)."""
    angles = [position / 10000 ** (2 * i / U) for i in range(U // 2)]
    return np.array([value for angle in angles for value in (np.sin(angle), np.cos(angle))])


def regions_of(decoder, row):
    """Return the regions of the real steps with the positions of these steps."""
    regions = [
        layer_norm(decoder.normalize_feature, dense(decoder.feature, region) + sinusoid(position))
        for position, step in enumerate(FEATURES[row, MASK[row]])
        for region in step
    ]
    return np.stack(regions)


def equations(decoder, row, masks=None):
    """Return logits (L, V) and weights (L, M) of the real regions for a caption.

    The dropout masks apply to the embedded words and to the sublayers of both blocks.
    """
    masks = iter([1] * 7 if masks is None else masks)
    regions = regions_of(decoder, row)
    embedded = array(decoder.embed.embeddings)[WORDS[row]] * U**0.5
    x = (embedded + np.stack([sinusoid(p) for p in range(L)])) * next(masks)
    for block in decoder.blocks:
        y = layer_norm(block.normalize[0], x)
        y = [multi_head_attention(block.self_attention, y[p], y[: p + 1])[0] for p in range(L)]
        x = x + dense(block.outputs[0], np.stack(y)) * next(masks)
        y = layer_norm(block.normalize[1], x)
        y, weights = zip(
            *(multi_head_attention(block.cross_attention, q, regions) for q in y), strict=True
        )
        x = x + dense(block.outputs[1], np.stack(y)) * next(masks)
        y = np.maximum(dense(block.inner, layer_norm(block.normalize[2], x)), 0)
        x = x + dense(block.outputs[2], y) * next(masks)
    logits = dense(decoder.output_words, layer_norm(decoder.normalize_output, x))
    return logits, np.stack(weights).mean(1)


def test_call_and_steps_equal_the_equations():
    """Logits of `call` and `step` follow the equations, and attention is 0 at padding."""
    decoder = built()
    logits = np.stack([equations(decoder, row)[0] for row in range(B)])
    assert np.allclose(array(decoder(encoded(), WORDS)), logits, **LARGE)
    memory, state = decoder.start(encoded())
    for place in range(L):
        out = decoder.step(ops.convert_to_tensor(WORDS[:, place]), state, memory)
        state = out.state
        assert np.allclose(array(out.logits), logits[:, place], **LARGE)
        for row, real in enumerate(np.repeat(MASK, R, axis=1)):
            attention = array(out.attention)[row]
            assert np.allclose(attention[real], equations(decoder, row)[1][place], **LARGE)
            assert not attention[~real].any()


def test_dropout_equals_the_equations():
    """In training, each caption has one dropout mask for its words and one for each sublayer."""
    keras.utils.set_random_seed(5)
    decoder = built(dropout=0.5)
    memory, state = decoder.start(encoded(), training=True)
    masks = [array(mask)[:, 0] for mask in memory[-1]]
    assert len(masks) == 7
    assert all(set(mask.flat) == {0.0, 2.0} for mask in masks)
    decoder.start = lambda *_, **__: (memory, state)
    logits = array(decoder(encoded(), WORDS, training=True))
    for row in range(B):
        expected, _ = equations(decoder, row, [mask[row] for mask in masks])
        assert np.allclose(logits[row], expected, **LARGE)


def test_state_of_a_step():
    """The state holds the keys and values of `words_limit` words and the start word."""
    decoder = built(words_limit=9)
    memory, (position, caches) = decoder.start(encoded())
    assert array(position).tolist() == [0] * B
    assert [[heads.shape for heads in cache] for cache in caches] == [[(B, 10, H, U // H)] * 2] * 2
    (position, _) = decoder.step(ops.zeros((B,), "int32"), (position, caches), memory).state
    assert array(position).tolist() == [1] * B


def test_captions_may_be_longer_than_the_limit():
    """`call` gives the logits of a caption that is longer than `words_limit`."""
    decoder, short = built(), built(words_limit=1)
    assert np.array_equal(array(short(encoded(), WORDS)), array(decoder(encoded(), WORDS)))


def test_beam_search_keeps_each_hypothesis_with_its_words():
    """The log probability of each hypothesis of a beam is that of `call` for its words."""
    decoder = built()
    memory, state = decoder.start(encoded())
    found = Beam(beams=3, suppress_unknown=False)(
        decoder.step, state, memory, special=SPECIAL, limit=L + 1
    )
    for beam, lengths in enumerate(array(found.lengths).T):
        words = array(found.words)[:, beam]
        inputs = np.concatenate([np.full((B, 1), SPECIAL.start), words[:, :-1]], 1).astype("int32")
        gains = np.log(softmax(array(decoder(encoded(), inputs))))
        for row, length in enumerate(lengths):
            total = gains[row, np.arange(length), words[row, :length]].sum()
            assert array(found.log_probabilities)[row, beam] == pytest.approx(total, abs=1e-4)


def test_clip_of_padding_only():
    """A clip that consists of padding has finite logits and no attention."""
    decoder = built()
    memory, state = decoder.start(encoded(np.zeros_like(MASK)))
    out = decoder.step(ops.zeros((B,), "int32"), state, memory)
    assert np.isfinite(array(out.logits)).all()
    assert not array(out.attention).any()


def test_heads_divide_the_units():
    """A number of units that is not a multiple of the number of heads is an error."""
    with pytest.raises(ArgumentError, match="Received: units=6, heads=4"):
        Transformer(V, units=6, heads=4)
