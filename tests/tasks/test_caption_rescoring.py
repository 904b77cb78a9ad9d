"""Scores of captions under another task."""

import numpy as np
import pytest
from keras import ops

from lrcn_seq.records import Batch, Hypotheses
from lrcn_seq.registry import searches
from lrcn_seq.tasks import _caption_rescoring as rescoring
from lrcn_seq.tasks._caption_rescoring import log_probabilities, rescore
from lrcn_seq.tasks._ensemble import Rescorer
from tests.tasks.inputs import fresh_captioner, image_clips, log_softmax

TEXTS = [["a dog", "", "red red blue cat a dog a dog cat"], ["cat", "a unicorn", "blue"]]


@pytest.fixture(scope="module")
def task():
    """Return an untrained task."""
    return fresh_captioner("seed=3", "data.words_limit=4")


def expected(task, images) -> np.ndarray:
    """Return the log probability of each text, computed in NumPy from the logits."""
    table = np.zeros((2, 3))
    for row, texts in enumerate(TEXTS):
        for column, text in enumerate(texts):
            words = [*task.tokenizer.encode(text), 2]
            clips, owner = image_clips(images[row : row + 1]), np.zeros(1, "int32")
            logits = task(Batch(clips, owner, np.array([[1, *words]], "int32")))
            log_p = log_softmax(ops.convert_to_numpy(logits))[0]
            table[row, column] = log_p[np.arange(len(words)), words].sum()
    return table


@pytest.mark.parametrize("size", [256, 4, 1])
def test_texts_are_scored_in_batches(task, images, monkeypatch, size):
    """All words of a text count, also beyond the word limit, in batches of any size."""
    monkeypatch.setattr(rescoring, "CAPTIONS_PER_CALL", size)
    found = log_probabilities(task, image_clips(images[:2]), TEXTS)
    np.testing.assert_allclose(found, expected(task, images), rtol=1e-5)


def test_missing_hypotheses_stay_missing(task, images):
    """A missing hypothesis keeps a score of −inf and the last place."""
    words = np.array([[[4, 2], [0, 0], [5, 2]]] * 2, "int32")
    scores = np.array([[-1.0, -np.inf, -2.0]] * 2, "float32")
    lengths = np.array([[2, 0, 2]] * 2)
    found = rescore(
        Hypotheses(words, scores, lengths, scores * 2),
        [["a", "", "red"]] * 2,
        image_clips(images[:2]),
        Rescorer(task, 0.5),
        searches.build({"type": "beam"}),
    )
    assert np.isfinite(found.scores[:, :2]).all()
    assert (found.scores[:, 2] == -np.inf).all()
    assert (found.lengths[:, 2] == 0).all()
