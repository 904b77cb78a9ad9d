"""COCO Captions."""

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


def test_captions_are_those_of_pycocotools(folder, capsys):
    """The images and captions of the source are those of pycocotools, in the same order."""
    pycocotools = pytest.importorskip("pycocotools.coco")
    coco = pycocotools.COCO(str(folder / "captions.json"))
    capsys.readouterr()
    assert [(sample.id, Path(sample.media).name, sample.captions) for sample in build(folder)] == [
        (
            str(image["id"]),
            image["file_name"],
            tuple(entry["caption"].strip() for entry in coco.imgToAnns[image["id"]]),
        )
        for image in coco.imgs.values()
    ]


def test_one_file_is_split_by_hash(folder):
    """The images of a single file are divided into three splits by hash."""
    source = build(folder, dev=0.2, test=0.2)
    assert sum(len(source.split(name)) for name in ("train", "dev", "test")) == len(source) == 30
    assert {sample.split for sample in source} == {"train", "dev", "test"}


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
    """Images without a file or a caption are skipped; the notes count and name them."""
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
        ("{", "expected a COCO annotation file in JSON (Expecting property name"),
        ("[" * 100_000, "expected a COCO annotation file in JSON (values are nested too deeply"),
        (
            '{"images": [], "images": []}',
            "expected a COCO annotation file in JSON (the key 'images'",
        ),
        (
            "[]",
            "expected a COCO annotation file with lists of images and annotations. Received: no",
        ),
        ('{"images": {}}', "expected a COCO annotation file with lists of images and annotations"),
        ('{"images": []}', "expected a COCO annotation file with lists of images and annotations"),
    ],
)
def test_files_of_another_form_are_refused(folder, content, message):
    """The error for a file that is not a COCO annotation file names the file."""
    (folder / "captions.json").write_text(content)
    with pytest.raises(DataError) as caught:
        build(folder)
    assert str(caught.value).startswith(f"{folder / 'captions.json'}: {message}")


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ({}, "expected an 'image_id', a number or a text. Received: {}"),
        (None, "expected an 'image_id', a number or a text. Received: None"),
        ({"image_id": None, "caption": "A dog."}, "expected an 'image_id', a number or a text"),
        ({"image_id": True, "caption": "A dog."}, "expected an 'image_id', a number or a text"),
        ({"image_id": [1], "caption": "A dog."}, "expected an 'image_id', a number or a text"),
        ({"image_id": 1.5, "caption": "A dog."}, "expected an 'image_id', a number or a text"),
        ({"image_id": 1}, "expected a text under 'caption'. Received: {'image_id': 1}"),
        ({"image_id": 1, "bbox": []}, "expected a text under 'caption'"),
        ({"image_id": 1, "caption": None}, "expected a text under 'caption'"),
        ({"image_id": 1, "caption": 7}, "expected a text under 'caption'"),
        ({"image_id": 1, "caption": " "}, "expected a text under 'caption'"),
        ({"image_id": 1, "caption": "a\0"}, "expected text. Received: a NUL character"),
        ({"image_id": 1, "caption": "a\ud800"}, "expected text. Received: half of a surrogate"),
    ],
)
def test_annotations_with_missing_values_are_refused(folder, entry, message):
    """An annotation without an ID or a caption is refused with its position."""
    annotations = [{"image_id": 0, "caption": "A dog."}, entry]
    annotate(folder / "captions.json", range(3), annotations=annotations)
    with pytest.raises(DataError) as caught:
        build(folder)
    assert f"{folder / 'captions.json'}, annotations[1]: {message}" in str(caught.value)


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ({"id": 1}, "expected a text under 'file_name'. Received: {'id': 1}"),
        ({"id": 1, "file_name": None}, "expected a text under 'file_name'"),
        ({"id": None, "file_name": "001.jpg"}, "expected an 'id', a number or a text"),
        ({"file_name": "001.jpg"}, "expected an 'id', a number or a text"),
        ("001.jpg", "expected an 'id', a number or a text. Received: '001.jpg'"),
        ({"id": 1, "file_name": "http://images.org/1.jpg"}, "the URL 'http://images.org/1.jpg'"),
    ],
)
def test_images_with_missing_values_are_refused(folder, entry, message):
    """An image without an ID or a file name is refused with its position."""
    images = [{"id": 0, "file_name": "000.jpg"}, entry]
    annotate(folder / "captions.json", range(3), images=images)
    with pytest.raises(DataError) as caught:
        build(folder)
    assert str(caught.value).startswith(f"{folder / 'captions.json'}, images[1]: ")
    assert message in str(caught.value)


def test_one_id_for_two_files_is_refused(folder):
    """The error for two image files with one ID names both files and the ID."""
    images = [{"id": 1, "file_name": "001.jpg"}, {"id": "1", "file_name": "002.jpg"}]
    annotate(folder / "captions.json", range(1, 2), images=images)
    with pytest.raises(DataError, match=r"'001.jpg' and '002.jpg' with the ID 1; correct one"):
        build(folder)


def test_entries_of_one_file_are_one_image(folder):
    """Several entries of one image file give one image with the captions of all entries."""
    images = [{"id": n, "file_name": f"{n // 5:03d}.jpg"} for n in range(200)]
    captions = [{"image_id": n, "caption": f"Caption {n}."} for n in range(200)]
    annotate(folder / "captions.json", range(0), images=images, annotations=captions)
    source = build(folder, dev=0.3, test=0.3)
    assert [sample.id for sample in source] == [str(5 * n) for n in range(40)]
    assert source[1].captions == tuple(f"Caption {n}." for n in range(5, 10))


def test_links_to_one_image_are_in_one_split(folder):
    """An image file and a link to it are two images in the same split."""
    for number in range(20, 40):
        (folder / f"images/{number:03d}.jpg").unlink()
        (folder / f"images/{number:03d}.jpg").symlink_to(folder / f"images/{number - 20:03d}.jpg")
    annotate(folder / "captions.json", range(40))
    source = build(folder, dev=0.3, test=0.3)
    assert len(source) == 40
    assert [sample.split for sample in source[:20]] == [sample.split for sample in source[20:]]


def test_one_file_in_the_annotations_of_two_splits_is_refused(folder):
    """An image file in the annotations of two splits is refused, even under two IDs."""
    images = [{"id": 100, "file_name": "003.jpg"}]
    captions = [{"image_id": 100, "caption": "A dog."}]
    annotate(folder / "more.json", range(0), images=images, annotations=captions)
    splits = {"train": files(folder), "test": files(folder, "more.json")}
    with pytest.raises(DataError, match="group '3' in train and test"):
        registry.build({"type": "coco", "splits": splits})


@pytest.mark.parametrize("convert", [str, float, lambda number: f" {number} "])
def test_ids_may_be_text_or_numbers(folder, convert):
    """The image ID of a caption may be a number or a text: 7, 7.0, "7" and " 7 " are equal."""
    before = list(build(folder))
    content = json.loads((folder / "captions.json").read_text())
    for annotation in content["annotations"]:
        annotation["image_id"] = convert(annotation["image_id"])
    (folder / "captions.json").write_text(json.dumps(content))
    assert list(build(folder)) == before


@pytest.mark.parametrize("name", ["images/{}", "val2014/{}", "val2014\\{}", "./{}", "sub/{}"])
def test_file_names_may_have_folders(folder, name):
    """An image is found whether or not the folder in its file name exists in `images`."""
    images = [{"id": n, "file_name": name.format(f"{n:03d}.jpg")} for n in range(30)]
    before = list(build(folder))
    annotate(folder / "captions.json", range(30), images=images)
    if name.startswith("sub"):
        (folder / "images").rename(folder / "sub")
        (folder / "images").mkdir()
        (folder / "sub").rename(folder / "images/sub")
    after = list(build(folder))
    assert [(s.id, s.split, s.captions) for s in after] == [
        (s.id, s.split, s.captions) for s in before
    ]
    assert all(Path(sample.media).is_file() for sample in after)


def test_files_of_one_name_in_two_folders_are_refused(folder):
    """Two file names are refused if they differ only in folders that do not exist."""
    images = [{"id": n, "file_name": f"{part}/001.jpg"} for n, part in enumerate(["train", "val"])]
    annotate(folder / "captions.json", range(2), images=images)
    with pytest.raises(DataError, match=r"Received: 'train/001.jpg' and 'val/001.jpg', both found"):
        build(folder)


def test_captions_of_unknown_images_are_the_reason(folder):
    """Captions of unknown images are counted in the notes, or in the error if all are unknown."""
    captions = [{"image_id": n + 100, "caption": "A dog."} for n in range(3)]
    annotate(folder / "captions.json", range(3), annotations=captions)
    with pytest.raises(
        DataError,
        match=r"none of its 3 images. 3 images of captions.json have no caption .* 3 captions of "
        r"captions.json refer to images that are not in its list",
    ):
        build(folder)
    captions += [{"image_id": 1, "caption": "A dog."}]
    annotate(folder / "captions.json", range(3), annotations=captions)
    assert build(folder).notes[1].startswith("3 captions of captions.json refer to images")


def test_a_missing_annotation_file_is_refused(folder):
    """The error for a missing annotation file names the file."""
    (folder / "captions.json").unlink()
    with pytest.raises(DataError, match="expected a COCO annotation file; there is no such file"):
        build(folder)


def test_an_annotation_file_in_another_encoding_is_refused(folder):
    """An annotation file must be encoded in UTF-8."""
    (folder / "captions.json").write_bytes(b"{\x00}\x00")
    with pytest.raises(DataError, match="expected a COCO annotation file in UTF-8"):
        build(folder)


def test_a_missing_folder_of_images_is_refused(folder):
    """The error for a missing folder of images names the folder."""
    (folder / "images").rename(folder / "gone")
    with pytest.raises(DataError, match="the images of COCO; there is no such folder"):
        build(folder)


def test_a_folder_of_other_images_is_refused(folder):
    """A folder that contains no annotated image is refused."""
    annotate(folder / "captions.json", range(50, 60))
    with pytest.raises(
        DataError, match=r"none of its 10 images. 10 images of .* are not in the folder"
    ):
        build(folder)


def test_an_image_in_two_splits_is_refused(folder):
    """An image in the annotation files of two splits is refused as a repeated ID."""
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


def test_a_missing_image_is_not_replaced_by_one_of_another_folder(folder):
    """`sub/000.jpg` is not `000.jpg` if the folder `sub` exists."""
    (folder / "images/sub").mkdir()
    images = [{"id": 0, "file_name": "sub/000.jpg"}, {"id": 1, "file_name": "001.jpg"}]
    annotate(folder / "captions.json", range(2), images=images)
    (sample,) = build(folder)
    assert Path(sample.media).name == "001.jpg"


def test_a_file_with_and_without_a_folder_in_its_name_is_refused(folder):
    """`000.jpg` and `old/000.jpg` are refused if only one exists: they may be two images."""
    images = [{"id": 0, "file_name": "000.jpg"}, {"id": 1, "file_name": "old/000.jpg"}]
    annotate(folder / "captions.json", range(2), images=images)
    with pytest.raises(DataError, match=r"expected files of different names"):
        build(folder)


@pytest.mark.parametrize(
    ("images", "name", "siblings", "found"),
    [
        ("val2014", "val2014/001.jpg", (), True),
        ("all", "val2014/001.jpg", (), True),
        ("all", "train/001.jpg", (), True),
        ("coco/val2014", "coco/val2014/001.jpg", (), True),
        ("train2014", "val2014/001.jpg", (), False),
        ("train", "validation/001.jpg", (), False),
        ("all", "val/001.jpg", ("val",), False),
        ("all", "val/001.jpg", ("all/val",), False),
    ],
)
def test_an_image_of_another_folder_is_not_found(folder, images, name, siblings, found):
    """`val/001.jpg` is not the file of this name in the folder of another split."""
    (folder / images).parent.mkdir(exist_ok=True)
    (folder / "images").rename(folder / images)
    for sibling in siblings:
        (folder / sibling).mkdir()
    entries = [{"id": 1, "file_name": name}]
    annotate(folder / "captions.json", range(2), images=entries)
    if found:
        assert [sample.id for sample in build(folder, images=str(folder / images))] == ["1"]
    else:
        with pytest.raises(DataError, match=r"1 images of captions\.json are not in the folder"):
            build(folder, images=str(folder / images))


def test_names_of_the_folder_exclude_those_of_others(folder):
    """If some file names contain the name of the folder, names with others are left out."""
    entries = [
        {"id": n, "file_name": f"{part}/00{n}.jpg"} for n, part in enumerate(("x", "images"))
    ]
    annotate(folder / "captions.json", range(2), images=entries)
    assert [sample.id for sample in build(folder)] == ["1"]
