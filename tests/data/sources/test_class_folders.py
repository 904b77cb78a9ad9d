"""Clips in one folder per class."""

from collections import Counter
from pathlib import Path

import pytest

from lrcn_seq.data.sources import registry
from lrcn_seq.errors import DataError, UsageError


@pytest.fixture
def folder(tmp_path) -> Path:
    """Return a folder of two classes with 20 clips each, made from ten videos."""
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


def test_labels_are_folder_names(folder):
    """Labels are folder names, and IDs consist of class and file name."""
    source = build(folder)
    assert [sample.id for sample in source] == [
        f"{label}/{number:02d}.mp4" for label in ("jump", "run") for number in range(20)
    ]
    assert (source[20].label, source[20].media) == ("run", str(folder / "run/00.mp4"))


def test_each_clip_is_its_own_group_without_a_table(folder):
    """Without a table of groups, the group of a clip is its ID."""
    assert all(sample.group == sample.id for sample in build(folder))


def test_groups_of_a_table_stay_together(folder):
    """Each group of the table is in one split, even with clips of both classes."""
    source = build(folder, groups="index.csv", dev=0.3, test=0.3)
    assert len({(sample.group, sample.split) for sample in source}) == 10
    assert {sample.split for sample in source} == {"train", "dev", "test"}


def test_labels_of_the_table_distinguish_equal_file_names(folder):
    """Clips with the same file name in two classes may have different groups."""
    rows = [
        f"{label},{number:02d}.mp4,{label}{number}"
        for label in ("jump", "run")
        for number in range(20)
    ]
    (folder / "index.csv").write_text("label,file,group\n" + "\n".join(rows))
    groups = {sample.id: sample.group for sample in build(folder, groups="index.csv")}
    assert (groups["jump/03.mp4"], groups["run/03.mp4"]) == ("jump3", "run3")


def test_folds_are_even_and_test_every_clip_once(folder):
    """Folds have even class counts and test every clip once."""
    tested: Counter[str] = Counter()
    for fold in range(5):
        source = build(folder, groups="index.csv", folds=5, fold=fold)
        assert len({(sample.group, sample.split) for sample in source}) == 10
        test = [source[position] for position in source.split("test")]
        assert Counter(sample.label for sample in test) == {"jump": 4, "run": 4}
        tested.update(sample.id for sample in test)
    assert len(tested) == 40
    assert set(tested.values()) == {1}


def test_frame_folders_are_clips(folder):
    """A folder inside the folder of a class is one clip."""
    (folder / "run" / "frames").mkdir()
    assert build(folder)[-1].id == "run/frames"


def test_classes_can_be_selected(folder):
    """Only the selected classes are read, in the given order."""
    assert {sample.label for sample in build(folder, classes=["run"])} == {"run"}
    assert [sample.label for sample in build(folder, classes=["run", "jump"])][::20] == [
        "run",
        "jump",
    ]


def test_selected_classes_must_exist(folder):
    """The error for missing classes lists the missing and the existing classes."""
    with pytest.raises(
        DataError,
        match=r"expected a folder for each class. Received: none for swim; there are jump, run",
    ):
        build(folder, classes=["run", "swim"])


def test_folders_without_clips_are_refused(folder):
    """Folders without any clip are refused."""
    for path in folder.glob("*/*.mp4"):
        path.unlink()
    with pytest.raises(DataError, match="Received: none with a clip in it"):
        build(folder)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "expected a table of files and groups; there is no such file"),
        ("file,scene\n00.mp4,a\n", "expected a column with the group, named group"),
        (
            "file,group\n00.mp4,a\n",
            "expected the group of every clip. "
            "Received: none for jump/01.mp4, jump/02.mp4, jump/03.mp4, … (38 in total)",
        ),
    ],
)
def test_unusable_tables_of_groups_are_refused(folder, content, message):
    """A table of groups that is missing or incomplete raises an error with the defect."""
    (folder / "index.csv").unlink()
    if content is not None:
        (folder / "index.csv").write_text(content)
    with pytest.raises(DataError) as caught:
        build(folder, groups="index.csv")
    assert message in str(caught.value)


def test_a_missing_folder_is_refused(folder):
    """The error for a missing folder names the folder."""
    with pytest.raises(DataError, match="nowhere: expected a folder with a folder for each class"):
        build(folder / "nowhere")


def test_impossible_folds_are_refused(folder):
    """Impossible numbers of folds and fold numbers raise a UsageError."""
    with pytest.raises(
        UsageError, match=r"at most one for each of the 10 groups. Received: folds=11"
    ):
        build(folder, groups="index.csv", folds=11)
    with pytest.raises(UsageError, match=r"expected a number below folds=4. Received: fold=4"):
        build(folder, folds=4, fold=4)


def test_the_real_clips(shared):
    """The folds of the real surveillance clips have even class counts."""
    for fold in range(5):
        source = build(shared / "surveillance_fights", groups="index.csv", folds=5, fold=fold)
        assert len(source) == 120
        counts = Counter(source[position].label for position in source.split("test"))
        assert len(counts) == 2
        assert all(11 <= count <= 13 for count in counts.values())
