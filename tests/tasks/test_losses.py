"""Training losses compared with sums computed in NumPy."""

import numpy as np
import pytest
from keras import ops

from lrcn_seq.tasks._losses import (
    label_loss,
    smooth_labels,
    word_loss,
    word_losses,
)
from tests.tasks.inputs import log_softmax

RANDOM = np.random.default_rng(0)
LOGITS = RANDOM.normal(size=(3, 5, 7)).astype("float32") * 3
WORDS = np.array([[5, 4, 2, 0, 0], [3, 3, 6, 5, 2], [2, 0, 0, 0, 0]], "int32")
BY_CAPTION = np.array([1.0, 0.0, 2.5], "float32")
BY_WORD = RANDOM.uniform(size=(3, 5)).astype("float32")


def cross_entropy(log_p: np.ndarray, target: int, smoothing: float) -> float:
    """Return −Σ t log p, where t has 1 − smoothing at the target plus smoothing / C everywhere."""
    distribution = np.full(len(log_p), smoothing / len(log_p))
    distribution[target] += 1 - smoothing
    return -float(distribution @ log_p)


def expected_word_loss(logits, words, *, smoothing=0.0, weights=None) -> float:
    """Return the weighted sum of word losses divided by the number of real words."""
    if weights is None:
        weights = np.ones(words.shape)
    weights = np.broadcast_to(np.reshape(weights, (len(words), -1)), words.shape)
    log_p = log_softmax(logits)
    terms = [
        weights[b, i] * cross_entropy(log_p[b, i], words[b, i], smoothing)
        for b, i in np.argwhere(words > 0)
    ]
    return sum(terms) / len(terms)


@pytest.mark.parametrize("smoothing", [0.0, 0.1, 0.9])
@pytest.mark.parametrize("weights", [None, BY_CAPTION, BY_WORD], ids=["none", "caption", "word"])
def test_word_loss_is_the_mean_over_real_words(smoothing, weights):
    """Word loss divides the weighted sum over real words by the number of real words."""
    loss = word_loss(LOGITS, WORDS, label_smoothing=smoothing, sample_weight=weights)
    expected = expected_word_loss(LOGITS, WORDS, smoothing=smoothing, weights=weights)
    assert float(loss) == pytest.approx(expected, rel=1e-5)


def test_word_loss_of_padding_alone_is_zero():
    """The word loss of captions that contain only padding is 0."""
    assert float(word_loss(LOGITS, np.zeros_like(WORDS))) == 0.0


def test_word_loss_of_large_logits_is_finite():
    """The word loss of logits as large as 10⁴ is finite and correct."""
    loss = float(word_loss(LOGITS * 1e4, WORDS))
    assert loss == pytest.approx(expected_word_loss(LOGITS * 1e4, WORDS), rel=1e-5)


def test_word_losses_are_those_of_single_words():
    """`word_losses` returns the loss of each word and a mask that is 0 at padding."""
    losses, mask = map(np.asarray, word_losses(LOGITS, WORDS))
    np.testing.assert_array_equal(mask, WORDS > 0)
    log_p = np.take_along_axis(log_softmax(LOGITS), WORDS[:, :, None], axis=-1)[:, :, 0]
    np.testing.assert_allclose(losses * mask, -log_p * mask, rtol=1e-4, atol=1e-6)


def test_losses_of_half_precision_logits_are_float32():
    """Losses of bfloat16 logits are computed in float32."""
    logits = ops.cast(LOGITS, "bfloat16")
    rounded = ops.convert_to_numpy(ops.cast(logits, "float32"))
    losses, _ = word_losses(logits, WORDS)
    assert ops.dtype(losses) == "float32"
    assert float(word_loss(logits, WORDS)) == pytest.approx(
        expected_word_loss(rounded, WORDS), rel=1e-5
    )
    labels = np.zeros((3, 1), "int32")
    assert ops.dtype(label_loss(logits, np.ones((3, 5), bool), labels)) == "float32"


STEPS = np.array([[1, 1, 1, 1], [1, 1, 0, 0], [1, 1, 1, 0]], bool)
LABELS = np.array([[0, 1, 2, 3], [4, -1, 1, 1], [2, 2, 2, 2]], "int32")
LABEL_LOGITS = RANDOM.normal(size=(3, 4, 5)).astype("float32")


def expected_label_loss(labels, weights, smoothing) -> float:
    """Return the weighted sum of step losses divided by the number of labeled steps."""
    log_p = log_softmax(LABEL_LOGITS)
    terms = [
        weights[p] * cross_entropy(log_p[p, s], labels[p, s], smoothing)
        for p, s in np.argwhere(STEPS & (labels >= 0))
    ]
    return sum(terms) / len(terms)


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
@pytest.mark.parametrize("weights", [None, np.array([1.0, 0.5, 2.0], "float32")])
def test_label_loss_is_the_mean_over_real_labeled_steps(smoothing, weights):
    """Label loss is the weighted mean over real steps that have a label."""
    loss = label_loss(LABEL_LOGITS, STEPS, LABELS, weights=weights, label_smoothing=smoothing)
    factors = np.ones(3) if weights is None else weights
    expected = expected_label_loss(LABELS, factors, smoothing)
    assert float(loss) == pytest.approx(expected, rel=1e-5)


def test_label_loss_repeats_the_label_of_a_clip():
    """A single label (P, 1) per clip applies to every step of the clip."""
    labels = np.array([[1], [4], [0]], "int32")
    loss = float(label_loss(LABEL_LOGITS, STEPS, labels))
    repeated = np.repeat(labels, 4, axis=1)
    assert loss == pytest.approx(expected_label_loss(repeated, np.ones(3), 0.0), rel=1e-5)


def test_label_loss_without_labels_is_zero():
    """The label loss of clips without labels is 0."""
    assert float(label_loss(LABEL_LOGITS, STEPS, np.full((3, 4), -1))) == 0.0


def test_smoothing_mixes_the_loss_with_that_of_a_uniform_target():
    """Label smoothing mixes the loss with the mean of −log p over all classes."""
    logits, losses = LABEL_LOGITS[0], np.arange(4, dtype="float32")
    uniform = -log_softmax(logits).mean(axis=-1)
    np.testing.assert_allclose(
        np.asarray(smooth_labels(losses, logits, 0.25)), 0.75 * losses + 0.25 * uniform, rtol=1e-5
    )
    assert smooth_labels(losses, logits, 0.0) is losses
