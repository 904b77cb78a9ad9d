"""The tokenizer `character`."""

from lrcn_seq.text.character import Character


def test_vocabulary_is_sorted_by_frequency():
    """The characters of the vocabulary are sorted by frequency and then alphabetically."""
    assert Character().fit(["aab  a b", "c"]).vocabulary()[4:] == ["a", " ", "b", "c"]


def test_rare_characters_are_unknown():
    """Characters with fewer occurrences than `minimum_count` are unknown."""
    tokenizer = Character(minimum_count=2).fit(["aab a", "bc"])
    assert tokenizer.vocabulary()[4:] == ["a", "b"]
    assert tokenizer.encode("abc") == [4, 5, 3]
    assert tokenizer.decode([4, 5, 3]) == "ab<unk>"


def test_runs_of_white_space_are_one_space():
    """A run of white space is encoded as one space."""
    tokenizer = Character().fit(["a b"])
    assert tokenizer.decode(tokenizer.encode("a  \n b")) == "a b"


def test_signature():
    """The signature of the character tokenizer states its arguments."""
    assert Character().signature == "character:min1:lower"
    assert Character(minimum_count=3, lower=False).signature == "character:min3:cased"
