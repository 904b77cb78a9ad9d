"""Reading of the arrays of `.npz` files, without pickled objects and with bounded memory."""

from __future__ import annotations

import io
import math
import os
import zipfile
from typing import Any, BinaryIO

import numpy as np

Arrays = dict[str, "np.ndarray[Any, Any]"]
HEADERS = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}
"""Functions that read the header of an array, by version of the `.npy` format."""


def read_arrays(file: BinaryIO, *, limit: int | None = None) -> Arrays:
    """Return the arrays of an `.npz` file by name.

    The sizes that the file declares for its arrays are checked against the limit and against each
    other before the arrays are created.

    Args:
        file: a file object of a regular file.
        limit: largest total size of the arrays in bytes; None for the size of the file, which only
            compressed arrays exceed.

    Raises:
        Exception: the file cannot be read or is damaged; the type of the exception varies.
    """
    with zipfile.ZipFile(file) as archive:
        members = archive.infolist()
        limit = os.fstat(file.fileno()).st_size if limit is None else limit
        size = sum(member.file_size for member in members)
        if size > limit:
            raise ValueError(f"arrays of {size:,} bytes, over the limit of {limit:,}")
        return {
            member.filename.removesuffix(".npy"): _parse_array(archive.read(member))
            for member in members
        }


def _parse_array(content: bytes) -> np.ndarray[Any, Any]:
    """Return the array of an `.npy` file, whose header must match the size of the content."""
    file = io.BytesIO(content)
    version = np.lib.format.read_magic(file)
    if version not in HEADERS:
        raise ValueError(f"an array in version {version} of the .npy format")
    shape, _, dtype = HEADERS[version](file)
    if math.prod(shape) * dtype.itemsize != len(content) - file.tell():
        raise ValueError(f"an array of shape {shape} in {len(content):,} bytes")
    file.seek(0)
    array: np.ndarray[Any, Any] = np.load(file, allow_pickle=False)
    return array
