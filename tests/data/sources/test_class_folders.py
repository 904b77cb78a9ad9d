"""Folders as classes, groups that stay together, folds."""

from collections import Counter
from pathlib import Path

import pytest

from lrcn_seq.data.sources import registry
from lrcn_seq.errors import DataError, UsageError


@pytest.fixture
def folder(tmp_path) -> Path:
    """Two classes of 20 clips each, cut from ten videos; clip names repeat between the classes."""
    rows = []
    for label in ("jump", "run"):
        (tmp_path / label).mkdir()
        for number in range(20):
            (tmp_path / label / f"{number:02d}.mp4").write_bytes(b"x")
            rows.append(f"{label},{number:02d}.mp4,video{number % 10}")
    (tmp_path / "index.csv").write_text("label,file,group\r\n" + "\r\n".join(rows))
    (tmp_path / ".cache").mkdir()
    (tmp_path / "run" / ".DS_Store").write_bytes(b"")
    return tmp_path


def build(folder: Path, **more):
    return registry.build({"type": "class_folders", "folder": str(folder), **more})


def test_labels_are_folders_and_hidden_files_do_not_count(folder):
    """40 clips, each named with its class."""
    source = build(folder)
    assert len(source) == 40
    assert (source[0].id, source[0].label, source[0].media) == (
        "jump/00.mp4",
        "jump",
        str(folder / "jump/00.mp4"),
    )


def test_groups_of_a_table_stay_together(folder):
    """Also across classes: ten groups, each in one split."""
    source = build(folder, groups="index.csv", dev=0.3, test=0.3)
    assert len({(sample.group, sample.split) for sample in source}) == 10
    assert len({sample.split for sample in source}) == 3


def test_folds_are_even_and_test_every_clip_once(folder):
    """Five folds of two groups: each clip is tested in one, and training never shares a group with dev or test."""
    tested = Counter()
    for fold in range(5):
        source = build(folder, groups="index.csv", folds=5, fold=fold)
        groups = {
            name: {source[position].group for position in source.split(name)}
            for name in ("train", "dev", "test")
        }
        assert not groups["train"] & groups["test"]
        assert not groups["train"] & groups["dev"]
        assert Counter(source[position].label for position in source.split("test")) == {
            "jump": 4,
            "run": 4,
        }
        tested.update(source[position].id for position in source.split("test"))
    assert set(tested.values()) == {1}
    assert len(tested) == 40


def test_frame_folders_are_clips_too(folder):
    """A folder in a class is one clip."""
    (folder / "run" / "frames").mkdir()
    assert build(folder)[-1].id == "run/frames"


def test_classes_can_be_chosen(folder):
    """In the order given."""
    assert {sample.label for sample in build(folder, classes=["run"])} == {"run"}
    with pytest.raises(
        DataError,
        match=r"expected a folder for each class. Received: none for swim; there are jump, run",
    ):
        build(folder, classes=["run", "swim"])


@pytest.mark.parametrize(
    ("change", "more", "sentence"),
    [
        (
            lambda folder: [path.unlink() for path in folder.glob("*/*.mp4")],
            {},
            "Received: none with a clip in it",
        ),
        (
            lambda folder: (folder / "index.csv").unlink(),
            {"groups": "index.csv"},
            "expected a table of files and groups; there is no such file",
        ),
        (
            lambda folder: (folder / "index.csv").write_text("file,scene\n00.mp4,a\n"),
            {"groups": "index.csv"},
            "expected a column with the group, named group",
        ),
        (
            lambda folder: (folder / "index.csv").write_text("file,group\n00.mp4,a\n"),
            {"groups": "index.csv"},
            "expected the group of every clip. Received: none of jump/01.mp4",
        ),
    ],
)
def test_each_wrong_input_has_its_sentence(folder, change, more, sentence):
    """No clips, no table, other columns, a clip without a group."""
    change(folder)
    with pytest.raises(DataError) as caught:
        build(folder, **more)
    assert sentence in str(caught.value)


def test_a_missing_folder_and_impossible_folds_are_named(folder):
    """The folder, more folds than groups, and a fold that does not exist."""
    with pytest.raises(DataError, match="there is no such folder"):
        build(folder / "nowhere")
    with pytest.raises(
        UsageError, match=r"at most one for each of the 10 groups. Received: folds=11"
    ):
        build(folder, groups="index.csv", folds=11)
    with pytest.raises(UsageError, match=r"expected a number below folds=4. Received: fold=4"):
        build(folder, folds=4, fold=4)


def test_the_real_clips(shared):
    """120 clips of 44 videos: folds of 23 to 25 clips, both classes even."""
    for fold in range(5):
        source = build(shared / "surveillance_fights", groups="index.csv", folds=5, fold=fold)
        assert len(source) == 120
        counts = Counter(source[position].label for position in source.split("test"))
        assert all(11 <= count <= 13 for count in counts.values())
        assert len(counts) == 2
