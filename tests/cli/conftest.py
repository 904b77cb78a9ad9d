"""Fixtures for the tests of commands: images, videos, broken files and a small project."""

import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from lrcn_seq.data.sources.moving_shapes import Film
from lrcn_seq.data.sources.shapes import Drawing

NAMES = ("a.png", "b ü ß.jpg", "c 日本 [1].png")
CONFIG = """
task: {type: captioning}
data:
  source: {type: caption_table, table: FOLDER/table.csv}
  store: {folder: FOLDER/features}
  words_limit: 6
tokenizer: {type: word, minimum_count: 1}
encoder: {type: tiny_cnn, size: 32, filters: 4, blocks: 2}
decoder: {type: lrcn, layers: 1, factored: false, units: 8, embedding: 4}
search: {type: greedy}
training: {batch_size: 4, epochs: 1, keep_state: true}
"""
TABLE = """image,caption,split
1.png,a red circle,train
2.png,a blue square,train
3.png,a red square,dev
4.png,a crimson dodecahedron,test
"""


@pytest.fixture(autouse=True)
def no_progress_lines(monkeypatch):
    """Disable progress lines, which depend on the speed of the machine."""
    monkeypatch.setattr("lrcn_seq.progress.FIRST_LINE_SECONDS", 1e9)


@pytest.fixture
def images(tmp_path) -> Path:
    """Return a folder with a hidden file and three images whose names have spaces and brackets."""
    folder = tmp_path / "my images"
    folder.mkdir()
    for number, name in enumerate(NAMES):
        Image.fromarray(Drawing(5, "test", number, 48).draw()[0]).save(folder / name)
    (folder / ".hidden").write_bytes(b"not an image")
    return folder


@pytest.fixture
def broken(tmp_path) -> dict[str, Path]:
    """Return files that are not valid images, by the kind of damage."""
    complete = tmp_path / "complete.jpg"
    pixels = np.random.default_rng(0).integers(0, 255, (64, 64, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(complete)
    contents = {
        "cut": complete.read_bytes()[:500],
        "empty": b"",
        "text": b"hello, I am a text\n",
        "heic": b"\0\0\0\x18ftypheic\0\0\0\0",
    }
    complete.unlink()
    for name, content in contents.items():
        (tmp_path / f"{name}.jpg").write_bytes(content)
    return {name: tmp_path / f"{name}.jpg" for name in contents}


@pytest.fixture(scope="session")
def videos(tmp_path_factory) -> Path:
    """Return a folder with two GIFs and a file that is not a video."""
    folder = tmp_path_factory.mktemp("videos")
    for number in range(2):
        first, *rest = map(Image.fromarray, Film(0, "test", number, 32, 3).draw())
        path = folder / f"clip{number}.gif"
        first.save(path, save_all=True, append_images=rest, duration=100)
    (folder / "none.avi").write_text("not a video")
    return folder


@pytest.fixture
def project(tmp_path) -> Path:
    """Return a folder with four images, a table of captions and a valid config."""
    return write_project(tmp_path)


@pytest.fixture(scope="session")
def trained_project(tmp_path_factory) -> Path:
    """Return a project with a trained run in its folder `run`, which tests must not change."""
    from lrcn_seq.training import train

    folder = write_project(tmp_path_factory.mktemp("trained"))
    train(folder / "config.yaml", folder / "run")
    return folder


@pytest.fixture
def run_copy(smoke_run, tmp_path) -> Path:
    """Return a copy of the trained smoke run, which a test may change."""
    return shutil.copytree(smoke_run, tmp_path / "copy")


def write_project(folder: Path) -> Path:
    """Write four images, their table of captions, and a config into a folder."""
    for number in range(1, 5):
        pixels = np.random.default_rng(number).integers(0, 255, (40, 40, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(folder / f"{number}.png")
    (folder / "table.csv").write_text(TABLE)
    (folder / "config.yaml").write_text(CONFIG.replace("FOLDER", str(folder)))
    return folder
