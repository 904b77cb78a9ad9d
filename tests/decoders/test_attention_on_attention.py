"""The decoder with attention on attention compared with its equations in NumPy."""

import keras
import numpy as np
import pytest
from keras import ops

from lrcn_seq.decoders.attention_on_attention import AttentionOnAttention
from lrcn_seq.errors import ArgumentError
from lrcn_seq.records import Encoded
from tests.decoders.equations import (
    EXACT,
    array,
    dense,
    layer_norm,
    lstm_step,
    multi_head_attention,
    randomize,
    sigmoid,
    step_logits,
    zero_state,
)

B, S, R, D, V, U, E, H, L = 3, 3, 2, 5, 11, 6, 4, 2, 4
MASK = np.array([[True, True, False], [True, False, False], [True, True, True]])
FEATURES = np.random.default_rng(0).normal(size=(B, S, R, D))
WORDS = np.random.default_rng(1).integers(0, V, (B, L)).astype("int32")
CLOSE = {"rtol": 10 * EXACT, "atol": 10 * EXACT}


def encoded(mask=MASK):
    """Return features and mask as tensors."""
    return Encoded(ops.convert_to_tensor(FEATURES), ops.convert_to_tensor(mask))


def built(refine_layers=2, **options):
    """Return a decoder with random weights."""
    options = {"units": U, "embedding": E, "heads": H, "dtype": "float64"} | options
    decoder = AttentionOnAttention(V, refine_layers=refine_layers, **options)
    decoder(encoded(), WORDS)
    randomize(decoder)
    return decoder


def filtered(layer, attended, query):
    """Return i ∘ σ(g) with i = W_f f + W_q q + b and g of the same form."""
    kernel, bias = array(layer.kernel), array(layer.bias)
    i, g = (
        attended @ kernel[:U, part] + query @ kernel[U:, part] + bias[part]
        for part in (slice(U), slice(U, None))
    )
    return i * sigmoid(g)


def regions_of(decoder, row):
    """Return the refined regions of the real steps."""
    regions = dense(decoder.feature, FEATURES[row, MASK[row]].reshape(-1, D))
    for layer in decoder.refiners:
        attended = [multi_head_attention(layer.attention, q, regions)[0] for q in regions]
        added = filtered(layer.filter, np.stack(attended), regions)
        regions = layer_norm(layer.normalize, regions + added)
    return regions


def equations(decoder, row, masks=(1, 1)):
    """Return logits (L, V) and weights (L, S·R) of a caption.

    The dropout masks apply to the embedded words and to the inputs of the output layer.
    """
    regions = regions_of(decoder, row)
    state, context, logits, attention = zero_state(U), np.zeros(U), [], []
    for y in array(decoder.embed.embeddings)[WORDS[row]] * masks[0]:
        others = dense(decoder.context_gates, regions.mean(0) + context)
        state = lstm_step(decoder.lstm, y, state, others)
        attended, weights = multi_head_attention(decoder.attention, state[0], regions)
        context = filtered(decoder.filter, attended, state[0])
        logits.append(dense(decoder.output_words, context * masks[1]))
        attention.append(np.pad(weights.mean(0), (0, S * R - len(regions))))
    return np.stack(logits), np.stack(attention)


@pytest.mark.parametrize("refine_layers", [0, 2])
def test_call_and_steps_equal_the_equations(refine_layers):
    """Logits of `call` and `step` follow the equations, and attention is 0 at padding."""
    decoder = built(refine_layers)
    logits, attention = map(np.stack, zip(*(equations(decoder, n) for n in range(B)), strict=True))
    assert np.allclose(array(decoder(encoded(), WORDS)), logits, **CLOSE)
    memory, state = decoder.start(encoded())
    for place in range(L):
        out = decoder.step(ops.convert_to_tensor(WORDS[:, place]), state, memory)
        state = out.state
        assert np.allclose(array(out.logits), logits[:, place], **CLOSE)
        assert np.allclose(array(out.attention), attention[:, place], **CLOSE)


def test_dropout_equals_the_equations():
    """In training, each caption has one dropout mask for its words and one for the outputs."""
    keras.utils.set_random_seed(5)
    decoder = built(0, dropout=0.5)
    memory, state = decoder.start(encoded(), training=True)
    masks = [array(mask) for mask in memory[-1]]
    assert [mask.shape for mask in masks] == [(B, E), (B, U)]
    decoder.start = lambda *_, **__: (memory, state)
    logits = step_logits(decoder, encoded(), WORDS)
    call = array(decoder(encoded(), WORDS, training=True))
    for row in range(B):
        expected, _ = equations(decoder, row, [mask[row] for mask in masks])
        assert np.allclose(logits[row], expected, **CLOSE)
        assert np.allclose(call[row], expected, **CLOSE)


@pytest.mark.parametrize("rate", ["dropout", "feature_dropout"])
def test_dropout_of_the_regions(rate):
    """Dropout of the regions and of the refining layers is drawn by `start`, only in training."""
    keras.utils.set_random_seed(5)
    decoder, plain = built(**{rate: 0.5}), array(built().start(encoded())[0][2])
    assert np.array_equal(array(decoder.start(encoded())[0][2]), plain)
    assert not np.allclose(array(decoder.start(encoded(), training=True)[0][2]), plain)


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
        AttentionOnAttention(V, units=6, heads=4)
