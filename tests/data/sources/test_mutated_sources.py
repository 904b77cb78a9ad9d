"""Mutated tables and annotation files: each gives samples or a DataError, never another error."""

import json
import random
from pathlib import Path

import pytest

from lrcn_seq.data.sources import registry
from lrcn_seq.errors import DataError

FRAGMENTS = [
    b"",
    b"\0",
    b'"',
    b"\\",
    b"\n",
    b"\r",
    b",",
    b";",
    b"\t",
    b"\xff\xfe",
    b"\xef\xbb\xbf",
    b"\xe9",
    b"[" * 2000,
    b"{",
    b"]",
    b"null",
    b"true",
    b"NaN",
    b"1e999",
    b"9" * 5000,
    b"\\ud800",
    b"\\u0000",
    b"../",
    b"/dev/zero",
    b"~",
    b"x" * 300,
    b"http://a.b/",
    "e\u0301".encode(),
    "\u2028".encode(),
]
VALUES = [
    None,
    True,
    7,
    -1,
    1.5,
    1e999,
    "",
    " ",
    "x\0",
    "\ud800",
    [],
    [None],
    {},
    {"a": []},
    "x" * 999,
]


def annotations() -> dict:
    images = [{"id": n, "file_name": f"{n}.jpg"} for n in range(4)]
    captions = [{"id": n, "image_id": n % 4, "caption": f"A dog {n}."} for n in range(8)]
    return {"images": images, "annotations": captions}


def clip_captions() -> list:
    return [{"id": f"v_{n}_1", "caption": ["A dog.", "A cat."]} for n in range(4)]


def table_rows() -> list:
    return [
        {"video": f"{n}.jpg", "caption": "A dog.", "label": "ab"[n % 2], "group": n, "split": "dev"}
        for n in range(4)
    ]


TEXTS = {
    "t.csv": 'image,caption,label,group,split\n0.jpg,"A dog, big",a,1,train\n1.jpg,A cat,b,2,dev\n',
    "moments.csv": "video;label;start;end\n0.jpg;a;0;1.5\n1.jpg;b;2;3\n",
    "t.jsonl": "".join(json.dumps(row) + "\n" for row in table_rows()),
    "t.json": json.dumps(table_rows(), indent=1),
    "coco.json": json.dumps(annotations()),
    "msvd.json": json.dumps(clip_captions()),
    "msvd.txt": "v_0_1 A dog.\nv_1_1 A cat.\n",
    "captions.txt": 'image,caption\n0.jpg,A dog\n0.jpg,"A, cat"\n1.jpg,A bird\n',
    "tokens.txt": "0.jpg#0\tA dog\n0.jpg#1\tA cat\n1.jpg#0\tA bird\n",
    "train.txt": "0.jpg\n1.jpg\n",
    "index.csv": "file,group\na/0.jpg,1\na\\1.jpg,1\n2.jpg,2\n3.jpg,3\nb/0.jpg,4\nb/1.jpg,5\n",
    "trainlist01.txt": "A/v_A_g01_c01.avi 1\nA/v_A_g02_c01.avi 1\n",
}
TREES = {"t.json": table_rows, "coco.json": annotations, "msvd.json": clip_captions}


@pytest.fixture
def folder(tmp_path) -> Path:
    """Return a folder with the files of all sources, and dummy media that no source reads."""
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
    names = [f"{place}{n}.jpg" for place in ("", "a/", "b/") for n in range(4)]
    names += [f"v_{n}_1.avi" for n in range(4)] + [f"v_A_g0{n}_c01.avi" for n in range(4)]
    for name in names:
        (tmp_path / name).write_bytes(name.encode())
    for name, text in TEXTS.items():
        (tmp_path / name).write_text(text)
    (tmp_path / "testlist01.txt").write_text("A/v_A_g03_c01.avi\n")
    for split in ("dev", "test"):
        (tmp_path / f"{split}.txt").write_text({"dev": "2.jpg\n", "test": "3.jpg\n"}[split])
    return tmp_path


def specs(folder: Path, name: str) -> list[dict]:
    """Return the configs of the sources that read the given file."""
    file, root = str(folder / name), str(folder)
    tables = [{"type": kind, "table": file} for kind in ("caption_table", "video_table")]
    return {
        "coco.json": [{"type": "coco", "annotations": file, "images": root}],
        "msvd.json": [{"type": "msvd", "captions": file, "videos": root}],
        "msvd.txt": [{"type": "msvd", "captions": file, "videos": root}],
        "captions.txt": [{"type": "flickr8k", "captions": file, "images": root}],
        "tokens.txt": [{"type": "flickr8k", "captions": file, "images": root}],
        "train.txt": [
            {"type": "flickr8k", "captions": f"{root}/tokens.txt", "images": root, "lists": root}
        ],
        "index.csv": [
            {"type": "class_folders", "folder": root, "classes": ["a", "b"], "groups": name}
        ],
        "trainlist01.txt": [{"type": "ucf101", "videos": root, "lists": root}],
    }.get(name, tables)


def build(spec: dict) -> bool:
    """Build a source and return whether it has samples; only DataError may be raised."""
    try:
        source = registry.build(spec)
    except DataError as error:
        assert str(error)
        return False
    assert len(source) == sum(len(source.split(name)) for name in ("train", "dev", "test")) > 0
    return True


def mutated_bytes(content: bytes, random: random.Random) -> bytes:
    """Return content in which one to three parts are deleted, replaced, repeated or inserted."""
    for _ in range(random.randint(1, 3)):
        start = random.randint(0, len(content))
        end = min(len(content), start + random.choice((0, 1, 2, 8, 30)))
        middle = random.choice((*FRAGMENTS, content[start:end] * 2, bytes([random.randrange(256)])))
        content = content[:start] + middle + content[end:]
    return content


def mutated_tree(tree, random: random.Random):
    """Return a JSON value in which one inner value is replaced or deleted."""
    value = tree
    while True:
        key = random.choice(list(value) if isinstance(value, dict) else range(len(value)))
        inner = value[key]
        if isinstance(inner, (dict, list)) and inner and random.random() < 0.8:
            value = inner
            continue
        if random.random() < 0.2:
            del value[key]
        else:
            value[key] = random.choice(VALUES)
        return tree


@pytest.mark.parametrize("name", TEXTS)
def test_the_files_are_read_before_they_are_mutated(folder, name):
    """Each unchanged file gives samples, except that moments.csv has no captions."""
    read = [build(spec) for spec in specs(folder, name)]
    assert read[-1]
    assert all(read) or name == "moments.csv"


@pytest.mark.parametrize("name", TEXTS)
@pytest.mark.parametrize("count", [40, pytest.param(2000, marks=pytest.mark.slow)])
def test_mutated_files_give_samples_or_a_data_error(folder, name, count):
    """A file with mutated bytes gives samples or a DataError."""
    generator = random.Random(name)
    for _ in range(count):
        (folder / name).write_bytes(mutated_bytes(TEXTS[name].encode(), generator))
        for spec in specs(folder, name):
            build(spec)


@pytest.mark.parametrize("name", TREES)
@pytest.mark.parametrize("count", [60, pytest.param(2000, marks=pytest.mark.slow)])
def test_mutated_values_give_samples_or_a_data_error(folder, name, count):
    """A JSON file in which a value is replaced or deleted gives samples or a DataError."""
    generator = random.Random(name)
    for _ in range(count):
        (folder / name).write_text(json.dumps(mutated_tree(TREES[name](), generator)))
        for spec in specs(folder, name):
            build(spec)
