"""Document frequencies: counting, lookup and files."""

import numpy as np
import pytest

from lrcn_seq import metrics
from lrcn_seq.errors import DataError
from lrcn_seq.metrics.statistics.document_frequencies import FORMAT, count_documents
from lrcn_seq.metrics.statistics.ngram_counts import Texts, ngram_counts


@pytest.fixture
def stored(tmp_path):
    """Return the path of a file with the document frequencies of two images."""
    path = tmp_path / "f.npz"
    metrics.document_frequencies({1: ["a b", "a a"], 2: ["b a b"]}).save(path)
    return path


def looked_up(frequencies, text, **options):
    """Return the document frequency of each n-gram of a text."""
    texts = Texts(np.array(text), np.array([len(text)]), np.array([0]), np.array([True]))
    spelled, found = [()], {}
    for level, documents in frequencies.look_up(list(ngram_counts(texts, 2)), **options):
        spelled = [
            (*spelled[p], w)
            for p, w in zip(level.prefix.tolist(), level.last.tolist(), strict=True)
        ]
        found |= dict(zip(spelled, documents.tolist(), strict=True))
    return found


def test_an_ngram_counts_once_per_image():
    """An n-gram that occurs repeatedly in the references of an image counts once."""
    frequencies = count_documents([[[0, 1], [0, 0]], [[1, 0, 1]]])
    assert looked_up(frequencies, [0, 1, 1]) == {(0,): 2, (1,): 2, (0, 1): 2, (1, 1): 0}
    assert looked_up(frequencies, [0, 0]) == {(0,): 2, (0, 0): 1}


def test_ids_beyond_the_vocabulary_have_frequency_0():
    """N-grams with a word ID that no reference contains have frequency 0."""
    frequencies = count_documents([[[0, 1]]])
    assert looked_up(frequencies, [0, 7]) == {(0,): 1, (7,): 0, (0, 7): 0}


def test_ids_beyond_the_vocabulary_are_not_other_ngrams():
    """A word ID beyond the vocabulary does not collide with the key of another n-gram."""
    frequencies = count_documents([[[1, 0]]])
    assert looked_up(frequencies, [0, 2]) == {(0,): 1, (2,): 0, (0, 2): 0}


def test_word_ids_translate_other_ids():
    """`word_ids` translates the word IDs of another vocabulary."""
    frequencies = metrics.document_frequencies([["a b"], ["b"]])
    ids = frequencies.word_ids(["x", "b", "a"])
    assert ids.tolist() == [-1, 1, 0]
    assert looked_up(frequencies, [2, 1, 0], word_ids=ids) == {
        (0,): 0,
        (1,): 2,
        (2,): 1,
        (2, 1): 1,
        (1, 0): 0,
    }


def test_orders_beyond_the_longest_sentence_are_empty():
    """Orders beyond the length of the longest sentence have no n-grams."""
    frequencies = count_documents([[[0, 1]]], orders=3)
    assert [len(keys) for keys in frequencies.keys] == [2, 1, 0]


def test_a_saved_file_is_loaded_unchanged(tmp_path, samples):
    """Document frequencies that are saved and loaded keep all values."""
    frequencies = metrics.document_frequencies(samples["references"])
    frequencies.save(tmp_path / "f.npz")
    loaded = metrics.load_frequencies(tmp_path / "f.npz")
    assert loaded.words == frequencies.words
    assert (loaded.base, loaded.documents, loaded.tokenize) == (frequencies.base, 60, "ptb")
    for name in ("keys", "counts"):
        pairs = zip(getattr(loaded, name), getattr(frequencies, name), strict=True)
        assert all(np.array_equal(a, b) for a, b in pairs)
    assert list(tmp_path.iterdir()) == [tmp_path / "f.npz"]


def test_a_truncated_file_raises(stored):
    """A truncated file of document frequencies raises a DataError."""
    stored.write_bytes(stored.read_bytes()[:500])
    with pytest.raises(DataError, match=r"f\.npz: expected document frequencies written by"):
        metrics.load_frequencies(stored)


def test_another_file_raises(tmp_path):
    """A file that contains no document frequencies raises a DataError."""
    (tmp_path / "text.npz").write_text("no")
    with pytest.raises(DataError, match=r"text\.npz: expected document frequencies written by"):
        metrics.load_frequencies(tmp_path / "text.npz")


def test_a_missing_file_raises(tmp_path):
    """A missing file of document frequencies raises an error with its path."""
    with pytest.raises(DataError, match=r"none.npz: expected .* Received: no such file"):
        metrics.load_frequencies(tmp_path / "none.npz")


def test_another_format_raises(stored):
    """A file of document frequencies in a later format raises an error."""
    content = dict(np.load(stored))
    content["head"][0] = FORMAT + 1
    np.savez(stored, **content)
    with pytest.raises(DataError, match=r"format 1\. Received: format 2; make them again"):
        metrics.load_frequencies(stored)


def test_a_folder_that_does_not_exist_raises(stored):
    """Saving document frequencies into a missing folder raises an error with the path."""
    with pytest.raises(
        DataError, match=r"f\.npz: expected a writable file for document frequencies"
    ):
        metrics.load_frequencies(stored).save(stored.parent / "none" / "f.npz")


@pytest.mark.parametrize(
    "change",
    [
        {"keys_1": np.arange(9)},
        {"counts_1": np.zeros(3)},
        {"keys_2": np.array([3, 1, 2])},
        {"head": np.array([1, 0, 5, 4])},
        {"head": np.array([1, 1])},
        {"head": np.array([1, 1, 5, 10**6])},
    ],
)
def test_arrays_that_do_not_agree_are_damage(tmp_path, change):
    """A file whose arrays do not fit together raises an error instead of giving a wrong score."""
    metrics.document_frequencies({"1": ["a dog"], "2": ["a cat"]}).save(tmp_path / "f.npz")
    with np.load(tmp_path / "f.npz") as stored:
        arrays = dict(stored)
    np.savez(tmp_path / "f.npz", **{**arrays, **change})
    with pytest.raises(DataError, match="a damaged file or another kind of file"):
        metrics.load_frequencies(tmp_path / "f.npz")
