"""UCF-101 with its official split lists."""

from pathlib import Path

import pytest

from lrcn_seq.data.sources import registry
from lrcn_seq.errors import DataError

NAMES = [
    f"{label}/v_{label}_g{group:02d}_c{clip:02d}.avi"
    for label in ("Archery", "Surfing")
    for group in range(1, 21)
    for clip in (1, 2)
]
TEST = [name for name in NAMES if int(name[-10:-8]) <= 5]
TRAIN = [name for name in NAMES if name not in TEST]


@pytest.fixture
def folder(tmp_path) -> Path:
    """Return a folder of two classes, each with 20 groups of two clips, and official lists."""
    for name in NAMES:
        (tmp_path / "videos" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "videos" / name).write_bytes(b"x")
    lists = {"trainlist02.txt": [f"{name} 1" for name in TRAIN], "testlist02.txt": TEST}
    for name, lines in lists.items():
        (tmp_path / name).write_bytes("\r\n".join([*lines, ""]).encode())
    return tmp_path


def build(folder: Path, **more):
    return registry.build(
        {
            "type": "ucf101",
            "videos": str(folder / "videos"),
            "lists": str(folder),
            "split": 2,
            **more,
        }
    )


def test_labels_and_groups_are_read_from_the_names(folder):
    """Labels and groups are read from the file names; the name of a group includes the class."""
    sample = build(folder)[0]
    assert sample.id == "v_Archery_g06_c01.avi"
    assert (sample.label, sample.group) == ("Archery", "Archery_g06")
    assert sample.media == str(folder / "videos/Archery/v_Archery_g06_c01.avi")


def test_the_test_split_is_the_official_list(folder):
    """The test split consists of the clips in the official test list."""
    source = build(folder, dev=0.3)
    assert [source[position].id for position in source.split("test")] == [
        Path(name).name for name in TEST
    ]


def test_dev_consists_of_groups_of_the_training_list(folder):
    """The dev split consists of groups of the official training list."""
    source = build(folder, dev=0.3)
    dev, train = ([source[p] for p in source.split(name)] for name in ("dev", "train"))
    assert dev
    assert not {sample.group for sample in dev} & {sample.group for sample in train}
    assert {sample.id for sample in dev + train} == {Path(name).name for name in TRAIN}


def test_all_clips_may_be_in_one_folder(folder):
    """All clips of UCF-101 may be in one folder instead of class folders."""
    for name in NAMES:
        (folder / "videos" / name).rename(folder / "videos" / Path(name).name)
    assert len(build(folder)) == len(NAMES)


def test_missing_clips_are_noted(folder):
    """The notes count and name missing clips of UCF-101."""
    assert build(folder).notes == ()
    (folder / "videos" / NAMES[3]).unlink()
    source = build(folder)
    assert len(source) == len(NAMES) - 1
    assert source.notes == (
        f"1 listed clips are not in the folder and were left out ({NAMES[3]}).",
    )


def test_a_folder_without_the_clips_is_refused(folder):
    """A folder that contains no listed clip is refused."""
    for name in NAMES:
        (folder / "videos" / name).unlink()
    with pytest.raises(DataError, match="Received: none of 80"):
        build(folder)


@pytest.mark.parametrize(("content", "received"), [("hello\n", "'hello'"), ("\n", "'none'")])
def test_lists_of_another_form_are_refused(folder, content, received):
    """Malformed split lists raise a DataError that states the expected form."""
    (folder / "testlist02.txt").write_text(content)
    with pytest.raises(
        DataError,
        match=rf"expected lines such as 'Archery/v_Archery_g01_c01.avi'. Received: {received}",
    ):
        build(folder)


def test_a_missing_list_is_refused(folder):
    """The error for a missing list names the file of the requested split."""
    with pytest.raises(
        DataError,
        match=r"trainlist03.txt: expected an official list of UCF-101; there is no such file",
    ):
        build(folder, split=3)


@pytest.mark.parametrize("split", [1, 2, 3])
def test_the_real_lists(shared, split):
    """The real lists of UCF-101 are read, although few of their clips are available."""
    source = registry.build(
        {
            "type": "ucf101",
            "videos": str(shared / "ucf101/clips"),
            "lists": str(shared / "ucf101/splits"),
            "split": split,
        }
    )
    assert len(source) == 3
    assert source.notes[0].startswith("13,317 listed clips are not in the folder")


def test_two_clips_of_one_name_are_refused(folder):
    """Two files with the name of one clip are refused, with both paths."""
    (folder / "videos/copy").mkdir()
    (folder / "videos/copy/v_Archery_g06_c01.avi").write_bytes(b"y")
    with pytest.raises(DataError, match=r"Received: .*Archery/v_.* and .*copy/v_Archery_g06_c01"):
        build(folder)
