"""MSVD in the forms that its captions are found in."""

import json
from pathlib import Path

import pytest

from lrcn_seq.data.sources import registry
from lrcn_seq.errors import DataError

NAMES = [f"video{number // 2}_a-b_{number}_{number + 5}" for number in range(40)]


@pytest.fixture
def folder(tmp_path) -> Path:
    (tmp_path / "clips").mkdir()
    for name in NAMES:
        (tmp_path / "clips" / f"{name}.avi").write_bytes(b"x")
    (tmp_path / "c.json").write_text(
        json.dumps(
            [{"id": f"{name}.avi", "caption": ["A man  runs.", f"Clip {name}."]} for name in NAMES]
        )
    )
    lines = [
        f"{name} {sentence}" for name in NAMES for sentence in ("A man runs.", f"Clip {name}.")
    ]
    (tmp_path / "c.txt").write_text("# MSVD\n\n" + "\r\n".join(lines) + "\r\n")
    return tmp_path


def build(folder: Path, captions: str = "c.json", **more):
    return registry.build(
        {
            "type": "msvd",
            "captions": str(folder / captions),
            "videos": str(folder / "clips"),
            **more,
        }
    )


def test_both_forms_give_the_same_samples(folder):
    """With spaces made single, and names without suffix."""
    one, other = build(folder), build(folder, "c.txt")
    assert list(one) == list(other)
    assert one[3].id == NAMES[3]
    assert one[3].captions == ("A man runs.", f"Clip {NAMES[3]}.")
    assert one[3].media == str(folder / "clips" / f"{NAMES[3]}.avi")


def test_clips_of_one_video_stay_together(folder):
    """Twenty videos of two clips."""
    source = build(folder, dev=0.3, test=0.3)
    assert len({(sample.group, sample.split) for sample in source}) == 20
    assert source[0].group == "video0_a-b"


def test_missing_clips_are_noted_and_none_at_all_is_an_error(folder):
    """Counted and named."""
    (folder / "clips" / f"{NAMES[0]}.avi").unlink()
    assert build(folder).notes == (
        f"1 clips with captions are not in the folder and left out ({NAMES[0]}).",
    )
    for path in (folder / "clips").iterdir():
        path.unlink()
    with pytest.raises(DataError, match="Received: none of 40"):
        build(folder)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("[{}]", 'expected [{"id": name'),
        ("[{", 'expected [{"id": name'),
        ("a_1_2 fine\nnonsense\n", "line 2: expected 'NAME sentence'. Received: 'nonsense'"),
    ],
)
def test_each_wrong_file_has_its_sentence(folder, content, sentence):
    """JSON of another shape, no JSON, a line without a sentence."""
    (folder / "c.json").write_text(content)
    with pytest.raises(DataError) as caught:
        build(folder)
    assert sentence in str(caught.value)


def test_the_real_captions(shared):
    """24,232 captions of 1,450 videos are read; the five clips at hand belong to other videos, which is said."""
    with pytest.raises(DataError, match=r"Received: none of 1,450"):
        registry.build(
            {
                "type": "msvd",
                "captions": str(shared / "msvd/training_label.json"),
                "videos": str(shared / "msvd/clips"),
            }
        )
