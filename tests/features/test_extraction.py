"""From media to stored features."""

import subprocess
import sys
import threading
import time

import numpy as np
import pytest
from lrcn_seq.data.contents import Contents

from lrcn_seq.data.media import read_frames
from lrcn_seq.data.views import registry as views
from lrcn_seq.errors import DataError, MediaError
from lrcn_seq.features.extraction import Item, extract, items_of
from lrcn_seq.features.store import FeatureStore
from lrcn_seq.records import Preprocessing, Sample

SIZE = Preprocessing(8, 8)


def encode(frames: np.ndarray) -> np.ndarray:
    """(N, 2, 1): mean and standard deviation of a frame."""
    flat = frames.reshape(len(frames), -1).astype(np.float32)
    return np.stack([flat.mean(axis=1), flat.std(axis=1)], axis=1)[:, :, None]


def clip(number: int) -> np.ndarray:
    return np.random.default_rng(number).integers(0, 256, (number % 5 + 1, 8, 8, 3), np.uint8)


def items(count: int) -> list[Item]:
    return [
        Item(f"id{number}", f"key{number}", lambda number=number: clip(number))
        for number in range(count)
    ]


@pytest.fixture
def store(tmp_path):
    return FeatureStore(tmp_path / "store", "mean", "float32")


@pytest.mark.parametrize("batch", [1, 3, 4, 100])
def test_every_clip_gets_the_features_of_its_frames(store, batch):
    """Whatever the batch: smaller than a clip, across clips, larger than all."""
    assert extract(store, items(23), encode, batch=batch, threads=3) == []
    for number in range(23):
        np.testing.assert_array_equal(store.features(f"key{number}"), encode(clip(number)))


def test_the_encoder_sees_one_size_of_batch(store):
    """So that it compiles once; the last is filled up with zeros."""
    shapes = []
    extract(store, items(23), lambda frames: shapes.append(frames.shape) or encode(frames), batch=8)
    assert set(shapes) == {(8, 8, 8, 3)}
    assert len(shapes) == -(-sum(number % 5 + 1 for number in range(23)) // 8)


def test_fewer_frames_than_a_batch_are_not_filled_up(store):
    """One picture costs one picture."""
    shapes = []
    extract(store, items(1), lambda frames: shapes.append(len(frames)) or encode(frames), batch=64)
    assert shapes == [1]


def test_what_is_stored_is_not_computed_again(store):
    """And equal keys are computed once."""
    frames = []
    counting = lambda several: frames.append(len(several)) or encode(several)  # noqa: E731
    extract(store, items(5), counting, batch=100)
    extract(store, [*items(6), *items(6)], counting, batch=100)
    assert frames == [15, 1]


def test_what_cannot_be_read_is_reported_and_the_rest_is_done(store):
    """Its id, name and reason come back."""

    def fail():
        raise MediaError("bad.jpg", "it is broken.")

    several = items(6)
    several[2] = several[2]._replace(read=fail)
    assert extract(store, several, encode) == [("id2", "bad.jpg", "it is broken.")]
    assert store.missing(item.key for item in several) == ["key2"]


def test_an_error_of_the_encoder_keeps_what_was_done(store):
    """Features that were ready are stored before the error goes on."""

    def fail_later(frames):
        if frames.std() and fail_later.calls == 3:
            raise ZeroDivisionError
        fail_later.calls += 1
        return encode(frames)

    fail_later.calls = 0
    with pytest.raises(ZeroDivisionError):
        extract(store, items(20), fail_later, batch=4)
    assert 0 < len(store) < 20
    assert len(FeatureStore(store.folder.parent, "mean", "float32")) == len(store)


def test_an_encoder_that_gives_nonsense_is_stopped(store):
    """NaN is not stored."""
    with pytest.raises(DataError, match="NaN from the encoder"):
        extract(store, items(3), lambda frames: encode(frames) * np.nan)
    assert len(store) == 0


def test_decoding_runs_ahead_but_not_away(store):
    """While the encoder sleeps, no more than two batches wait; and decoding goes on meanwhile."""
    decoded, most = [], []

    def read(number):
        decoded.append(number)
        return np.zeros((1, 8, 8, 3), np.uint8)

    def slow(frames):
        time.sleep(0.02)
        most.append(len(decoded))
        return encode(frames)

    extract(
        store,
        [Item(str(n), str(n), lambda n=n: read(n)) for n in range(60)],
        slow,
        batch=5,
        threads=2,
    )
    encoded = 5 * np.arange(1, len(most) + 1)
    assert (most - encoded).max() <= 15
    assert (most - encoded).max() >= 4


def test_progress_reaches_the_end(store):
    """Told as items are done, what was stored before included."""
    extract(store, items(4), encode)
    told = []
    extract(
        store, items(9), encode, batch=2, progress=lambda done, total: told.append((done, total))
    )
    assert told[0][0] >= 5
    assert told[-1] == (9, 9)
    assert told == sorted(told)


def test_nothing_to_do_is_done(store):
    """No items, no call of the encoder."""
    assert extract(store, [], None) == []


def test_items_are_keyed_by_content_and_view(photos):
    """Equal files share a key; another view has another; a missing file is reported."""
    samples = [Sample(path.name, str(path), path.name, "train") for path in photos]
    photos[1].write_bytes(photos[0].read_bytes())
    photos[2].unlink()
    several, losses = items_of(samples, SIZE, contents=Contents())
    assert [loss.id for loss in losses] == ["photo02.jpg"]
    assert len(several) == 11
    assert several[0].key == several[1].key
    assert len({item.key for item in several}) == 10
    np.testing.assert_array_equal(several[4].read(), read_frames(photos[5], SIZE))
    viewed, _ = items_of(samples, SIZE, contents=Contents(), view=views.build({"type": "ten_crop"}))
    assert not {item.key for item in viewed} & {item.key for item in several}
    assert viewed[0].read().shape == (10, 8, 8, 3)


PROGRAM = """
import sys, time
import numpy as np
from lrcn_seq.features.extraction import Item, extract
from lrcn_seq.features import extraction
from lrcn_seq.features.store import FeatureStore
extraction.SECONDS_AT_RISK = 0.0
def encode(frames):
    time.sleep(0.002)
    print("step", flush=True)
    flat = frames.reshape(len(frames), -1).astype(np.float32)
    return np.stack([flat.mean(axis=1), flat.std(axis=1)], axis=1)[:, :, None]
def clip(number):
    return np.random.default_rng(number).integers(0, 256, (number % 5 + 1, 8, 8, 3), np.uint8)
store = FeatureStore(sys.argv[1], "mean", "float32")
extract(store, [Item(str(n), f"key{n}", lambda n=n: clip(n)) for n in range(150)], encode, batch=4)
"""


def test_killed_and_started_again_it_goes_on(tmp_path):
    """SIGKILL three times, then two at once to the end: all features are right and none was lost in between."""
    stored = 0
    for steps in (10, 5, 20):
        process = subprocess.Popen(
            [sys.executable, "-c", PROGRAM, str(tmp_path)], stdout=subprocess.PIPE
        )
        for _ in range(steps):
            process.stdout.readline()
        process.kill()
        process.wait()
        count = len(FeatureStore(tmp_path, "mean", "float32"))
        assert count > stored
        stored = count
    processes = [
        subprocess.Popen([sys.executable, "-c", PROGRAM, str(tmp_path)], stdout=subprocess.DEVNULL)
        for _ in range(2)
    ]
    assert [process.wait(60) for process in processes] == [0, 0]
    store = FeatureStore(tmp_path, "mean", "float32")
    assert len(store) == 150
    for number in range(150):
        np.testing.assert_array_equal(store.features(f"key{number}"), encode(clip(number)))


def test_no_thread_is_left_behind(store):
    """Also when the encoder failed."""
    before = threading.active_count()
    with pytest.raises(ZeroDivisionError):
        extract(store, items(20), lambda frames: 1 / 0, batch=2)
    assert threading.active_count() == before
