"""Damaged and hostile tables and annotation files of sources."""

import json
from pathlib import Path

import pytest
from PIL import Image

from lrcn_seq.registry import sources
from tests.fuzz.mutants import check_reader, mutants

pytestmark = pytest.mark.slow
NAMES = [f"{number}.jpg" for number in range(12)]
SPLITS = ("train", "dev", "test")


@pytest.fixture
def images(tmp_path) -> Path:
    """A folder with twelve images."""
    for name in NAMES:
        Image.new("RGB", (8, 8), "red").save(tmp_path / name)
    return tmp_path


def check_source(path: Path, content: str, spec: dict, count: int) -> None:
    """Check that mutants of a file of a source are refused or give samples."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content)

    def read() -> None:
        list(sources.build(spec))

    read()
    assert check_reader(read, path, mutants(content.encode(), count)) == count


@pytest.mark.parametrize("suffix", ["csv", "jsonl"])
def test_mutants_of_a_caption_table_are_refused_or_read(images, suffix):
    """Each of 120 mutants of a caption table raises an LrcnError or is read as a source."""
    rows = [(name, f"a red square {n}", SPLITS[n % 3]) for n, name in enumerate(NAMES)]
    if suffix == "csv":
        content = "\n".join(["image,caption,split", *(",".join(row) for row in rows)])
    else:
        keys = ("image", "caption", "split")
        content = "\n".join(json.dumps(dict(zip(keys, row, strict=True))) for row in rows)
    table = images / f"table.{suffix}"
    check_source(table, content, {"type": "caption_table", "table": str(table)}, 120)


def test_mutants_of_a_video_table_are_refused_or_read(images):
    """Each of 120 mutants of a video table raises an LrcnError or is read as a source."""
    rows = [f"{name},{'ab'[n % 2]},g{n},{SPLITS[n % 3]}" for n, name in enumerate(NAMES)]
    table = images / "table.csv"
    content = "\n".join(["video,label,group,split", *rows])
    check_source(table, content, {"type": "video_table", "table": str(table)}, 120)


def test_mutants_of_coco_annotations_are_refused_or_read(images):
    """Each of 150 mutants of COCO annotations raises an LrcnError or is read as a source."""
    content = json.dumps(
        {
            "images": [{"id": n, "file_name": name} for n, name in enumerate(NAMES)],
            "annotations": [
                {"id": n, "image_id": n % 12, "caption": f"a red square {n}"} for n in range(24)
            ],
        }
    )
    path = images / "captions.json"
    spec = {"type": "coco", "annotations": str(path), "images": str(images)}
    check_source(path, content, spec, 150)


def test_mutants_of_the_index_of_class_folders_are_refused_or_read(tmp_path):
    """Each of 100 mutants of a table of groups raises an LrcnError or is read as a source."""
    names = [f"{label}/{number}.mp4" for label in "ab" for number in range(6)]
    for name in names:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"video")
    rows = [f"{Path(name).name},{name[0]},g{number}" for number, name in enumerate(names)]
    content = "\n".join(["file,label,group", *rows])
    spec = {"type": "class_folders", "folder": str(tmp_path), "groups": "index.csv"}
    check_source(tmp_path / "index.csv", content, spec, 100)


def test_mutants_of_the_captions_of_flickr8k_are_refused_or_read(images):
    """Each of 100 mutants of Flickr8k captions raises an LrcnError or is read as a source."""
    rows = [f"{name},a red square {number}" for number, name in enumerate(NAMES)]
    path = images / "captions.txt"
    spec = {"type": "flickr8k", "captions": str(path), "images": str(images)}
    check_source(path, "\n".join(["image,caption", *rows]), spec, 100)
