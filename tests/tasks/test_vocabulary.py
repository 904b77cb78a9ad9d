"""The vocabulary of a captioning task."""

import pytest

from lrcn_seq.errors import ArgumentError, DataError
from lrcn_seq.records import Sample
from lrcn_seq.tasks import Vocabulary
from tests.tasks.inputs import settings

SAMPLES = [
    Sample("1", "a", "1", "train", ("red red", "a dog")),
    Sample("2", "b", "2", "dev", ("blue",)),
    Sample("3", "c", "3", "test", ("green",)),
]


@pytest.fixture
def vocabulary():
    """Return the vocabulary of the training captions of `SAMPLES`."""
    return Vocabulary.learn(settings("captioning"), SAMPLES)


def test_the_vocabulary_comes_from_training_captions_alone(vocabulary):
    """The vocabulary contains the words of training captions only."""
    assert sorted(vocabulary.names[4:]) == ["a", "dog", "red"]
    assert vocabulary.tokenizer.encode("blue green") == [3, 3]


def test_the_tokenizer_is_that_of_the_config():
    """The vocabulary leaves out words that are rarer than `tokenizer.minimum_count`."""
    config = settings("captioning", "tokenizer.minimum_count=2")
    assert Vocabulary.learn(config, SAMPLES).names[4:] == ["red"]


def test_a_saved_vocabulary_is_loaded_unchanged(vocabulary, tmp_path):
    """A vocabulary that is saved and loaded keeps its words, order and encoding."""
    vocabulary.save(tmp_path / Vocabulary.file_name)
    loaded = Vocabulary.load(tmp_path / "tokenizer.json")
    assert list(loaded.names) == list(vocabulary.names)
    assert loaded.tokenizer.encode("red dog") == vocabulary.tokenizer.encode("red dog")


def test_a_missing_vocabulary_is_an_error(tmp_path):
    """A missing vocabulary file raises an error with its path."""
    with pytest.raises(DataError, match=r"tokenizer\.json: expected the tokenizer of a run"):
        Vocabulary.load(tmp_path / "tokenizer.json")


@pytest.mark.parametrize("words", [-1, 0, 4, 9.5, "9"])
def test_a_vocabulary_of_special_words_alone_is_refused(words):
    """A vocabulary size that is not an integer above 4, the number of special words, is refused."""
    with pytest.raises(
        ArgumentError, match=rf"above 4, the number of special words\. Received: words={words!r}"
    ):
        Vocabulary.check_size(words)


def test_one_word_is_enough():
    """The smallest accepted vocabulary has five words."""
    Vocabulary.check_size(5)
