"""KerasHub tokenizers whose IDs are renumbered."""

import json

import pytest

from lrcn_seq import text
from lrcn_seq.errors import ArgumentError, DataError
from lrcn_seq.text.keras_hub_tokenizer import KerasHub

SENTENCES = ["a dog runs", "dogs run a dog"]
PIECES = ["[PAD]", "[CLS]", "[SEP]", "[UNK]", "[MASK]", "zebra", "a", "dog", "run", "##s"]
BACKBONE = {
    "module": "keras_hub.src.models.bert.bert_backbone",
    "class_name": "BertBackbone",
    "config": {},
    "registered_name": "keras_hub>BertBackbone",
}


@pytest.fixture
def vocabulary(tmp_path):
    """Return the path of a WordPiece vocabulary file."""
    (tmp_path / "vocabulary.txt").write_text("\n".join(PIECES))
    return str(tmp_path / "vocabulary.txt")


def wordpiece(vocabulary, **arguments):
    """Return a fitted WordPiece tokenizer of KerasHub."""
    return KerasHub(name="WordPieceTokenizer", vocabulary=vocabulary, **arguments).fit(SENTENCES)


def test_pieces_follow_the_special_ids(vocabulary):
    """Pieces that occur in the fitted sentences get IDs from 4 on, in KerasHub's order."""
    assert wordpiece(vocabulary).vocabulary() == [
        *["<pad>", "<start>", "<end>", "<unk>"],
        *["a", "dog", "run", "##s"],
    ]


def test_encode(vocabulary):
    """Pieces that did not occur in the fitted sentences are encoded as unknown."""
    assert wordpiece(vocabulary).encode("a dogs zebra") == [4, 5, 7, 3]


def test_decode(vocabulary):
    """Decoding joins pieces to words with KerasHub and writes unknown tokens as <unk>."""
    assert wordpiece(vocabulary).decode([1, 4, 5, 7, 3, 3, 6, 2, 4]) == "a dogs <unk> <unk> run"


def test_special_pieces_in_a_sentence_are_unknown(vocabulary):
    """The text of KerasHub's special tokens never encodes to pad, start or end tokens."""
    assert set(wordpiece(vocabulary).encode("[PAD] [SEP]")) == {3}


def test_minimum_count_0_keeps_all_pieces(vocabulary):
    """With `minimum_count=0`, all pieces except special tokens are kept."""
    tokenizer = KerasHub(name="BertTokenizer", vocabulary=vocabulary, minimum_count=0)
    assert tokenizer.fit(SENTENCES).vocabulary()[4:] == ["zebra", "a", "dog", "run", "##s"]


def test_rare_pieces_are_unknown(vocabulary):
    """Pieces with fewer occurrences than `minimum_count` are unknown."""
    tokenizer = wordpiece(vocabulary, minimum_count=3)
    assert tokenizer.vocabulary()[4:] == ["dog"]


def test_a_saved_tokenizer_needs_no_other_file(vocabulary, tmp_path):
    """A saved KerasHub tokenizer can be loaded without its vocabulary file."""
    text.save(wordpiece(vocabulary, lowercase=True), tmp_path / "tokenizer.json")
    (tmp_path / "vocabulary.txt").unlink()
    loaded = text.load(tmp_path / "tokenizer.json")
    assert loaded.encode("A DOGS zebra") == [4, 5, 7, 3]
    assert loaded.vocabulary()[4:] == ["a", "dog", "run", "##s"]


def test_the_saved_type_is_the_name_of_the_part(vocabulary, tmp_path):
    """A tokenizer file records the part name `keras_hub` as its type."""
    text.save(wordpiece(vocabulary), tmp_path / "tokenizer.json")
    assert json.loads((tmp_path / "tokenizer.json").read_text())["type"] == "keras_hub"


def test_preset(vocabulary, tmp_path):
    """A preset folder gives the same IDs as its vocabulary file."""
    import keras_hub

    tokenizer = keras_hub.tokenizers.BertTokenizer(vocabulary=vocabulary)
    tokenizer.save_to_preset(str(tmp_path / "preset"))
    (tmp_path / "preset" / "config.json").write_text(json.dumps(BACKBONE))
    assert KerasHub(preset=str(tmp_path / "preset")).fit(SENTENCES).encode("a dogs") == [4, 5, 7]


@pytest.mark.parametrize("name", ["ByteTokenizer", "UnicodeCodepointTokenizer"])
def test_tokenizers_without_a_vocabulary_file(name, tmp_path):
    """KerasHub's tokenizers of bytes and code points decode to the original text."""
    fitted = KerasHub(name=name).fit(["a dög"])
    text.save(fitted, tmp_path / "tokenizer.json")
    for tokenizer in (fitted, text.load(tmp_path / "tokenizer.json")):
        assert tokenizer.decode(tokenizer.encode("dög a")) == "dög a"
        assert 3 in tokenizer.encode("x")


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({}, ArgumentError, "either name or preset"),
        ({"name": "A", "preset": "b"}, ArgumentError, "either name or preset"),
        ({"name": "WordpieceTokenizer"}, ArgumentError, "Did you mean 'WordPieceTokenizer'"),
        ({"name": "WordPieceTokenizer"}, DataError, "No vocabulary has been set"),
        (
            {"name": "WordPieceTokenizer", "vocabulary": "/nowhere/v.txt"},
            DataError,
            "there is no such file",
        ),
        ({"name": "ByteTokenizer", "proto": __file__}, DataError, "proto"),
        ({"preset": "/nowhere"}, DataError, "Unknown preset"),
    ],
    ids=str,
)
def test_wrong_arguments_raise_one_line(arguments, error, message):
    """The error for a wrong argument of a KerasHub tokenizer has one line."""
    with pytest.raises(error, match=message) as caught:
        KerasHub(**arguments).fit(SENTENCES)
    assert "\n" not in str(caught.value)


def test_fit_rejects_sentences_without_words(vocabulary):
    """Fitting on sentences without words raises a DataError, even with `minimum_count=0`."""
    with pytest.raises(DataError, match="no piece that is frequent enough"):
        KerasHub(name="WordPieceTokenizer", vocabulary=vocabulary, minimum_count=0).fit([""])


def test_an_unfitted_tokenizer_cannot_be_used():
    """Encoding with an unfitted KerasHub tokenizer raises an ArgumentError."""
    with pytest.raises(ArgumentError, match="expected a fitted KerasHub tokenizer"):
        KerasHub(name="ByteTokenizer").encode("a")
