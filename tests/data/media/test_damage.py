"""The share of the frames of a video that is lost to damage."""

import random
from pathlib import Path

import pytest

from lrcn_seq.data.media.video import Video
from lrcn_seq.errors import MediaError
from tests.media_fixtures import write_video

INTRA = {"codec": "mjpeg"}


def with_zeros(path: Path, first: float, last: float) -> Path:
    """Overwrite the bytes of a file between two fractions of its length with zeros."""
    content = bytearray(path.read_bytes())
    start, end = int(first * len(content)), int(last * len(content))
    content[start:end] = bytes(end - start)
    path.write_bytes(content)
    return path


def lost_share(path: Path) -> int:
    """Return the percentage of lost frames that the error for a damaged video states."""
    with pytest.raises(MediaError, match=r"Received: \d+% lost; the file is damaged") as caught:
        Video(path).times()
    return int(caught.value.reason.split("Received: ")[1].split("%")[0])


@pytest.mark.parametrize("name", ["a.avi", "a.mp4", "a.mkv", "a.flv"])
def test_a_truncated_video_is_damaged(tmp_path, name):
    """A video file that is cut in half has lost about half of its frames."""
    options = {"a.flv": {"codec": "flv1"}, "a.mp4": {"options": {"movflags": "faststart"}}}
    path = write_video(tmp_path / name, 100, **options.get(name, {}))
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    assert 40 < lost_share(path) < 60


@pytest.mark.parametrize("name", ["a.avi", "a.mp4", "a.mkv"])
def test_frames_that_cannot_be_decoded_are_lost(tmp_path, name):
    """Zeros in a third of an MJPEG file make 25 % to 75 % of the frames unreadable."""
    path = with_zeros(write_video(tmp_path / name, 100, **INTRA), 0.3, 0.63)
    assert 25 < lost_share(path) < 75


def test_pauses_of_a_damaged_broadcast_are_lost(tmp_path):
    """If the middle third of an MPEG-TS file is removed, the gap in time counts as lost frames."""
    whole = write_video(tmp_path / "a.ts", 100, codec="mpeg2video").read_bytes()
    first, last = len(whole) // 3 // 188 * 188, 2 * len(whole) // 3 // 188 * 188
    (tmp_path / "a.ts").write_bytes(whole[:first] + whole[last:])
    assert 20 < lost_share(tmp_path / "a.ts") < 45


def test_a_small_loss_is_noted_once(tmp_path, capsys):
    """A video with a few lost frames is read, with a note on stderr."""
    path = with_zeros(write_video(tmp_path / "a.avi", 100, **INTRA), 0.5, 0.53)
    for _ in range(2):
        assert 90 < len(Video(path).times()) < 100
    output = capsys.readouterr()
    assert output.out == ""
    (line,) = output.err.splitlines()
    assert line.startswith(f"{path}: ")
    assert line.endswith("% of the frames are damaged or missing.")


@pytest.mark.parametrize("name", ["a.avi", "a.mp4", "a.mkv", "a.ts", "a.mov", "a.wmv", "a.flv"])
def test_an_intact_video_has_no_note(tmp_path, name, capfd):
    """An intact video is read without a note."""
    codec = {"a.ts": "libx264", "a.wmv": "wmv2", "a.flv": "flv1"}.get(name, "mpeg4")
    assert len(Video(write_video(tmp_path / name, 60, codec=codec)).times()) == 60
    assert capfd.readouterr() == ("", "")


def test_frames_before_the_damage_are_read(tmp_path):
    """Reading stops after the requested frames, so damage after them raises no error."""
    path = write_video(tmp_path / "a.avi", 100)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    assert Video(path).frames(None, [5]).shape == (1, 48, 64, 3)
    with pytest.raises(MediaError, match="% lost"):
        Video(path).frames(None)


@pytest.mark.parametrize(
    ("name", "codec"),
    [("a.avi", "mpeg4"), ("a.mp4", "libx264"), ("a.mkv", "mpeg4"), ("a.ts", "libx264")],
)
def test_random_damage_raises_only_media_errors(tmp_path, name, codec):
    """A video file with random damage is read, or raises MediaError and no other exception."""
    whole = write_video(tmp_path / name, 12, codec=codec).read_bytes()
    rng, outcomes = random.Random(0), set()
    for _ in range(60):
        content = bytearray(whole)
        for _ in range(rng.choice([1, 4, 40, 400])):
            content[rng.randrange(rng.choice([200, 2000, len(content)])) % len(content)] = (
                rng.randrange(256)
            )
        (tmp_path / name).write_bytes(content[: rng.choice([len(content), rng.randrange(9999)])])
        try:
            outcomes.add(len(Video(tmp_path / name).times()) > 0)
        except MediaError:
            outcomes.add("refused")
    assert outcomes == {True, "refused"}
