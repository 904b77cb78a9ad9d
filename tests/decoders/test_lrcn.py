"""The LSTM language models of LRCN compared with their equations in NumPy."""

import keras
import numpy as np
import pytest
from keras import ops

from lrcn_seq.decoders.lrcn import Lrcn
from lrcn_seq.records import Encoded
from tests.decoders.equations import (
    EXACT,
    array,
    dense,
    lstm_step,
    randomize,
    step_logits,
    zero_state,
)

MODELS = {"1u": (1, False), "2u": (2, False), "2f": (2, True), "4f": (4, True)}
IMAGE_LAYERS = {"1u": 0, "2u": 0, "2f": 1, "4f": 2}
B, S, R, D, V, U, E, L = 3, 3, 2, 6, 11, 5, 4, 7
MASK = np.array([[True, True, False], [True, False, False], [True, True, True]])
FEATURES = np.random.default_rng(0).normal(size=(B, S, R, D))
WORDS = np.random.default_rng(1).integers(0, V, (B, L)).astype("int32")


def encoded(dtype="float64"):
    """Return features and mask as tensors."""
    return Encoded(ops.convert_to_tensor(FEATURES.astype(dtype)), ops.convert_to_tensor(MASK))


def built(model="2f", dtype="float64", **options):
    """Return an LRCN decoder with random weights."""
    layers, factored = MODELS[model]
    decoder = Lrcn(
        V, layers=layers, factored=factored, units=U, embedding=E, dtype=dtype, **options
    )
    decoder(encoded(dtype), WORDS)
    randomize(decoder)
    return decoder


def equations(decoder, model, row, masks=(1, 1, 1, 1, 1)):
    """Return logits (L, V) of a caption; `masks` are dropout masks for words and layer outputs."""
    feature = FEATURES[row, MASK[row]].reshape(-1, D).mean(0)
    if decoder.feature is not None:
        feature = dense(decoder.feature, feature)
    image, image_layer = feature @ array(decoder.image_gates.kernel), IMAGE_LAYERS[model]
    states = [zero_state(U) for _ in decoder.stack]

    def run(x, first, image):
        for index in range(first, len(states)):
            added = image if index == image_layer else 0.0
            states[index] = lstm_step(decoder.stack[index], x * masks[index], states[index], added)
            x = states[index][0]
        return x * masks[len(states)]

    if decoder.image == "first":
        run(np.zeros(U if image_layer else E), image_layer, image)
        image = np.zeros(4 * U)
    embeddings = array(decoder.embed.embeddings)
    outputs = [run(embeddings[word], 0, image) for word in WORDS[row]]
    return dense(decoder.output_words, np.stack(outputs))


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize(
    "options", [{}, {"image": "first"}, {"feature_units": 7, "output_bias": False}]
)
def test_call_equals_the_equations(model, options):
    """Teacher-forced logits of LRCN equal those of the paper's equations."""
    decoder = built(model, **options)
    expected = [equations(decoder, model, row) for row in range(B)]
    assert np.abs(array(decoder(encoded(), WORDS)) - expected).max() < EXACT


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("image", ["every_step", "first"])
@pytest.mark.parametrize(("dtype", "tolerance"), [("float64", EXACT), ("float32", 1e-5)])
def test_steps_equal_the_equations(model, image, dtype, tolerance):
    """The logits of repeated `step` calls equal those of the paper's equations."""
    decoder = built(model, dtype=dtype, image=image)
    expected = [equations(decoder, model, row) for row in range(B)]
    logits = step_logits(decoder, encoded(dtype), WORDS)
    assert np.allclose(logits, expected, rtol=tolerance, atol=tolerance)


def test_steps_have_no_attention():
    """The steps of LRCN have no attention weights."""
    decoder = built()
    memory, state = decoder.start(encoded())
    assert decoder.step(ops.zeros((B,), "int32"), state, memory).attention is None


@pytest.mark.parametrize("model", ["1u", "4f"])
@pytest.mark.parametrize("image", ["every_step", "first"])
def test_dropout_equals_the_equations(model, image):
    """In training, one dropout mask per caption applies to the words and to each layer's output."""
    keras.utils.set_random_seed(5)
    decoder = built(model, dropout=0.5, image=image)
    memory, state = decoder.start(encoded(), training=True)
    masks = [array(mask) for mask in memory[-1]]
    assert [set(mask.flat) for mask in masks] == [{0.0, 2.0}] * (len(decoder.stack) + 1)
    decoder.start = lambda *_, **__: (memory, state)
    logits = step_logits(decoder, encoded(), WORDS)
    for row in range(B):
        expected = equations(decoder, model, row, [mask[row] for mask in masks])
        assert np.abs(logits[row] - expected).max() < EXACT


def test_dropout_masks_are_those_of_the_memory():
    """A loop over `step` in training equals a call, because `start` draws all dropout masks."""
    decoder = built(dtype="float32", dropout=0.5)
    keras.utils.set_random_seed(5)
    seeds = [weight for weight in decoder.variables if "seed" in weight.path]
    before = [array(seed) for seed in seeds]
    expected = array(decoder(encoded("float32"), WORDS, training=True))
    for seed, value in zip(seeds, before, strict=True):
        seed.assign(value)
    assert len(seeds) == 1
    logits = step_logits(decoder, encoded("float32"), WORDS, training=True)
    assert np.allclose(logits, expected, atol=1e-5)
    assert not np.allclose(array(decoder(encoded("float32"), WORDS)), expected, atol=1e-2)


def test_feature_dropout_falls_on_the_mean_feature():
    """Feature dropout applies to the mean feature of the clip."""
    keras.utils.set_random_seed(5)
    decoder = built(dtype="float32", feature_dropout=0.999)
    (image, _), _ = decoder.start(encoded("float32"), training=True)
    assert not array(image[0]).any()
    assert array(decoder.start(encoded("float32"))[0][0][0]).any()
