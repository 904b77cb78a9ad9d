"""The corpus: matching by ID, nesting, splitting and reference counts."""

import pytest

from lrcn_seq import metrics
from lrcn_seq.errors import ArgumentError
from lrcn_seq.metrics.statistics.segments import Corpus, make_corpus


def untokenized(hypotheses, references, **options):
    """Return a corpus without tokenization."""
    return make_corpus(hypotheses, references, tokenize="none", **options)


def test_ids_match_as_strings():
    """Hypotheses and references are matched by their IDs as strings."""
    corpus = untokenized({1: "a dog", "x": "a cat"}, {"x": ["the cat"], "1": ["a dog runs"]})
    assert corpus.ids == ("1", "x")
    assert corpus.references == [["a dog runs"], ["the cat"]]


def test_lists_match_by_position():
    """Lists of hypotheses and references are matched by position."""
    corpus = untokenized(["a dog", "a cat"], [["a dog runs"], ["the cat"]])
    assert corpus.ids == ("0", "1")
    assert corpus.in_order() == ["a dog", "a dog runs", "a cat", "the cat"]


def test_subset_ignores_references_without_a_hypothesis():
    """With `subset=True`, references without a hypothesis are ignored."""
    corpus = untokenized({"b": "a cat"}, {"a": ["a dog"], "b": ["the cat"]}, subset=True)
    assert (corpus.ids, corpus.references) == (("b",), [["the cat"]])


@pytest.mark.parametrize(
    ("hypotheses", "references", "message"),
    [
        ({"a": ["x"]}, {"a": ["x"]}, r"expected one sentence.*a=\['x'\]"),
        ({"a": None}, {"a": ["x"]}, "expected one sentence.*a=None"),
        ({"a": "x"}, {"a": "x"}, "expected a list of sentences.*a='x'"),
        ({"a": "x"}, {"a": [["x"]]}, "expected a list of sentences"),
        ({"a": "x"}, {"a": []}, r"at least one sentence for each id. Received: a=\[\]"),
        (
            {"a": "x"},
            {"b": ["x"]},
            "references for every hypothesis. Received: 1 of 1 hypotheses without references: a;",
        ),
        (
            {"a": "x"},
            {"a": ["x"], "b": ["x"]},
            "hypothesis for every reference. Received: 1 of 2 ids without a hypothesis: b;",
        ),
        ({1: "x", "1": "y"}, {"1": ["x"]}, "unique ids.*'1' both"),
        ({}, {}, "at least one sentence. Received: none"),
        ("x", [["x"]], "a mapping by id or a list. Received: str"),
    ],
)
def test_wrong_nesting_or_ids_raise(hypotheses, references, message):
    """The error for wrongly nested arguments or wrong IDs states what was expected and received."""
    with pytest.raises(ArgumentError, match=message):
        make_corpus(hypotheses, references)


def test_messages_name_the_first_three_ids():
    """A long list of missing IDs is abbreviated to the first three."""
    with pytest.raises(ArgumentError, match="4 of 5 ids without a hypothesis: 1, 2, 3 …;"):
        make_corpus({"0": "x"}, {str(number): ["x"] for number in range(5)})


def test_texts_are_numbered_image_by_image():
    """The words of a corpus are numbered in order of first use, image by image."""
    corpus = untokenized(["a b", "c"], [["b", "a d"], ["c"]])
    assert corpus.vocabulary == ["a", "b", "d", "c"]
    assert corpus.texts.words.tolist() == [0, 1, 1, 0, 2, 3, 3]
    assert corpus.texts.lengths.tolist() == [2, 1, 2, 1, 1]
    assert corpus.texts.image.tolist() == [0, 0, 0, 1, 1]
    assert corpus.texts.hypothesis.tolist() == [True, False, False, True, False]


@pytest.mark.parametrize("text", ["a  b", " a b", "a b ", "a\tb", "a\xa0b", "a\u2003b"])
def test_words_are_split_at_any_white_space(text):
    """For BLEU and CIDEr, words are split at any white space, even if it is repeated."""
    texts = untokenized([text], [["a b"]]).texts
    assert texts.words.tolist() == [0, 1, 0, 1]
    assert texts.lengths.tolist() == [2, 2]


def test_texts_by_space_are_split_at_every_single_space():
    """For ROUGE-L, words are split at every single space, as in the COCO code."""
    texts = untokenized(["a  b"], [["", "a\tb"]]).texts_by_space
    assert texts.lengths.tolist() == [3, 1, 1]


@pytest.mark.parametrize(
    ("references", "text"), [([["a"], ["b"]], "1"), ([["a"] * 4, ["b"] * 6], "4-6")]
)
def test_reference_range(references, text):
    """The number of references per image is written as a number or a range."""
    assert untokenized(["a", "b"], references).reference_range() == text


def test_hypotheses_and_references_are_tokenized_separately():
    """Hypotheses and references are tokenized separately."""
    corpus = make_corpus(["building A."], [["The dog"]])
    assert corpus.hypotheses == metrics.make_corpus(["building A."], [["a"]]).hypotheses


def test_ngrams_are_cached_for_lower_orders():
    """Cached n-grams of a higher order serve requests for lower orders."""
    corpus = Corpus(["0"], ["a b a"], [["a"]], tokenize="none")
    four = corpus.ngrams(4)
    assert corpus.ngrams(2) == four[:2]
    assert len(four) == 4


def test_cached_ngrams_are_extended_to_higher_orders():
    """Cached n-grams of a lower order are extended to higher orders."""
    corpus = Corpus(["0"], ["a b a"], [["a"]], tokenize="none")
    assert [len(corpus.ngrams(orders)) for orders in (2, 4)] == [2, 4]
