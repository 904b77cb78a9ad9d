"""Reading of `.npz` files."""

import io
import pickle
import struct
import zipfile

import numpy as np
import pytest

from lrcn_seq.arrays import read_arrays


def npz(compressed: bool = False, **arrays) -> io.BytesIO:
    """Return an `.npz` file in memory."""
    file = io.BytesIO()
    (np.savez_compressed if compressed else np.savez)(file, **arrays)
    return file


def on_disk(tmp_path, content: bytes):
    """Return an open file with the given content."""
    (tmp_path / "a.npz").write_bytes(content)
    return (tmp_path / "a.npz").open("rb")


def archive_of(header: bytes, data: bytes) -> bytes:
    """Return an archive with an array `x` of the given header and data."""
    file = io.BytesIO()
    content = b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header + data
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("x.npy", content)
    return file.getvalue()


@pytest.mark.parametrize(
    "array", [np.arange(6.0).reshape(2, 3), np.array(3), np.array("text"), np.zeros((0, 4))]
)
def test_arrays_are_read_by_name(tmp_path, array):
    """Arrays of all shapes and types are read as NumPy saved them."""
    with on_disk(tmp_path, npz(x=array, y=array).getvalue()) as file:
        arrays = read_arrays(file)
    assert arrays.keys() == {"x", "y"}
    assert arrays["x"].dtype == array.dtype
    np.testing.assert_array_equal(arrays["x"], array)


def test_a_compressed_file_needs_a_limit(tmp_path):
    """Without a limit, arrays that are larger than their (compressed) file are refused."""
    content = npz(compressed=True, x=np.zeros(100_000)).getvalue()
    with on_disk(tmp_path, content) as file, pytest.raises(ValueError, match="bytes, over"):
        read_arrays(file)
    with on_disk(tmp_path, content) as file:
        assert read_arrays(file, limit=10**6)["x"].shape == (100_000,)


def test_arrays_over_the_limit_are_refused(tmp_path):
    """Arrays are refused if their total size exceeds the limit."""
    content = npz(compressed=True, x=np.zeros(10_000), y=np.zeros(10_000)).getvalue()
    with (
        on_disk(tmp_path, content) as file,
        pytest.raises(ValueError, match=r"limit of 100,000"),
    ):
        read_arrays(file, limit=100_000)


def test_an_absurd_shape_is_refused_before_memory_is_allocated(tmp_path):
    """A header that declares more data than the file has is refused without allocating memory."""
    header = b"{'descr': '<f8', 'fortran_order': False, 'shape': (9999999999999,), }\n"
    content = archive_of(header, bytes(80))
    with on_disk(tmp_path, content) as file, pytest.raises(ValueError, match=r"shape \(9999999"):
        read_arrays(file)


def test_pickled_objects_are_not_loaded(tmp_path):
    """An array of objects is refused without unpickling it."""
    header = b"{'descr': '|O', 'fortran_order': False, 'shape': (1,), }\n"
    content = archive_of(header, pickle.dumps([1])[:8].ljust(8))
    with on_disk(tmp_path, content) as file, pytest.raises(ValueError, match="allow_pickle=False"):
        read_arrays(file)
