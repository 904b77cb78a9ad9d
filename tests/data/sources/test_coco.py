"""COCO Captions, read with pycocotools."""

import json
from pathlib import Path

import pytest
from PIL import Image

from lrcn_seq.data.sources import registry
from lrcn_seq.errors import DataError, UsageError


def annotate(path: Path, ids: range, **changes) -> None:
    """Write an annotation file of the given image IDs with two captions each."""
    images = [{"id": number, "file_name": f"{number:03d}.jpg"} for number in ids]
    captions = [
        {"id": number * 2 + n, "image_id": number, "caption": f"Caption {n} of image {number}.\n"}
        for number in ids
        for n in (0, 1)
    ]
    path.write_text(json.dumps({"images": images, "annotations": captions} | changes))


@pytest.fixture
def folder(tmp_path) -> Path:
    """Return a folder of forty images and the annotations of the first thirty."""
    (tmp_path / "images").mkdir()
    for number in range(40):
        Image.new("RGB", (4, 4)).save(tmp_path / f"images/{number:03d}.jpg")
    annotate(tmp_path / "captions.json", range(30))
    return tmp_path


def files(folder: Path, annotations: str = "captions.json") -> dict[str, str]:
    return {"annotations": str(folder / annotations), "images": str(folder / "images")}


def build(folder: Path, **more):
    return registry.build({"type": "coco", **files(folder), **more})


def test_samples_have_string_ids_and_stripped_captions(folder):
    """COCO samples have string IDs and stripped captions in the order of the annotations."""
    sample = build(folder)[3]
    assert (sample.id, sample.group) == ("3", "3")
    assert sample.media == str(folder / "images/003.jpg")
    assert sample.captions == ("Caption 0 of image 3.", "Caption 1 of image 3.")


def test_one_file_is_split_by_hash(folder):
    """The images of a single file are divided into three splits by hash."""
    source = build(folder, dev=0.2, test=0.2)
    assert sum(len(source.split(name)) for name in ("train", "dev", "test")) == len(source) == 30
    assert {sample.split for sample in source} == {"train", "dev", "test"}


def test_nothing_is_printed(folder, capsys):
    """Reading COCO annotations prints nothing."""
    build(folder)
    assert capsys.readouterr() == ("", "")


def test_each_split_may_have_its_file(folder):
    """Each split may have its own annotation file."""
    annotate(folder / "more.json", range(30, 40))
    source = registry.build(
        {"type": "coco", "splits": {"test": files(folder), "train": files(folder, "more.json")}}
    )
    assert {sample.split for sample in source[:30]} == {"test"}
    assert {sample.split for sample in source[30:]} == {"train"}


def test_held_out_images_are_divided_between_dev_and_test(folder):
    """Held-out images are divided about equally between dev and test."""
    source = registry.build({"type": "coco", "splits": {"held_out": files(folder)}})
    assert len(source.split("dev")) + len(source.split("test")) == 30
    assert 8 <= len(source.split("dev")) <= 22


def test_images_without_file_or_caption_are_noted(folder):
    """Images without a file or a caption are left out, counted and named."""
    (folder / "images/007.jpg").unlink()
    content = json.loads((folder / "captions.json").read_text())
    content["annotations"] = [
        annotation for annotation in content["annotations"] if annotation["image_id"] != 5
    ]
    (folder / "captions.json").write_text(json.dumps(content))
    source = build(folder)
    assert len(source) == 28
    assert source.notes == (
        "1 images of captions.json are not in the folder and were left out (007.jpg).",
        "1 images of captions.json have no caption and were left out (005.jpg).",
    )


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("{", "expected a COCO annotation file with images and annotations (JSONDecodeError"),
        ("[]", "expected a COCO annotation file with images and annotations"),
        ("{}", "expected captions. Received: 0 annotations"),
    ],
)
def test_files_of_another_form_are_refused(folder, content, message, capsys):
    """The error for a file of another form names the file, and nothing is printed."""
    (folder / "captions.json").write_text(content)
    with pytest.raises(DataError) as caught:
        build(folder)
    assert str(caught.value).startswith(f"{folder / 'captions.json'}: {message}")
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    ("annotation", "message"),
    [
        ({"bbox": []}, "expected captions. Received: 1 annotations, not all with a caption"),
        ({"caption": " "}, "an empty caption of '1'"),
    ],
)
def test_annotations_without_text_are_refused(folder, annotation, message):
    """Annotations of other tasks and empty captions are refused."""
    annotations = [{"id": 1, "image_id": 1, **annotation}]
    annotate(folder / "captions.json", range(3), annotations=annotations)
    with pytest.raises(DataError) as caught:
        build(folder)
    assert message in str(caught.value)


def test_a_missing_annotation_file_is_refused(folder):
    """The error for a missing annotation file names the file."""
    (folder / "captions.json").unlink()
    with pytest.raises(DataError, match="expected a COCO annotation file; there is no such file"):
        build(folder)


def test_an_annotation_file_in_another_encoding_is_refused(folder):
    """An annotation file must be encoded in UTF-8."""
    (folder / "captions.json").write_bytes(b"\xff\xfe{\x00}\x00")
    with pytest.raises(DataError, match="expected a COCO annotation file in UTF-8"):
        build(folder)


def test_a_missing_folder_of_images_is_refused(folder):
    """The error for a missing folder of images names the folder."""
    (folder / "images").rename(folder / "gone")
    with pytest.raises(DataError, match="the images of COCO; there is no such folder"):
        build(folder)


def test_a_folder_of_other_images_is_refused(folder):
    """A folder that contains no described image is refused."""
    annotate(folder / "captions.json", range(50, 60))
    with pytest.raises(DataError, match="Received: none of its 10 images"):
        build(folder)


def test_an_image_in_two_splits_is_refused(folder):
    """An image in the files of two splits is refused as a repeated ID."""
    with pytest.raises(DataError, match="coco: expected every ID once"):
        registry.build({"type": "coco", "splits": {"dev": files(folder), "test": files(folder)}})


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
def test_incomplete_or_combined_arguments_are_refused(arguments):
    """Either `annotations` and `images`, or complete `splits`, must be given."""
    with pytest.raises(UsageError, match=r"coco.*expected"):
        registry.build({"type": "coco", **arguments})


def test_the_real_files(shared):
    """The 40 available images of COCO val2017 have their captions."""
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
        "4,960 images of captions_val2017.json are not in the folder and were left out"
    )
