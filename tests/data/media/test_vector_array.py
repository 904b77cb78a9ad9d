"""Vectors from files and arrays in place of frames."""

import os
import re

import numpy as np
import pytest

from lrcn_seq.data.media.content_index import ContentIndex
from lrcn_seq.data.media.vector_array import Vectors
from lrcn_seq.errors import MediaError
from lrcn_seq.records import Preprocessing

VECTORS = np.arange(12, dtype=np.int16).reshape(4, 3)
UNUSED = Preprocessing(1, 1)


def test_vectors_are_read_as_float32(tmp_path):
    """A file and an array yield equal float32 vectors in the order of the requested numbers."""
    np.save(tmp_path / "a.npy", VECTORS)
    for source in (tmp_path / "a.npy", VECTORS):
        vectors = Vectors(source).frames(UNUSED)
        assert vectors.dtype == np.float32
        np.testing.assert_array_equal(vectors, VECTORS)
        np.testing.assert_array_equal(Vectors(source).frames(UNUSED, [2, 0]), VECTORS[[2, 0]])


def test_existing_frames_are_the_numbered_vectors_or_all():
    """`existing_frames` ignores numbers beyond the last vector."""
    media = Vectors(np.arange(6.0).reshape(3, 2))
    for numbers, expected in ((None, [0, 1, 2]), ({2, 1, 7}, [1, 2])):
        frames = list(media.existing_frames(numbers, UNUSED))
        assert [number for number, _ in frames] == expected
        assert [vector.tolist() for _, vector in frames] == [[2 * n, 2 * n + 1] for n in expected]


def test_vectors_are_iterated_with_their_numbers():
    """`iter_frames` yields the number and the vector (D,) of each requested vector."""
    numbers, vectors = zip(*Vectors(VECTORS).iter_frames(np.array([1, 3]), UNUSED), strict=True)
    assert numbers == (1, 3)
    np.testing.assert_array_equal(vectors, VECTORS[[1, 3]])


def test_vectors_have_times():
    """Stored vectors have times 40 ms apart, like frames."""
    np.testing.assert_allclose(Vectors(VECTORS).times(), [0, 0.04, 0.08, 0.12])


@pytest.mark.parametrize(
    "array",
    [np.zeros(3), np.zeros((0, 3)), np.zeros((3, 0)), np.zeros((2, 3, 4)), np.array([["a"]])],
)
def test_other_arrays_are_refused(array):
    """Arrays that are empty, not numeric or not of shape (T, D) raise a MediaError."""
    with pytest.raises(MediaError, match=r"expected vectors \(T, D\)\. Received: an array"):
        Vectors(array).vectors()


def test_another_width_is_refused():
    """Vectors of the wrong width raise an error that names the config key."""
    assert Vectors(VECTORS, width=3).vectors().shape == (4, 3)
    with pytest.raises(MediaError, match=r"width 5\. Received: vectors of width 3; set encoder.wi"):
        Vectors(VECTORS, width=5).vectors()


def test_a_file_of_another_format_is_refused(tmp_path):
    """A vector file that is missing or has another format raises an error with its path."""
    (tmp_path / "a.npy").write_text("no vectors")
    for name in ("a.npy", "missing.npy"):
        with pytest.raises(MediaError, match=f"{name}: expected a file of vectors in NumPy's"):
            Vectors(tmp_path / name).vectors()


def npy(header: str, data: bytes = b"") -> bytes:
    """Return a `.npy` file with a given header."""
    text = header.encode() + b"\n"
    return b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text + data


@pytest.mark.parametrize(
    "header",
    [
        "{'descr': '<f8', 'fortran_order': False, 'shape': (1000000000, 100000)}",
        "{'descr': '<f8', 'fortran_order': False, 'shape': (4611686018427387904, 16)}",
        "{'descr': '<f8', 'fortran_order': False, 'shape': (-1, 16)}",
        "{'descr': '<f8', 'fortran_order': False, 'shape': (2, 16",
        "{'descr': '<q9', 'fortran_order': False, 'shape': (2, 1)}",
        "{'descr': '|O', 'fortran_order': False, 'shape': (2, 1)}",
        "{'descr': '<f8', 'fortran_order': False, 'shape': ('a', None)}",
        "(" * 3000,
        "[]",
    ],
)
def test_a_damaged_header_is_refused(tmp_path, header):
    """A `.npy` file with a damaged header or too little data raises a one-line MediaError."""
    (tmp_path / "a.npy").write_bytes(npy(header, bytes(16)))
    with pytest.raises(MediaError, match=r"a\.npy: expected a file of vectors in N") as caught:
        Vectors(tmp_path / "a.npy").vectors()
    assert "\n" not in str(caught.value)


def test_a_shape_beyond_the_file_is_refused_before_memory_is_allocated(tmp_path):
    """A `.npy` file smaller than its shape requires is refused before memory is allocated."""
    header = "{'descr': '<f8', 'fortran_order': False, 'shape': (1000, 1000000)}"
    (tmp_path / "a.npy").write_bytes(npy(header))
    with pytest.raises(MediaError, match="is greater than file size"):
        Vectors(tmp_path / "a.npy").vectors()


def test_an_archive_and_special_files_are_named(tmp_path):
    """The errors for an archive, a folder and a FIFO say what the file is."""
    with (tmp_path / "a.npy").open("wb") as file:
        np.savez(file, a=VECTORS)
    os.mkfifo(tmp_path / "fifo.npy")
    table = {"a.npy": "an archive of arrays (.npz); save", "fifo.npy": "a FIFO", "": "directory"}
    for name, reason in table.items():
        with pytest.raises(MediaError, match=rf"Received: .*{re.escape(reason)}"):
            Vectors(tmp_path / name).vectors()


def test_a_vector_beyond_the_end_is_refused():
    """A frame number beyond the last vector raises a MediaError."""
    with pytest.raises(MediaError, match=r"expected a frame number 4 \(from 0\)"):
        Vectors(VECTORS).frames(UNUSED, [0, 4])


def test_the_hash_is_that_of_the_file_or_array(tmp_path):
    """The content hash of vectors depends on the content of their file or array."""
    np.save(tmp_path / "a.npy", VECTORS)
    np.save(tmp_path / "b.npy", VECTORS)
    index = ContentIndex()
    first, second = (Vectors(tmp_path / name).content_hash(index) for name in ("a.npy", "b.npy"))
    assert first == second == index.hash_file(tmp_path / "a.npy")
    assert Vectors(VECTORS).content_hash(index) != Vectors(VECTORS + 1).content_hash(index)


@pytest.mark.parametrize("value", [np.nan, np.inf, 1e300])
def test_numbers_that_are_not_finite_in_float32_are_refused(value):
    """NaN, infinity and numbers beyond float32 raise MediaError with their place."""
    array = np.zeros((3, 4))
    array[2, 1] = value
    with pytest.raises(MediaError, match=r"expected finite numbers\. Received: \S+ at \[2, 1\]"):
        Vectors(array).vectors()
