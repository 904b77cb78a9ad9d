"""COCO captions through pycocotools."""

import json
from pathlib import Path

import pytest
from PIL import Image

from lrcn_seq.data.sources import registry
from lrcn_seq.errors import DataError, UsageError


def annotate(path: Path, ids: range, **changes) -> None:
    """An annotation file of these ids with two captions each."""
    images = [{"id": number, "file_name": f"{number:03d}.jpg"} for number in ids]
    captions = [
        {
            "id": number * 2 + turn,
            "image_id": number,
            "caption": f"Picture {number} for the {turn}. time.\n",
        }
        for number in ids
        for turn in (0, 1)
    ]
    path.write_text(json.dumps({"images": images, "annotations": captions} | changes))


@pytest.fixture
def folder(tmp_path) -> Path:
    (tmp_path / "images").mkdir()
    for number in range(40):
        Image.new("RGB", (4, 4)).save(tmp_path / f"images/{number:03d}.jpg")
    annotate(tmp_path / "captions.json", range(30))
    return tmp_path


def build(folder: Path, **more):
    return registry.build(
        {
            "type": "coco",
            "annotations": str(folder / "captions.json"),
            "images": str(folder / "images"),
            **more,
        }
    )


def test_one_file_is_split_by_hash_without_a_word(folder, capsys):
    """Nothing is printed; captions are stripped; ids are strings."""
    source = build(folder, dev=0.2, test=0.2)
    assert capsys.readouterr() == ("", "")
    assert len(source) == 30
    assert {sample.split for sample in source} == {"train", "dev", "test"}
    assert source[3].id == "3"
    assert source[3].captions == ("Picture 3 for the 0. time.", "Picture 3 for the 1. time.")


def test_files_of_their_own_for_each_split(folder):
    """train and held_out, the latter halved."""
    annotate(folder / "more.json", range(30, 40))
    files = {"train": "captions.json", "held_out": "more.json"}
    splits = {
        name: {"annotations": str(folder / file), "images": str(folder / "images")}
        for name, file in files.items()
    }
    source = registry.build({"type": "coco", "splits": splits})
    assert [sample.id for sample in source if sample.split == "train"] == [
        str(number) for number in range(30)
    ]
    assert {sample.split for sample in source.samples[30:]} == {"dev", "test"}


def test_pictures_without_file_or_caption_are_noted(folder):
    """Left out, counted and named."""
    (folder / "images/007.jpg").unlink()
    content = json.loads((folder / "captions.json").read_text())
    content["annotations"] = [
        annotation for annotation in content["annotations"] if annotation["image_id"] != 5
    ]
    (folder / "captions.json").write_text(json.dumps(content))
    source = build(folder)
    assert len(source) == 28
    assert source.notes == (
        "1 pictures of captions.json are not in the folder and left out (007.jpg).",
        "1 pictures of captions.json have no caption and are left out (005.jpg).",
    )


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (
            lambda folder: (folder / "captions.json").unlink(),
            "expected a COCO annotation file; there is no such file",
        ),
        (
            lambda folder: (folder / "captions.json").write_text("{"),
            "expected a COCO annotation file with images and annotations (JSONDecodeError",
        ),
        (
            lambda folder: (folder / "captions.json").write_text("[]"),
            "expected a COCO annotation file with images and annotations",
        ),
        (
            lambda folder: (folder / "captions.json").write_text("{}"),
            "expected captions (captions_*.json). Received: 0 annotations",
        ),
        (
            lambda folder: annotate(
                folder / "captions.json",
                range(3),
                annotations=[{"id": 1, "image_id": 1, "bbox": []}],
            ),
            "expected captions (captions_*.json)",
        ),
        (
            lambda folder: annotate(
                folder / "captions.json",
                range(3),
                annotations=[{"id": 1, "image_id": 1, "caption": " "}],
            ),
            "an empty caption of '1'",
        ),
        (lambda folder: (folder / "captions.json").write_bytes(b"\xff\xfe{\x00}\x00"), "in UTF-8"),
        (lambda folder: (folder / "images").rename(folder / "gone"), "there is no such folder"),
        (
            lambda folder: annotate(folder / "captions.json", range(50, 60)),
            "Received: none of its 10 pictures",
        ),
    ],
)
def test_each_wrong_input_has_its_sentence(folder, change, sentence, capsys):
    """And nothing is printed besides."""
    change(folder)
    with pytest.raises(DataError) as caught:
        build(folder)
    assert sentence in str(caught.value)
    assert capsys.readouterr().out == ""


def test_the_same_picture_in_two_splits_is_refused(folder):
    """One file named for dev and for test."""
    files = {"annotations": str(folder / "captions.json"), "images": str(folder / "images")}
    with pytest.raises(DataError, match="expected every id once"):
        registry.build({"type": "coco", "splits": {"dev": files, "test": files}})


@pytest.mark.parametrize(
    "arguments",
    [
        {},
        {"annotations": "a"},
        {"annotations": "a", "images": "b", "splits": {"train": {}}},
        {"splits": {"val": {"annotations": "a", "images": "b"}}},
        {"splits": {"train": {"images": "b"}}},
    ],
)
def test_either_one_file_or_splits(arguments):
    """Nothing, half, both, another name, or an incomplete split."""
    with pytest.raises(UsageError, match=r"coco.*expected"):
        registry.build({"type": "coco", **arguments})


def test_the_real_files(shared):
    """40 of the 5,000 pictures are there; their captions are."""
    coco = shared / "coco"
    source = registry.build(
        {
            "type": "coco",
            "annotations": str(coco / "annotations/captions_val2017.json"),
            "images": str(coco / "val2017"),
        }
    )
    assert len(source) == 40
    assert all(len(sample.captions) >= 5 for sample in source)
    assert source.notes[0].startswith(
        "4,960 pictures of captions_val2017.json are not in the folder"
    )
