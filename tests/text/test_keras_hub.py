"""KerasHub's tokenizers behind our ids."""

import json

import pytest

from lrcn_seq import text
from lrcn_seq.errors import ArgumentError, DataError
from lrcn_seq.text.keras_hub import KerasHub

SENTENCES = ["a dog runs", "dogs run a dog"]
PIECES = ["[PAD]", "[CLS]", "[SEP]", "[UNK]", "[MASK]", "zebra", "a", "dog", "run", "##s"]


@pytest.fixture
def vocabulary(tmp_path):
    """A WordPiece vocabulary file."""
    (tmp_path / "vocabulary.txt").write_text("\n".join(PIECES))
    return str(tmp_path / "vocabulary.txt")


def test_ids_are_renumbered(vocabulary):
    """Ours are 0 to 3, their pieces follow in their order; their unknown is ours, and pieces that never occur are left out."""
    tokenizer = KerasHub(name="WordPieceTokenizer", vocabulary=vocabulary).fit(SENTENCES)
    assert tokenizer.vocabulary() == [
        "<pad>",
        "<start>",
        "<end>",
        "<unk>",
        "a",
        "dog",
        "run",
        "##s",
    ]
    assert tokenizer.encode("a dogs zebra") == [4, 5, 7, 3]
    assert tokenizer.decode([1, 4, 5, 7, 3, 2, 4]) == "a dogs <unk>"
    assert tokenizer.encode("[PAD] [SEP]").count(0) == 0


def test_all_pieces_can_be_kept(vocabulary):
    """minimum_count 0 keeps what never occurs, but not their unknown or special pieces twice."""
    tokenizer = KerasHub(name="BertTokenizer", vocabulary=vocabulary, minimum_count=0).fit(
        SENTENCES
    )
    assert tokenizer.vocabulary()[4:] == ["zebra", "a", "dog", "run", "##s"]


def test_rare_pieces_become_unknown(vocabulary):
    """A higher minimum count shrinks the vocabulary."""
    tokenizer = KerasHub(name="WordPieceTokenizer", vocabulary=vocabulary, minimum_count=3).fit(
        SENTENCES
    )
    assert tokenizer.vocabulary()[4:] == ["dog"]
    assert tokenizer.unknown_rate(["dog runs"]) == 2 / 3


def test_saved_one_needs_no_files(vocabulary, tmp_path):
    """The run's tokenizer.json is complete: it loads after the vocabulary file is gone."""
    tokenizer = KerasHub(name="WordPieceTokenizer", vocabulary=vocabulary, lowercase=True).fit(
        SENTENCES
    )
    text.save(tokenizer, tmp_path / "tokenizer.json")
    (tmp_path / "vocabulary.txt").unlink()
    again = text.load(tmp_path / "tokenizer.json")
    assert again.encode("A DOGS zebra") == tokenizer.encode("A DOGS zebra") == [4, 5, 7, 3]
    assert again.vocabulary() == tokenizer.vocabulary()


def test_presets_are_opened(vocabulary, tmp_path):
    """A preset folder serves as well as files do."""
    import keras_hub

    keras_hub.tokenizers.BertTokenizer(vocabulary=vocabulary).save_to_preset(
        str(tmp_path / "preset")
    )
    (tmp_path / "preset" / "config.json").write_text(json.dumps(keras_hub_backbone()))
    tokenizer = KerasHub(preset=str(tmp_path / "preset")).fit(SENTENCES)
    assert tokenizer.encode("a dogs") == [4, 5, 7]


def keras_hub_backbone():
    """The least that a preset folder says of its network."""
    return {
        "module": "keras_hub.src.models.bert.bert_backbone",
        "class_name": "BertBackbone",
        "config": {},
        "registered_name": "keras_hub>BertBackbone",
    }


@pytest.mark.parametrize("name", ["ByteTokenizer", "UnicodeCodepointTokenizer"])
def test_tokenizers_without_vocabulary(name, tmp_path):
    """Bytes and code points work, and come back from their file."""
    tokenizer = KerasHub(name=name).fit(["a dög"])
    text.save(tokenizer, tmp_path / "tokenizer.json")
    for one in (tokenizer, text.load(tmp_path / "tokenizer.json")):
        assert one.decode(one.encode("dög a")) == "dög a"
        assert 3 in one.encode("x")


@pytest.mark.parametrize(
    ("arguments", "error", "sentence"),
    [
        ({}, ArgumentError, "either name or preset"),
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
def test_wrong_arguments_have_a_sentence(arguments, error, sentence):
    """Each wrong argument is an error of this library in one line."""
    with pytest.raises(error, match=sentence) as caught:
        KerasHub(**arguments).fit(SENTENCES)
    assert "\n" not in str(caught.value)


def test_nothing_to_learn_from_is_refused(vocabulary):
    """Sentences without words are an error."""
    with pytest.raises(DataError, match="no piece that is frequent enough"):
        KerasHub(name="WordPieceTokenizer", vocabulary=vocabulary, minimum_count=0).fit([""])
