"""Captions encoded in one flat array."""

import numpy as np
import pytest

from lrcn_seq.data.batches.captions import Captions, encode_captions
from lrcn_seq.errors import ArgumentError

CAPTIONS = Captions([[[7, 8], [9]], [], [[5, 6, 4]]])


def test_owners_and_lengths():
    """`owner` is the sample of each caption; `lengths` counts its words with start and end."""
    assert len(CAPTIONS) == 3
    assert CAPTIONS.owner.tolist() == [0, 0, 2]
    assert CAPTIONS.lengths.tolist() == [4, 3, 5]
    assert CAPTIONS.owner.dtype == CAPTIONS.lengths.dtype == np.int32


def test_words_are_padded_between_start_and_end():
    """Captions are read in any order, enclosed in start (1) and end (2), and padded with 0."""
    words = CAPTIONS.words(np.array([2, 0, 1, 2]), 6)
    assert words.dtype == np.int32
    assert words.tolist() == [
        [1, 5, 6, 4, 2, 0],
        [1, 7, 8, 2, 0, 0],
        [1, 9, 2, 0, 0, 0],
        [1, 5, 6, 4, 2, 0],
    ]


def test_a_limit_truncates_words_but_keeps_the_end():
    """A word limit truncates captions but keeps the end word."""
    captions = Captions([[[7, 8, 9]]], limit=2)
    assert captions.words(np.array([0]), 4).tolist() == [[1, 7, 8, 2]]
    assert captions.lengths.tolist() == [4]


def test_a_limit_below_one_is_refused():
    """A word limit below 1 raises an ArgumentError."""
    with pytest.raises(
        ArgumentError, match=r"limit: expected at least one word. Received: limit=0"
    ):
        Captions([], limit=0)


def test_an_empty_caption_is_start_and_end():
    """A caption without words consists of a start word and an end word."""
    assert Captions([[[]]]).words(np.array([0]), 3).tolist() == [[1, 2, 0]]


def test_without_captions_there_are_no_rows():
    """If no sample has captions, the array of words has no rows."""
    captions = Captions([[], []])
    assert len(captions) == 0
    assert captions.words(np.zeros(0, int), 4).shape == (0, 4)


def test_texts_are_encoded_by_the_tokenizer():
    """`encode_captions` encodes every text and truncates it to the word limit."""
    captions = encode_captions([("abc", "c"), ("a",)], lambda text: list(map(ord, text)), limit=2)
    assert captions.owner.tolist() == [0, 0, 1]
    assert captions.words(np.arange(3), 4).tolist() == [
        [1, 97, 98, 2],
        [1, 99, 2, 0],
        [1, 97, 2, 0],
    ]


def test_a_missing_row_is_padding():
    """The position −1 is a row of padding."""
    captions = Captions([[[5, 6]]])
    np.testing.assert_array_equal(
        captions.words(np.array([0, -1]), 4), [[1, 5, 6, 2], [0, 0, 0, 0]]
    )
