"""Broken videos: frames that can be decoded are read, and errors state the reason."""

import wave
from pathlib import Path

import av
import numpy as np
import pytest

from lrcn_seq.data.media import video
from lrcn_seq.data.media.frame_folder import FrameFolder
from lrcn_seq.data.media.video import Video
from lrcn_seq.errors import MediaError
from lrcn_seq.records import Preprocessing
from tests.media_fixtures import frame_numbers, write_video

SIZE = Preprocessing(24, 32)


def test_a_truncated_stream_gives_its_first_frames(tmp_path):
    """The first frames of a truncated AVI are read; requesting lost frames raises MediaError."""
    whole = write_video(tmp_path / "a.avi", 100).read_bytes()
    path = tmp_path / "cut.avi"
    path.write_bytes(whole[: len(whole) // 2])
    assert frame_numbers(Video(path).frames(SIZE, [5])) == [5]
    with pytest.raises(MediaError, match=r"Received: \d\d% lost; the file is damaged or cut short"):
        Video(path).frames(SIZE, [0, 99])


def test_a_slightly_truncated_stream_gives_its_remaining_frames(tmp_path):
    """A video that lost its last frames is read; requesting the lost frames raises MediaError."""
    path = write_video(tmp_path / "a.avi", 100)
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * 0.94)])
    assert 90 <= len(Video(path).times()) < 100
    with pytest.raises(MediaError, match=r"expected a frame number 99 .* truncated or replaced"):
        Video(path).frames(SIZE, [0, 99])


def test_damaged_packets_are_skipped(tmp_path):
    """Frames before and after damage in the middle of a video are read."""
    content = bytearray(write_video(tmp_path / "a.avi", 100).read_bytes())
    middle = len(content) // 2
    content[middle : middle + 400] = bytes(400)
    (tmp_path / "a.avi").write_bytes(content)
    assert 80 < len(Video(tmp_path / "a.avi").times()) <= 101


def test_playlists_are_refused(tmp_path):
    """Playlists are refused, because FFmpeg would open the files and hosts that they list."""
    write_video(tmp_path / "secret.avi", 2)
    for text in (
        "ffconcat version 1.0\nfile secret.avi\n",
        "#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\nsecret.avi\n#EXT-X-ENDLIST\n",
    ):
        (tmp_path / "list.mp4").write_text(text)
        with pytest.raises(MediaError, match="expected a video"):
            Video(tmp_path / "list.mp4").times()


def broken(folder: Path) -> dict[str, tuple[Path, str]]:
    """Return broken videos by name, each with a part of the expected reason."""
    with wave.open(str(folder / "sound.wav"), "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(8000)
        sound.writeframes(bytes(1600))
    whole = write_video(folder / "whole.mp4").read_bytes()
    (folder / "cut.mp4").write_bytes(whole[: len(whole) // 2])
    (folder / "empty.mp4").write_bytes(b"")
    (folder / "text.avi").write_bytes(b"no video at all " * 100)
    (folder / "text.mp4").write_text("no video at all\n" * 100)
    (folder / "zeros.mp4").write_bytes(bytes(5000))
    with av.open(str(folder / "sound.m4a"), "w", format="mp4") as container:
        stream = container.add_stream("aac", rate=8000)
        frame = av.AudioFrame.from_ndarray(
            np.zeros((1, 1024), np.float32), format="fltp", layout="mono"
        )
        frame.sample_rate = 8000
        container.mux(stream.encode(frame))
        container.mux(stream.encode())
    (folder / "folder").mkdir()
    (folder / "notes").mkdir()
    (folder / "notes" / "notes.txt").write_text("no images here")
    header = write_video(folder / "header.avi", 1).read_bytes()
    (folder / "header.avi").write_bytes(header[: header.index(b"movi") + 4])
    return {
        "sound only": (folder / "sound.wav", "a file without images (sound only)"),
        "without its index": (folder / "cut.mp4", "the file is not one or is damaged"),
        "empty": (folder / "empty.mp4", "expected a video; the file is empty"),
        "sound only, as MP4": (folder / "sound.m4a", "a file without images (sound only)"),
        "text": (folder / "text.avi", "the file is not one or is damaged"),
        "text named .mp4": (folder / "text.mp4", "the file is not one or is damaged"),
        "zeros": (folder / "zeros.mp4", "the file is not one or is damaged"),
        "missing": (folder / "missing.mp4", "there is no such file"),
        "empty folder": (folder / "folder", "Received: a folder without images"),
        "folder without images": (folder / "notes", "Received: a folder without images"),
        "no frames": (folder / "header.avi", "expected a video"),
    }


def test_broken_videos_raise_a_media_error_with_a_reason(tmp_path, capfd):
    """The error for a broken video names the file and the reason, and FFmpeg prints nothing."""
    table = broken(tmp_path)
    assert len(table) == 11
    for name, (path, reason) in table.items():
        media = FrameFolder(path) if path.is_dir() else Video(path)
        for read in (media.times, lambda media=media: media.frames(SIZE, [0])):
            with pytest.raises(MediaError) as caught:
                read()
            assert reason in str(caught.value), name
            assert str(caught.value).startswith(str(path))
    assert capfd.readouterr() == ("", "")


def test_a_frame_that_cannot_be_converted_is_a_media_error(tmp_path, monkeypatch):
    """An exception during the conversion of a frame becomes a MediaError with that cause."""

    def fail(*arguments):
        raise AttributeError("'NoneType' object has no attribute 'width'")

    path = write_video(tmp_path / "a.avi", 2)
    monkeypatch.setattr(video, "frame_pixels", fail)
    reads = (
        lambda: Video(path).frames(SIZE),
        lambda: list(Video(path).stream_frames(lambda *_: True, SIZE)),
    )
    for read in reads:
        with pytest.raises(MediaError, match=r"a\.avi: .*'NoneType' object") as caught:
            read()
        assert isinstance(caught.value.__cause__, AttributeError)
