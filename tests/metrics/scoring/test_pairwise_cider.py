"""CIDEr-D between all pairs of sentences, compared with the reward of single sentences."""

import numpy as np
import pytest

from lrcn_seq.metrics.scoring.cider_reward import CiderReward
from lrcn_seq.metrics.scoring.pairwise_cider import pairwise_cider
from lrcn_seq.metrics.statistics.document_frequencies import count_documents

SENTENCES = [[4, 5, 6], [4, 5, 7, 8], [6], [4, 5, 6, 9, 4, 5]]


def test_each_pair_has_the_score_of_the_reward():
    """An element is the CIDEr-D of its row with its column as reference."""
    found = pairwise_cider(SENTENCES)
    reward = CiderReward([[sentence] for sentence in SENTENCES])
    padded = np.zeros((4, 6), "int32")
    for row, sentence in zip(padded, SENTENCES, strict=True):
        row[: len(sentence)] = sentence
    for column in range(4):
        assert np.allclose(found[:, column], reward(padded, [column] * 4))


def test_stored_frequencies_weigh_the_ngrams():
    """Stored frequencies replace those of the sentences, through a map of the word ids."""
    frequencies = count_documents([[[0, 1]], [[0, 2]], [[3, 1]]])
    ids = np.array([-1, -1, -1, -1, 0, 1, 2, 3])
    found = pairwise_cider([[4, 5], [4, 6], [7]], frequencies=frequencies, word_ids=ids)
    expected = pairwise_cider([[0, 1], [0, 2], [3]], frequencies=frequencies)
    assert np.allclose(found, expected)
    assert found[0, 1] > 0 == found[0, 2]


@pytest.mark.parametrize("sentences", [[[]], [[], [4]]], ids=str)
def test_empty_sentences_have_a_score_of_0(sentences):
    """Empty sentences are accepted."""
    found = pairwise_cider(sentences)
    assert found.shape == (len(sentences), len(sentences))
    assert np.isfinite(found).all()
