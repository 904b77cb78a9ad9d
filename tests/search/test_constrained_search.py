"""Constraints that are given as texts."""

import pytest
from keras import ops

from lrcn_seq.errors import ArgumentError
from lrcn_seq.records import SPECIAL
from lrcn_seq.registry import searches

VOCABULARY = {"a": 4, "man": 5, "on": 6, "bike": 7}


def encode(text):
    """Return the IDs of the words of a text; words without an ID get that of the unknown word."""
    return [VOCABULARY.get(word, SPECIAL.unknown) for word in text.split()]


def constraints_of(name="beam", **texts):
    """Return the constraints of a search after its texts were encoded."""
    search = searches.build({"type": name, **texts})
    search.encode_texts(encode)
    return search.constraints


@pytest.mark.parametrize("name", ["greedy", "beam", "diverse_beam", "sampling"])
def test_texts_become_ids(name):
    """Forbidden endings become phrases that end in the end word."""
    constraints = constraints_of(
        name,
        prefix="a man",
        forbidden=["bike", "on a"],
        forbidden_endings=["a", "on a"],
        repeatable=["a man"],
    )
    assert constraints.prefix == (4, 5)
    assert constraints.phrases == ((7,), (6, 4), (4, SPECIAL.end), (6, 4, SPECIAL.end))
    assert set(constraints.repeatable) == {4, 5}


def test_texts_are_encoded_anew_with_another_vocabulary():
    """A second call of `encode_texts` replaces the IDs of the first one."""
    search = searches.build({"type": "greedy", "prefix": "a", "forbidden": ["man"]})
    search.encode_texts(lambda text: [9] * len(text.split()))
    search.encode_texts(encode)
    assert (search.constraints.prefix, search.constraints.phrases) == ((4,), ((5,),))


def test_unknown_words_forbid_nothing():
    """A forbidden phrase with a word that is not in the vocabulary is ignored."""
    assert constraints_of(forbidden=["zebra", "a zebra", "man"]).phrases == ((5,),)


def test_a_prefix_with_an_unknown_word_is_refused():
    """The error for a prefix states the position of the word that is not in the vocabulary."""
    with pytest.raises(ArgumentError, match="'a zebra', whose word 2 is not among them"):
        constraints_of(prefix="a zebra")


@pytest.mark.parametrize("name", ["beam", "diverse_beam"])
def test_required_texts_become_phrases(name):
    """Beam searches convert required words and phrases to IDs."""
    assert constraints_of(name, required=["bike", "a man"]).required.phrases == ((7,), (4, 5))


def test_a_required_word_that_is_not_in_the_vocabulary_is_refused():
    """A required phrase with a word that is not in the vocabulary raises an ArgumentError."""
    with pytest.raises(ArgumentError, match=r"required: .* 'a zebra', whose word 2 is not among"):
        constraints_of(required=["man", "a zebra"])


@pytest.mark.parametrize(
    ("texts", "message"),
    [
        ({"forbidden": ["man on", "a man"]}, "without a forbidden .* Received: 'on a man'"),
        ({"block_ngram": 1}, "repeat no 1 successive words.* Received: 'a a'"),
    ],
)
def test_required_phrases_that_no_sentence_can_contain_are_refused(texts, message):
    """A required phrase that contains a forbidden phrase or a repetition is refused."""
    required = ["bike", "on a man", "a a"]
    assert constraints_of(required=required, forbidden=["man on"], block_ngram=2).required
    with pytest.raises(ArgumentError, match=message):
        constraints_of(required=required, **texts)


@pytest.mark.parametrize("name", ["forbidden", "forbidden_endings", "repeatable", "required"])
def test_a_text_without_words_is_refused(name):
    """An empty text in a list of words and phrases raises an ArgumentError that names the list."""
    with pytest.raises(ArgumentError, match=f"{name}: expected texts of at least one word"):
        constraints_of(**{name: ["man", " "]})


def test_texts_must_be_encoded_before_the_search():
    """A search whose texts were not encoded raises an ArgumentError."""
    search = searches.build({"type": "greedy", "forbidden": ["man"]})
    with pytest.raises(ArgumentError, match="expected a call of `encode_texts`"):
        search(None, (), ops.zeros((1, 1)), special=SPECIAL, limit=3)


def test_a_search_without_texts_needs_no_vocabulary():
    """The constraints of a search without texts are available without `encode_texts`."""
    assert searches.build({"type": "greedy", "block_ngram": 2}).constraints.block_ngram == 2
