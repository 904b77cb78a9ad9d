"""The file of a tokenizer, and the validation of sentences and IDs."""

import json
import os
import subprocess
import sys

import numpy as np
import pytest

from lrcn_seq import text
from lrcn_seq.errors import ArgumentError, DataError
from lrcn_seq.registry import tokenizers
from lrcn_seq.text.base import validate_sentence
from lrcn_seq.text.word import Word

TOKENIZER = Word(minimum_count=1).fit(["a red dog", "a café"])


def test_save_writes_type_args_and_payload(tmp_path):
    """A tokenizer is saved as UTF-8 JSON with its type, arguments and payload."""
    text.save(TOKENIZER, tmp_path / "tokenizer.json")
    content = (tmp_path / "tokenizer.json").read_text(encoding="utf-8")
    envelope = json.loads(content)
    assert "café" in content
    assert list(envelope) == ["type", "args", "payload"]
    assert envelope["type"] == "word"
    assert envelope["args"] == {
        "minimum_count": 1,
        "words": None,
        "punctuation": "keep",
        "lower": True,
    }
    assert [path.name for path in tmp_path.iterdir()] == ["tokenizer.json"]


def test_load_restores_the_vocabulary(tmp_path):
    """A loaded tokenizer has the vocabulary and the IDs of the saved tokenizer."""
    text.save(TOKENIZER, tmp_path / "tokenizer.json")
    loaded = text.load(tmp_path / "tokenizer.json")
    assert loaded.vocabulary()[4:] == ["a", "café", "dog", "red"]
    assert loaded.encode("a red dog") == [4, 7, 6]


def test_save_records_the_name_of_an_entry_point(tmp_path, monkeypatch):
    """A tokenizer of another package is saved under the name of its entry point."""

    class Mine(Word):
        pass

    monkeypatch.setitem(tokenizers._parts, "mine", Mine)
    text.save(Mine(minimum_count=1).fit(["a"]), tmp_path / "tokenizer.json")
    assert json.loads((tmp_path / "tokenizer.json").read_text())["type"] == "mine"
    assert type(text.load(tmp_path / "tokenizer.json")) is Mine


def write_changed(folder, **changes):
    """Write a tokenizer file with the given changes and return its path."""
    text.save(TOKENIZER, folder / "tokenizer.json")
    envelope = json.loads((folder / "tokenizer.json").read_text(encoding="utf-8"))
    (folder / "tokenizer.json").write_text(json.dumps({**envelope, **changes}))
    return folder / "tokenizer.json"


def with_model(**vocabulary):
    """Return a payload whose model has the given vocabulary."""
    model = {"type": "WordLevel", "vocab": vocabulary, "unk_token": "a"}
    return {"payload": {**TOKENIZER.payload(), "model": model}}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"type": "wrod"}, "Did you mean 'word'"),
        ({"args": {"minimum": 1}}, "unknown argument"),
        ({"args": None}, "type, args and payload"),
        ({"payload": {"version": "1.0"}}, "payload of a fitted Word"),
        ({"payload": None}, "payload of a fitted Word"),
        (with_model(**{"<pad>": 0, "a": 1}), "without gaps that begins with <pad>"),
    ],
    ids=str,
)
def test_load_rejects_a_changed_file(tmp_path, changes, message):
    """The error for a tokenizer file with invalid values names the file and the problem."""
    with pytest.raises(DataError, match=message) as caught:
        text.load(write_changed(tmp_path, **changes))
    assert "tokenizer.json" in str(caught.value)


@pytest.mark.parametrize("content", [b"", b"[1, 2]", b'{"type": "word"', b"\xff\xfe\x00", b"null"])
def test_load_rejects_a_corrupt_file(tmp_path, content):
    """A tokenizer file that is truncated or not a JSON object raises a DataError."""
    (tmp_path / "tokenizer.json").write_bytes(content)
    with pytest.raises(DataError, match="expected a tokenizer file"):
        text.load(tmp_path / "tokenizer.json")


def test_load_rejects_a_missing_file(tmp_path):
    """Loading a missing tokenizer file raises a DataError."""
    with pytest.raises(DataError, match=r"tokenizer\.json: .*there is no such file"):
        text.load(tmp_path / "tokenizer.json")


def test_load_rejects_a_folder(tmp_path):
    """Loading a folder as a tokenizer file raises a DataError."""
    with pytest.raises(DataError, match="expected a tokenizer file"):
        text.load(tmp_path)


def test_failed_save_keeps_the_old_file(tmp_path):
    """A failed save of a tokenizer keeps the old file and leaves no temporary file."""
    text.save(TOKENIZER, tmp_path / "tokenizer.json")

    class Unwritable(Word):
        def payload(self):
            return object()

    with pytest.raises(TypeError):
        text.save(Unwritable(), tmp_path / "tokenizer.json")
    assert [path.name for path in tmp_path.iterdir()] == ["tokenizer.json"]
    assert text.load(tmp_path / "tokenizer.json").encode("a dog") == [4, 6]


def test_save_replaces_the_file_atomically(tmp_path):
    """Saving a tokenizer replaces the file; a reader that has it open reads the old content."""
    path, link = tmp_path / "tokenizer.json", tmp_path / "link.json"
    text.save(TOKENIZER, path)
    link.hardlink_to(path)
    text.save(Word(minimum_count=1).fit(["another"]), path)
    assert text.load(link).vocabulary()[4:] == ["a", "café", "dog", "red"]
    assert text.load(path).vocabulary()[4:] == ["another"]


def test_decode_stops_at_the_end():
    """Decoding ignores IDs after the end token."""
    assert TOKENIZER.decode([4, 2, 7, 6]) == "a"


def test_decode_omits_pad_and_start():
    """Decoding omits pad and start tokens and writes unknown tokens as <unk>."""
    assert TOKENIZER.decode([1, 4, 0, 7, 3, 2]) == "a red <unk>"


@pytest.mark.parametrize("ids", [[], [2], np.array([], "int32")], ids=str)
def test_decode_of_no_words_is_empty(ids):
    """Decoding no words returns an empty string."""
    assert TOKENIZER.decode(ids) == ""


def test_decode_accepts_arrays():
    """Decoding accepts int32 arrays as well as lists."""
    assert TOKENIZER.decode(np.array([1, 4, 6, 2, 0], "int32")) == "a dog"


@pytest.mark.parametrize("ids", [[8], [-1], [4, 10_000]])
def test_decode_rejects_ids_out_of_range(ids):
    """The error for an ID out of range states the range."""
    with pytest.raises(ArgumentError, match=f"ids from 0 to 7. Received: {ids[-1]}"):
        TOKENIZER.decode(ids)


@pytest.mark.parametrize("sentence", [None, 3, float("nan"), b"a dog", ["a"]])
def test_encode_rejects_other_types_than_text(sentence):
    """A sentence that is not text, such as None or NaN, is refused."""
    with pytest.raises(ArgumentError, match="expected a sentence as text"):
        TOKENIZER.encode(sentence)


@pytest.mark.parametrize("sentence", [None, float("nan")])
def test_fit_rejects_missing_captions(sentence):
    """Fitting on a missing caption raises an ArgumentError."""
    with pytest.raises(ArgumentError, match="expected a sentence as text"):
        Word(minimum_count=1).fit([sentence])


@pytest.mark.parametrize(
    ("sentence", "valid"),
    [
        ("café 😀", "café 😀"),
        ("a\ud800b", "a\ufffdb"),
        ("\udc00", "\ufffd"),
        ("\ud83d\ude00", "😀"),
    ],
    ids=ascii,
)
def test_unpaired_surrogates_are_replaced(sentence, valid):
    """Unpaired surrogates are replaced by �; a surrogate pair becomes its character."""
    assert validate_sentence(sentence) == valid


def test_text_does_not_import_keras():
    """Tokenizers do not import Keras or a backend, except a fitted tokenizer of KerasHub."""
    code = """
import sys
from lrcn_seq import text
from lrcn_seq.registry import tokenizers
for name in tokenizers.names():
    tokenizers.get(name)
tokenizers.build({"type": "word", "minimum_count": 1}).fit(["a"]).encode("a")
tokenizers.build({"type": "keras_hub", "name": "ByteTokenizer"})
heavy = {"keras", "keras_hub", "tensorflow", "jax", "torch"}
print(sorted(heavy & set(sys.modules)))
"""
    process = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert process.stdout.strip() == "[]"


@pytest.mark.parametrize(
    "content",
    [
        b"[" * 100_000,
        b"[]",
        b"null",
        b'{"type": "word"}',
        b'{"type": [], "args": {}, "payload": 1}',
        b'{"type": "word", "args": {"": 1}, "payload": {}}',
        b"\xff",
        b"9" * 5000,
    ],
)
def test_any_other_file_is_refused(tmp_path, content):
    """A file whose content is not a saved tokenizer raises a DataError with its path."""
    path = tmp_path / "tokenizer.json"
    path.write_bytes(content)
    with pytest.raises(DataError, match=r"tokenizer\.json: expected a tokenizer file"):
        text.load(path)


def test_a_fifo_is_refused(tmp_path):
    """Loading a tokenizer from a FIFO raises an error instead of waiting for data."""
    os.mkfifo(tmp_path / "tokenizer.json")
    with pytest.raises(DataError, match="Received: a FIFO"):
        text.load(tmp_path / "tokenizer.json")


def test_only_some_tokenizers_can_be_joined_without_the_library():
    """By default, a tokenizer states no rule by which IDs become a text."""
    assert text.Tokenizer.joining(TOKENIZER) is None
    assert TOKENIZER.joining().tokens == TOKENIZER.vocabulary()
