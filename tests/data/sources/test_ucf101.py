"""UCF-101 with its official lists."""

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


@pytest.fixture
def folder(tmp_path) -> Path:
    """Two classes of 20 groups of two clips; groups 1 to 5 are for testing; Windows line ends."""
    for name in NAMES:
        (tmp_path / "videos" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "videos" / name).write_bytes(b"x")
    train = [f"{name} 1" for name in NAMES if int(name[-10:-8]) > 5]
    test = [name for name in NAMES if int(name[-10:-8]) <= 5]
    (tmp_path / "trainlist02.txt").write_bytes("\r\n".join([*train, ""]).encode())
    (tmp_path / "testlist02.txt").write_bytes("\r\n".join([*test, ""]).encode())
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


def test_official_lists_decide_and_dev_is_taken_from_training_by_group(folder):
    """Test is what the list says; dev shares no group with training."""
    source = build(folder, dev=0.3)
    assert {source[position].id for position in source.split("test")} == {
        Path(name).name for name in NAMES if int(name[-10:-8]) <= 5
    }
    groups = {
        name: {source[position].group for position in source.split(name)}
        for name in ("train", "dev")
    }
    assert groups["dev"]
    assert not groups["train"] & groups["dev"]
    assert source[0].label == "Archery"
    assert source[0].group == "Archery_g06"


def test_all_clips_may_lie_in_one_folder(folder):
    """Without a folder for each class."""
    for name in NAMES:
        (folder / "videos" / name).rename(folder / "videos" / Path(name).name)
    assert len(build(folder)) == len(NAMES)


def test_missing_clips_are_noted(folder):
    """Counted and named; when all are missing it is an error."""
    (folder / "videos" / NAMES[3]).unlink()
    assert build(folder).notes == (
        f"1 listed clips are not in the folder and left out ({NAMES[3]}).",
    )
    for name in NAMES:
        (folder / "videos" / name).unlink(missing_ok=True)
    with pytest.raises(DataError, match="Received: none of 80"):
        build(folder)


def test_wrong_lists_are_named(folder):
    """A missing one, and one of something else."""
    (folder / "testlist02.txt").write_text("hello\n")
    with pytest.raises(
        DataError,
        match=r"expected lines such as 'Archery/v_Archery_g01_c01.avi'. Received: 'hello'",
    ):
        build(folder)
    with pytest.raises(
        DataError,
        match=r"trainlist03.txt: expected an official list of UCF-101; there is no such file",
    ):
        build(folder, split=3)


def test_the_real_lists(shared):
    """All three splits: 3 of 13,320 clips are there."""
    for split in (1, 2, 3):
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
