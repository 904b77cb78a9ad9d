"""Many sentences as one array."""

import numpy as np
import pytest

from lrcn_seq.data.batches.captions import Captions, encode_all
from lrcn_seq.errors import ArgumentError


def test_words_have_start_and_end_and_are_padded_with_zero():
    """Rows in any order, also twice."""
    captions = Captions([[[7, 8], [9]], [], [[5, 6, 4]]])
    np.testing.assert_array_equal(captions.owner, [0, 0, 2])
    np.testing.assert_array_equal(captions.lengths, [4, 3, 5])
    words = captions.words(np.array([2, 0, 1, 2]), 6)
    np.testing.assert_array_equal(
        words, [[1, 5, 6, 4, 2, 0], [1, 7, 8, 2, 0, 0], [1, 9, 2, 0, 0, 0], [1, 5, 6, 4, 2, 0]]
    )
    assert words.dtype == np.int32


def test_a_limit_cuts_words_and_keeps_the_end():
    """Twenty words in the paper; two here."""
    np.testing.assert_array_equal(
        Captions([[[7, 8, 9]]], limit=2).words(np.array([0]), 4), [[1, 7, 8, 2]]
    )
    with pytest.raises(ArgumentError, match="limit: expected at least one word"):
        Captions([], limit=0)


def test_a_sentence_without_known_words_is_start_and_end():
    """An empty encoding stays a row."""
    np.testing.assert_array_equal(Captions([[[]]]).words(np.array([0]), 3), [[1, 2, 0]])


def test_no_sentences_at_all_is_an_empty_table():
    """Nothing to say about nothing."""
    captions = Captions([[], []])
    assert len(captions) == 0
    assert captions.words(np.zeros(0, int), 4).shape == (0, 4)


def test_sentences_go_through_the_tokenizer():
    """`encode_all` takes the encode of a tokenizer."""
    captions = encode_all(
        [("ab", "c"), ("a",)], lambda sentence: [ord(letter) for letter in sentence]
    )
    np.testing.assert_array_equal(
        captions.words(np.arange(3), 4), [[1, 97, 98, 2], [1, 99, 2, 0], [1, 97, 2, 0]]
    )
