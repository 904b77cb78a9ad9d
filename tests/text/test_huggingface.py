"""The base class of the Hugging Face tokenizers: normalization, decoding and fitting."""

import re

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from tokenizers import normalizers

from lrcn_seq.errors import ArgumentError, DataError
from lrcn_seq.text._huggingface import attachments, detokenize, normalization
from lrcn_seq.text.bpe import BytePair
from lrcn_seq.text.character import Character
from lrcn_seq.text.word import Word
from lrcn_seq.text.wordpiece import WordPiece


@pytest.mark.parametrize(
    ("sentence", "normal"),
    [
        ("cafe\u0301", "café"),
        ("soft\u00adened\u200b \ufeffA", "softened a"),
        ("  two\u00a0dogs\r\nrun\t", "two dogs run"),
        ("ÀB", "àb"),
    ],
    ids=ascii,
)
def test_normalization(sentence, normal):
    """Normalization composes letters, removes invisible characters, and lowers the case."""
    assert normalizers.Sequence(normalization(lower=True)).normalize_str(sentence) == normal


def test_normalization_can_keep_the_case():
    """With `lower=False`, normalization keeps capitals."""
    assert normalizers.Sequence(normalization(lower=False)).normalize_str(" À  B ") == "À B"


@pytest.mark.parametrize(
    ("spaced", "text"),
    [
        ("a man ' s t - shirt", "a man's t-shirt"),
        ("a man ’ s hat", "a man’s hat"),
        ("red , blue ; green", "red, blue; green"),
        ("is it ?! yes .", "is it?! yes."),
        ("हिन्दी , में", "हिन्दी, में"),
        ("! !", "! !"),
        ("a , , b", "a , , b"),
        ("a ? !", "a ? !"),
        ("😀 !", "😀 !"),
        ("' s", "' s"),
        ("", ""),
    ],
)
def test_detokenize(spaced, text):
    """Detokenization joins words at apostrophes and hyphens, and attaches commas and periods."""
    assert detokenize(spaced) == text


@pytest.mark.parametrize("kind", [Word, BytePair, WordPiece, Character])
@settings(max_examples=60, deadline=None)
@given(
    sentences=st.lists(
        st.text(max_size=25) | st.text("a_1é\u093f !?.,:'-’😀", max_size=12),
        min_size=1,
        max_size=4,
    )
)
@example(sentences=["! !", "a , , b ? ."])
def test_decoded_text_encodes_to_the_same_ids(kind, sentences):
    """For any fitted text, encode(decode(encode(text))) equals encode(text)."""
    try:
        tokenizer = kind(minimum_count=1).fit(sentences)
    except DataError:
        return
    for sentence in sentences:
        ids = tokenizer.encode(sentence)
        assert tokenizer.encode(tokenizer.decode(ids)) == ids


def test_names_of_special_tokens_in_a_caption_are_plain_text():
    """The text "<end>" in a caption is plain text instead of the end token."""
    tokenizer = Word(minimum_count=1).fit(["a <end> b", "a"])
    assert tokenizer.decode(tokenizer.encode("a <end> b")) == "a < end > b"


@pytest.mark.parametrize(
    "use",
    [
        lambda tokenizer: tokenizer.encode("a"),
        lambda tokenizer: tokenizer.decode([4]),
        lambda tokenizer: tokenizer.vocabulary(),
        lambda tokenizer: tokenizer.vocabulary_size,
        lambda tokenizer: tokenizer.payload(),
    ],
    ids=["encode", "decode", "vocabulary", "vocabulary_size", "payload"],
)
def test_an_unfitted_tokenizer_cannot_be_used(use):
    """Using a tokenizer before it is fitted or loaded raises an ArgumentError."""
    with pytest.raises(ArgumentError, match=r"expected a fitted Word.*call fit first"):
        use(Word())


def test_a_changed_vocabulary_list_does_not_change_the_tokenizer():
    """Changing the list that `vocabulary` returns does not change the tokenizer."""
    tokenizer = Word(minimum_count=1).fit(["a b"])
    tokenizer.vocabulary().clear()
    assert tokenizer.vocabulary_size == 6


def test_attachments_name_the_combining_marks_of_the_vocabulary():
    """The rules as regular expressions attach a mark to a word that ends in a combining mark."""
    rules = attachments(["दुनिया", "the"])
    text = "दुनिया , isn 't"
    for pattern, replacement in rules:
        text = re.sub(pattern, replacement, text)
    assert text == detokenize("दुनिया , isn 't") == "दुनिया, isn 't"
    assert re.sub(*rules[1], "दुनिया .") == "दुनिया."
