"""Feature extraction: stored values, batches, errors, memory, and interruption."""

import os
import subprocess
import sys
import threading
import time

import numpy as np
import pytest

from lrcn_seq.data.media.content_index import ContentIndex
from lrcn_seq.data.media.reader import MediaReader
from lrcn_seq.data.samplings import registry as samplings
from lrcn_seq.errors import DataError, MediaError
from lrcn_seq.features import extraction
from lrcn_seq.features.extraction import Item, extract, items_of
from lrcn_seq.features.store import FeatureStore
from lrcn_seq.records import Preprocessing, Sample

SIZE = Preprocessing(8, 8)


def encode(frames: np.ndarray) -> np.ndarray:
    """Return the mean and standard deviation of each frame as features (N, 2, 1)."""
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
def test_every_clip_gets_the_features_of_its_frames(store, batch, monkeypatch):
    """Each clip gets the features of its frames, for batches smaller and larger than the clip."""
    monkeypatch.setattr(extraction, "BATCH", batch)
    assert extract(store, items(23), encode, threads=3) == []
    for number in range(23):
        np.testing.assert_array_equal(store.features(f"key{number}"), encode(clip(number)))


def test_features_are_stored_in_order(store):
    """The rows of the store follow the order of the items."""
    extract(store, items(23), encode, threads=3)
    expected = np.concatenate([encode(clip(number)) for number in range(23)])
    np.testing.assert_array_equal(store.rows(), expected)


def encode_by_place(frames: np.ndarray) -> np.ndarray:
    """Return features (N, 1, 2) that depend on the position of a frame and on the batch size."""
    features = encode(frames)[:, :1, 0] + np.arange(len(frames))[:, None] / 7
    return np.stack([features, np.full_like(features, len(frames))], axis=-1)


def stored_features(folder, *calls: list[Item]) -> dict[str, bytes]:
    """Return the features of each key after `extract` has filled a new store in several calls."""
    store = FeatureStore(folder, "mean", "float32")
    for call in calls:
        extract(store, call, encode_by_place)
    return {item.key: store.features(item.key).tobytes() for call in calls for item in call}


def test_features_do_not_depend_on_what_else_is_stored(tmp_path):
    """Features do not depend on other items, on the order of items, or on interruptions."""
    every = items(23)
    expected = stored_features(tmp_path / "all", every)
    assert len(set(expected.values())) == 23
    assert stored_features(tmp_path / "reversed", every[::-1]) == expected
    for cut in range(1, 23):
        assert stored_features(tmp_path / f"{cut}", every[:cut], every) == expected
        without = [*every[:cut], *every[cut + 1 :]]
        key = every[cut].key
        assert stored_features(tmp_path / f"without {cut}", without).items() <= expected.items()
        assert stored_features(tmp_path / f"only {cut}", [every[cut]]) == {key: expected[key]}


@pytest.mark.parametrize("count", [1, 23])
def test_all_batches_have_one_size(store, count):
    """All batches, including the last, have the same shape, since features may depend on it."""
    shapes = []
    extract(store, items(count), lambda frames: shapes.append(frames.shape) or encode(frames))
    assert set(shapes) == {(extraction.BATCH, 8, 8, 3)}


@pytest.mark.parametrize(("frames", "extra"), [(1, 0.10), (16, 0.0), (20, 0.03), (25, 0.03)])
def test_few_places_of_batches_stay_empty(store, frames, extra):
    """Images need at most 10 % and clips at most 3 % more batches than if all batches were full."""
    calls = []
    count = 8000 // frames
    read = lambda: np.zeros((frames, 1, 1, 3), np.uint8)  # noqa: E731
    found = [Item(str(n), f"key{n}", read, frames) for n in range(count)]
    extract(store, found, lambda batch: calls.append(1) or encode(batch))
    assert len(calls) <= (1 + extra) * count * frames / extraction.BATCH


def test_stored_features_are_not_computed_again(store):
    """The features of each key are computed once, within one call and over several calls."""
    read = []

    def counted(count):
        return [
            item._replace(read=lambda item=item: read.append(item.key) or item.read())
            for item in items(count)
        ]

    extract(store, counted(5), encode)
    extract(store, [*counted(6), *counted(6)], encode)
    assert sorted(read) == [f"key{number}" for number in range(6)]


def test_unreadable_items_are_reported(store):
    """Unreadable items are returned as (id, name, reason); features of other items are stored."""

    def fail():
        raise MediaError("bad.jpg", "it is broken.")

    broken = items(6)
    broken[2] = broken[2]._replace(read=fail)
    assert extract(store, broken, encode) == [("id2", "bad.jpg", "it is broken.")]
    assert store.missing(item.key for item in broken) == ["key2"]


def test_an_error_of_the_encoder_keeps_finished_features(store, monkeypatch):
    """Finished features are stored before an error of the encoder is raised."""

    def fail_later(frames):
        if frames.std() and fail_later.calls == 3:
            raise ZeroDivisionError
        fail_later.calls += 1
        return encode(frames)

    fail_later.calls = 0
    monkeypatch.setattr(extraction, "BATCH", 4)
    with pytest.raises(ZeroDivisionError):
        extract(store, items(20), fail_later)
    assert 0 < len(store) < 20
    assert len(FeatureStore(store.folder.parent, "mean", "float32")) == len(store)


def test_nan_from_the_encoder_is_refused(store):
    """Features with NaN are refused, and nothing is stored."""
    with pytest.raises(DataError, match="NaN from the encoder"):
        extract(store, items(3), lambda frames: encode(frames) * np.nan)
    assert len(store) == 0


@pytest.mark.parametrize(("length", "least", "most"), [(1, 10, 55), (4, 12, 60), (20, 40, 100)])
def test_decoding_runs_ahead_in_bounded_memory(store, length, least, most, monkeypatch):
    """The number of frames decoded ahead of the encoder is bounded for images and clips."""
    decoded, ahead = [], []

    def read():
        decoded.append(length)
        return np.zeros((length, 8, 8, 3), np.uint8)

    def slow(frames):
        time.sleep(0.02)
        ahead.append(sum(decoded) - 5 * len(ahead))
        return encode(frames)

    monkeypatch.setattr(extraction, "BATCH", 5)
    found = [Item(str(n), str(n), read, length) for n in range(300 // length)]
    extract(store, found, slow, threads=2)
    assert least <= max(ahead) <= most


@pytest.mark.parametrize("threads", [3, None])
def test_threads_decode_at_the_same_time(store, monkeypatch, threads):
    """Three decoding threads run at the same time; the default is one thread per core."""
    monkeypatch.setattr(os, "cpu_count", lambda: 3)
    together = threading.Barrier(3, timeout=20)

    def read():
        together.wait()
        return np.zeros((1, 8, 8, 3), np.uint8)

    extract(store, [Item(str(n), str(n), read) for n in range(6)], encode, threads=threads)
    assert len(store) == 6


@pytest.mark.parametrize("threads", [3, None])
def test_threads_hash_at_the_same_time(photos, monkeypatch, threads):
    """Three hashing threads run at the same time; the default is one thread per core."""
    monkeypatch.setattr(os, "cpu_count", lambda: 3)
    reader, together = MediaReader("images", SIZE), threading.Barrier(3, timeout=20)
    content_hash = reader.content_hash

    def wait_and_hash(media):
        together.wait()
        return content_hash(media)

    monkeypatch.setattr(reader, "content_hash", wait_and_hash)
    samples = [Sample(path.name, str(path), path.name, "train") for path in photos[:6]]
    found, _ = items_of(samples, reader, threads=threads)
    assert len(found) == 6


def test_progress_reaches_the_end(store):
    """Progress counts items that were already stored and reaches the total."""
    extract(store, items(4), encode)
    reports = []
    extract(store, items(9), encode, progress=lambda done, total: reports.append((done, total)))
    assert reports[0][0] >= 5
    assert reports[-1] == (9, 9)
    assert reports == sorted(reports)


def test_without_items_the_encoder_is_not_called(store):
    """Extraction of no items does not call the encoder."""
    assert extract(store, [], None) == []


def test_items_are_keyed_by_content(photos):
    """Files with equal content have the same key; a missing file is returned as unreadable."""
    samples = [Sample(path.name, str(path), path.name, "train") for path in photos]
    photos[1].write_bytes(photos[0].read_bytes())
    photos[2].unlink()
    index = ContentIndex()
    reader = MediaReader("images", SIZE, index=index)
    found, unreadable = items_of(samples, reader)
    assert [sample.id for sample in unreadable] == ["photo02.jpg"]
    assert [item.id for item in found] == [path.name for path in photos if path != photos[2]]
    assert found[0].key == found[1].key == f"{index.hash_file(photos[0])}:all:"
    assert len({item.key for item in found}) == 10
    np.testing.assert_array_equal(found[4].read(), reader.frames(photos[5]))


def test_items_hold_all_frames_that_a_sampling_may_choose(counters):
    """An item contains every frame that a sampling may select, each once."""
    sampling = samplings.build({"type": "sliding", "length": 6, "stride": 2})
    found, _ = items_of(counters, MediaReader("clips", SIZE), sampling=sampling)
    assert [item.frames for item in found] == [5, 20, 11]
    for item in found:
        assert item.read()[:, 0, 0, 0].tolist() == list(range(item.frames))


class FakeStore:
    """A store that records only the number of items of each append."""

    def __init__(self):
        self.appended = []

    def missing(self, keys):
        return list(keys)

    def append(self, keys, features):
        self.appended.append(len(keys))


def single_frames(count: int) -> list[Item]:
    """Return items of one frame each."""
    return [Item(str(n), str(n), lambda: np.zeros((1, 8, 8, 3), np.uint8)) for n in range(count)]


def test_no_more_than_a_few_seconds_of_work_are_unsaved(monkeypatch):
    """If an item takes 0.9 s, features are written after every third item (2.7 s)."""
    clock = [0.0]
    monkeypatch.setattr(extraction.time, "monotonic", lambda: clock[0])

    def slow(frames):
        clock[0] += 0.9
        return encode(frames)

    monkeypatch.setattr(extraction, "BATCH", 1)
    store = FakeStore()
    extract(store, single_frames(10), slow)
    assert store.appended == [3, 3, 3, 1]


def test_no_more_than_64_megabytes_are_kept_in_memory(monkeypatch):
    """If an item has 20 MiB, features are written after every fourth item (80 MiB)."""
    monkeypatch.setattr(extraction.time, "monotonic", lambda: 0.0)
    monkeypatch.setattr(extraction, "BATCH", 1)
    store, features = FakeStore(), np.zeros((1, 1, 5 << 20), np.float32)
    extract(store, single_frames(10), lambda frames: features)
    assert store.appended == [4, 4, 2]


PROGRAM = """
import sys, time
import numpy as np
from lrcn_seq.features.extraction import Item, extract
from lrcn_seq.features import extraction
from lrcn_seq.features.store import FeatureStore
extraction.FLUSH_SECONDS, extraction.BATCH = 0.0, 4
def encode(frames):
    time.sleep(0.002)
    print("step", flush=True)
    flat = frames.reshape(len(frames), -1).astype(np.float32)
    return np.stack([flat.mean(axis=1), flat.std(axis=1)], axis=1)[:, :, None]
def clip(number):
    return np.random.default_rng(number).integers(0, 256, (number % 5 + 1, 8, 8, 3), np.uint8)
store = FeatureStore(sys.argv[1], "mean", "float32")
extract(store, [Item(str(n), f"key{n}", lambda n=n: clip(n)) for n in range(150)], encode)
"""


def test_a_killed_extraction_is_continued(tmp_path):
    """After two SIGKILLs, two concurrent processes complete the store with correct features."""
    stored = 0
    for steps in (10, 20):
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


def test_threads_end_with_an_error_of_the_encoder(store):
    """All decoding threads end after an error of the encoder."""
    before = threading.active_count()
    with pytest.raises(ZeroDivisionError):
        extract(store, items(20), lambda frames: 1 / 0)
    deadline = time.monotonic() + 10
    while threading.active_count() > before and time.monotonic() < deadline:
        time.sleep(0.01)
    assert threading.active_count() == before
