"""Flickr8k in both its forms, as it is found."""

from pathlib import Path

import pytest
from PIL import Image

from lrcn_seq.data.sources import registry
from lrcn_seq.data.sources.flickr8k import read_captions
from lrcn_seq.errors import DataError, UsageError

NAMES = [f"{number}.jpg" for number in range(6)]


@pytest.fixture
def folder(tmp_path) -> Path:
    """Six pictures of two sentences, one sentence with a comma and one with a quote; lists with Windows line ends."""
    images = tmp_path / "images"
    images.mkdir()
    sentences = {name: [f"A dog , number {name[0]} .", 'He says "hello" .'] for name in NAMES}
    for name in NAMES:
        Image.new("RGB", (4, 4)).save(images / name)
    table = "image,caption\n" + "".join(
        f"{name},{sentence}\n" for name in NAMES for sentence in sentences[name]
    )
    tokens = "".join(
        f"{name}#{number}\t{sentence}\r\n"
        for name in [*NAMES, "9.jpg.1"]
        for number, sentence in enumerate(sentences.get(name, ["bogus"]))
    )
    (tmp_path / "captions.txt").write_text(table)
    (tmp_path / "tokens.txt").write_bytes(tokens.encode())
    for split, names in {
        "train": NAMES[:3],
        "dev": NAMES[3:4],
        "test": [NAMES[4], "404.jpg"],
    }.items():
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


def test_both_forms_give_the_same_sentences(folder):
    """Commas and quotes included; the bogus name is a name like others."""
    table, tokens = read_captions(folder / "captions.txt"), read_captions(folder / "tokens.txt")
    assert tokens.pop("9.jpg.1") == ["bogus"]
    assert table == tokens
    assert table["0.jpg"] == ["A dog , number 0 .", 'He says "hello" .']


def test_official_lists_decide_and_losses_are_noted(folder):
    """What is in no list, has no captions or no picture is left out, counted and named."""
    (folder / "images/1.jpg").unlink()
    source = build(folder, "tokens.txt", lists=str(folder))
    assert {sample.id: sample.split for sample in source} == {
        "0.jpg": "train",
        "2.jpg": "train",
        "3.jpg": "dev",
        "4.jpg": "test",
    }
    assert source.notes == (
        "2 pictures with captions are in no list and left out (5.jpg, 9.jpg.1).",
        "1 listed pictures have no captions and are left out (404.jpg).",
        "1 listed pictures with captions are not in the folder and left out (1.jpg).",
    )
    assert source[0].media == str(folder / "images/0.jpg")


def test_without_lists_pictures_are_split_by_hash(folder):
    """All captions of a picture stay together, and all pictures are in some split."""
    source = build(folder, dev=0.3, test=0.3)
    assert sum(len(source.split(name)) for name in ("train", "dev", "test")) == len(source) == 6
    assert all(len(sample.captions) == 2 for sample in source)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (
            lambda folder: (folder / "captions.txt").unlink(),
            "expected the captions of Flickr8k; there is no such file",
        ),
        (
            lambda folder: (folder / "captions.txt").write_text(""),
            "expected 'image,caption' or lines 'name.jpg#0<tab>sentence'",
        ),
        (
            lambda folder: (folder / "captions.txt").write_text("name,text\na,b\n"),
            "Received: 'name,text'",
        ),
        (
            lambda folder: (folder / "captions.txt").write_text(
                "image,caption\n0.jpg,a dog\n1.jpg\n"
            ),
            "line 3: expected 'image,caption'. Received: '1.jpg'",
        ),
        (
            lambda folder: (folder / "captions.txt").write_text("0.jpg#0\ta dog\nnonsense\n"),
            "line 2: expected 'name.jpg#0<tab>sentence'. Received: 'nonsense'",
        ),
        (
            lambda folder: (folder / "captions.txt").write_text("image,caption\n0.jpg, \n"),
            "Received: an empty caption of '0.jpg'",
        ),
        (
            lambda folder: (folder / "captions.txt").write_bytes(
                "image,caption\n0.jpg,café\n".encode("latin-1")
            ),
            "in UTF-8. Received: other bytes at position 23",
        ),
        (
            lambda folder: (folder / "images").rename(folder / "elsewhere"),
            "expected a folder with the pictures of Flickr8k; there is no such folder",
        ),
        (
            lambda folder: [path.unlink() for path in (folder / "images").iterdir()],
            "Received: none of them among 0 files",
        ),
    ],
)
def test_each_wrong_input_has_its_sentence(folder, change, sentence):
    """Missing, empty, other columns, a line that does not fit, an empty caption, another encoding, no pictures."""
    change(folder)
    with pytest.raises(DataError) as caught:
        build(folder)
    assert sentence in str(caught.value)


def test_lists_must_be_there_and_apart(folder):
    """A missing list is named; a picture in two lists is refused."""
    (folder / "Flickr_8k.devImages.txt").write_text("0.jpg\n")
    with pytest.raises(
        DataError, match=r"expected every picture in one list. Received: '0.jpg' in train and dev"
    ):
        build(folder, lists=str(folder))
    (folder / "Flickr_8k.devImages.txt").unlink()
    with pytest.raises(
        DataError, match=r"expected a list of the dev pictures, Flickr_8k.devImages.txt or dev.txt"
    ):
        build(folder, lists=str(folder))
    with pytest.raises(UsageError, match="dev and test: expected shares"):
        build(folder, dev=0.6, test=0.5)


def test_the_real_files(shared):
    """Both forms of the captions agree on the images of the short lists, in the official splits."""
    flickr = shared / "flickr8k"
    table = {"captions": str(flickr / "captions.txt"), "lists": str(flickr)}
    tokens = {
        "captions": str(flickr / "official/Flickr8k.token.txt"),
        "lists": str(flickr / "official"),
    }
    short, official = (
        registry.build({"type": "flickr8k", "images": str(flickr / "images_224"), **files})
        for files in (table, tokens)
    )
    assert [len(short.split(name)) for name in ("train", "dev", "test")] == [2400, 300, 300]
    assert [len(official.split(name)) for name in ("train", "dev", "test")] == [5997, 1000, 300]
    splits = {sample.id: sample.split for sample in official}
    assert all(splits[sample.id] == sample.split for sample in short)
    assert sum(len(sample.captions) for sample in short) == 15_000
    assert official.notes[0].startswith("93 pictures with captions are in no list")
