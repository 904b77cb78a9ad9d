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


STATED = {
    "a.avi": {},
    "b.avi": {"codec": "libx264"},
    "a.mp4": {"options": {"movflags": "faststart"}},
    "a.mkv": {},
    "a.flv": {"codec": "flv1"},
    "a.wmv": {"codec": "wmv2"},
    "a.swf": {"codec": "flv1"},
    "a.rm": {"codec": "rv20", "size": (176, 144)},
    "a.ivf": {"codec": "libvpx"},
    "a.mxf": {"codec": "mpeg2video"},
}
"""Files that state the length of the video, and the options of `write_video` for them."""
UNSTATED = {
    "a.mp4": {"codec": "libx264", "options": {"movflags": "frag_keyframe+empty_moov"}},
    "a.gif": {"codec": "gif"},
    "a.ogg": {"codec": "libvpx"},
    "a.mpg": {"codec": "mpeg2video"},
}
"""Files that do not state the length of the video, but show that they are cut."""


@pytest.mark.parametrize("name", STATED)
@pytest.mark.parametrize("percent", [25, 50, 75])
def test_a_truncated_video_is_damaged(tmp_path, name, percent):
    """A truncated video file has lost about as many frames as bytes."""
    path = write_video(tmp_path / name, 100, **STATED[name])
    path.write_bytes(path.read_bytes()[: path.stat().st_size * percent // 100])
    assert 85 - percent < lost_share(path) < 122 - percent


@pytest.mark.parametrize("name", UNSTATED)
@pytest.mark.parametrize("percent", [50, 75, 95])
def test_a_video_with_an_unknown_loss_is_refused(tmp_path, name, percent):
    """A truncated file that does not state its length raises MediaError after its last frame."""
    path = write_video(tmp_path / name, 100, **UNSTATED[name])
    path.write_bytes(path.read_bytes()[: path.stat().st_size * percent // 100])
    with pytest.raises(MediaError, match=r"Received: .* cut short"):
        Video(path).times()
    assert Video(path).frames(None, [5]).shape == (1, 48, 64, 3)


def test_a_program_stream_that_is_cut_between_packs_is_refused(tmp_path):
    """An MPEG program stream that ends in the middle of a frame is cut short."""
    path = write_video(tmp_path / "a.mpg", 100, codec="mpeg2video")
    packs = path.stat().st_size // 2048
    path.write_bytes(path.read_bytes()[: packs // 2 * 2048])
    with pytest.raises(MediaError, match="cut short and does not state how many"):
        Video(path).times()


@pytest.mark.parametrize("codec", ["mpeg2video", "libx264"])
def test_the_middle_of_an_mxf_file_is_missed(tmp_path, codec):
    """Frames of an MXF file that are replaced by zeros count as lost: its rate is constant."""
    path = with_zeros(write_video(tmp_path / "a.mxf", 100, codec=codec), 0.3, 0.63)
    assert 25 < lost_share(path) < 50


@pytest.mark.parametrize(("name", "codec"), [("a.webm", "libvpx-vp9"), ("a.wmv", "wmv2")])
@pytest.mark.parametrize(("first", "last"), [(0.4, 0.6), (0.3, 0.9)])
def test_skipped_bytes_are_lost_frames(tmp_path, name, codec, first, last):
    """FFmpeg continues behind damaged bytes without an error; the pause shows the lost frames."""
    path = write_video(tmp_path / name, 100, codec=codec, size=(320, 240))
    share = 100 * (last - first)
    assert lost_share(with_zeros(path, first, last)) > 0.8 * share


def test_a_damaged_gif_is_refused(tmp_path):
    """A GIF with zeros in its middle raises MediaError, since a reader stops there."""
    path = with_zeros(write_video(tmp_path / "a.gif", 30, codec="gif"), 0.3, 0.5)
    with pytest.raises(MediaError, match="damaged or cut short and does not state how many"):
        Video(path).times()


def test_damaged_pages_of_an_ogg_file_are_lost(tmp_path):
    """FFmpeg skips a page with a wrong checksum; all packets of such a page are lost frames."""
    path = write_video(tmp_path / "a.ogg", 100, codec="libvpx")
    content = bytearray(path.read_bytes())
    for place in range(len(content) // 4, len(content) // 2, 500):
        content[place] ^= 1
    path.write_bytes(content)
    assert 20 < lost_share(path) < 60


def test_a_missing_end_marker_is_noted(tmp_path, capsys):
    """A GIF without its trailer is read, with a note on stderr."""
    path = write_video(tmp_path / "a.gif", 20, codec="gif")
    path.write_bytes(path.read_bytes()[:-1])
    assert len(Video(path).times()) == 20
    assert "the end marker is missing" in capsys.readouterr().err


@pytest.mark.parametrize("length", [0, 30, 2**32 - 1])
def test_the_length_of_an_ivf_file_may_be_unknown(tmp_path, length, capfd):
    """An IVF file is whole if its header states no length, or the number of its frames."""
    path = write_video(tmp_path / "a.ivf", 30, codec="libvpx")
    content = bytearray(path.read_bytes())
    content[24:28] = length.to_bytes(4, "little")
    path.write_bytes(content)
    assert len(Video(path).times()) == 30
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("divisor", [1, 40])
def test_the_length_of_an_ivf_file_has_two_meanings(tmp_path, divisor, capfd):
    """The length of an IVF file is a number of frames or a duration; a cut file is damaged."""
    stamps = [*range(0, 400, 40), *range(2000, 2400, 40)]
    path = write_video(tmp_path / "a.ivf", 20, codec="libvpx", stamps=stamps)
    content = bytearray(path.read_bytes())
    length = 2400 if divisor == 1 else 20
    content[24:28] = length.to_bytes(4, "little")
    path.write_bytes(content)
    assert len(Video(path).times()) == 20
    assert capfd.readouterr() == ("", "")
    path.write_bytes(content[: len(content) // 2])
    assert 40 < lost_share(path) < 90


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


@pytest.mark.parametrize(
    ("name", "options"),
    [
        *STATED.items(),
        *UNSTATED.items(),
        ("a.mov", {}),
        ("a.ts", {"codec": "libx264"}),
        ("b.mpg", {"codec": "mpeg1video"}),
        ("a.gxf", {"codec": "mpeg2video", "size": (720, 576)}),
    ],
)
@pytest.mark.parametrize("count", [1, 3, 40])
def test_an_intact_video_has_no_note(tmp_path, name, options, count, capfd):
    """An intact video is read without a note, however short it is."""
    assert len(Video(write_video(tmp_path / name, count, **options)).times()) == count
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("name", "codec"),
    [("a.avi", "mpeg4"), ("a.mp4", "libx264"), ("a.mkv", "mpeg4"), ("a.ogg", "libvpx"),
     ("a.rm", "rv10"), ("a.ivf", "libvpx"), ("a.gif", "gif"), ("a.flv", "flv1")],
)  # fmt: skip
def test_an_intact_video_with_pauses_has_no_note(tmp_path, name, codec, capfd):
    """An intact video with a variable frame rate is read without a note."""
    stamps, size = [0, 40, 80, 1000, 1040, 3000, 3040, 5000], (176, 144)
    path = write_video(tmp_path / name, 8, codec=codec, stamps=stamps, size=size)
    assert len(Video(path).times()) == 8
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
