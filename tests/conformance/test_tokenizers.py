"""The contract of a tokenizer, tested for every registered tokenizer."""

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
def spec(request):
    """Return the config of each tokenizer."""
    return {"type": request.param, **NEEDED.get(request.param, {})}


@pytest.fixture(scope="module")
def tokenizer(spec):
    """Return each tokenizer, fitted on SENTENCES."""
    return tokenizers.build(spec).fit(SENTENCES)


def saved_and_loaded(tokenizer, folder):
    """Save a tokenizer to a file and return the tokenizer loaded from it."""
    text.save(tokenizer, folder / "tokenizer.json")
    return text.load(folder / "tokenizer.json")


COPIES = {
    "file": saved_and_loaded,
    "pickle": lambda tokenizer, _folder: pickle.loads(pickle.dumps(tokenizer)),
    "deepcopy": lambda tokenizer, _folder: copy.deepcopy(tokenizer),
}


def test_all_tokenizers_of_the_package_are_tested():
    """Every tokenizer of the library is tested in this module."""
    assert set(NAMES) >= {"word", "character", "bpe", "wordpiece", "keras_hub"}


def test_special_ids(tokenizer):
    """The IDs of the pad, start, end and unknown tokens are 0 to 3."""
    assert tokenizer.special == SPECIAL == (0, 1, 2, 3)


@pytest.mark.parametrize("sentence", HARD, ids=lambda sentence: ascii(sentence[:12]))
def test_no_text_encodes_to_pad_start_or_end(tokenizer, sentence):
    """Any text encodes to Python integers from 3 to V − 1."""
    ids = tokenizer.encode(sentence)
    assert all(type(token) is int and 3 <= token < tokenizer.vocabulary_size for token in ids)


def test_vocabulary_has_a_name_for_each_id(tokenizer):
    """The vocabulary has V distinct tokens, of which the special tokens come first."""
    names = tokenizer.vocabulary()
    assert names[:4] == ["<pad>", "<start>", "<end>", "<unk>"]
    assert len(set(names)) == len(names) == tokenizer.vocabulary_size > 4


def test_every_id_can_be_decoded(tokenizer):
    """Every ID of the vocabulary decodes to a string."""
    texts = [tokenizer.decode([token]) for token in range(tokenizer.vocabulary_size)]
    assert all(isinstance(text, str) for text in texts)


def test_fitted_sentences_have_no_unknown_tokens(tokenizer):
    """Sentences that a tokenizer was fitted on have no unknown tokens."""
    tokens = [token for ids in tokenizer.encode_all(SENTENCES) for token in ids]
    assert tokens
    assert tokenizer.special.unknown not in tokens


@pytest.mark.parametrize("sentence", SENTENCES)
def test_decoded_sentences_encode_to_the_same_ids(tokenizer, sentence):
    """Decoded text encodes to the same IDs; decoding ignores start, end and pad tokens."""
    ids = tokenizer.encode(sentence)
    assert ids
    decoded = tokenizer.decode([SPECIAL.start, *ids, SPECIAL.end, SPECIAL.pad])
    assert tokenizer.encode(decoded) == ids


def test_encode_all_equals_encode(tokenizer):
    """`encode_all` gives the same IDs as `encode` for each sentence."""
    assert tokenizer.encode_all(HARD) == [tokenizer.encode(sentence) for sentence in HARD]


def test_empty_input_has_no_ids(tokenizer):
    """Empty lists of sentences, empty sentences and white space encode to empty lists."""
    assert tokenizer.encode_all(iter([])) == []
    assert tokenizer.encode("") == tokenizer.encode("  \n") == []


@pytest.mark.parametrize("way", COPIES)
def test_copies_are_equal(tokenizer, tmp_path, way):
    """Saved, pickled and deep-copied tokenizers equal the original."""
    other = COPIES[way](tokenizer, tmp_path)
    assert other.vocabulary() == tokenizer.vocabulary()
    assert other.signature == tokenizer.signature
    assert other.arguments() == tokenizer.arguments()
    assert other.encode_all(HARD) == tokenizer.encode_all(HARD)
    assert other.payload() == tokenizer.payload()


def test_the_file_records_the_name_of_the_part(tokenizer, spec, tmp_path):
    """A tokenizer file records the tokenizer's type from the config."""
    text.save(tokenizer, tmp_path / "tokenizer.json")
    content = json.loads((tmp_path / "tokenizer.json").read_text(encoding="utf-8"))
    assert content["type"] == spec["type"]


def test_arguments_are_those_of_the_constructor(tokenizer, spec):
    """`arguments` returns the constructor's parameters as JSON values."""
    arguments = tokenizer.arguments()
    assert set(arguments) == set(inspect.signature(type(tokenizer)).parameters)
    assert json.loads(json.dumps(arguments)) == arguments
    assert spec.items() <= {"type": spec["type"], **arguments}.items()


def test_signature_is_one_line_that_begins_with_the_type(tokenizer, spec):
    """A signature is one line that begins with the type of the tokenizer."""
    assert tokenizer.signature.startswith(spec["type"] + ":")
    assert "\n" not in tokenizer.signature


def test_fitting_is_deterministic(tokenizer, spec):
    """Fitting on the same sentences gives the same vocabulary, even from a generator."""
    other = tokenizers.build(spec).fit(sentence for sentence in SENTENCES)
    assert other.vocabulary() == tokenizer.vocabulary()


@pytest.mark.parametrize("sentences", [[], [""], ["  ", "\n"]], ids=repr)
def test_fit_rejects_sentences_without_words(spec, sentences):
    """Fitting on sentences without words raises an error."""
    with pytest.raises(DataError, match="expected sentences with words"):
        tokenizers.build(spec).fit(sentences)


def test_decode_rejects_ids_out_of_range(tokenizer):
    """Decoding an ID beyond the vocabulary raises an error."""
    with pytest.raises(ArgumentError, match="expected ids from 0 to"):
        tokenizer.decode([tokenizer.vocabulary_size])


def test_encode_rejects_a_missing_caption(tokenizer):
    """Encoding None raises an ArgumentError."""
    with pytest.raises(ArgumentError, match="expected a sentence as text"):
        tokenizer.encode(None)


@pytest.mark.parametrize("payload", [None, {}, [], {"version": "1.0", "model": {}}], ids=str)
def test_restore_rejects_the_payload_of_another_tokenizer(spec, payload):
    """Restoring a tokenizer from an invalid payload raises an error."""
    with pytest.raises(DataError, match="expected the payload of a fitted"):
        tokenizers.build(spec).restore(payload)
