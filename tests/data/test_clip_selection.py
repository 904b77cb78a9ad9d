"""From videos to clips: through files or stored features, the same frames."""

import numpy as np
import pytest
from lrcn_seq.data.clips import Look, known_times, looks_in_testing, looks_in_training
from lrcn_seq.data.contents import Contents
from PIL import Image

from lrcn_seq.data import clips as module
from lrcn_seq.data.batches.loader import FeatureReader, PictureReader, load
from lrcn_seq.data.batches.plan import in_order
from lrcn_seq.data.samplings import registry as samplings
from lrcn_seq.data.survey import survey
from lrcn_seq.data.views import registry as views
from lrcn_seq.errors import DataError, MediaError
from lrcn_seq.features.extraction import extract, items_of
from lrcn_seq.features.store import FeatureStore
from lrcn_seq.records import Preprocessing, Sample

SIZE = Preprocessing(8, 8)
SLIDING = samplings.build({"type": "sliding", "length": 6, "stride": 2})


def times_of_all(samples):
    return [known_times(sample.media, Contents()) for sample in samples]


def numbers(clips) -> list[list[int]]:
    """What gray each frame of each clip has; −1 for padding."""
    gray = clips.frames[:, 0, 0, 0] if clips.frames.ndim == 4 else clips.frames[:, 0, 0]
    return [[int(gray[place]) if place >= 0 else -1 for place in row] for row in clips.index]


def test_testing_shows_every_window_of_every_sample(counters):
    """5 frames give one short clip, 20 give eight, 11 give four; short clips are padded behind the mask, which computes nothing."""
    looks = looks_in_testing(times_of_all(counters), SLIDING)
    assert [look.sample for look in looks] == [0] + [1] * 8 + [2] * 4
    (batch,) = load(in_order(3, batch=3), PictureReader(counters, SIZE, choose=looks.__getitem__))
    assert numbers(batch.clips) == [[0, 1, 2, 3, 4, -1], [0, 1, 2, 3, 4, 5], [2, 3, 4, 5, 6, 7]]
    assert len(batch.clips.frames) == 13, (
        "frames 2 to 5 of the second and third clip stand there once"
    )


def test_training_clips_follow_from_seed_epoch_and_position(counters):
    """The same epoch gives the same clips, another gives others."""
    sampling = samplings.build({"type": "random_clip", "length": 4})
    times = times_of_all(counters)

    def clip(epoch: int) -> list[list[int]]:
        return numbers(
            PictureReader(
                counters,
                SIZE,
                choose=looks_in_training(times, sampling, seed=1, epoch=epoch),
                epoch=epoch,
                seed=1,
            )(np.array([1]))
        )

    assert clip(3) == clip(3)
    assert len({str(clip(epoch)) for epoch in range(20)}) > 5
    many = [
        looks_in_training(times, sampling, seed=1, epoch=epoch)(1).numbers[0]
        for epoch in range(200)
    ]
    assert set(many) == set(range(17))


@pytest.mark.parametrize("view", [None, "ten_crop"])
def test_stored_windows_equal_windows_read_from_files_and_frames_are_encoded_once(
    counters, tmp_path, view
):
    """Overlapping clips share their features: exactly the same, and 36 frames encoded instead of 77."""
    view = view and views.build({"type": view, "margin": 1.5})
    store, encoded = FeatureStore(tmp_path, "x", "float32"), []

    def encode(frames):
        encoded.append(len(frames))
        return frames.reshape(len(frames), 1, -1)[:, :, :6].astype(np.float32)

    items, _ = items_of(counters, SIZE, contents=Contents(), view=view, sampling=SLIDING)
    extract(store, items, encode, batch=1000)
    times = times_of_all(counters)
    looks = looks_in_testing(times, SLIDING, views=10 if view else 1)
    stored = FeatureReader(
        store,
        [item.key for item in items],
        choose=looks.__getitem__,
        stored=[SLIDING.candidates(clock) for clock in times],
    )
    direct = PictureReader(counters, SIZE, choose=looks.__getitem__, view=view)
    everything = np.arange(len(looks))
    kept, seen = stored(everything), direct(everything)
    np.testing.assert_array_equal(kept.index >= 0, seen.index >= 0)
    real = kept.index >= 0
    np.testing.assert_array_equal(
        kept.frames[kept.index[real]], encode(seen.frames)[seen.index[real]]
    )
    assert encoded[0] == len(seen.frames) == (5 + 20 + 11) * (10 if view else 1)
    assert real.sum() == sum(len(look.numbers) for look in looks) > len(seen.frames)


def test_times_of_a_video_are_measured_once(tmp_path, monkeypatch):
    """Remembered by content, also when it cannot be read."""
    folder = tmp_path / "frames"
    folder.mkdir()
    for number in range(4):
        Image.new("RGB", (8, 8)).save(folder / f"{number}.png")
    (tmp_path / "bad.avi").write_bytes(b"nothing")
    memory = tmp_path / "m.jsonl"
    np.testing.assert_allclose(known_times(folder, Contents(memory)), np.arange(4) / 25)
    with pytest.raises(MediaError, match="expected a video"):
        known_times(tmp_path / "bad.avi", Contents(memory))
    monkeypatch.setattr(module, "times_of", None)
    np.testing.assert_allclose(known_times(folder, Contents(memory)), np.arange(4) / 25)
    with pytest.raises(MediaError, match=r"bad.avi: expected a video"):
        known_times(tmp_path / "bad.avi", Contents(memory))


def test_times_that_vary_are_remembered_one_by_one(tmp_path, monkeypatch):
    """To a tenth of a millisecond."""
    varying = np.array([0, 0.04, 0.5, 0.5213, 2])
    monkeypatch.setattr(module, "times_of", lambda media, **options: varying)
    (tmp_path / "a").write_bytes(b"a")
    for _ in range(2):
        np.testing.assert_allclose(
            known_times(tmp_path / "a", Contents(tmp_path / "m.jsonl")), varying, atol=1e-4
        )


def test_the_survey_counts_the_frames_of_videos(tmp_path):
    """What cannot be read is known before training."""
    (tmp_path / "bad.avi").write_bytes(b"nothing")
    samples = [Sample("bad", str(tmp_path / "bad.avi"), "bad", "train")]
    with pytest.raises(DataError, match=r"bad.avi: expected a video; it is none"):
        survey(samples, holds="clips")


def test_a_picture_is_a_clip_of_one_frame(photos):
    """So that one task may see both."""
    assert known_times(photos[0], Contents()).tolist() == [0.0]
    reader = PictureReader(
        [Sample("a", str(photos[5]), "a", "train")],
        SIZE,
        choose=lambda position: Look(position, np.array([0])),
    )
    assert reader(np.array([0])).frames.shape == (1, 8, 8, 3)
