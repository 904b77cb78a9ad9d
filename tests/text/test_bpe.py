"""The byte-pair tokenizer `bpe`."""

import pytest

from lrcn_seq.registry import argument_problems, constructor_of
from lrcn_seq.text.bpe import BytePair

SENTENCES = ["a red dog runs on red grass", "the dog's naïve café, 日本 😀!"] * 3


@pytest.mark.parametrize(
    "text", ["Zebra ☃ \U0001f9a9", "<pad> <end> </s>", "naïve\n café", "x" * 10_000], ids=ascii
)
def test_every_text_survives(text):
    """The byte-pair tokenizer encodes any text without unknown tokens."""
    tokenizer = BytePair(lower=False).fit(SENTENCES)
    assert 3 not in tokenizer.encode(text)
    assert tokenizer.decode(tokenizer.encode(text)) == " ".join(text.split())


def test_the_most_frequent_pair_is_merged_first():
    """Fitting merges the most frequent pair of pieces first."""
    tokenizer = BytePair(pieces=258).fit(["ab ab ab ac"])
    assert tokenizer.vocabulary()[-2:] == ["Ġa", "Ġab"]
    assert tokenizer.vocabulary_size == 4 + 258


def test_rare_pairs_are_not_merged():
    """Pairs of pieces with fewer occurrences than `minimum_count` are not merged."""
    tokenizer = BytePair(pieces=300, minimum_count=4).fit(["ab ab ab ac"])
    assert tokenizer.vocabulary()[4 + 256 :] == ["Ġa"]


@pytest.mark.parametrize(("pieces", "count"), [(255, 1), (256, 0)])
def test_pieces_include_the_256_bytes(pieces, count):
    """A number of pieces below 256, the number of bytes, is refused."""
    problems = argument_problems(constructor_of(BytePair), {"pieces": pieces}, "tokenizer")
    assert [("256" in problem.message) for problem in problems] == [True] * count


def test_signature():
    """The signature of the byte-pair tokenizer states its arguments."""
    assert BytePair().signature == "bpe:8000:min2:lower"
    assert BytePair(pieces=300, minimum_count=5, lower=False).signature == "bpe:300:min5:cased"


def test_characters_of_pieces_are_bytes():
    """The characters of pieces stand for the bytes that the library `tokenizers` means."""
    tokenizer = BytePair(pieces=300).fit(["a b"])
    joining = tokenizer.joining()
    assert sorted(map(ord, joining.tokens[4 : 4 + 256])) == list(range(256))
    tokens = [joining.tokens[one] for one in tokenizer.encode("ça va")]
    assert "".join(tokens).encode("latin-1").decode() == " ça va"
