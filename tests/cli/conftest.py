"""Pictures to caption."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from lrcn_seq.data.sources.shapes import Drawing

NAMES = ("a.png", "b ü ß.jpg", "c 日本 [1].png")


@pytest.fixture
def pictures(tmp_path) -> Path:
    """A folder of three pictures whose names have spaces, letters of several scripts and brackets; and a hidden file."""
    folder = tmp_path / "my pictures"
    folder.mkdir()
    for number, name in enumerate(NAMES):
        Image.fromarray(Drawing(5, "test", number, 48).draw()[0]).save(folder / name)
    (folder / ".hidden").write_bytes(b"no picture")
    return folder


@pytest.fixture
def broken(tmp_path) -> dict[str, Path]:
    """Files that are no pictures, by what is wrong with them."""
    whole = tmp_path / "whole.jpg"
    Image.fromarray(np.random.default_rng(0).integers(0, 255, (64, 64, 3), dtype=np.uint8)).save(
        whole
    )
    files = {
        "cut": whole.read_bytes()[:500],
        "empty": b"",
        "text": b"hello, I am a text\n",
        "heic": b"\0\0\0\x18ftypheic\0\0\0\0",
    }
    for name, content in files.items():
        (tmp_path / f"{name}.jpg").write_bytes(content)
    whole.unlink()
    return {name: tmp_path / f"{name}.jpg" for name in files}
