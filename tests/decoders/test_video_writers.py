"""The describers of clips, against their equations in NumPy."""

import keras
import numpy as np
import pytest
from keras import ops

from lrcn_seq.decoders.encoder_decoder import EncoderDecoder
from lrcn_seq.decoders.s2vt import S2vt
from lrcn_seq.records import Encoded

B, S, R, D, U, E, F, V, L = 3, 5, 2, 4, 6, 5, 3, 11, 4
EXACT = (
    1e-12 if keras.backend.backend() == "tensorflow" else 1e-5
)  # Keras computes float64 in float32 on the others
LENGTHS = (5, 2, 3)
MASK = np.arange(S) < np.array(LENGTHS)[:, None]
FEATURES = np.random.default_rng(0).normal(size=(B, S, R, D))
WORDS = np.random.default_rng(1).integers(0, V, (B, L)).astype("int32")


def array(tensor):
    return ops.convert_to_numpy(tensor)


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def lstm(layer, x, state):
    """One step of one row, from the equations."""
    h, c = state
    kernel, recurrent, bias = map(array, (layer.kernel, layer.recurrent_kernel, layer.bias))
    i, f, g, o = np.split(x @ kernel + h @ recurrent + bias, 4)
    c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
    return sigmoid(o) * np.tanh(c), c


def s2vt(decoder, frames, words, masks=(1, 1, 1, 1)):
    """Logits (L, V) of one clip; dropout masks are of projected frames, words, and the outputs of both layers."""
    on_frame, on_word, on_first, on_second = masks
    zero = (np.zeros(U), np.zeros(U))
    first, second = zero, zero
    for frame in frames:
        first = lstm(
            decoder.watcher,
            (frame @ array(decoder.frame.kernel) + array(decoder.frame.bias)) * on_frame,
            first,
        )
        second = lstm(decoder.writer, np.concatenate([first[0] * on_first, np.zeros(E)]), second)
    outputs = []
    for word in words:
        first = lstm(decoder.watcher, np.zeros(F), first)
        second = lstm(
            decoder.writer,
            np.concatenate([first[0] * on_first, array(decoder.embed.embeddings)[word] * on_word]),
            second,
        )
        outputs.append(second[0] * on_second)
    return np.stack(outputs) @ array(decoder.output_words.kernel) + array(decoder.output_words.bias)


def encoder_decoder(decoder, frames, words, masks=(1, 1, 1)):
    """Logits (L, V) of one clip; dropout masks are of words and of the output of each layer."""
    on_word, *on_layers = masks
    states = [(np.zeros(U), np.zeros(U)) for _ in decoder.readers]

    def climb(stack, x):
        for index, layer in enumerate(stack):
            states[index] = lstm(layer, x, states[index])
            x = states[index][0] * on_layers[index]
        return x

    for frame in frames:
        climb(decoder.readers, frame)
    outputs = [
        climb(decoder.writers, array(decoder.embed.embeddings)[word] * on_word) for word in words
    ]
    return np.stack(outputs) @ array(decoder.output_words.kernel) + array(decoder.output_words.bias)


def built(part, **options):
    """A decoder with random weights, and what it is given."""
    decoder = part(V, units=U, embedding=E, dtype="float64", **options)
    encoded = Encoded(ops.convert_to_tensor(FEATURES), ops.convert_to_tensor(MASK))
    decoder(encoded, WORDS)
    rng = np.random.default_rng(2)
    for weight in decoder.trainable_variables:
        weight.assign(rng.normal(size=weight.shape) * 0.5)
    return decoder, encoded


CASES = pytest.mark.parametrize(
    ("part", "options", "oracle"),
    [(S2vt, {"frame_units": F}, s2vt), (EncoderDecoder, {"layers": 2}, encoder_decoder)],
)


@CASES
def test_equals_equations(part, options, oracle):
    """The logits of each clip equal the equations over its own frames to 1e-12 in float64."""
    decoder, encoded = built(part, **options)
    found = array(decoder(encoded, WORDS))
    for row, length in enumerate(LENGTHS):
        assert (
            np.abs(found[row] - oracle(decoder, FEATURES[row, :length].mean(1), WORDS[row])).max()
            < EXACT
        )


@CASES
def test_dropout_equals_equations(part, options, oracle):
    """In training they equal the equations under the masks in the memory, of 0 and 1 / (1 − rate), the same at all steps of a clip and its sentence."""
    keras.utils.set_random_seed(5)
    decoder, encoded = built(part, dropout=0.5, **options)
    memory, state = decoder.start(encoded, training=True)
    masks = [array(mask) for mask in memory[-1]]
    assert [set(mask.flat) for mask in masks] == [{0.0, 2.0}] * len(masks)
    found = []
    for word in WORDS.T:
        out = decoder.step(ops.convert_to_tensor(word), state, memory)
        state = out.state
        found.append(array(out.logits))
    for row, length in enumerate(LENGTHS):
        expected = oracle(
            decoder, FEATURES[row, :length].mean(1), WORDS[row], [mask[row] for mask in masks]
        )
        assert np.abs(np.stack(found, 1)[row] - expected).max() < EXACT
