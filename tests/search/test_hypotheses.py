"""The record of the hypotheses of a search."""

import numpy as np
import pytest
from keras import ops

from lrcn_seq.errors import SearchError
from lrcn_seq.records import SPECIAL
from lrcn_seq.search._hypotheses import assemble, is_duplicate, sentence_lengths

WORDS = np.array([[[4, 5, 2, 0], [2, 0, 0, 0], [4, 4, 4, 4]]], "int32")


def test_sentence_lengths_include_the_end():
    """The length of a sentence counts all words except padding."""
    lengths = sentence_lengths(ops.convert_to_tensor(WORDS), SPECIAL)
    assert ops.convert_to_numpy(lengths).tolist() == [[3, 1, 4]]


def test_places_without_a_score_are_emptied():
    """A hypothesis with score −inf has no words, length 0 and log probability −inf."""
    scores, totals = np.array([[-1.0, -2.0, -np.inf]]), np.array([[-3.0, -4.0, -5.0]])
    found = assemble(*map(ops.convert_to_tensor, (WORDS, scores, totals)), special=SPECIAL)
    words, scores, lengths, totals = map(ops.convert_to_numpy, found)
    assert words.tolist() == [[[4, 5, 2, 0], [2, 0, 0, 0], [0, 0, 0, 0]]]
    assert scores.tolist() == [[-1, -2, -np.inf]]
    assert lengths.tolist() == [[3, 1, 0]]
    assert totals.tolist() == [[-3, -4, -np.inf]]


@pytest.mark.parametrize("missing", [-np.inf, np.nan])
def test_a_row_without_a_sentence_is_an_error(missing):
    """A row whose best score is −inf or NaN raises an error with its number if `strict` is on."""
    scores = ops.convert_to_tensor(np.array([[-1.0, -np.inf], [missing, -np.inf]], "float32"))
    words = ops.convert_to_tensor(np.tile(WORDS[:, :2], (2, 1, 1)))
    with pytest.raises(SearchError, match=r"row 1: expected a finite .* check the weights"):
        assemble(words, scores, scores, special=SPECIAL)
    assert assemble(words, scores, scores, special=SPECIAL, strict=False).scores.shape == (2, 2)


def test_is_duplicate_marks_later_copies_only():
    """Of equal sentences in a row, all but the first are marked as duplicates."""
    words = np.array([[[4, 2], [5, 2], [4, 2], [4, 2]], [[5, 2], [4, 2], [5, 5], [4, 4]]])
    found = ops.convert_to_numpy(is_duplicate(ops.convert_to_tensor(words)))
    assert found.tolist() == [[False, False, True, True], [False] * 4]
