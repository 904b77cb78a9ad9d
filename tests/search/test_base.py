"""The interface of a search."""

import numpy as np
import pytest

from lrcn_seq.records import Hypotheses
from lrcn_seq.search import Search
from lrcn_seq.search.base import sort_hypotheses


class FirstWords(Search):
    """A search without texts."""

    def __call__(self, *inputs, **options):
        """Return no hypotheses."""
        return inputs, options


def test_a_search_without_texts_needs_no_vocabulary():
    """By default, `encode_texts` does not call the function that encodes texts."""
    FirstWords().encode_texts(lambda text: pytest.fail(f"{text!r} was encoded"))


def test_hypotheses_keep_their_order():
    """By default, a search does not rerank hypotheses."""
    hypotheses = object()
    assert FirstWords().rerank(hypotheses) is hypotheses
    assert not FirstWords.reranks


def test_scores_are_normalized_by_length():
    """By default, the score is the mean log probability of a word; a search may change that."""
    search = FirstWords()
    assert float(search.score(-6.0, 3)) == pytest.approx(-2.0)
    search.length, search.word_reward = "none", 0.5
    assert float(search.score(-6.0, 3)) == pytest.approx(-4.5)


def test_hypotheses_are_sorted_by_new_scores():
    """Words, lengths and log probabilities follow the new scores; equal ones keep their order."""
    words = np.arange(8).reshape(2, 4, 1)
    row = np.arange(8.0).reshape(2, 4)
    scores = np.array([[1.0, 3.0, 1.0, -np.inf], [0.0, 0.0, 5.0, 7.0]])
    found = sort_hypotheses(Hypotheses(words, -row, row + 1, row), scores)
    assert found.words[:, :, 0].tolist() == [[1, 0, 2, 3], [7, 6, 4, 5]]
    assert found.scores.tolist() == [[3, 1, 1, -np.inf], [7, 5, 0, 0]]
    assert found.scores.dtype == np.float32
    assert found.lengths.tolist() == [[2, 1, 3, 4], [8, 7, 5, 6]]
    assert found.log_probabilities.tolist() == [[1, 0, 2, 3], [7, 6, 4, 5]]
