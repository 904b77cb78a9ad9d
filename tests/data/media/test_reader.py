"""The media reader, which opens every kind of source and reads it in views."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from lrcn_seq.data.media.animation import AnimatedImage
from lrcn_seq.data.media.content_index import ContentIndex
from lrcn_seq.data.media.drawn import Drawn
from lrcn_seq.data.media.frame_array import FrameArray
from lrcn_seq.data.media.frame_folder import FrameFolder
from lrcn_seq.data.media.image import StillImage
from lrcn_seq.data.media.optical_flow import OpticalFlow
from lrcn_seq.data.media.reader import MediaReader, enlarged, media_kind
from lrcn_seq.data.media.vector_array import Vectors
from lrcn_seq.data.media.video import Video
from lrcn_seq.data.views import registry as views
from lrcn_seq.errors import MediaError
from lrcn_seq.records import Preprocessing
from tests.media_fixtures import Counter, write_video

SIZE = Preprocessing(16, 24)
NOISE = np.random.default_rng(0).integers(0, 256, (40, 60, 3), np.uint8)
CLIP = np.random.default_rng(1).integers(0, 256, (7, 40, 60, 3), np.uint8)


def test_a_path_of_images_is_an_image_file(tmp_path):
    """A reader of images opens every path as an image, whatever its suffix."""
    reader = MediaReader("images", SIZE)
    for path in (tmp_path, "a.avi", "a.gif", "a.jpg", tmp_path / "a"):
        assert type(reader.open(path)) is StillImage


def test_an_image_among_clips_is_recognized_by_its_content(tmp_path):
    """Among clips, a JPEG with any JPEG suffix or without one is read as an image."""
    noise = np.random.default_rng(0).integers(0, 256, (50, 50, 3), np.uint8)
    for name in ("a.jpg", "a.jfif", "a.jpe", "a"):
        Image.fromarray(noise).save(tmp_path / name, "JPEG")
        assert MediaReader("clips", SIZE).frames(tmp_path / name).shape[0] == 1
        (tmp_path / name).write_bytes((tmp_path / name).read_bytes()[:-900])
        with pytest.raises(MediaError, match="the image is damaged or cut short"):
            MediaReader("clips", SIZE).frames(tmp_path / name)


def test_a_path_of_clips_is_a_folder_an_image_or_a_video(tmp_path):
    """A clip is read as a folder of frames, as an image by its suffix, or else as a video."""
    reader = MediaReader("clips", SIZE)
    assert type(reader.open(tmp_path)) is FrameFolder
    for path in ("A.JPG", "a.webp", "a.apng", "a.jfif"):
        assert type(reader.open(path)) is AnimatedImage
    for path in ("a.avi", "a.gif", "a"):
        assert type(reader.open(path)) is Video


@pytest.mark.parametrize("kind", ["images", "clips"])
def test_other_sources_are_recognized_by_type(kind):
    """Arrays with four axes are opened as clips, and other arrays and PIL images as images."""
    reader = MediaReader(kind, SIZE)
    assert type(reader.open(CLIP)) is FrameArray
    assert type(reader.open(NOISE)) is StillImage
    assert type(reader.open(Image.fromarray(NOISE))) is StillImage
    assert type(reader.open(Counter("a", 2))) is Drawn


def test_vectors_are_opened_from_paths_and_arrays():
    """A reader of vectors opens paths and arrays, and refuses drawings."""
    reader = MediaReader("vectors", vector_width=3)
    assert type(reader.open("a.npy")) is type(reader.open(np.zeros((2, 3)))) is Vectors
    assert reader.open("a.npy").width == 3
    with pytest.raises(MediaError, match=r"a path or an array of vectors\. Received: Counter"):
        reader.open(Counter("a", 2))


@pytest.mark.parametrize("kind", ["images", "clips"])
def test_other_types_are_refused(kind):
    """A source of an unsupported type raises a MediaError that names the type."""
    with pytest.raises(MediaError, match=r"expected a path, a PIL image or an array\. Received: i"):
        MediaReader(kind, SIZE).open(5)


def test_flow_wraps_every_clip(tmp_path):
    """With modality `flow`, a reader opens every kind of clip as optical flow."""
    reader = MediaReader("clips", SIZE, modality="flow")
    for source in (tmp_path, "a.avi", CLIP, Counter("a", 2)):
        assert type(reader.open(source)) is OpticalFlow


@pytest.mark.parametrize(
    ("takes", "sampled", "kind"),
    [
        ("vectors", True, "vectors"),
        ("vectors", False, "vectors"),
        ("frames", True, "clips"),
        ("frames", False, "images"),
    ],
)
def test_the_kind_follows_from_encoder_and_sampling(takes, sampled, kind):
    """The samples of a frame encoder are clips if there is a sampling, otherwise images."""
    assert media_kind(takes, sampled=sampled) == kind


def test_frames_are_read_at_the_size_of_the_encoder(photos):
    """A reader resizes images and clips to the input size of the encoder."""
    frames = MediaReader("images", SIZE).frames(photos[7])
    assert frames.shape == (1, 16, 24, 3)
    np.testing.assert_allclose(frames, 70, atol=1)
    clip = MediaReader("clips", SIZE).frames(Counter("a", 9), np.array([8, 1]))
    assert clip[:, 0, 0, 0].tolist() == [8, 1]


def test_the_pixels_limit_applies_to_every_kind(photos, tmp_path):
    """The pixels limit applies to images, folders of frames and arrays."""
    (tmp_path / "frames").mkdir()
    photos[0].rename(tmp_path / "frames" / "0.jpg")
    reader = MediaReader("clips", SIZE, pixels_limit=1199)
    for source in (photos[1], tmp_path / "frames", CLIP, NOISE):
        with pytest.raises(MediaError, match="expected at most 1,199 pixels"):
            reader.frames(source)
    assert MediaReader("clips", SIZE, pixels_limit=1200).frames(photos[1]).shape[0] == 1


def test_a_view_gets_its_margin():
    """With a view, frames are read `margin` times larger than the encoder's input, then cropped."""
    view = views.build({"type": "crop_mirror", "margin": 1.5})
    assert enlarged(SIZE, view)[:2] == (24, 36)
    assert enlarged(SIZE, None) == SIZE
    whole = MediaReader("images", Preprocessing(24, 36)).frames(NOISE)
    center = MediaReader("images", SIZE, view=view).frames(NOISE)
    np.testing.assert_array_equal(center, whole[:, 4:20, 6:30])


def test_a_training_view_follows_from_its_generator():
    """Random generators with equal seeds give equal training views (augmented frames)."""
    reader = MediaReader("images", SIZE, view=views.build({"type": "crop_mirror", "margin": 1.5}))
    first, equal, other = (
        reader.frames(NOISE, random=np.random.default_rng(seed)) for seed in (5, 5, 6)
    )
    assert first.shape == (1, 16, 24, 3)
    np.testing.assert_array_equal(first, equal)
    assert (first != other).any()


def test_without_a_generator_the_first_test_view_is_read():
    """Without a random generator, `frames` reads the first test view."""
    reader = MediaReader("images", SIZE, view=views.build({"type": "ten_crop", "margin": 1.25}))
    crops = reader.views(NOISE)
    assert len(crops) == 10
    np.testing.assert_array_equal(reader.frames(NOISE), crops[0])
    np.testing.assert_array_equal(crops[5], crops[0][:, :, ::-1])


def test_vectors_have_no_views():
    """A reader of vectors ignores its view."""
    view = views.build({"type": "ten_crop"})
    reader, vectors = MediaReader("vectors", view=view), np.ones((4, 3), np.float32)
    assert len(reader.views(vectors)) == 1
    np.testing.assert_array_equal(reader.frames(vectors, random=np.random.default_rng(0)), vectors)


def test_a_source_as_one_clip():
    """`clip` packs the one frame of an image, or all frames or vectors of a clip."""
    for kind, count in (("images", 1), ("clips", 7)):
        clip = MediaReader(kind, SIZE).clip(CLIP)
        assert clip.frames.shape == (count, 16, 24, 3)
        assert clip.index.tolist() == [list(range(count))]
        assert clip.index.dtype == np.int32
    clip = MediaReader("vectors").clip(np.ones((4, 3)))
    assert clip.frames.shape == (4, 3)
    assert clip.index.tolist() == [[0, 1, 2, 3]]


@pytest.mark.parametrize("batch", [1, 2, 5])
def test_clips_of_a_source_come_in_all_views(batch):
    """`clips` yields the frames of each selection in each view."""
    reader = MediaReader("clips", SIZE, view=views.build({"type": "ten_crop", "margin": 1.25}))
    selections = [np.array([0, 2, 3]), np.array([2, 3, 5]), np.array([6])]
    rows = [
        clips.frames[row[row >= 0]]
        for clips in reader.clips(CLIP, selections, batch)
        for row in clips.index
    ]
    expected = [view for numbers in selections for view in reader.views(CLIP, numbers)]
    assert len(rows) == len(expected) == 30
    for row, frames in zip(rows, expected, strict=True):
        np.testing.assert_array_equal(row, frames)


def test_clips_of_vectors(tmp_path):
    """`clips` packs the selected vectors of a file like frames."""
    vectors = np.arange(12, dtype=np.float32).reshape(6, 2)
    np.save(tmp_path / "a.npy", vectors)
    (clips,) = MediaReader("vectors").clips(tmp_path / "a.npy", [np.array([1, 2]), np.array([2])])
    np.testing.assert_array_equal(clips.frames, vectors[[1, 2]])
    assert clips.index.tolist() == [[0, 1], [1, -1]]


def test_times_of_files_are_remembered_with_an_index(tmp_path, photos):
    """A reader with a content index caches the times of files, but not of arrays."""
    index, folder = ContentIndex(), tmp_path / "frames"
    folder.mkdir()
    Image.fromarray(NOISE).save(folder / "0.png")
    video = write_video(tmp_path / "a.avi", 3)
    plain = MediaReader("clips", SIZE, pixels_limit=5000)
    reader = plain.with_index(index)
    for source in (photos[0], folder, video, CLIP, Counter("a", 3)):
        np.testing.assert_allclose(reader.times(source), plain.times(source), atol=1e-3)
        key = reader.open(source).times_key
        is_remembered = index.has_fact(f"times:{key}:{reader.content_hash(source)}:5000")
        assert is_remembered is isinstance(source, Path)
    assert plain.index is None


def test_the_content_hash_is_independent_of_the_kind(tmp_path, photos):
    """The content hash of a file is the same for every kind of media."""
    index = ContentIndex()
    for kind in ("images", "clips", "vectors"):
        reader = MediaReader(kind, index=index)
        assert reader.content_hash(photos[0]) == index.hash_file(photos[0])


@pytest.mark.parametrize("index", [None, ContentIndex()])
def test_check_reads_each_kind(tmp_path, photos, index):
    """`check` decodes images, reads the times of clips, loads vectors and skips drawings."""
    np.save(tmp_path / "a.npy", np.ones((2, 3)))
    for kind, source in (("images", photos[0]), ("clips", photos[0]), ("vectors", "a.npy")):
        reader = MediaReader(kind, vector_width=3, index=index)
        reader.check(tmp_path / source)
        reader.check(Counter("a", 0))
        with pytest.raises(MediaError):
            reader.check(tmp_path / "missing.jpg")
    with pytest.raises(MediaError, match="expected vectors of width 5"):
        MediaReader("vectors", vector_width=5, index=index).check(tmp_path / "a.npy")


def test_an_animation_is_one_image_and_a_clip_of_all_frames(tmp_path):
    """An animation is read as its first frame among images, and as all its frames among clips."""
    frames = [Image.new("RGB", (8, 8), (100 * n, 0, 0)) for n in range(3)]
    for name in ("a.webp", "a.png", "a.gif"):
        path, options = tmp_path / name, {"save_all": True, "append_images": frames[1:]}
        frames[0].save(path, duration=80, **options)
        assert len(MediaReader("images", SIZE).frames(path)) == 1
        assert len(MediaReader("clips", SIZE).frames(path)) == 3
        np.testing.assert_allclose(MediaReader("clips").times(path), [0, 0.08, 0.16])


@pytest.mark.parametrize("live", [False, True])
def test_a_stream_yields_times_and_frames_in_chunks(tmp_path, live):
    """`stream` yields chunks of the selected frames in the first test view, with their times."""
    source = write_video(tmp_path / "a.avi", 7) if live else CLIP
    reader = MediaReader("clips", SIZE, view=views.build({"type": "crop_mirror", "margin": 1.2}))
    chunks = list(reader.stream(source, lambda number, *_: number % 2 == 0, chunk=3))
    assert [len(times) for times, _ in chunks] == [3, 1]
    np.testing.assert_allclose(np.concatenate([t for t, _ in chunks]), [0, 0.08, 0.16, 0.24])
    np.testing.assert_array_equal(
        np.concatenate([f for _, f in chunks]), reader.frames(source, np.arange(0, 7, 2))
    )


def test_only_video_files_are_live(tmp_path):
    """A video file, and its optical flow, may be endless; other sources are finite."""
    for modality in ("rgb", "flow"):
        reader = MediaReader("clips", SIZE, modality=modality)
        assert reader.is_live(tmp_path / "a.avi")
        assert not any(map(reader.is_live, (tmp_path, "a.png", CLIP, Counter("a", 2))))


@pytest.mark.parametrize("kind", ["images", "clips"])
def test_urls_are_refused(kind):
    """A URL is refused with advice, because it is not fetched."""
    with pytest.raises(MediaError, match=r"https://a\.b/c\.jpg: expected a path.*download"):
        MediaReader(kind, Preprocessing(4, 4)).frames("https://a.b/c.jpg")


def test_check_decodes_every_frame_of_a_folder(tmp_path):
    """`check` finds a frame that cannot be decoded among the frames of a folder."""
    for number in range(3):
        Image.new("RGB", (8, 8)).save(tmp_path / f"{number}.png")
    MediaReader("clips", index=ContentIndex()).check(tmp_path)
    (tmp_path / "1.png").write_bytes((tmp_path / "1.png").read_bytes()[:40])
    with pytest.raises(MediaError, match=r"1\.png"):
        MediaReader("clips", index=ContentIndex()).check(tmp_path)


def test_the_limit_on_seconds_reaches_videos_and_animations(tmp_path):
    """A reader refuses clips that are longer than its limit."""
    reader = MediaReader("clips", SIZE, seconds_limit=1)
    path = write_video(tmp_path / "a.avi", 60)
    with pytest.raises(MediaError, match="expected at most 1 seconds of video"):
        reader.times(path)
    assert reader.open("a.webp").seconds_limit == 1


@pytest.mark.parametrize(
    ("kind", "types"),
    [
        ("images", ("image/*",)),
        ("clips", ("video/*", "image/*")),
        ("vectors", ("application/x-npy",)),
    ],
)
def test_media_types_of_each_kind(kind, types):
    """A reader names the media types of its inputs."""
    assert MediaReader(kind, SIZE).media_types == types


def test_whole_frames_are_seen_without_crops():
    """Whole frames are seen only if they are stretched, and no view crops them."""
    crop = views.build({"type": "crop_mirror", "margin": 1.5})
    cropped = SIZE._replace(resize="crop")
    assert MediaReader("images", SIZE).sees_whole_frames
    assert not MediaReader("images", SIZE, view=crop).sees_whole_frames
    assert not MediaReader("images", cropped).sees_whole_frames
    assert not MediaReader("vectors").sees_whole_frames
