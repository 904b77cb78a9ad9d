"""Grad-CAM against closed forms and finite differences, with every decoder."""

import keras
import numpy as np
import pytest
from keras import ops

from lrcn_seq.encoders.tiny_cnn import TinyCnn
from lrcn_seq.errors import UsageError
from lrcn_seq.records import SPECIAL, Clips
from lrcn_seq.tasks._grad_cam import (
    check_maps,
    class_maps,
    grad_cam,
    gradient,
    log_odds,
    word_maps,
)
from tests.tasks.inputs import fresh_captioner, fresh_classifier, log_softmax, single_clip

CAPTION_DECODERS = [
    ("{type: lrcn, units: 8, embedding: 4}", "pooled"),
    ("{type: attention_lstm, units: 8, embedding: 4, attention: 4}", "grid"),
    ("{type: transformer, units: 8, heads: 2, layers: 1}", "grid"),
]
CLASS_DECODERS = [
    "{type: lstm_frames, units: 8}",
    "{type: frame_mean}",
    "{type: mlp, units: 8}",
    "{type: attention_pooling, attention: 8}",
]


@pytest.fixture(scope="module")
def clip():
    """Return a clip of three random frames (32, 32, 3)."""
    frames = np.random.default_rng(0).integers(0, 256, (3, 32, 32, 3), np.uint8)
    return single_clip(frames)


def array(tensor) -> np.ndarray:
    """Return a tensor as an array of float64."""
    return ops.convert_to_numpy(ops.cast(tensor, "float32")).astype("float64")


def log_odds_of(logits, target: int) -> np.ndarray:
    """Return log p − log(1 − p) of a target."""
    p = np.exp(log_softmax(logits))[..., target]
    return np.log(p) - np.log1p(-p)


def by_differences(score, maps, *, step=1e-2) -> np.ndarray:
    """Return ReLU(Σ_k α_k A^k) with α_k from central differences.

    The mean over positions of the gradient is the derivative along a shift of the whole channel,
    divided by the number of positions.

    Args:
        score: a function of maps (1, S, h, w, C).
        maps: the maps at which to differentiate.
        step: the size of the shifts.
    """
    _, steps, height, width, channels = maps.shape
    weights = np.zeros((steps, channels))
    for s in range(steps):
        for k in range(channels):
            shift = np.zeros_like(maps)
            shift[0, s, :, :, k] = step
            difference = score(maps + shift) - score(maps - shift)
            weights[s, k] = difference / (2 * step * height * width)
    return np.maximum((weights[:, None, None] * maps[0]).sum(-1), 0)


def test_gradient_of_a_sum_of_squares():
    """The gradient of Σ x² is 2 x, and the function may use layers of Keras."""
    x = np.array([[1.0, -2.0], [3.0, 0.5]], "float32")
    layer = keras.layers.Rescaling(2.0)
    assert np.allclose(gradient(lambda t: ops.sum(t * t), x), 2 * x)
    assert np.allclose(gradient(lambda t: ops.sum(layer(t)), x), 2.0)


def test_log_odds():
    """The log odds are log p/(1 − p) of the softmax, also for a probability near 1."""
    logits = np.array([[0.3, -1.0, 2.0], [30.0, 0.0, 0.0]], "float32")
    expected = [log_odds_of(logits[0], 1), 30 - np.log(2)]
    assert np.allclose(array(log_odds(logits, np.array([1, 0]))), expected, atol=1e-5)


def test_pooled_features_and_a_linear_score_have_a_closed_form(clip):
    """For the score w·mean(A), α = w/(h·w), so the map is ReLU(Σ w_k A^k)/(h·w)."""
    encoder = TinyCnn(size=32, filters=4, blocks=2, output="grid")
    encoder.pool_maps = lambda maps, training=False: ops.mean(maps, axis=(1, 2))[:, None]
    weights = np.random.default_rng(1).normal(size=(2, 8)).astype("float32")

    def score(encoded, numbers):
        return ops.sum(ops.sum(encoded.features, axis=(1, 2)) * weights[numbers], axis=-1)

    maps = array(encoder.clip_maps(clip)[0])
    positions = maps.shape[2] * maps.shape[3]
    expected = [np.maximum((maps[0] * row).sum(-1), 0) / positions for row in weights]
    found = grad_cam(encoder, clip, score, 2)
    assert found.shape == (2, 3, 16, 16)
    assert np.allclose(found, expected, atol=1e-5)


@pytest.mark.parametrize(("decoder", "output"), CAPTION_DECODERS)
def test_words_equal_finite_differences(decoder, output, clip):
    """The map of each word follows the log odds of the word given the previous words."""
    encoder = f"encoder={{type: tiny_cnn, size: 32, filters: 3, blocks: 2, output: {output}}}"
    task = fresh_captioner(f"decoder={decoder}", encoder)
    words = [4, 6, 5]
    image = Clips(clip.frames[:1], np.zeros((1, 1), "int32"))
    maps, mask = task.encoder.clip_maps(image)
    inputs = np.array([[SPECIAL.start, *words[:-1]]], "int32")

    def score(changed, word):
        encoded = task.encoder.encode_maps(ops.convert_to_tensor(changed.astype("float32")), mask)
        return log_odds_of(array(task.decoder(encoded, inputs))[0, word], words[word])

    found = word_maps(task, image, words)
    assert found.shape == (3, 1, 16, 16)
    assert found.max() > 0
    for word in range(3):
        expected = by_differences(lambda x, word=word: score(x, word), array(maps))
        assert np.allclose(found[word], expected, atol=0.03 * expected.max() + 1e-5)


@pytest.mark.parametrize("decoder", CLASS_DECODERS)
def test_classes_equal_finite_differences(decoder, clip):
    """The map of a class follows the mean of its log odds over the steps of the clip."""
    task = fresh_classifier(
        f"decoder={decoder}",
        "encoder={type: tiny_cnn, size: 32, filters: 3, blocks: 2, output: pooled}",
    )
    maps, mask = task.encoder.clip_maps(clip)

    def score(changed):
        encoded = task.encoder.encode_maps(ops.convert_to_tensor(changed.astype("float32")), mask)
        return log_odds_of(array(task.decoder(encoded)[0])[0], 1).mean()

    found = class_maps(task, clip, [0, 1])
    expected = by_differences(score, array(maps))
    assert found.shape == (2, 3, 16, 16)
    assert np.allclose(found[1], expected, atol=0.03 * expected.max() + 1e-5)


def test_maps_do_not_depend_on_the_number_of_copies(clip, monkeypatch):
    """Maps that are computed one by one equal those that are computed together."""
    task = fresh_captioner()
    together = word_maps(task, clip, [4, 5, 6, 7])
    monkeypatch.setattr("lrcn_seq.tasks._grad_cam.MAP_ELEMENTS", 1)
    assert np.allclose(word_maps(task, clip, [4, 5, 6, 7]), together, atol=1e-6)


def test_no_words_give_no_maps(clip):
    """A caption without words has maps (0, S, h, w)."""
    assert word_maps(fresh_captioner(), clip, []).shape[:2] == (0, 3)


@pytest.mark.parametrize("policy", ["mixed_bfloat16", "mixed_float16"])
def test_half_precision(policy, clip):
    """The maps of a network in half precision are finite and not zero."""
    task = fresh_captioner(f"training.precision={policy}")
    found = word_maps(task, clip, [4, 5])
    assert found.dtype == "float32"
    assert np.isfinite(found).all()
    assert found.max() > 0


@pytest.mark.parametrize(
    "encoder",
    [
        "{type: vectors, width: 4}",
        "{type: applications, network: MobileNet, alpha: 0.25, size: 32, output: predictions}",
    ],
)
def test_an_encoder_without_maps_is_refused(encoder):
    """The error for vectors names the encoder and says which encoders have maps."""
    task = fresh_classifier(f"encoder={encoder}")
    with pytest.raises(UsageError, match=r"feature map. Received: type: (vectors|appl).*output:"):
        check_maps(task)
