"""The tokenizer's file, and what encode and decode refuse."""

import json
import subprocess
import sys

import numpy as np
import pytest

from lrcn_seq import text
from lrcn_seq.errors import ArgumentError, DataError
from lrcn_seq.text.word import Word

TOKENIZER = Word(minimum_count=1).fit(["a red dog", "a café"])


def test_file_is_the_envelope(tmp_path):
    """tokenizer.json holds type, args and payload, readable as UTF-8, and nothing stays beside it."""
    text.save(TOKENIZER, tmp_path / "tokenizer.json")
    envelope = json.loads((tmp_path / "tokenizer.json").read_text(encoding="utf-8"))
    assert list(envelope) == ["type", "args", "payload"]
    assert envelope["type"] == "word"
    assert envelope["args"] == TOKENIZER.arguments()
    assert [path.name for path in tmp_path.iterdir()] == ["tokenizer.json"]
    assert text.load(tmp_path / "tokenizer.json").vocabulary() == TOKENIZER.vocabulary()


def broken(tmp_path, **changes):
    text.save(TOKENIZER, tmp_path / "tokenizer.json")
    envelope = json.loads((tmp_path / "tokenizer.json").read_text(encoding="utf-8"))
    (tmp_path / "tokenizer.json").write_text(json.dumps({**envelope, **changes}))
    return tmp_path / "tokenizer.json"


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"type": "wrod"}, "Did you mean 'word'"),
        ({"args": {"minimum": 1}}, "unknown argument"),
        ({"args": None}, "type, args and payload"),
        ({"payload": {"version": "1.0"}}, "what a Word learned"),
        ({"payload": None}, "what a Word learned"),
        (
            {
                "payload": {
                    **TOKENIZER.payload(),
                    "model": {"type": "WordLevel", "vocab": {"<pad>": 0, "a": 1}, "unk_token": "a"},
                }
            },
            "without gaps that begins with <pad>",
        ),
    ],
    ids=str,
)
def test_wrong_files_are_refused_by_name(tmp_path, changes, sentence):
    """Each broken envelope is a DataError that names the file and says what is wrong."""
    with pytest.raises(DataError, match=sentence) as caught:
        text.load(broken(tmp_path, **changes))
    assert "tokenizer.json" in str(caught.value)


@pytest.mark.parametrize("content", [b"", b"[1, 2]", b'{"type": "word"', b"\xff\xfe\x00", b"null"])
def test_corrupt_files_are_refused(tmp_path, content):
    """What is no JSON object is refused too, cut off files among it."""
    (tmp_path / "tokenizer.json").write_bytes(content)
    with pytest.raises(DataError, match="expected a tokenizer file"):
        text.load(tmp_path / "tokenizer.json")


def test_missing_file_is_refused(tmp_path):
    """A missing file and a folder in its place are errors that name it."""
    with pytest.raises(DataError, match="there is no such file"):
        text.load(tmp_path / "tokenizer.json")
    with pytest.raises(DataError, match="expected a tokenizer file"):
        text.load(tmp_path)


def test_failed_save_leaves_the_old_file(tmp_path):
    """Where writing fails, what was there before stays, and no part of a file is left."""
    text.save(TOKENIZER, tmp_path / "tokenizer.json")

    class Unwritable(Word):
        def payload(self):
            return object()

    with pytest.raises(TypeError):
        text.save(Unwritable(), tmp_path / "tokenizer.json")
    assert [path.name for path in tmp_path.iterdir()] == ["tokenizer.json"]
    assert text.load(tmp_path / "tokenizer.json").encode("a dog") == TOKENIZER.encode("a dog")


def test_decode_stops_at_the_end_and_skips_pad_and_start():
    """What follows the end is not read; pad and start are left out; unknown shows."""
    a, red = TOKENIZER.encode("a red")
    assert TOKENIZER.decode([1, a, 0, red, 3, 2, a, a]) == "a red <unk>"
    assert TOKENIZER.decode(np.array([1, a, 2, 0], "int32")) == "a"
    assert TOKENIZER.decode([]) == TOKENIZER.decode([2]) == ""


@pytest.mark.parametrize("ids", [[99], [-1], [4, 10_000]])
def test_decode_refuses_ids_that_do_not_exist(ids):
    """An id out of range is an error that gives the range."""
    with pytest.raises(
        ArgumentError, match=f"ids from 0 to {TOKENIZER.vocabulary_size - 1}. Received: {ids[-1]}"
    ):
        TOKENIZER.decode(ids)


@pytest.mark.parametrize("sentence", [None, 3, float("nan"), b"a dog", ["a"]])
def test_encode_refuses_what_is_no_text(sentence):
    """A missing caption (None, NaN) is an error, not a word."""
    with pytest.raises(ArgumentError, match="expected a sentence as text"):
        TOKENIZER.encode(sentence)
    with pytest.raises(ArgumentError, match="expected a sentence as text"):
        Word(minimum_count=1).fit([sentence])


def test_a_new_tokenizer_must_learn_first():
    """Before fit or load every use is an error that says so."""
    for use in (
        lambda t: t.encode("a"),
        lambda t: t.decode([4]),
        lambda t: t.vocabulary(),
        lambda t: t.vocabulary_size,
        lambda t: t.payload(),
    ):
        with pytest.raises(ArgumentError, match="has learned its vocabulary"):
            use(Word())


def test_text_loads_no_keras():
    """The package and all its parts but the KerasHub one's tokenizer load without Keras, TensorFlow, JAX or torch."""
    code = (
        "import sys; from lrcn_seq.registry import tokenizers; [tokenizers.get(name) for name in tokenizers.names()]\n"
        "from lrcn_seq import text; tokenizers.build({'type': 'word', 'minimum_count': 1}).fit(['a']).encode('a')\n"
        "tokenizers.build({'type': 'keras_hub', 'name': 'ByteTokenizer'})\n"
        "print([name for name in ('keras', 'keras_hub', 'tensorflow', 'jax', 'torch') if name in sys.modules])"
    )
    assert (
        subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=True
        ).stdout.strip()
        == "[]"
    )
