"""Byte pairs, WordPiece and characters."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lrcn_seq.errors import DataError
from lrcn_seq.registry import argument_problems
from lrcn_seq.text.bpe import BytePair
from lrcn_seq.text.character import Character
from lrcn_seq.text.wordpiece import WordPiece

SENTENCES = [
    "a red dog runs on red grass",
    "a red dogs running",
    "red red redder",
    "the dog's naïve café, 日本 😀!",
] * 3


def test_byte_pairs_know_every_text():
    """No text has an unknown piece, and it comes back with single spaces."""
    tokenizer = BytePair(lower=False).fit(SENTENCES)
    for text in ("Zebra ☃ \U0001f9a9", "<pad> <end> </s>", "naïve\n café", "x" * 10_000):
        assert tokenizer.decode(tokenizer.encode(text)) == " ".join(text.split())


def test_byte_pairs_join_the_most_frequent_pair_first():
    """Worked by hand: in 'ab ab ab ac' the first piece learned is 'Ġa', the second 'Ġab'."""
    tokenizer = BytePair(pieces=258).fit(["ab ab ab ac"])
    assert tokenizer.vocabulary()[-2:] == ["Ġa", "Ġab"]
    assert tokenizer.vocabulary_size == 4 + 258


def test_byte_pairs_need_room_for_all_bytes():
    """Fewer than 256 pieces are refused by the registry."""
    assert "256" in argument_problems(BytePair, {"pieces": 255}, "tokenizer")[0].message
    assert not argument_problems(BytePair, {"pieces": 256}, "tokenizer")


def test_wordpiece_takes_the_longest_piece_first():
    """A word is cut greedily from the left; one with a letter never seen is unknown as a whole."""
    tokenizer = WordPiece(pieces=200).fit(SENTENCES)
    names = tokenizer.vocabulary()
    for word in ("red", "redder", "dogs", "running", "greed"):
        pieces, rest = [], word
        while rest:
            prefix = "##" if pieces else ""
            size = next(size for size in range(len(rest), 0, -1) if prefix + rest[:size] in names)
            pieces.append(prefix + rest[:size])
            rest = rest[size:]
        assert [names[number] for number in tokenizer.encode(word)] == pieces
    assert tokenizer.encode("xylophon") == [3]


def test_wordpiece_learns_the_same_every_time():
    """Twenty trainings from the same sentences give one vocabulary, in one order."""
    assert len({tuple(WordPiece(pieces=60).fit(SENTENCES).vocabulary()) for _ in range(20)}) == 1


def test_characters_are_code_points():
    """One id a character, the most frequent first; spaces count once; rare ones are unknown."""
    tokenizer = Character(minimum_count=2).fit(["aab  a", "bc"])
    assert tokenizer.vocabulary()[4:] == ["a", "b"]
    assert Character().fit(["aab  a b"]).vocabulary()[4:] == ["a", " ", "b"]
    assert tokenizer.decode(tokenizer.encode("abc")) == "ab<unk>"


@pytest.mark.parametrize("kind", [BytePair, WordPiece, Character])
@settings(max_examples=40, deadline=None)
@given(sentences=st.lists(st.text(max_size=25), min_size=1, max_size=4))
def test_decoded_text_has_the_same_pieces(kind, sentences):
    """For any text that was learned from, encode(decode(encode(text))) equals encode(text)."""
    try:
        tokenizer = kind(minimum_count=1).fit(sentences)
    except DataError:
        return
    for sentence in sentences:
        ids = tokenizer.encode(sentence)
        assert tokenizer.encode(tokenizer.decode(ids)) == ids


@pytest.mark.parametrize(
    ("kind", "signature"),
    [
        (BytePair, "bpe:8000:min2:lower"),
        (WordPiece, "wordpiece:8000:min2:lower"),
        (Character, "character:min1:lower"),
    ],
)
def test_signature_names_the_arguments(kind, signature):
    """The signature says how ids were made."""
    assert kind().signature == signature
    assert kind(lower=False).signature == signature.replace("lower", "cased")
