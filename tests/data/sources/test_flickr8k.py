"""Flickr8k with captions in either of its two file formats."""

from pathlib import Path

import pytest
from PIL import Image

from lrcn_seq.data.sources import registry
from lrcn_seq.data.sources.flickr8k import read_captions
from lrcn_seq.errors import DataError, UsageError

NAMES = [f"{number}.jpg" for number in range(6)]


@pytest.fixture
def folder(tmp_path) -> Path:
    """Return a folder of six images with two captions per image, in both file formats."""
    (tmp_path / "images").mkdir()
    captions = {name: [f"A dog , number {name[0]} .", 'He says "hello" .'] for name in NAMES}
    for name in NAMES:
        Image.new("RGB", (4, 4)).save(tmp_path / "images" / name)
    rows = [f"{name},{caption}\n" for name in NAMES for caption in captions[name]]
    tokens = [
        f"{name}#{number}\t{caption}\r\n"
        for name in [*NAMES, "9.jpg.1"]
        for number, caption in enumerate(captions.get(name, ["bogus"]))
    ]
    (tmp_path / "captions.txt").write_text("image,caption\n" + "".join(rows))
    (tmp_path / "tokens.txt").write_bytes("".join(tokens).encode())
    lists = {"train": NAMES[:3], "dev": NAMES[3:4], "test": [NAMES[4], "404.jpg"]}
    for split, names in lists.items():
        (tmp_path / f"Flickr_8k.{split}Images.txt").write_bytes("\r\n".join([*names, ""]).encode())
    return tmp_path


def build(folder: Path, captions: str = "captions.txt", **more):
    return registry.build(
        {
            "type": "flickr8k",
            "captions": str(folder / captions),
            "images": str(folder / "images"),
            **more,
        }
    )


def test_the_csv_file_keeps_commas_and_quotes(folder):
    """Captions with commas need no quotes in the CSV file of Flickr8k."""
    captions = read_captions(folder / "captions.txt")
    assert list(captions) == NAMES
    assert captions["0.jpg"] == ["A dog , number 0 .", 'He says "hello" .']


def test_quoted_captions_of_the_csv_file_are_unquoted(folder):
    """Quoted captions in the CSV file of Flickr8k are unquoted."""
    (folder / "captions.txt").write_text('image,caption\na.jpg,"A ""big"" dog, running ."\n')
    assert read_captions(folder / "captions.txt") == {"a.jpg": ['A "big" dog, running .']}


def test_both_forms_give_the_same_captions(folder):
    """Both file formats of Flickr8k give the same captions."""
    tokens = read_captions(folder / "tokens.txt")
    assert tokens.pop("9.jpg.1") == ["bogus"]
    assert tokens == read_captions(folder / "captions.txt")


def test_lists_determine_the_splits(folder):
    """Each listed image with captions and a file is in the split of its list."""
    source = build(folder, lists=str(folder))
    assert {sample.id: sample.split for sample in source} == {
        "0.jpg": "train",
        "1.jpg": "train",
        "2.jpg": "train",
        "3.jpg": "dev",
        "4.jpg": "test",
    }
    assert source[0].media == str(folder / "images/0.jpg")


def test_lists_may_have_short_names(folder):
    """The lists may be named `train.txt`, `dev.txt` and `test.txt`."""
    for split in ("train", "dev", "test"):
        (folder / f"Flickr_8k.{split}Images.txt").rename(folder / f"{split}.txt")
    assert len(build(folder, lists=str(folder))) == 5


def test_images_that_are_left_out_are_noted(folder):
    """The notes name images that are in no list or lack captions or a file."""
    (folder / "images/1.jpg").unlink()
    source = build(folder, "tokens.txt", lists=str(folder))
    assert [sample.id for sample in source] == ["0.jpg", "2.jpg", "3.jpg", "4.jpg"]
    assert source.notes == (
        "2 images with captions are in no list and were left out (5.jpg, 9.jpg.1).",
        "1 listed images have no captions and were left out (404.jpg).",
        "1 listed images with captions are not in the folder and were left out (1.jpg).",
    )


def test_without_lists_images_are_split_by_hash(folder):
    """Without lists of splits, each image and its captions are assigned to a split by hash."""
    source = build(folder, dev=0.3, test=0.3)
    assert sum(len(source.split(name)) for name in ("train", "dev", "test")) == len(source) == 6
    assert len({sample.split for sample in source}) > 1
    assert all(len(sample.captions) == 2 for sample in source)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "expected 'image,caption' or lines 'name.jpg#0<tab>sentence'. Received: ''"),
        ("name,text\na,b\n", "Received: 'name,text'"),
        (
            "image,caption\n0.jpg,a dog\n1.jpg\n",
            "line 3: expected 'image,caption'. Received: '1.jpg'",
        ),
        (
            "0.jpg#0\ta dog\nnonsense\n",
            "line 2: expected 'name.jpg#0<tab>sentence'. Received: 'nonsense'",
        ),
        (
            'image,caption\n0.jpg,a dog\n1.jpg,"a cat\n2.jpg,a bird\n',
            "line 3: expected an image and a caption in one line. Received: a quote that is not "
            "closed, in '1.jpg|a cat",
        ),
        ("image,caption\n0.jpg,a dog\0\n", "in UTF-8. Received: a NUL character in line 2"),
        ("image,caption\n0.jpg, \n", "Received: an empty caption of '0.jpg'"),
    ],
)
def test_malformed_captions_are_refused(folder, content, message):
    """Malformed captions of Flickr8k raise an error that names the file."""
    (folder / "captions.txt").write_text(content)
    with pytest.raises(DataError) as caught:
        build(folder)
    assert message in str(caught.value)
    assert str(caught.value).startswith(str(folder / "captions.txt"))


def test_missing_captions_are_refused(folder):
    """The error for missing captions names the missing file."""
    (folder / "captions.txt").unlink()
    with pytest.raises(DataError, match="expected the captions of Flickr8k; there is no such file"):
        build(folder)


def test_a_missing_folder_of_images_is_refused(folder):
    """The error for a missing folder of images names the folder."""
    (folder / "images").rename(folder / "elsewhere")
    with pytest.raises(DataError, match="the images of Flickr8k; there is no such folder"):
        build(folder)


def test_a_folder_without_the_images_is_refused(folder):
    """A folder that contains no captioned image is refused."""
    for path in (folder / "images").iterdir():
        path.unlink()
    with pytest.raises(DataError, match="Received: none among 0 files"):
        build(folder)


def test_an_image_in_two_lists_is_refused(folder):
    """The error for an image in two lists names the image and both splits."""
    (folder / "Flickr_8k.devImages.txt").write_text("0.jpg\n")
    with pytest.raises(
        DataError, match=r"expected every image in one list. Received: '0.jpg' in train and dev"
    ):
        build(folder, lists=str(folder))


def test_a_missing_list_is_refused(folder):
    """The error for a missing list names both possible files."""
    (folder / "Flickr_8k.devImages.txt").unlink()
    with pytest.raises(
        DataError, match=r"expected a list of the dev images, Flickr_8k.devImages.txt or dev.txt"
    ):
        build(folder, lists=str(folder))


def test_names_in_lists_may_have_blanks(folder):
    """A list has one image name per line; the names may contain blanks."""
    (folder / "images/0.jpg").rename(folder / "images/my dog.jpg")
    (folder / "Flickr_8k.trainImages.txt").write_text("my dog.jpg \n1.jpg\n")
    captions = (folder / "captions.txt").read_text().replace("0.jpg", "my dog.jpg")
    (folder / "captions.txt").write_text(captions)
    source = build(folder, lists=str(folder))
    assert [sample.id for sample in source] == ["my dog.jpg", "1.jpg", "3.jpg", "4.jpg"]


def test_links_to_one_image_are_in_one_split(folder):
    """Without lists of splits, a file and a link to it are in one split."""
    for name in NAMES[3:]:
        (folder / "images" / name).unlink()
        (folder / "images" / name).symlink_to(folder / "images" / NAMES[int(name[0]) - 3])
    splits = [sample.split for sample in build(folder, dev=0.3, test=0.3)]
    assert splits[:3] == splits[3:]


def test_shares_must_leave_images_for_training(folder):
    """Shares of dev and test with a sum of at least 1 raise a UsageError."""
    with pytest.raises(UsageError, match="dev and test: expected shares"):
        build(folder, dev=0.6, test=0.5)


def test_the_real_files(shared):
    """Both real caption files of Flickr8k give the official splits."""
    flickr = shared / "flickr8k"
    table = {"captions": str(flickr / "captions.txt"), "lists": str(flickr)}
    tokens = {
        "captions": str(flickr / "official/Flickr8k.token.txt"),
        "lists": str(flickr / "official"),
    }
    short, official = (
        registry.build({"type": "flickr8k", "images": str(flickr / "images_224"), **paths})
        for paths in (table, tokens)
    )
    assert [len(short.split(name)) for name in ("train", "dev", "test")] == [2400, 300, 300]
    assert [len(official.split(name)) for name in ("train", "dev", "test")] == [5997, 1000, 300]
    splits = {sample.id: sample.split for sample in official}
    assert all(splits[sample.id] == sample.split for sample in short)
    assert sum(len(sample.captions) for sample in short) == 15_000
    assert official.notes[0].startswith("93 images with captions are in no list")
