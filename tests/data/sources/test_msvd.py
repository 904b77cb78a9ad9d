"""MSVD with captions in either of its two file formats."""

import json
from pathlib import Path

import pytest

from lrcn_seq.data.sources import registry
from lrcn_seq.errors import DataError

NAMES = [f"video{number // 2}_a-b_{number}_{number + 5}" for number in range(40)]


@pytest.fixture
def folder(tmp_path) -> Path:
    """Return a folder of 40 clips from 20 videos with two captions per clip, in both formats."""
    (tmp_path / "clips").mkdir()
    for name in NAMES:
        (tmp_path / "clips" / f"{name}.avi").write_bytes(b"x")
    entries = [{"id": f"{name}.avi", "caption": ["A man  runs.", f"{name}!"]} for name in NAMES]
    (tmp_path / "c.json").write_text(json.dumps(entries))
    lines = [f"{name} {caption}" for name in NAMES for caption in ("A man runs.", f"{name}!")]
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


@pytest.mark.parametrize("captions", ["c.json", "c.txt"])
def test_both_forms_give_the_same_samples(folder, captions):
    """Both file formats of MSVD give the same samples."""
    source = build(folder, captions)
    assert [sample.id for sample in source] == NAMES
    assert source[3].captions == ("A man runs.", f"{NAMES[3]}!")
    assert source[3].media == str(folder / "clips" / f"{NAMES[3]}.avi")


def test_clips_of_one_video_stay_together(folder):
    """All clips of a video are in one split."""
    source = build(folder, dev=0.3, test=0.3)
    assert len({(sample.group, sample.split) for sample in source}) == 20
    assert source[0].group == "video0_a-b"
    assert {sample.split for sample in source} == {"train", "dev", "test"}


def test_missing_clips_are_noted(folder):
    """The notes count and name missing clips of MSVD."""
    assert build(folder).notes == ()
    (folder / "clips" / f"{NAMES[0]}.avi").unlink()
    source = build(folder)
    assert len(source) == 39
    assert source.notes == (
        f"1 clips with captions are not in the folder and were left out ({NAMES[0]}).",
    )


def test_a_folder_without_the_clips_is_refused(folder):
    """A folder that contains no captioned clip is refused."""
    for path in (folder / "clips").iterdir():
        path.unlink()
    with pytest.raises(DataError, match="Received: none of 40"):
        build(folder)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("[{}]", 'entry 1: expected [{"id": name, "caption": [sentence, …]}, …], all of them text'),
        ("[{", 'expected [{"id": name, "caption": [sentence, …]}, …] in JSON (Expecting'),
        ('{"id": 1}', 'expected [{"id": name, "caption": [sentence, …]}, …]. Received: {'),
        ('[{"id": "a_1_2", "caption": ["A."]}, {"id": "a_1_2", "caption": [null]}]', "entry 2: "),
        ('[{"id": "a_1_2", "caption": [7]}]', "Received: {'caption': [7], 'id': 'a_1_2'}"),
        ('[{"id": 7, "caption": ["A."]}]', "entry 1: expected"),
        ('[{"id": "a_1_2", "caption": ["\\u0000"]}]', "entry 1: expected text. Received: a NUL"),
        ("a_1_2 fine\nnonsense\n", "line 2: expected 'NAME sentence'. Received: 'nonsense'"),
    ],
)
def test_malformed_captions_are_refused(folder, content, message):
    """Malformed captions of MSVD raise a DataError with the expected format."""
    (folder / "c.json").write_text(content)
    with pytest.raises(DataError) as caught:
        build(folder)
    assert message in str(caught.value)


def test_one_caption_needs_no_list(folder):
    """A text in place of the list of captions is one caption."""
    (folder / "c.json").write_text(json.dumps([{"id": NAMES[0], "caption": "A man runs."}]))
    assert build(folder)[0].captions == ("A man runs.",)


def test_other_files_of_a_clip_are_ignored(folder):
    """Only media files are clips; the error for two media files of one clip names both."""
    (folder / "clips" / f"{NAMES[0]}.txt").write_bytes(b"x")
    assert build(folder)[0].media.endswith(".avi")
    (folder / "clips" / f"{NAMES[0]}.mp4").write_bytes(b"x")
    with pytest.raises(DataError, match=rf"Received: {NAMES[0]}.avi and {NAMES[0]}.mp4; keep one"):
        build(folder)


def test_the_real_captions(shared):
    """The real captions of MSVD are read, although their clips are not available."""
    with pytest.raises(DataError, match=r"Received: none of 1,450"):
        registry.build(
            {
                "type": "msvd",
                "captions": str(shared / "msvd/training_label.json"),
                "videos": str(shared / "msvd/clips"),
            }
        )
