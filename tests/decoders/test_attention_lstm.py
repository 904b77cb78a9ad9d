"""The attention captioner against its equations in NumPy."""

import keras
import numpy as np
import pytest
from keras import ops

from lrcn_seq.decoders.attention_lstm import AttentionLstm
from lrcn_seq.records import Encoded

V, U, E, A, D = 11, 5, 4, 3, 6
EXACT = (
    1e-12 if keras.backend.backend() == "tensorflow" else 1e-5
)  # Keras computes float64 in float32 on the others
MASK = np.array([[True, True, False], [True, False, False], [True, True, True]])
OPTIONS = [
    {},
    {"gate": False},
    {"deep_output": False},
    {"feature_units": 7, "initializer_range": 0.1},
]


def encoded(dtype="float64"):
    features = np.random.default_rng(0).normal(size=(3, 3, 2, D)).astype(dtype)
    return Encoded(ops.convert_to_tensor(features), ops.convert_to_tensor(MASK))


def words():
    return np.random.default_rng(1).integers(0, V, (3, 7)).astype("int32")


def built(dtype="float64", **options):
    decoder = AttentionLstm(V, units=U, embedding=E, attention=A, dtype=dtype, **options)
    decoder(encoded(dtype), words())
    rng = np.random.default_rng(2)
    for weight in decoder.weights:
        if str(weight.dtype).startswith("float"):
            weight.assign(rng.normal(size=weight.shape) * 0.5)
    return decoder


def array(tensor):
    return ops.convert_to_numpy(tensor)


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def dense(layer, x):
    y = x @ array(layer.kernel)
    return y + array(layer.bias) if layer.use_bias else y


def oracle(decoder, ids, masks=None):
    """(logits (L, V), weights (L, M)) of one sentence for each picture, place by place and word by word; dropout masks are of the words and of what enters the logits."""
    rows = []
    masks = np.ones((2, len(ids), 1)) if masks is None else masks
    for features, mask, sentence, on_word, on_leaving in zip(
        array(encoded().features), MASK, ids, *masks, strict=True
    ):
        places = [
            region for step, real in zip(features, mask, strict=True) if real for region in step
        ]
        if decoder.feature is not None:
            places = [dense(decoder.feature, a) for a in places]
        mean = sum(places) / len(places)
        h, c = np.tanh(dense(decoder.first_hidden, mean)), np.tanh(dense(decoder.first_cell, mean))
        logits, looks = [], []
        for word in sentence:
            y = array(decoder.embed.embeddings)[word] * on_word
            part = decoder.attention
            energy = np.array(
                [
                    np.tanh(dense(part.key, a) + dense(part.query, h))
                    @ array(part.score.kernel)[:, 0]
                    for a in places
                ]
            )
            alpha = np.exp(energy) / np.exp(energy).sum()
            z = sum(weight * a for weight, a in zip(alpha, places, strict=True))
            if decoder.gate is not None:
                z = sigmoid(dense(decoder.gate, h)) * z
            total = (
                y @ array(decoder.lstm.kernel)
                + array(decoder.lstm.bias)
                + h @ array(decoder.lstm.recurrent_kernel)
                + z @ array(decoder.context_gates.kernel)
            )
            i, f, g, o = total[:U], total[U : 2 * U], total[2 * U : 3 * U], total[3 * U :]
            c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
            h = sigmoid(o) * np.tanh(c)
            leaving = (
                y + h @ array(decoder.deep[0].kernel) + z @ array(decoder.deep[1].kernel)
                if decoder.deep
                else h
            )
            logits.append(dense(decoder.output_words, leaving * on_leaving))
            looks.append(np.pad(alpha, (0, 6 - len(alpha))))
        rows.append((np.stack(logits), np.stack(looks)))
    return [np.stack(kind) for kind in zip(*rows, strict=True)]


@pytest.mark.parametrize("options", OPTIONS)
def test_equals_equations(options):
    """The logits equal the equations to 1e-12 in float64, padded steps absent altogether."""
    decoder = built(**options)
    assert np.abs(array(decoder(encoded(), words())) - oracle(decoder, words())[0]).max() < EXACT


@pytest.mark.parametrize("options", OPTIONS)
@pytest.mark.parametrize(("dtype", "tolerance"), [("float64", EXACT), ("float32", 1e-5)])
def test_step_equals_equations(options, dtype, tolerance):
    """A loop of steps gives logits and attention weights of the equations; weights of padding are exactly zero."""
    decoder = built(dtype, **options)
    logits, looks = oracle(decoder, words())
    memory, state = decoder.start(encoded(dtype))
    for place, word in enumerate(words().T):
        out = decoder.step(ops.convert_to_tensor(word), state, memory)
        state = out.state
        assert np.allclose(array(out.logits), logits[:, place], rtol=tolerance, atol=tolerance)
        assert np.allclose(array(out.attention), looks[:, place], rtol=tolerance, atol=tolerance)
        assert not array(out.attention)[~np.repeat(MASK, 2, axis=1)].any()


def test_clip_without_a_real_step():
    """A clip whose steps are all padding gives finite logits and no attention."""
    decoder = built("float32")
    nothing = Encoded(encoded("float32").features, ops.zeros((3, 3), "bool"))
    memory, state = decoder.start(nothing)
    out = decoder.step(ops.zeros((3,), "int32"), state, memory)
    assert np.isfinite(array(out.logits)).all()
    assert not array(out.attention).any()


@pytest.mark.parametrize("deep_output", [True, False])
def test_dropout_equals_equations(deep_output):
    """In training the logits are those of the equations where the words and what enters the logits are multiplied by the masks in the memory, of 0 and 1 / (1 − rate)."""
    keras.utils.set_random_seed(5)
    decoder = built(deep_output=deep_output, dropout=0.5)
    memory, state = decoder.start(encoded(), training=True)
    masks = [array(mask) for mask in memory[-1]]
    assert [set(mask.flat) for mask in masks] == [{0.0, 2.0}] * 2
    logits, _ = oracle(decoder, words(), masks)
    for place, word in enumerate(words().T):
        out = decoder.step(ops.convert_to_tensor(word), state, memory)
        state = out.state
        assert np.abs(array(out.logits) - logits[:, place]).max() < EXACT


@pytest.mark.parametrize("rate", ["dropout", "feature_dropout"])
def test_dropout_is_drawn_once_a_sentence(rate):
    """In training the memory holds what was dropped, so two steps from one memory are equal, and differ from those without dropout."""
    keras.utils.set_random_seed(5)
    decoder = built("float32", **{rate: 0.5})
    memory, state = decoder.start(encoded("float32"), training=True)
    once, again = (
        array(decoder.step(ops.zeros((3,), "int32"), state, memory).logits) for _ in range(2)
    )
    plain = array(
        decoder.step(ops.zeros((3,), "int32"), *reversed(decoder.start(encoded("float32")))).logits
    )
    assert np.array_equal(once, again)
    assert not np.allclose(once, plain, atol=1e-3)
