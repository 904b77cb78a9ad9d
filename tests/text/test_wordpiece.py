"""The tokenizer `wordpiece`."""

import pytest

from lrcn_seq.text.wordpiece import WordPiece

SENTENCES = [
    "a red dog runs on red grass",
    "a red dogs running",
    "red red redder",
    "the dog's naïve café, 日本 😀!",
] * 3


@pytest.mark.parametrize("word", ["red", "redder", "dogs", "running", "greed"])
def test_the_longest_piece_is_taken_first(word):
    """A word is split from the left into the longest pieces of the vocabulary."""
    tokenizer = WordPiece(pieces=200).fit(SENTENCES)
    names = tokenizer.vocabulary()
    pieces, rest = [], word
    while rest:
        prefix = "##" if pieces else ""
        size = next(size for size in range(len(rest), 0, -1) if prefix + rest[:size] in names)
        pieces.append(prefix + rest[:size])
        rest = rest[size:]
    assert [names[token] for token in tokenizer.encode(word)] == pieces


def test_a_word_with_an_unseen_letter_is_unknown():
    """A word with a letter that is absent from the fitted sentences becomes one unknown token."""
    tokenizer = WordPiece(pieces=200).fit(SENTENCES)
    assert tokenizer.encode("red xylophon") == [tokenizer.vocabulary().index("red"), 3]


def test_frequent_pairs_are_merged():
    """WordPiece merges pairs of pieces that occur repeatedly."""
    tokenizer = WordPiece(pieces=100).fit(["ab ab ab ac"])
    assert sorted(tokenizer.vocabulary()[4:]) == ["##b", "##c", "a", "ab", "b", "c"]


def test_fitting_is_deterministic():
    """Fitting WordPiece repeatedly on the same sentences gives equal vocabularies."""
    assert len({tuple(WordPiece(pieces=60).fit(SENTENCES).vocabulary()) for _ in range(20)}) == 1


def test_decoded_pieces_are_joined_to_words():
    """Decoding joins WordPiece pieces to words and attaches punctuation."""
    tokenizer = WordPiece(pieces=200).fit(SENTENCES)
    assert tokenizer.decode(tokenizer.encode("redder dogs, a dog's!")) == "redder dogs, a dog's!"


def test_signature():
    """The signature of the WordPiece tokenizer states its arguments."""
    assert WordPiece().signature == "wordpiece:8000:min2:lower"
    assert WordPiece(pieces=9, minimum_count=1, lower=False).signature == "wordpiece:9:min1:cased"
