"""The paraphrase table of METEOR."""

import numpy as np
import pytest

from lrcn_seq.errors import DataError
from lrcn_seq.metrics.alignment import paraphrases
from lrcn_seq.metrics.alignment.paraphrases import cache_folder, open_paraphrases
from tests.metrics.conftest import PARAPHRASES

TEXT = ["a", "man", "on", "top", "of", "on", "top", "upon", "the"]


@pytest.fixture
def source(meteor_data):
    """Return the path of a small paraphrase table."""
    return meteor_data / "data" / "paraphrase-en.gz"


def phrase_nodes(table, text):
    """Return the node of each phrase of a text by its position and length."""
    remaining = np.arange(len(text), 0, -1)
    return {
        (place, length): node
        for length, level in enumerate(table.nodes(table.word_ids(text), remaining), 1)
        for place, node in zip(*(column.tolist() for column in level), strict=True)
    }


def test_phrases_of_a_text_are_found(source):
    """The table finds all phrases, and beginnings of phrases, in a text."""
    lines = [line for line in PARAPHRASES.split("\n") if line and not line[0].isdigit()]
    beginnings = {
        tuple(line.split()[:size]) for line in lines for size in range(1, len(line.split()) + 1)
    }
    expected = {
        (place, size)
        for place in range(len(TEXT))
        for size in range(1, 4)
        if place + size <= len(TEXT) and tuple(TEXT[place : place + size]) in beginnings
    }
    assert set(phrase_nodes(open_paraphrases(source), TEXT)) == expected


def test_paraphrases_among_nodes_are_those_of_the_table(source):
    """The paraphrases of a phrase follow the order and the direction of the pairs in the table."""
    table = open_paraphrases(source)
    nodes = phrase_nodes(table, TEXT)
    by_phrase = {
        " ".join(TEXT[place : place + size]): node for (place, size), node in nodes.items()
    }
    names = {node: phrase for phrase, node in by_phrase.items()}
    pairs = table.pairs_of(np.unique(list(nodes.values())))
    assert {names[node]: [names[other] for other in others] for node, others in pairs.items()} == {
        "on top of": ["upon"],
        "upon": ["on top of"],
        "a": ["the"],
    }


def test_unknown_words_have_no_id(source):
    """A word that no phrase contains has the ID −1."""
    ids = open_paraphrases(source).word_ids(["man", "zebra", "\ud83d"])
    assert ids[0] >= 0
    assert ids[1:].tolist() == [-1, -1]


def test_the_table_is_compiled_once(source, monkeypatch):
    """The paraphrase table is compiled once and then read from the cache."""
    open_paraphrases(source)
    monkeypatch.setattr(paraphrases, "compile_table", lambda *_: pytest.fail("compiled again"))
    assert open_paraphrases(source).word_ids(["man"])[0] >= 0


def test_another_table_is_compiled_separately(source):
    """Paraphrase tables with different contents have different cache entries."""
    open_paraphrases(source)
    source.write_bytes(source.read_bytes() + paraphrases.gzip.compress(b"0.1\nx\ny\n"))
    assert open_paraphrases(source).word_ids(["x"])[0] >= 0


def test_a_failed_compilation_leaves_no_files(source, monkeypatch):
    """A failed compilation of the paraphrase table leaves no files in the cache."""

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(paraphrases, "compiled_arrays", full)
    with pytest.raises(DataError, match="No space left"):
        open_paraphrases(source)
    assert list(cache_folder().iterdir()) == []


def test_a_truncated_table_raises(source):
    """The error for a truncated table names the file."""
    source.write_bytes(source.read_bytes()[:-20])
    with pytest.raises(DataError, match=r"paraphrase-en\.gz: expected METEOR's paraphrase table"):
        open_paraphrases(source)


def test_a_table_with_another_number_of_lines_raises(source):
    """A table without three lines per pair is refused."""
    source.write_bytes(paraphrases.gzip.compress(b"0.1\nx\n"))
    with pytest.raises(DataError, match="three lines per pair"):
        open_paraphrases(source)


def test_a_missing_table_raises(tmp_path):
    """The error for a missing paraphrase table advises the user to reinstall the package."""
    with pytest.raises(DataError, match="install pycocoevalcap again"):
        open_paraphrases(tmp_path / "none.gz")


def test_a_cache_that_cannot_be_written_raises(source, monkeypatch, tmp_path):
    """The error for a read-only cache folder names the environment variable to set."""
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("LRCN_CACHE", str(tmp_path / "file" / "cache"))
    with pytest.raises(DataError, match="set LRCN_CACHE to a writable folder"):
        open_paraphrases(source)


def test_the_cache_folder_follows_the_environment(monkeypatch, tmp_path):
    """The cache folder is LRCN_CACHE, or else in XDG_CACHE_HOME, or else in the home folder."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("LRCN_CACHE", raising=False)
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    assert cache_folder() == tmp_path / ".cache" / "lrcn_seq"
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "x"))
    assert cache_folder() == tmp_path / "x" / "lrcn_seq"
    monkeypatch.setenv("LRCN_CACHE", str(tmp_path / "l"))
    assert cache_folder() == tmp_path / "l"
