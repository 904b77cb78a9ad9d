"""Every registered tokenizer through its contract."""

import copy
import inspect
import json
import pickle

import pytest

from lrcn_seq import text
from lrcn_seq.errors import ArgumentError, DataError
from lrcn_seq.records import SPECIAL
from lrcn_seq.registry import tokenizers

SENTENCES = ["A red dog runs.", "two naïve cats, on the café's red roof", "a dog and a cat"]
HARD = [
    *SENTENCES,
    "",
    "   ",
    "<pad> <start> <end> <unk>",
    "日本 😀 \u200b",
    "x" * 5000,
    "\ud800 dog",
    "A\nDOG\t",
]
NEEDED = {"word": {"minimum_count": 1}, "keras_hub": {"name": "ByteTokenizer"}}
NAMES = tokenizers.names()


@pytest.fixture(scope="module", params=NAMES)
def fitted(request):
    """A tokenizer of each kind that has learned from SENTENCES, with its config."""
    spec = {"type": request.param, **NEEDED.get(request.param, {})}
    return spec, tokenizers.build(spec).fit(SENTENCES)


def test_all_tokenizers_are_here():
    """The scan finds the five parts of the package."""
    assert set(NAMES) >= {"word", "character", "bpe", "wordpiece", "keras_hub"}


def test_ids_are_ours(fitted):
    """Ids lie between 3 and V, whatever the text: no text can say pad, start or end."""
    tokenizer = fitted[1]
    assert tokenizer.special == SPECIAL == (0, 1, 2, 3)
    for sentence in HARD:
        ids = tokenizer.encode(sentence)
        assert all(
            type(number) is int and 3 <= number < tokenizer.vocabulary_size for number in ids
        )


def test_vocabulary_lists_every_id(fitted):
    """V names, each once, ours first."""
    tokenizer = fitted[1]
    names = tokenizer.vocabulary()
    assert names[:4] == ["<pad>", "<start>", "<end>", "<unk>"]
    assert len(set(names)) == len(names) == tokenizer.vocabulary_size > 4
    assert all(
        isinstance(tokenizer.decode([number]), str) for number in range(tokenizer.vocabulary_size)
    )


def test_learned_text_comes_back(fitted):
    """What was learned from has no unknown words, and the decoded text has the same ids."""
    tokenizer = fitted[1]
    assert tokenizer.unknown_rate(SENTENCES) == 0
    for sentence in SENTENCES:
        ids = tokenizer.encode(sentence)
        assert ids
        assert (
            tokenizer.encode(tokenizer.decode([SPECIAL.start, *ids, SPECIAL.end, SPECIAL.pad]))
            == ids
        )


def test_many_at_once_equals_one_by_one(fitted):
    """encode_all gives what encode gives; no sentence, no ids."""
    tokenizer = fitted[1]
    assert tokenizer.encode_all(HARD) == [tokenizer.encode(sentence) for sentence in HARD]
    assert tokenizer.encode_all(iter([])) == []
    assert tokenizer.encode("") == tokenizer.encode("  \n") == []


def test_saved_equals_loaded(fitted, tmp_path):
    """Through the file, pickle and deepcopy a tokenizer stays what it is; its arguments are plain values that rebuild it."""
    _, tokenizer = fitted
    text.save(tokenizer, tmp_path / "tokenizer.json")
    for again in (
        text.load(tmp_path / "tokenizer.json"),
        copy.deepcopy(tokenizer),
        pickle.loads(pickle.dumps(tokenizer)),
    ):
        assert again.vocabulary() == tokenizer.vocabulary()
        assert again.signature == tokenizer.signature
        assert again.arguments() == tokenizer.arguments()
        assert again.encode_all(HARD) == tokenizer.encode_all(HARD)
        assert again.payload() == tokenizer.payload()


def test_arguments_are_the_constructors(fitted):
    """`arguments` names exactly the constructor's parameters, as JSON values."""
    spec, tokenizer = fitted
    assert set(tokenizer.arguments()) == set(inspect.signature(type(tokenizer)).parameters)
    assert json.loads(json.dumps(tokenizer.arguments())) == tokenizer.arguments()
    assert spec.items() <= {"type": spec["type"], **tokenizer.arguments()}.items()
    assert tokenizer.signature.startswith(spec["type"] + ":")
    assert "\n" not in tokenizer.signature


def test_learning_is_repeatable(fitted):
    """The same sentences, even from a generator, give the same tokenizer."""
    spec, tokenizer = fitted
    assert (
        tokenizers.build(spec).fit(sentence for sentence in SENTENCES).vocabulary()
        == tokenizer.vocabulary()
    )


@pytest.mark.parametrize("sentences", [[], [""], ["  ", "\n"]], ids=repr)
def test_nothing_to_learn_from_is_refused(fitted, sentences):
    """Without a word there is no vocabulary: an error, never an empty tokenizer."""
    with pytest.raises(DataError, match="expected sentences with words"):
        tokenizers.build(fitted[0]).fit(sentences)


def test_wrong_ids_and_sentences_are_refused(fitted):
    """Ids out of range and sentences that are no text have their sentence."""
    tokenizer = fitted[1]
    with pytest.raises(ArgumentError, match="expected ids from 0 to"):
        tokenizer.decode([tokenizer.vocabulary_size])
    with pytest.raises(ArgumentError, match="expected a sentence as text"):
        tokenizer.encode(None)


def test_foreign_payload_is_refused(fitted):
    """What another tokenizer learned is not taken."""
    for payload in (None, {}, [], {"version": "1.0", "model": {}}):
        with pytest.raises(DataError, match="expected what a"):
            tokenizers.build(fitted[0]).restore(payload)
