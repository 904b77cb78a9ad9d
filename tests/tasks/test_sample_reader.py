"""Reading the clips of samples from their files or from the feature store."""

import numpy as np
import pytest
from PIL import Image

from lrcn_seq.data.media import MediaReader
from lrcn_seq.errors import DataError
from lrcn_seq.records import Sample
from lrcn_seq.tasks import SampleReader, content_index
from lrcn_seq.tasks._frame_encoder import FrameEncoder
from lrcn_seq.tasks._sample_reader import open_store, task_storing_problem
from tests.tasks.inputs import array_sample, fresh_captioner, fresh_classifier, settings

RANDOM = np.random.default_rng(0)
FILMS = [RANDOM.integers(0, 256, (length, 32, 32, 3)).astype("uint8") for length in (5, 3, 9)]
CLIPS = [array_sample(f"clip{index}", film, label="a") for index, film in enumerate(FILMS)]
SLIDING = "data.sampling={type: sliding, length: 4, stride: 2}"
TEN_CROP = "data.view={type: ten_crop, margin: 1.5}"
CROP_MIRROR = "data.view={type: crop_mirror, margin: 1.5}"


def image_samples(images) -> list[Sample]:
    return [array_sample(f"image{index}", image) for index, image in enumerate(images)]


def stored(folder, *overrides: str) -> list[str]:
    """Return config overrides that store features under a folder."""
    return ["data.store.use=true", f"data.store.folder={folder}", *overrides]


def frozen(task):
    """Return a task with a frozen encoder."""
    task.encoder.trainable = False
    return task


@pytest.fixture
def encoded(monkeypatch):
    """Return a list that records the number of frames of each frame encoder call."""
    counts = []
    features = FrameEncoder.features

    def count(self, frames):
        counts.append(len(frames))
        return features(self, frames)

    monkeypatch.setattr(FrameEncoder, "features", count)
    return counts


def test_images_are_read_in_order_and_in_batches(images):
    """Images are read in sample order, in batches of the given size."""
    task = fresh_captioner()
    batches = list(SampleReader(task).clips(image_samples(images), 4))
    assert [len(clips.index) for clips in batches] == [4, 2]
    frames = np.concatenate([clips.frames[clips.index[:, 0]] for clips in batches])
    np.testing.assert_array_equal(frames, np.stack(images))


def test_evaluation_reads_every_clip_in_every_view():
    """Evaluation reads every clip that `data.sampling` selects, in each view of a ten-crop."""
    task = fresh_classifier(SLIDING, TEN_CROP)
    reader = SampleReader(task)
    clips = reader.test_clips(CLIPS[:2])
    assert [(clip.sample, clip.numbers.tolist(), clip.view) for clip in clips] == [
        (sample, numbers, view)
        for sample, numbers in [(0, [0, 1, 2, 3]), (0, [1, 2, 3, 4]), (1, [0, 1, 2])]
        for view in range(10)
    ]
    (packed,) = reader.clips(CLIPS[:2], 30)
    for row, clip in zip(packed.index, clips, strict=True):
        view = task.media.views(CLIPS[clip.sample].media, clip.numbers)[clip.view]
        np.testing.assert_array_equal(packed.frames[row[row >= 0]], view)


def test_images_have_one_clip_of_all_frames(images):
    """Without `data.sampling`, each image has one clip of all its frames."""
    clips = SampleReader(fresh_captioner()).test_clips(image_samples(images))
    assert [(clip.sample, clip.numbers) for clip in clips] == [(i, None) for i in range(6)]


def test_an_epoch_selects_one_random_clip_of_each_sample():
    """An epoch reads one random clip of each sample, chosen by seed, epoch and sample."""
    reader = SampleReader(fresh_classifier(SLIDING))
    selections = reader.epoch_selections(CLIPS)
    numbers = [selections(epoch)(2).numbers.tolist() for epoch in range(8)]
    assert all(clip == list(range(clip[0], clip[0] + 4)) for clip in numbers)
    assert len(set(map(tuple, numbers))) > 1
    again = SampleReader(fresh_classifier(SLIDING)).epoch_selections(CLIPS)
    assert [again(epoch)(2).numbers.tolist() for epoch in range(8)] == numbers
    clips = reader.test_clips(CLIPS)
    for position, clip in enumerate(clips):
        selected = selections(None)(position)
        assert (selected.sample, selected.numbers.tolist()) == (clip.sample, clip.numbers.tolist())


def test_training_reads_random_views(images):
    """Training reads a random view that changes with the epoch; evaluation reads a fixed view."""
    samples = image_samples(images)
    readers = SampleReader(fresh_captioner(CROP_MIRROR)).epoch_readers(samples)
    positions = np.arange(6)
    first, again, second = (readers(epoch)(positions).frames for epoch in (0, 0, 1))
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, second)
    test_view, same = (readers(None)(positions).frames for _ in range(2))
    np.testing.assert_array_equal(test_view, same)


def test_stored_features_are_those_of_the_encoder(tmp_path, images):
    """Features in the store are the encoder's features, rounded to float16."""
    samples = image_samples(images)
    task = frozen(fresh_captioner(*stored(tmp_path)))
    (clips,) = SampleReader(task).clips(samples, 8)
    expected = task.frame_encoder.features(np.stack(images))
    assert clips.frames.dtype == np.float16
    np.testing.assert_allclose(clips.frames[clips.index[:, 0]], expected, rtol=1e-3, atol=1e-3)


def test_features_are_extracted_once(tmp_path, images, encoded):
    """Features are extracted only for samples without stored features."""
    samples = image_samples(images)
    task = frozen(fresh_captioner(*stored(tmp_path)))
    reader = SampleReader(task)
    keys = reader.extract(reader.store, samples[:4])
    calls = len(encoded)
    assert calls > 0
    other = SampleReader(frozen(fresh_captioner(*stored(tmp_path))))
    assert other.extract(other.store, samples[:4]) == keys
    assert len(encoded) == calls
    assert other.extract(other.store, samples)[:4] == keys
    assert len(encoded) > calls
    assert all(key in other.store for key in keys)
    assert len(other.store) == 6


def test_clips_of_stored_features_are_those_of_the_sampling(tmp_path):
    """Clips with stored features consist of the frames that `data.sampling` selects.

    Every frame is stored once, and overlapping clips refer to the same stored features.
    """
    task = frozen(fresh_classifier(*stored(tmp_path, SLIDING, "data.store.dtype=float32")))
    reader = SampleReader(task)
    (packed,) = reader.clips(CLIPS, 30)
    assert len(reader.store.rows()) == 5 + 3 + 9
    for row, clip in zip(packed.index, reader.test_clips(CLIPS), strict=True):
        expected = task.frame_encoder.features(FILMS[clip.sample][clip.numbers])
        np.testing.assert_allclose(packed.frames[row[row >= 0]], expected, atol=1e-4)
    selected = reader.epoch_selections(CLIPS)(3)(2)
    clips = reader.epoch_readers(CLIPS)(3)(np.array([2]))
    expected = task.frame_encoder.features(FILMS[2][selected.numbers])
    np.testing.assert_allclose(clips.frames[clips.index[0]], expected, atol=1e-4)


def test_times_are_read_once(monkeypatch):
    """The frame times of a video are read only once."""
    reader, calls = SampleReader(fresh_classifier()), []
    times = MediaReader.times
    monkeypatch.setattr(
        MediaReader, "times", lambda self, media: calls.append(1) or times(self, media)
    )
    for _ in range(2):
        first, second = reader.times(CLIPS[:2])
    np.testing.assert_allclose(first, np.arange(5) / 25)
    np.testing.assert_allclose(second, np.arange(3) / 25)
    assert len(calls) == 2


def test_an_unreadable_file_ends_the_extraction(tmp_path, images):
    """An unreadable file stops the extraction; features that were extracted before are kept."""
    Image.fromarray(images[0]).save(tmp_path / "good.png")
    (tmp_path / "bad.png").write_bytes(b"broken")
    samples = [Sample(n, str(tmp_path / f"{n}.png"), n, "train") for n in ("good", "bad")]
    reader = SampleReader(frozen(fresh_captioner(*stored(tmp_path / "features"))))
    with pytest.raises(DataError, match="bad"):
        reader.extract(reader.store, samples)
    assert len(reader.store) == 1


def test_the_content_index_is_beside_the_store(tmp_path):
    """The content index is a file in the folder of the feature store, if there is a store."""
    config = settings("captioning", *stored(tmp_path))
    assert content_index(config).path == tmp_path / "contents.jsonl"
    assert content_index(config, verify=True).verify
    assert content_index(settings("captioning")).path is None


def test_readers_share_the_given_content_index(tmp_path):
    """Two sample readers that are given the same content index share its file hashes."""
    task = fresh_captioner()
    index = content_index(task.settings)
    assert SampleReader(task, index).media.index is index


@pytest.mark.parametrize(
    ("override", "reason"),
    [
        ("data.store.use=false", "data.store.use is false"),
        ("encoder={type: vectors, width: 3}", "the encoder takes vectors"),
        (CROP_MIRROR, "data.view is crop_mirror"),
    ],
)
def test_some_configs_store_no_features(tmp_path, override, reason):
    """No features are stored if the store is off, the encoder takes vectors, or views are random.

    `task_storing_problem` returns the reason.
    """
    task = frozen(fresh_captioner(*stored(tmp_path, override)))
    assert task_storing_problem(task).startswith(reason)
    assert open_store(task) is None
    assert SampleReader(task).store is None


def test_features_of_a_trained_encoder_are_not_stored(tmp_path):
    """Features are not stored while the encoder is being trained."""
    task = fresh_captioner(*stored(tmp_path))
    assert task_storing_problem(task).startswith("the encoder is trained")
    assert open_store(task) is None
    assert task_storing_problem(frozen(task)) is None
    assert open_store(task).dtype == np.float16
