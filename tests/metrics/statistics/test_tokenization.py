"""The tokenizations `ptb`, `none` and `13a`."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lrcn_seq.errors import ArgumentError
from lrcn_seq.metrics.statistics.tokenization import tokenize_texts


def test_ptb_removes_punctuation_and_case():
    """The tokenization `ptb` gives lowercase words without punctuation."""
    assert tokenize_texts(["A dog ."], "ptb") == ["a dog"]


def test_none_returns_the_text_unchanged():
    """The tokenization `none` keeps capitals and periods."""
    assert tokenize_texts(["A dog ."], "none") == ["A dog ."]


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=30))
def test_13a_equals_sacrebleu(text):
    """The tokenization `13a` gives the tokens of sacreBLEU for any text."""
    tokenizer = pytest.importorskip("sacrebleu.tokenizers.tokenizer_13a").Tokenizer13a()
    assert tokenize_texts([text], "13a") == [tokenizer(text.rstrip())]


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("Hello, world.", "Hello , world ."),
        ("1,000.5 at 10-20", "1,000.5 at 10 - 20"),
        ("&quot;a&amp;b&quot;", '" a & b "'),
    ],
)
def test_13a_splits_symbols_but_not_numbers(text, tokens):
    """Symbols are tokens, numbers keep commas and points, and entities are replaced."""
    assert tokenize_texts([text], "13a") == [tokens]


def test_an_unknown_tokenization_raises():
    """The error for an unknown tokenization suggests a name and lists all."""
    with pytest.raises(ArgumentError, match=r"one of ptb, none, 13a\. Did you mean '?ptb"):
        tokenize_texts(["a"], "pbt")


@pytest.mark.parametrize("tokenize", ["ptb", "13a", "none"])
@pytest.mark.parametrize(
    ("text", "received"),
    [
        ("dog " * 10_001, "10,001 words of up to 3 characters"),
        ("a " + "x" * 1001, "2 words of up to 1,001 characters"),
    ],
)
def test_a_sentence_over_the_bounds_is_refused(tokenize, text, received):
    """Sentences of over 10,000 words and words of over 1,000 characters are refused."""
    with pytest.raises(ArgumentError, match=received):
        tokenize_texts(["a dog", text], tokenize)


def test_a_sentence_at_the_bounds_is_tokenized():
    """A sentence of 10,000 words with a word of 1,000 characters is tokenized."""
    text = "dog " * 9999 + "x" * 1000
    assert tokenize_texts([text], "ptb") == [text]
