"""Videos as people have them: the right frames in the right order, or a sentence."""

import struct
import wave
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from lrcn_seq.data import video
from lrcn_seq.data.video import frame_files, read_numbers, read_times
from lrcn_seq.errors import MediaError
from lrcn_seq.records import Preprocessing

SIZE = Preprocessing(24, 32)


def write(
    path: Path,
    count: int = 30,
    *,
    codec: str = "mpeg4",
    size: tuple[int, int] = (64, 48),
    rate: int = 25,
    stamps=None,
    **options,
) -> Path:
    """A video whose frame n is gray of value 8 n, white in its upper left quarter, noise below it."""
    with av.open(str(path), "w", **options) as container:
        stream = container.add_stream(codec, rate=rate)
        stream.width, stream.height, stream.pix_fmt = (
            *size,
            "rgb8" if codec == "gif" else "yuvj420p" if codec == "mjpeg" else "yuv420p",
        )
        if codec == "mpeg4":
            stream.codec_context.qmin = stream.codec_context.qmax = 1
        if stamps is not None:
            stream.codec_context.time_base = Fraction(1, 1000)
        for number in range(count):
            pixels = np.full((size[1], size[0], 3), min(8 * number, 255), np.uint8)
            pixels[: size[1] // 2, : size[0] // 2] = 255
            noisy = pixels[size[1] // 2 :, : size[0] // 2]
            noisy[:] = np.random.default_rng(number).integers(0, 256, noisy.shape)
            frame = av.VideoFrame.from_ndarray(pixels, format="rgb24")
            if stamps is not None:
                frame.pts, frame.time_base = stamps[number], Fraction(1, 1000)
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path


def grays(frames: np.ndarray) -> list[int]:
    """The number of each frame, from its gray at the lower right."""
    return [round(int(frame[-4, -4, 0]) / 8) for frame in frames]


@pytest.mark.parametrize(
    ("name", "codec"),
    [
        ("a.avi", "mpeg4"),
        ("a.mp4", "mpeg4"),
        ("a.mp4", "libx264"),
        ("a.mkv", "mpeg4"),
        ("a.mov", "mpeg4"),
        ("ünï 写.webm", "libvpx"),
    ],
)
def test_the_wanted_frames_come_in_the_order_asked_for(tmp_path, name, codec):
    """Of several containers and codecs, also one twice, also with frames stored out of order (B-frames)."""
    path = write(tmp_path / name, codec=codec)
    frames = read_numbers(path, [3, 17, 29, 0, 17], SIZE)
    assert frames.shape == (5, 24, 32, 3)
    assert frames.dtype == np.uint8
    np.testing.assert_allclose(
        grays(frames), [3, 17, 29, 0, 17], atol=1 if codec == "libvpx" else 0
    )
    assert frames[:, 4, 4].min() > 235


@pytest.mark.parametrize("resize", ["stretch", "crop", "pad"])
def test_a_frame_of_the_right_size_stays_as_it_was_decoded(tmp_path, resize):
    """By every rule of resizing, value for value."""
    path = write(tmp_path / "a.mkv", 3)
    with av.open(str(path)) as container:
        decoded = [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]
    np.testing.assert_array_equal(
        read_numbers(path, [0, 1, 2], Preprocessing(48, 64, resize=resize)), decoded
    )


def test_times_are_those_of_the_frames(tmp_path):
    """At a constant rate, and where the rate varies."""
    np.testing.assert_allclose(
        read_times(write(tmp_path / "a.mp4", 30)), np.arange(30) / 25, atol=1e-3
    )
    stamps = [0, 40, 80, 500, 520, 2000]
    np.testing.assert_allclose(
        read_times(write(tmp_path / "b.mkv", 6, stamps=stamps)), np.array(stamps) / 1000, atol=2e-3
    )


def test_decoding_stops_after_the_last_wanted_frame(tmp_path, monkeypatch):
    """The first frames of a long video are read in a fraction of it."""
    path, decoded = write(tmp_path / "a.avi", 200), []

    def counted(container, stream):
        for packet in container.demux(stream):
            decoded.append(packet)
            yield packet

    monkeypatch.setattr(video, "_packets", counted)
    read_numbers(path, [0, 5], SIZE)
    assert 6 <= len(decoded) < 60


@pytest.mark.parametrize("size", [(65, 49), (2, 2), (1280, 16)])
def test_odd_sizes_are_read(tmp_path, size):
    """Widths that no codec likes."""
    path = write(tmp_path / "a.mkv", 3, codec="ffv1", size=size)
    assert read_numbers(path, [2], SIZE).shape == (1, 24, 32, 3)


def test_one_frame_is_a_video(tmp_path):
    """With one time, zero."""
    path = write(tmp_path / "a.avi", 1)
    assert read_times(path).tolist() == [0.0]
    assert grays(read_numbers(path, [0], SIZE)) == [0]


def test_an_animated_gif_is_a_video(tmp_path):
    """Its frames and their times."""
    frames = [Image.new("L", (16, 16), 80 * number) for number in range(3)]
    frames[0].save(tmp_path / "a.gif", save_all=True, append_images=frames[1:], duration=200)
    np.testing.assert_allclose(read_times(tmp_path / "a.gif"), [0, 0.2, 0.4], atol=0.01)
    np.testing.assert_allclose(
        read_numbers(tmp_path / "a.gif", [0, 1, 2], SIZE)[:, 5, 5, 0], [0, 80, 160], atol=8
    )


def test_a_folder_of_pictures_is_a_video(tmp_path):
    """In the order of their numbers; other files do not count."""
    for number in (1, 2, 10, 9):
        Image.new("RGB", (10, 10), (20 * number,) * 3).save(tmp_path / f"frame{number}.png")
    Image.new("RGB", (10, 10)).save(tmp_path / "frame².png")  # a digit, but no number
    (tmp_path / "notes.txt").write_text("not a frame")
    (tmp_path / ".hidden.png").write_bytes(b"")
    assert [file.name for file in frame_files(tmp_path)] == [
        "frame1.png",
        "frame2.png",
        "frame9.png",
        "frame10.png",
        "frame².png",
    ]
    assert read_numbers(tmp_path, [3, 0], SIZE)[:, 0, 0, 0].tolist() == [200, 20]
    np.testing.assert_allclose(read_times(tmp_path), np.arange(5) / 25)


def turned(path: Path, matrix: tuple[int, ...]) -> Path:
    """Writes a display matrix into the track header of an MP4, as phones do."""
    content = bytearray(path.read_bytes())
    header = content.index(b"tkhd")
    start = header + 4 + 4 + 20 + 16
    content[start : start + 36] = struct.pack(">9i", *matrix)
    path.write_bytes(content)
    return path


ONE, LAST = 0x10000, 0x40000000


@pytest.mark.parametrize(
    ("matrix", "corner"),
    [
        ((ONE, 0, 0, 0, ONE, 0, 0, 0, LAST), (2, 2)),
        ((0, ONE, 0, -ONE, 0, 0, 0, 0, LAST), (2, -2)),
        ((-ONE, 0, 0, 0, -ONE, 0, 0, 0, LAST), (-2, -2)),
        ((0, -ONE, 0, ONE, 0, 0, 0, 0, LAST), (-2, 2)),
    ],
)
def test_rotation_noted_by_a_phone_is_carried_out(tmp_path, matrix, corner):
    """The white quarter of the upper left goes where the matrix (x' = a x + c y, y' = b x + d y) takes it."""
    frame = read_numbers(turned(write(tmp_path / "a.mp4", 3), matrix), [0], Preprocessing(32, 32))[
        0
    ]
    found = [place for place in ((2, 2), (2, -2), (-2, -2), (-2, 2)) if frame[place].min() > 200]
    assert found == [corner]


def test_a_stream_cut_short_gives_what_it_has(tmp_path):
    """Fewer frames, and a sentence for those that are gone."""
    whole = write(tmp_path / "a.avi", 100).read_bytes()
    path = tmp_path / "cut.avi"
    path.write_bytes(whole[: len(whole) // 2])
    count = len(read_times(path))
    assert 20 < count < 80
    assert grays(read_numbers(path, [5], SIZE)) == [5]
    with pytest.raises(
        MediaError, match=r"expected a frame number 99 .* cut short or was exchanged"
    ):
        read_numbers(path, [0, 99], SIZE)


def test_damage_in_the_middle_does_not_hide_the_rest(tmp_path):
    """Packets that cannot be decoded are left out."""
    content = bytearray(write(tmp_path / "a.avi", 100).read_bytes())
    middle = len(content) // 2
    content[middle : middle + 400] = bytes(400)
    (tmp_path / "a.avi").write_bytes(content)
    assert 80 < len(read_times(tmp_path / "a.avi")) <= 101


@pytest.mark.parametrize(
    ("name", "container", "codec"),
    [
        ("a.h264", "h264", "libx264"),
        ("a.mjpeg", "mjpeg", "mjpeg"),
        ("a.mkv", "matroska", "mpeg4"),
        ("a.ts", "mpegts", "libx264"),
    ],
)
def test_a_video_without_a_duration_is_read(tmp_path, name, container, codec):
    """Bare streams and live recordings do not say how long they are: frames are counted as they come."""
    live = {"options": {"live": "1"}} if container == "matroska" else {}
    path = write(tmp_path / name, 30, codec=codec, format=container, **live)
    with av.open(str(path)) as opened:
        stated = opened.streams.video[0].duration or opened.duration
    assert stated is None or container == "mpegts"
    times = read_times(path)
    assert len(times) == 30
    assert (np.diff(times) > 0).all()
    np.testing.assert_allclose(
        grays(read_numbers(path, [0, 12, 29], SIZE)), [0, 12, 29], atol=1 if codec == "mjpeg" else 0
    )


@pytest.mark.parametrize(
    ("codec", "pixels"),
    [
        ("ffv1", "gray"),
        ("ffv1", "yuv420p10le"),
        ("ffv1", "bgra"),
        ("libx264", "yuv444p"),
        ("ffv1", "gray16le"),
    ],
)
def test_every_depth_of_color_becomes_eight_bits(tmp_path, codec, pixels):
    """Gray, ten bits, with transparency, full color: red stays red where there is color."""
    with av.open(str(tmp_path / "a.mkv"), "w") as container:
        stream = container.add_stream(codec, rate=25)
        stream.width, stream.height, stream.pix_fmt = 64, 48, pixels
        frame = av.VideoFrame.from_ndarray(
            np.full((48, 64, 3), (200, 30, 30), np.uint8), format="rgb24"
        ).reformat(format=pixels)
        for _ in range(2):
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    expected = (81, 81, 81) if pixels.startswith("gray") else (200, 30, 30)
    np.testing.assert_allclose(
        read_numbers(tmp_path / "a.mkv", [1], SIZE)[0, 10, 10], expected, atol=6
    )


def test_a_moving_picture_with_sound_is_read(tmp_path):
    """The sound is passed over."""
    with av.open(str(tmp_path / "a.mkv"), "w") as container:
        picture, sound = (
            container.add_stream("ffv1", rate=25),
            container.add_stream("pcm_s16le", rate=8000),
        )
        picture.width, picture.height, picture.pix_fmt = 64, 48, "yuv420p"
        for number in range(5):
            heard = av.AudioFrame.from_ndarray(
                np.zeros((1, 320), np.int16), format="s16", layout="mono"
            )
            heard.sample_rate, heard.pts = 8000, 320 * number
            container.mux(sound.encode(heard))
            container.mux(
                picture.encode(
                    av.VideoFrame.from_ndarray(
                        np.full((48, 64, 3), 8 * number, np.uint8), format="rgb24"
                    )
                )
            )
        container.mux(picture.encode())
        container.mux(sound.encode())
    assert grays(read_numbers(tmp_path / "a.mkv", range(5), SIZE)) == [0, 1, 2, 3, 4]


def test_an_mp4_cut_short_behind_its_index_gives_what_it_has(tmp_path):
    """The index says more than the file holds."""
    whole = write(tmp_path / "a.mp4", 100, options={"movflags": "faststart"}).read_bytes()
    (tmp_path / "cut.mp4").write_bytes(whole[: len(whole) // 2])
    assert 20 < len(read_times(tmp_path / "cut.mp4")) < 80
    assert grays(read_numbers(tmp_path / "cut.mp4", [5], SIZE)) == [5]


@pytest.mark.parametrize(
    "name", ["12:30.avi", "100%d.avi", "a b.avi", "-x.avi", "[1].avi", "clip.AVI", "clip"]
)
def test_odd_names_are_only_names(tmp_path, monkeypatch, name):
    """Also where the decoder would take what stands before a colon for a protocol."""
    write(tmp_path / "plain.avi", 2).rename(tmp_path / name)
    monkeypatch.chdir(tmp_path)
    assert (
        len(read_times(name))
        == len(read_times(Path(name)))
        == len(read_times(tmp_path / name))
        == 2
    )


def test_a_list_of_other_files_is_no_video(tmp_path):
    """The decoder follows playlists to other files and hosts; a folder of clips must not."""
    write(tmp_path / "secret.avi", 2)
    for text in (
        "ffconcat version 1.0\nfile secret.avi\n",
        "#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\nsecret.avi\n#EXT-X-ENDLIST\n",
    ):
        (tmp_path / "list.mp4").write_text(text)
        with pytest.raises(MediaError, match="expected a video"):
            read_times(tmp_path / "list.mp4")


def test_the_bound_on_pixels_holds_for_folders(tmp_path):
    """And a picture in a folder that cannot be read is named."""
    Image.new("RGB", (100, 100)).save(tmp_path / "0.png")
    (tmp_path / "1.png").write_bytes(b"nothing")
    with pytest.raises(MediaError, match=r"0\.png: expected at most 5,000 pixels"):
        read_numbers(tmp_path, [0], SIZE, pixels_limit=5000)
    with pytest.raises(MediaError, match=r"1\.png: expected a picture"):
        read_numbers(tmp_path, [0, 1], SIZE)


def broken(folder: Path) -> dict[str, tuple[Path, str]]:
    """The table of bad videos: a file, and a part of its sentence."""
    with wave.open(str(folder / "sound.wav"), "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(8000)
        sound.writeframes(bytes(1600))
    whole = write(folder / "whole.mp4").read_bytes()
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
    (folder / "notes" / "notes.txt").write_text("no pictures here")
    header = write(folder / "header.avi", 1).read_bytes()
    (folder / "header.avi").write_bytes(header[: header.index(b"movi") + 4])
    return {
        "sound only": (folder / "sound.wav", "a file without pictures (sound only)"),
        "without its index": (folder / "cut.mp4", "expected a video; it is none, or damaged"),
        "empty": (folder / "empty.mp4", "expected a video; the file is empty"),
        "sound only, as MP4": (folder / "sound.m4a", "a file without pictures (sound only)"),
        "text": (folder / "text.avi", "expected a video; it is none, or damaged"),
        "text named .mp4": (folder / "text.mp4", "expected a video; it is none, or damaged"),
        "zeros": (folder / "zeros.mp4", "expected a video; it is none, or damaged"),
        "missing": (folder / "missing.mp4", "there is no such file"),
        "empty folder": (folder / "folder", "Received: a folder without any"),
        "folder without pictures": (folder / "notes", "Received: a folder without any"),
        "no frames": (folder / "header.avi", "expected a video"),
    }


def test_every_broken_video_has_its_sentence(tmp_path, capfd):
    """It names the file, in one line, and the decoder keeps quiet."""
    table = broken(tmp_path)
    assert len(table) == 11
    for name, (path, sentence) in table.items():
        for reading in (
            lambda path=path: read_times(path),
            lambda path=path: read_numbers(path, [0], SIZE),
        ):
            with pytest.raises(MediaError) as caught:
                reading()
            assert sentence in str(caught.value), name
            assert str(caught.value).startswith(str(path))
    assert capfd.readouterr() == ("", "")


def test_size_and_duration_are_bounded(tmp_path):
    """More pixels or seconds than allowed are refused."""
    path = write(tmp_path / "a.avi", 60)
    with pytest.raises(
        MediaError, match=r"expected at most 3,000 pixels a frame. Received: 64 × 48"
    ):
        read_numbers(path, [0], SIZE, pixels_limit=3000)
    with pytest.raises(MediaError, match="expected at most 2 seconds of video"):
        read_times(path, seconds_limit=2)


def test_real_clips_have_the_right_number_of_frames(shared):
    """Against OpenCV decoding the same files: UCF-101, MSVD, Kinetics, surveillance; and the pixels agree."""
    cv2 = pytest.importorskip("cv2")
    paths = [
        *(shared / "ucf101/clips").rglob("*.avi"),
        *(shared / "msvd/clips").glob("*.avi"),
        *(shared / "other_clips").glob("*"),
        *sorted((shared / "surveillance_fights").rglob("*.mp4"))[::20],
    ]
    assert len(paths) == 16
    for path in paths:
        capture, expected, last = cv2.VideoCapture(str(path)), 0, None
        while True:
            more, picture = capture.read()
            if not more:
                break
            expected, last = expected + 1, picture
        assert len(read_times(path)) == expected, path
        height, width = last.shape[:2]
        if width * height < 200_000:
            ours = read_numbers(path, [expected - 1], Preprocessing(height, width))[0]
            assert np.abs(ours.astype(int) - last[:, :, ::-1]).mean() < 3
