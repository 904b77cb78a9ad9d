"""Decoding of videos of many codecs and containers."""

from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from lrcn_seq.data.media.content_index import ContentIndex
from lrcn_seq.data.media.video import Video
from lrcn_seq.errors import MediaError
from lrcn_seq.records import Preprocessing
from tests.media_fixtures import frame_numbers, write_video

SIZE = Preprocessing(24, 32)


def test_the_content_hash_is_that_of_the_file(tmp_path):
    """The content hash of a video depends on the bytes of its file, but not on the file name."""
    video, copy = write_video(tmp_path / "a.avi", 3), tmp_path / "b.avi"
    copy.write_bytes(video.read_bytes())
    index = ContentIndex()
    expected = index.hash_file(video)
    assert Video(video).content_hash(index) == Video(copy).content_hash(index) == expected


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
def test_frames_are_returned_in_the_order_of_the_numbers(tmp_path, name, codec):
    """Frames of every container and codec are returned in the order of the requested numbers."""
    path = write_video(tmp_path / name, codec=codec)
    frames = Video(path).frames(SIZE, [3, 17, 29, 0, 17])
    assert frames.shape == (5, 24, 32, 3)
    assert frames.dtype == np.uint8
    np.testing.assert_allclose(
        frame_numbers(frames), [3, 17, 29, 0, 17], atol=1 if codec == "libvpx" else 0
    )
    assert frames[:, 4, 4].min() > 235


def test_times_are_the_time_stamps_of_the_frames(tmp_path):
    """Frame times equal the timestamps of the file at constant and variable frame rates."""
    np.testing.assert_allclose(
        Video(write_video(tmp_path / "a.mp4", 30)).times(), np.arange(30) / 25, atol=1e-3
    )
    stamps = [0, 40, 80, 500, 520, 2000]
    np.testing.assert_allclose(
        Video(write_video(tmp_path / "b.mkv", 6, stamps=stamps)).times(),
        np.array(stamps) / 1000,
        atol=2e-3,
    )


@pytest.mark.parametrize(
    ("name", "codec"), [("a.avi", "libx264"), ("a.mkv", "libx264"), ("a.mp4", "libx264")]
)
def test_times_of_videos_with_b_frames_ascend(tmp_path, name, codec):
    """Frame times of videos with B-frames ascend, even in AVI, which lacks timestamps for them."""
    path = write_video(tmp_path / name, 30, codec=codec)
    with av.open(str(path)) as container:
        types = {frame.pict_type for frame in container.decode(video=0)}
    assert av.video.frame.PictureType.B in types
    np.testing.assert_allclose(Video(path).times(), np.arange(30) / 25, atol=1e-3)
    assert frame_numbers(Video(path).frames(SIZE)) == list(range(30))


@pytest.mark.parametrize("start", [0, 700, 60_000, 30_000_000])
def test_times_of_joined_recordings_ascend(tmp_path, start):
    """Frame times of a joined MPEG-TS continue evenly where its clock restarts or jumps."""
    parts = [
        write_video(
            tmp_path / f"{first}.ts", 20, codec="libx264", stamps=range(first, first + 800, 40)
        ).read_bytes()
        for first in (0, start)
    ]
    (tmp_path / "a.ts").write_bytes(b"".join(parts))
    np.testing.assert_allclose(Video(tmp_path / "a.ts").times(), np.arange(40) / 25, atol=2e-3)


def test_a_pause_of_a_minute_is_kept(tmp_path):
    """In a Matroska video, a frame that is shown for a minute keeps its duration."""
    path = write_video(tmp_path / "a.mkv", 3, stamps=[0, 40, 60_040])
    np.testing.assert_allclose(Video(path).times(), [0, 0.04, 60.04], atol=2e-3)


def test_a_stream_is_decoded_frame_by_frame(tmp_path, spied):
    """A stream yields frames and times before the rest of the video is decoded."""
    path = write_video(tmp_path / "a.avi", 200)
    spied.clear()
    frames = Video(path).stream_frames(lambda number, *_: number % 2 == 1, SIZE)
    found = [next(frames) for _ in range(3)]
    np.testing.assert_allclose([time for time, _ in found], [0.04, 0.12, 0.2])
    assert frame_numbers(np.stack([frame for _, frame in found])) == [1, 3, 5]
    assert spied[0][0].packets < 60


def test_a_stream_may_be_longer_than_a_video(tmp_path):
    """The limit on seconds does not apply to a stream."""
    video = Video(write_video(tmp_path / "a.avi", 60), seconds_limit=2)
    assert len(list(video.stream_frames(lambda *_: True, SIZE))) == 60


def test_a_selection_knows_the_next_time(tmp_path):
    """A stream calls `select` once per frame, with its number, time and the next frame's time."""
    calls = []
    video = Video(write_video(tmp_path / "a.avi", 3))
    assert list(video.stream_frames(lambda *call: calls.append(call), SIZE)) == []
    numbers, times, following = zip(*calls, strict=True)
    assert numbers == (0, 1, 2)
    np.testing.assert_allclose(times, [0, 0.04, 0.08])
    np.testing.assert_allclose(following[:2], [0.04, 0.08])
    assert following[2] is None


class SpyContainer:
    """A container of PyAV that counts the packets read from it."""

    def __init__(self, container):
        self.container, self.packets = container, 0

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.container.close()

    def __getattr__(self, name):
        return getattr(self.container, name)

    def demux(self, *streams):
        for packet in self.container.demux(*streams):
            self.packets += 1
            yield packet


@pytest.fixture
def spied(monkeypatch):
    """Return a list to which each call of `av.open` adds its container and options."""
    calls, opened = [], av.open

    def spy(file, *mode, **options):
        container = SpyContainer(opened(file, *mode, **options))
        calls.append((container, options))
        return container

    monkeypatch.setattr(av, "open", spy)
    return calls


def test_decoding_stops_after_the_last_wanted_frame(tmp_path, spied):
    """Decoding a video stops after the last requested frame."""
    path = write_video(tmp_path / "a.avi", 200)
    spied.clear()
    Video(path).frames(SIZE, [0, 5])
    ((container, _),) = spied
    assert 6 <= container.packets < 60


def test_frames_are_decoded_as_they_are_asked_for(tmp_path, spied):
    """`iter_frames` decodes a video only as far as its frames are requested."""
    path = write_video(tmp_path / "a.avi", 200)
    spied.clear()
    frames = Video(path).iter_frames(np.array([2, 190]), SIZE)
    number, frame = next(frames)
    assert (number, frame_numbers(frame[None])) == (2, [2])
    assert spied[0][0].packets < 60
    assert [number for number, _ in frames] == [190]


def test_several_threads_decode(tmp_path, spied):
    """Videos are decoded with frame threads and slice threads."""
    path = write_video(tmp_path / "a.mp4", 5)
    spied.clear()
    frames = Video(path).iter_frames(np.array([0, 4]), SIZE)
    next(frames)  # The container stays open until the iterator ends.
    assert spied[0][0].streams.video[0].thread_type.name == "AUTO"


def test_only_local_files_may_be_opened(tmp_path, spied):
    """FFmpeg may open local files only, through the protocol `file`."""
    path = write_video(tmp_path / "a.mp4", 2)
    spied.clear()
    Video(path).times()
    ((_, options),) = spied
    assert options["options"]["protocol_whitelist"] == "file"


@pytest.mark.parametrize("size", [(65, 49), (2, 2), (1280, 16)])
def test_odd_sizes_are_read(tmp_path, size):
    """Videos with odd, tiny and very flat frames are read."""
    path = write_video(tmp_path / "a.mkv", 3, codec="ffv1", size=size)
    assert Video(path).frames(SIZE, [2]).shape == (1, 24, 32, 3)


def test_a_video_may_have_one_frame(tmp_path):
    """A video of one frame has a single time, which is 0."""
    path = write_video(tmp_path / "a.avi", 1)
    assert Video(path).times().tolist() == [0.0]
    assert frame_numbers(Video(path).frames(SIZE, [0])) == [0]


def test_an_animated_gif_is_a_video(tmp_path):
    """An animated GIF is read as a video with its frames and times."""
    frames = [Image.new("L", (16, 16), 80 * number) for number in range(3)]
    frames[0].save(tmp_path / "a.gif", save_all=True, append_images=frames[1:], duration=200)
    np.testing.assert_allclose(Video(tmp_path / "a.gif").times(), [0, 0.2, 0.4], atol=0.01)
    np.testing.assert_allclose(
        Video(tmp_path / "a.gif").frames(SIZE, [0, 1, 2])[:, 5, 5, 0], [0, 80, 160], atol=8
    )


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
    """Videos without a stated duration, such as raw streams and live recordings, are read."""
    live = {"options": {"live": "1"}} if container == "matroska" else {}
    path = write_video(tmp_path / name, 30, codec=codec, format=container, **live)
    with av.open(str(path)) as opened:
        stated = opened.streams.video[0].duration or opened.duration
    assert stated is None or container == "mpegts"
    times = Video(path).times()
    assert len(times) == 30
    assert (np.diff(times) > 0).all()
    np.testing.assert_allclose(
        frame_numbers(Video(path).frames(SIZE, [0, 12, 29])),
        [0, 12, 29],
        atol=1 if codec == "mjpeg" else 0,
    )


def test_a_video_with_sound_is_read(tmp_path):
    """The audio stream of a video is skipped."""
    with av.open(str(tmp_path / "a.mkv"), "w") as container:
        images, sound = (
            container.add_stream("ffv1", rate=25),
            container.add_stream("pcm_s16le", rate=8000),
        )
        images.width, images.height, images.pix_fmt = 64, 48, "yuv420p"
        for number in range(5):
            heard = av.AudioFrame.from_ndarray(
                np.zeros((1, 320), np.int16), format="s16", layout="mono"
            )
            heard.sample_rate, heard.pts = 8000, 320 * number
            container.mux(sound.encode(heard))
            container.mux(
                images.encode(
                    av.VideoFrame.from_ndarray(
                        np.full((48, 64, 3), 8 * number, np.uint8), format="rgb24"
                    )
                )
            )
        container.mux(images.encode())
        container.mux(sound.encode())
    assert frame_numbers(Video(tmp_path / "a.mkv").frames(SIZE, range(5))) == [0, 1, 2, 3, 4]


@pytest.mark.parametrize(
    "name", ["12:30.avi", "100%d.avi", "a b.avi", "-x.avi", "[1].avi", "clip.AVI", "clip"]
)
def test_special_characters_in_names_have_no_meaning(tmp_path, monkeypatch, name):
    """File names of videos may contain colons and percent signs."""
    write_video(tmp_path / "plain.avi", 2).rename(tmp_path / name)
    monkeypatch.chdir(tmp_path)
    assert (
        len(Video(name).times())
        == len(Video(Path(name)).times())
        == len(Video(tmp_path / name).times())
        == 2
    )


def test_size_and_duration_are_limited(tmp_path):
    """Videos with more pixels or seconds than the limits raise a MediaError."""
    path = write_video(tmp_path / "a.avi", 60)
    with pytest.raises(
        MediaError, match=r"expected at most 3,000 pixels per frame. Received: 64 × 48"
    ):
        Video(path, pixels_limit=3000).frames(SIZE, [0])
    with pytest.raises(MediaError, match="expected at most 2 seconds of video"):
        Video(path, seconds_limit=2).times()


def test_real_clips_have_the_right_number_of_frames(shared):
    """Real clips have as many frames as OpenCV decodes, and small clips a similar last frame."""
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
            more, image = capture.read()
            if not more:
                break
            expected, last = expected + 1, image
        assert len(Video(path).times()) == expected, path
        height, width = last.shape[:2]
        if width * height < 200_000:
            ours = Video(path).frames(Preprocessing(height, width), [expected - 1])[0]
            assert np.abs(ours.astype(int) - last[:, :, ::-1]).mean() < 3
