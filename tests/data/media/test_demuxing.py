"""Which files are videos, and which of their streams is the video."""

import os
import struct
from io import BytesIO
from pathlib import Path

import av
import numpy as np
import pytest
from av.stream import Disposition
from PIL import Image

from lrcn_seq.data.media.demuxing import SOUND_FORMATS, VIDEO_FORMATS, open_video
from lrcn_seq.data.media.video import Video
from lrcn_seq.errors import MediaError
from tests.media_fixtures import frame_numbers, write_video

COVER = BytesIO()
Image.new("RGB", (320, 240), "red").save(COVER, "JPEG")


def add_cover(container, *, attached: bool):
    """Add a stream for one JPEG, flagged as cover art or not."""
    stream = container.add_stream("mjpeg", rate=25)
    stream.width, stream.height, stream.pix_fmt = 320, 240, "yuvj420p"
    if attached:
        stream.disposition = Disposition.attached_pic
    return stream


def mux_cover(container, stream):
    """Write the JPEG of a cover stream."""
    packet = av.Packet(COVER.getvalue())
    packet.stream, packet.pts, packet.dts, packet.is_keyframe = stream, 0, 0, True
    container.mux(packet)


def write_with_cover(path: Path, *, attached: bool, codec: str = "mpeg4") -> Path:
    """Write a video of five frames whose first stream is a cover."""
    with av.open(str(path), "w") as container:
        cover = add_cover(container, attached=attached)
        video = container.add_stream(codec, rate=25)
        video.width, video.height, video.pix_fmt = 64, 48, "yuv420p"
        video.codec_context.qmin = video.codec_context.qmax = 1
        mux_cover(container, cover)
        for number in range(5):
            pixels = np.full((48, 64, 3), 8 * number, np.uint8)
            container.mux(video.encode(av.VideoFrame.from_ndarray(pixels, format="rgb24")))
        container.mux(video.encode())
    return path


def write_sound(path: Path, codec: str, *, cover: bool) -> Path:
    """Write a short silent sound file, with or without cover art."""
    with av.open(str(path), "w") as container:
        sound = container.add_stream(codec, rate=44100)
        picture = add_cover(container, attached=True) if cover else None
        samples = np.zeros((1, 4096), np.int16)
        frame = av.AudioFrame.from_ndarray(samples, format="s16", layout="mono")
        frame.sample_rate = 44100
        packets = [*sound.encode(frame), *sound.encode()]
        if picture:
            mux_cover(container, picture)
        for packet in packets:
            container.mux(packet)
    return path


@pytest.mark.parametrize("attached", [True, False])
@pytest.mark.parametrize("name", ["a.mkv", "a.mp4"])
def test_a_cover_is_never_the_video(tmp_path, name, attached):
    """Cover art is not taken for the video, even as the first stream and without its flag."""
    video = Video(write_with_cover(tmp_path / name, attached=attached))
    assert len(video.times()) == 5
    assert frame_numbers(video.frames(None)) == [0, 1, 2, 3, 4]


def write_two_streams(path: Path, first: tuple, second: tuple, **options) -> Path:
    """Write a file with two video streams, each given by codec, pixel format, side and length.

    All pixels of frame n have gray value 8 n.
    """
    with av.open(str(path), "w", **options) as container:
        streams = []
        for codec, pixel_format, side, _ in (first, second):
            stream = container.add_stream(codec, rate=25)
            stream.width, stream.height, stream.pix_fmt = side, side, pixel_format
            streams.append(stream)
        for stream, (*_, side, count) in zip(streams, (first, second), strict=True):
            for number in range(count):
                pixels = np.full((side, side, 3), 8 * number, np.uint8)
                container.mux(stream.encode(av.VideoFrame.from_ndarray(pixels, format="rgb24")))
            container.mux(stream.encode())
    return path


PNG, JPEG, H264 = ("png", "rgb24"), ("mjpeg", "yuvj420p"), ("libx264", "yuv420p")
VP9 = ("libvpx-vp9", "yuv420p")
STREAMS = ((PNG, JPEG), (JPEG, H264), (H264, PNG), (H264, H264), (JPEG, JPEG))
"""Codecs and pixel formats of a cover and a video."""


@pytest.mark.parametrize(
    ("name", "cover", "codec"),
    [
        *((name, *pair) for name in ("a.mp4", "a.mov", "a.avi", "a.nut") for pair in STREAMS),
        ("a.mkv", JPEG, H264),
        ("a.mkv", H264, JPEG),
        ("a.mkv", H264, H264),
        ("a.webm", VP9, VP9),
    ],
)
@pytest.mark.parametrize("is_first", [True, False])
def test_a_stream_of_one_frame_is_not_the_video(tmp_path, name, cover, codec, is_first):
    """A stream of several frames is preferred to a larger stream of one, whatever the codecs."""
    streams = [(*cover, 256, 1), (*codec, 64, 20)]
    path = write_two_streams(tmp_path / name, *(streams if is_first else streams[::-1]))
    assert len(Video(path).times()) == 20
    assert Video(path).frames(None, [0]).shape == (1, 64, 64, 3)


def test_frames_are_counted_in_a_fragmented_file(tmp_path):
    """The frames of each stream are counted in a fragmented MP4, which does not state them."""
    options = {"options": {"movflags": "empty_moov+frag_every_frame"}}
    path = write_two_streams(tmp_path / "a.mp4", (*H264, 256, 1), (*H264, 64, 20), **options)
    assert Video(path).frames(None, [0]).shape == (1, 64, 64, 3)


@pytest.mark.parametrize(
    ("name", "codec"), [("a.mp3", "libmp3lame"), ("a.mp4", "aac"), ("a.flac", "flac")]
)
@pytest.mark.parametrize("cover", [True, False])
def test_a_sound_file_is_no_video(tmp_path, name, codec, cover):
    """A sound file is refused, with or without cover art."""
    path = write_sound(tmp_path / name, codec, cover=cover)
    with pytest.raises(MediaError, match=r"a file without images \(sound only\)"):
        Video(path).times()


def test_a_container_without_streams_is_no_sound(tmp_path):
    """A container without any stream has an error message of its own."""
    header = struct.pack(">I4s4sI4s", 20, b"ftyp", b"isom", 0, b"isom")
    movie = struct.pack(">I4sIIIII", 108, b"mvhd", 0, 0, 0, 1000, 0) + bytes(80)
    path = tmp_path / "a.mp4"
    path.write_bytes(header + struct.pack(">I4s", 116, b"moov") + movie)
    with pytest.raises(MediaError, match="a container without any stream"):
        Video(path).times()


def test_an_unknown_codec_is_named(tmp_path):
    """The error for a video of an unknown codec says that FFmpeg cannot decode it."""
    path = write_video(tmp_path / "a.mp4", 3, codec="libx264")
    path.write_bytes(path.read_bytes().replace(b"avc1", b"zzzz"))
    with pytest.raises(MediaError, match="a codec that FFmpeg cannot decode"):
        Video(path).times()


def not_videos(folder: Path) -> list[Path]:
    """Write images, texts and playlists that FFmpeg could open as videos; return their paths."""
    (folder / "jpeg.mp4").write_bytes(COVER.getvalue())
    Image.new("RGB", (64, 48)).save(folder / "png.avi", "PNG")
    for name in ("notes.txt", "notes.nfo", "notes.ans", "notes.vt", "notes.mp4"):
        (folder / name).write_text("Notes on the recordings.\n" * 40)
    write_video(folder / "secret.avi", 2).rename(folder / "secret")
    (folder / "list.mp4").write_text("ffconcat version 1.0\nfile secret\n")
    (folder / "list.avi").write_text("#EXTM3U\n#EXTINF:9,\nsecret\n#EXT-X-ENDLIST\n")
    return [path for path in folder.iterdir() if path.name != "secret"]


def test_images_text_and_playlists_are_no_videos(tmp_path):
    """Images, texts and playlists raise MediaError, whatever their suffix."""
    paths = not_videos(tmp_path)
    assert len(paths) == 9
    for path in paths:
        with pytest.raises(MediaError, match="expected a video; the file is not one or is damaged"):
            Video(path).times()


def test_each_listed_format_exists():
    """FFmpeg knows every listed format; playlists, images and raw video are not listed."""
    names = {name for entry in av.formats_available for name in entry.split(",")}
    assert {*VIDEO_FORMATS.split(","), *SOUND_FORMATS.split(",")} - names == set()
    assert {"tty", "concat", "hls", "dash", "image2", "rawvideo"} & set(
        VIDEO_FORMATS.split(",")
    ) == set()


def test_a_path_that_is_no_regular_file_is_refused(tmp_path):
    """A FIFO, a device and a folder as a video raise MediaError instead of being read."""
    os.mkfifo(tmp_path / "fifo.mp4")
    (tmp_path / "device.mp4").symlink_to("/dev/zero")
    (tmp_path / "folder.mp4").mkdir()
    for name, received in (("fifo", "a FIFO"), ("device", "a device"), ("folder", "a folder")):
        with pytest.raises(MediaError, match=f"Received: {received}"):
            Video(tmp_path / f"{name}.mp4").times()


def test_any_exception_in_the_body_is_a_media_error(tmp_path):
    """An exception of any type while a video is open becomes a MediaError with its cause."""
    path = write_video(tmp_path / "a.avi", 2)
    with (
        pytest.raises(MediaError, match=r"clip: expected a video; .*odd") as caught,
        open_video("clip", path, 10**6),
    ):
        raise AttributeError("odd")
    assert isinstance(caught.value.__cause__, AttributeError)
    assert not caught.value.transient


def test_columns_that_are_cropped_at_the_left_are_not_shown(tmp_path):
    """The left crop of an H.264 stream is exact, whatever the alignment of the memory."""
    path, cropped = write_video(tmp_path / "a.mp4", 3, codec="libx264"), tmp_path / "b.mp4"
    with av.open(str(path)) as source, av.open(str(cropped), "w") as target:
        stream = source.streams.video[0]
        copy = target.add_stream_from_template(stream)
        crop = av.bitstream.BitStreamFilterContext("h264_metadata=crop_left=20", stream, copy)
        for packet in source.demux(stream):
            for changed in crop.filter(packet if packet.size else None):
                changed.stream = copy
                target.mux(changed)
    frames, whole = Video(cropped).frames(None), Video(path).frames(None)
    assert frames.shape == (3, 48, 44, 3)
    assert np.abs(frames.astype(int) - whole[:, :, 20:]).mean() < 3
