"""The tokenizer `word`, with the rules of the LRCN paper for any script."""

import re
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lrcn_seq.errors import DataError
from lrcn_seq.registry import argument_problems, constructor_of
from lrcn_seq.text.word import Word


def fitted(sentences, **arguments):
    """Return a fitted word tokenizer that keeps all words by default."""
    return Word(**{"minimum_count": 1, **arguments}).fit(sentences)


def words_of(sentence, **arguments):
    """Return the words into which a word tokenizer splits a sentence."""
    tokenizer = fitted([sentence, "x"], **arguments)
    return [tokenizer.vocabulary()[token] for token in tokenizer.encode(sentence)]


@pytest.mark.parametrize(
    ("sentence", "words"),
    [
        ("A dog runs.", ["a", "dog", "runs"]),
        ("A dog runs .", ["a", "dog", "runs"]),
        ("A dog, running . . .", ["a", "dog", ",", "running"]),
        ("a man's T-shirt", ["a", "man", "'", "s", "t", "-", "shirt"]),
        ("naïve café", ["naïve", "café"]),
        ("nai\u0308ve cafe\u0301.", ["naïve", "café"]),
        ("हिन्दी में", ["हिन्दी", "में"]),
        ("می\u200cخواهم", ["می\u200cخواهم"]),
        ("\ufeffsoft\u00adened\u200b", ["softened"]),
        ("two\u00a0dogs\r\nrun\t", ["two", "dogs", "run"]),
        ("👨\u200d👩\u200d👧 ok 😀", ["👨\u200d👩\u200d👧", "ok", "😀"]),
        ("3 dogs_2", ["3", "dogs_2"]),
        ("...", []),
        ("  \n", []),
    ],
)
def test_words(sentence, words):
    """Words are runs of letters, digits and marks, or runs of other characters.

    The final period of a sentence is removed.
    """
    assert words_of(sentence) == words


def test_punctuation_can_be_dropped():
    """With `punctuation="drop"`, punctuation is removed."""
    assert words_of("a man's dog, here!", punctuation="drop") == ["a", "man", "s", "dog", "here"]


def test_case_can_be_kept():
    """With `lower=False`, the word tokenizer keeps capitals."""
    assert words_of("A Dog", lower=False) == ["A", "Dog"]


def test_words_of_flickr8k_equal_a_regular_expression(shared):
    """The words of all Flickr8k captions equal those that a regular expression finds.

    The expression separates words from punctuation, and drops spaces and final periods.
    """
    lines = (shared / "flickr8k" / "captions.txt").read_text(encoding="utf-8").splitlines()[1:]
    captions = [line.partition(",")[2].strip() for line in lines]
    assert len(captions) == 40455
    tokenizer = fitted(captions)
    names = tokenizer.vocabulary()
    for caption, ids in zip(captions, tokenizer.encode_all(captions), strict=True):
        expected = [piece for part in re.split(r"(\W+)", caption.lower()) for piece in part.split()]
        while expected and not expected[-1].strip("."):
            expected.pop()
        if expected and expected[-1].endswith(".") and expected[-1] != ".":
            expected[-1] = expected[-1].rstrip(".")
        assert [names[token] for token in ids] == expected


def test_words_below_the_minimum_count_are_unknown():
    """Words with fewer occurrences than `minimum_count` are encoded as unknown."""
    tokenizer = fitted(["b b b a a a c c d"], minimum_count=2)
    assert tokenizer.vocabulary()[4:] == ["a", "b", "c"]
    assert tokenizer.encode("a d z") == [4, 3, 3]


def test_the_most_frequent_words_are_kept():
    """`words` keeps the most frequent words; words with equal counts are in alphabetical order."""
    assert fitted(["b b b a a a c c d"], words=2).vocabulary()[4:] == ["a", "b"]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from("abcdefgh"), max_size=60), st.integers(1, 6))
def test_vocabulary_equals_a_counter(words, minimum):
    """The vocabulary equals the words of a `Counter`, sorted by frequency, then alphabetically."""
    counts = Counter(words)
    expected = sorted(
        (word for word in counts if counts[word] >= minimum), key=lambda word: (-counts[word], word)
    )
    try:
        assert fitted([" ".join(words)], minimum_count=minimum).vocabulary()[4:] == expected
    except DataError:
        assert not expected


def test_default_is_that_of_the_paper():
    """By default, words are lowercase and occur at least five times, as in the paper."""
    assert Word().signature == "word:min5:lower"
    with pytest.raises(DataError, match=r"word:min5:lower.*no word that is frequent enough"):
        Word().fit(["one two three"])


def test_signature_contains_other_values_than_the_default():
    """The signature of the word tokenizer contains every option that is not the default."""
    tokenizer = Word(minimum_count=2, words=9, punctuation="drop", lower=False)
    assert tokenizer.signature == "word:min2:cased:max9:nopunct"


def test_wrong_arguments_are_reported_with_their_place():
    """Each wrong argument of the word tokenizer is reported with its key."""
    arguments = {"minimum_count": 0, "word": 3, "punctuation": "some", "lower": "yes"}
    problems = argument_problems(constructor_of(Word), arguments, "tokenizer")
    assert [problem.place for problem in problems] == [f"tokenizer.{name}" for name in arguments]


def test_punctuation_is_attached_to_its_words():
    """Decoding attaches punctuation to the words around it."""
    sentence = "a man's t-shirt, blue; isn't it? yes!"
    tokenizer = fitted([sentence])
    assert tokenizer.decode(tokenizer.encode(sentence)) == sentence
