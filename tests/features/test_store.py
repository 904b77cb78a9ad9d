"""The feature store: appending, signatures, damaged files, full disks, and concurrent processes."""

import errno
import json
import multiprocessing
import os
import resource
import signal
import struct
import subprocess
import sys
import time
import zlib
from contextlib import suppress
from hashlib import blake2b
from pathlib import Path

import numpy as np
import pytest

from lrcn_seq.errors import DataError
from lrcn_seq.features.key import signature_of
from lrcn_seq.features.store import FeatureStore
from lrcn_seq.features.store_format import RECORD
from lrcn_seq.records import Preprocessing


def rows(number: int, count: int | None = None) -> np.ndarray:
    """Return features (T, 2, 3) that are random but fixed for each `number`."""
    count = number % 4 + 1 if count is None else count
    return np.random.default_rng(number).normal(size=(count, 2, 3)).astype(np.float32)


def filled(folder: Path, numbers: range, dtype: str = "float32") -> FeatureStore:
    store = FeatureStore(folder, "encoder", dtype)
    store.append([str(number) for number in numbers], [rows(number) for number in numbers])
    return store


def check(store: FeatureStore, numbers: range) -> None:
    for number in numbers:
        np.testing.assert_array_equal(store.features(str(number)), rows(number))
    assert len(store) == len(numbers)


def test_features_of_any_number_of_frames_are_returned(tmp_path):
    """Features are read from a memory-mapped file and equal the appended arrays."""
    store = filled(tmp_path, range(20))
    check(store, range(20))
    again = FeatureStore(tmp_path, "encoder", "float32")
    check(again, range(20))
    assert again.shape == (2, 3)
    assert isinstance(again.features("3").base, np.memmap) or isinstance(
        again.features("3"), np.memmap
    )
    starts, counts = again.places(["5", "0", "5"])
    np.testing.assert_array_equal(counts, [2, 1, 2])
    np.testing.assert_array_equal(again.rows()[starts[0] : starts[0] + 2], rows(5))


def test_float16_rounds_features(tmp_path):
    """Features stored as float16 have a relative error below 5e-4."""
    np.testing.assert_allclose(
        filled(tmp_path, range(9), "float16").features("7"), rows(7), rtol=5e-4, atol=1e-6
    )


def test_missing_returns_each_key_without_features_once(tmp_path):
    """`missing` returns each key without features once, in the given order."""
    assert filled(tmp_path, range(3)).missing(["x", "1", "y", "x", "2"]) == ["x", "y"]


def test_stored_features_are_never_replaced(tmp_path):
    """If features are appended for a key again, the first features are kept."""
    store = filled(tmp_path, range(3))
    store.append(["1", "9", "9"], [rows(50), rows(9), rows(9)])
    np.testing.assert_array_equal(store.features("1"), rows(1))
    assert len(store) == 4
    assert len(store.rows()) == 1 + 2 + 3 + 2


@pytest.mark.parametrize(
    ("identity", "preprocessing", "dtype"),
    [
        ("b", Preprocessing(8, 8), "float16"),
        ("a", Preprocessing(8, 9), "float16"),
        ("a", Preprocessing(8, 8, "crop"), "float16"),
        ("a", Preprocessing(8, 8), "float32"),
    ],
)
def test_another_encoder_preprocessing_or_type_is_another_store(
    tmp_path, identity, preprocessing, dtype
):
    """Each combination of encoder, preprocessing and dtype has its own store."""
    FeatureStore(tmp_path, signature_of("a", Preprocessing(8, 8))).append(["k"], [rows(0)])
    assert "k" in FeatureStore(tmp_path, signature_of("a", Preprocessing(8, 8)))
    assert FeatureStore(tmp_path, signature_of(identity, preprocessing), dtype).missing(["k"]) == [
        "k"
    ]


def test_an_open_store_sees_what_others_append(tmp_path):
    """After `missing` or `refresh`, an open store has the features that others appended."""
    mine, other = FeatureStore(tmp_path, "encoder", "float32"), filled(tmp_path, range(3))
    assert mine.missing(["0", "7"]) == ["7"]
    np.testing.assert_array_equal(mine.features("2"), rows(2))
    other.append(["7"], [rows(7)])
    mine.refresh()
    np.testing.assert_array_equal(mine.features("7"), rows(7))


def test_truncated_files_lose_only_their_end(tmp_path):
    """A store with truncated files keeps its intact features; lost features can be appended."""
    for cut_data, cut_index in ((0, 1), (0, 35), (5, 36), (100, 36 * 3 + 7)):
        folder = tmp_path / f"{cut_data}-{cut_index}"
        store = filled(folder, range(10))
        for path, cut in ((store._index, cut_index), (store._data, cut_data)):
            os.truncate(path, path.stat().st_size - cut)
        again = FeatureStore(folder, "encoder", "float32")
        missing = again.missing([str(number) for number in range(10)])
        assert missing == [str(number) for number in range(len(again), 10)] != []
        again.append(missing, [rows(int(number)) for number in missing])
        check(again, range(10))
        check(FeatureStore(folder, "encoder", "float32"), range(10))


def test_rows_without_a_record_are_skipped(tmp_path):
    """Rows of a process that was killed before it wrote the record are ignored."""
    store = filled(tmp_path, range(4))
    with store._data.open("ab") as file:
        file.write(b"half a row")
    FeatureStore(tmp_path, "encoder", "float32").append(["4"], [rows(4)])
    check(FeatureStore(tmp_path, "encoder", "float32"), range(5))


def damage_records(store: FeatureStore, *numbers: int) -> None:
    """Overwrite two bytes in each of the numbered records of the index."""
    with store._index.open("r+b") as file:
        for number in numbers:
            file.seek(number * RECORD.itemsize + 18)
            file.write(b"\x55\x55")


@pytest.mark.parametrize("damaged", [[0], [5], [9], [2, 3, 9], list(range(10))])
def test_only_damaged_records_are_lost(tmp_path, capsys, damaged):
    """A warning states the number of damaged records, and all other features are kept."""
    damage_records(filled(tmp_path, range(10)), *damaged)
    store = FeatureStore(tmp_path, "encoder", "float32")
    assert f"number of damaged records: {len(damaged)}. Their feat" in capsys.readouterr().err
    assert store.missing(map(str, range(10))) == [str(number) for number in damaged]
    for number in {*range(10)} - {*damaged}:
        np.testing.assert_array_equal(store.features(str(number)), rows(number))


def test_damaged_records_are_removed_by_the_next_append(tmp_path, capsys):
    """An append removes damaged records, so that the next process prints no warning."""
    damage_records(filled(tmp_path, range(10)), 3, 7)
    store = FeatureStore(tmp_path, "encoder", "float32")
    store.append(["3", "7"], [rows(3), rows(7)])
    capsys.readouterr()
    check(FeatureStore(tmp_path, "encoder", "float32"), range(10))
    assert capsys.readouterr().err == ""
    assert store.verify() == 0


def test_an_incomplete_record_at_the_end_is_normal(tmp_path, capsys):
    """An incomplete last record, which a killed process leaves, is ignored without a warning."""
    store = filled(tmp_path, range(10))
    os.truncate(store._index, 10 * RECORD.itemsize - 1)
    assert len(FeatureStore(tmp_path, "encoder", "float32")) == 9
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("damaged", ["rows", "record"])
def test_rows_that_a_process_has_mapped_are_never_overwritten(tmp_path, damaged):
    """Rows that another process has mapped into memory are never overwritten.

    Features that replace damaged features are appended at the end of the file.
    """
    open_before = filled(tmp_path, range(10))
    first, count = open_before.places(["9"])
    before = open_before.features("9").copy()
    if damaged == "rows":
        with open_before._data.open("r+b") as file:
            file.seek(int(first[0]) * 24)
            file.write(b"\x55")
        before[0, 0, 0] = open_before.features("9")[0, 0, 0]
    else:
        damage_records(open_before, 9)
    other = FeatureStore(tmp_path, "encoder", "float32")
    other.verify()
    other.append(["x"], [rows(77, count=int(count[0]))])
    np.testing.assert_array_equal(open_before.features("9"), before)
    np.testing.assert_array_equal(other.features("x"), rows(77, count=int(count[0])))


@pytest.mark.parametrize("size", [0, 30, 239, None])
def test_missing_rows_are_a_data_error(tmp_path, size):
    """A data file that is missing, or shorter than the index requires, is refused."""
    store = filled(tmp_path, range(4))
    store._data.unlink() if size is None else os.truncate(store._data, size)
    with pytest.raises(DataError, match=r"Received: a shorter file; delete .* and extract again"):
        FeatureStore(tmp_path, "encoder", "float32")


def test_rows_of_a_killed_append_are_replaced(tmp_path):
    """After a kill between rows and record, later appends give the same files as without it."""
    expected = filled(tmp_path / "whole", range(6))
    store = filled(tmp_path / "killed", range(4))
    store.folder.joinpath("lock").write_text(str(store._data.stat().st_size))
    with store._data.open("ab") as file:
        file.write(rows(4).tobytes() + b"half a row")
    other = FeatureStore(tmp_path / "killed", "encoder", "float32")
    other.append(["4"], [rows(4)])
    other.append(["5"], [rows(5)])
    for name in ("store.json", "features.data", "features.index", "lock"):
        content = (other.folder / name).read_bytes()
        assert content == (expected.folder / name).read_bytes(), name


@pytest.mark.parametrize("content", ["30", "x", "-1", "9" * 50, "24 "])
def test_a_wrong_size_in_the_lock_removes_no_features(tmp_path, content):
    """An append keeps all recorded rows even if the lock file contains a wrong data size."""
    store = filled(tmp_path, range(4))
    (store.folder / "lock").write_text(content)
    store.append(["4"], [rows(4)])
    check(FeatureStore(tmp_path, "encoder", "float32"), range(5))
    assert store.verify() == 0


@pytest.mark.parametrize(
    "damage",
    [
        lambda text: "",
        lambda text: text[: len(text) // 2],
        lambda text: "[" * 100_000,
        lambda text: "[]",
        lambda text: "null",
        lambda text: text.replace('"regions"', '"region"'),
        lambda text: text.replace('"features": 3', '"features": "3"'),
        lambda text: text.replace('"features": 3', '"features": 0'),
        lambda text: text.replace('"features": 3', '"features": 2'),
        lambda text: text.replace('"features": 3', '"features": 300'),
        lambda text: text.replace('"features": 3', f'"features": {"9" * 5000}'),
        lambda text: text.replace('"regions": 2', '"regions": true'),
        lambda text: text.replace('"format": 1', '"format": 2'),
        lambda text: text.replace("float32", "float16"),
        lambda text: text.replace("encoder", "encodes"),
        lambda text: "\udcff" + text,
    ],
)
def test_damaged_metadata_is_a_data_error(tmp_path, damage):
    """Damaged metadata raises an error that advises deleting the store and extracting again."""
    path = filled(tmp_path, range(6)).folder / "store.json"
    path.write_text(damage(path.read_text()), encoding="utf-8", errors="surrogateescape")
    with pytest.raises(DataError, match=r"expected .*\. Received: .*; delete .* and extract again"):
        FeatureStore(tmp_path, "encoder", "float32")


def test_missing_metadata_is_a_data_error(tmp_path):
    """A store with features but without `store.json` raises an error."""
    (filled(tmp_path, range(6)).folder / "store.json").unlink()
    with pytest.raises(DataError, match=r"store\.json: expected .* Received: no file; delete"):
        FeatureStore(tmp_path, "encoder", "float32")


@pytest.mark.parametrize("name", ["store.json", "features.index", "features.data"])
def test_a_fifo_is_a_data_error(tmp_path, name):
    """A store whose file is a FIFO is refused without waiting."""
    path = filled(tmp_path, range(6)).folder / name
    path.unlink()
    os.mkfifo(path)
    with pytest.raises(DataError, match="a FIFO"):
        FeatureStore(tmp_path, "encoder", "float32")


def test_temporary_files_of_a_killed_process_are_removed(tmp_path):
    """Opening a store removes the temporary files of a killed process."""
    store = filled(tmp_path, range(2))
    (store.folder / ".store.json.01234567.lrcn-tmp").mkdir()
    FeatureStore(tmp_path, "encoder", "float32")
    names = {path.name for path in store.folder.iterdir()}
    assert names == {"store.json", "features.data", "features.index", "lock"}


@pytest.mark.parametrize("name", ["lock", "store.json"])
def test_links_are_not_followed(tmp_path, name):
    """A symbolic link in the place of a temporary file or lock does not change its target."""
    (tmp_path / "target").write_text("old")
    folder = FeatureStore(tmp_path, "encoder", "float32").folder
    (folder / name).symlink_to(tmp_path / "target")
    with suppress(DataError):
        filled(tmp_path, range(2)).verify()
    assert (tmp_path / "target").read_text() == "old"


def test_a_file_system_without_locks_is_used(tmp_path, without_locks, capsys):
    """On a file system without locks, features are stored and one warning is printed."""
    check(filled(tmp_path, range(4)), range(4))
    assert capsys.readouterr().err.count("Files cannot be locked on this file system") == 1


def test_verify_drops_damaged_features(tmp_path):
    """`verify` drops the key of features in which one byte changed."""
    store = filled(tmp_path, range(10))
    assert store.verify() == 0
    start = store.places(["6"])[0][0] * 24
    with store._data.open("r+b") as file:
        file.seek(start + 3)
        file.write(b"\x55")
    other = FeatureStore(tmp_path, "encoder", "float32")
    assert other.verify() == 1
    assert other.missing([str(number) for number in range(10)]) == ["6"]
    assert store.missing([str(number) for number in range(10)]) == ["6"]
    store.append(["6"], [rows(6)])
    check(FeatureStore(tmp_path, "encoder", "float32"), range(10))
    assert other.verify() == 0


@pytest.mark.parametrize(
    ("features", "sentence"),
    [
        (
            np.zeros((2, 3)),
            r"expected features \(T, R, D\) of at least one frame. Received: shape=\(2, 3\)",
        ),
        (np.zeros((0, 2, 3)), "at least one frame"),
        (
            np.zeros((1, 2, 4)),
            r"expected features of one shape \(R, D\). Received: \[\(2, 3\), \(2, 4\)\]",
        ),
        (np.full((1, 2, 3), 1e5), "numbers beyond the range of float16; use float32"),
        (np.full((1, 2, 3), np.nan), "infinite numbers or NaN from the encoder"),
    ],
)
def test_features_that_cannot_be_stored_are_refused(tmp_path, features, sentence):
    """Features with a wrong shape, NaN or values beyond the dtype's range are refused."""
    store = filled(tmp_path, range(3), "float16")
    with pytest.raises(DataError, match=sentence):
        store.append(["x"], [features])
    assert len(FeatureStore(tmp_path, "encoder")) == 3


def test_missing_features_are_a_data_error(tmp_path):
    """The error for missing features states whether the store is empty or lacks the key."""
    store = FeatureStore(tmp_path, "encoder")
    with pytest.raises(DataError, match="Received: an empty store; extract them first"):
        store.rows()
    with pytest.raises(DataError, match=r"expected stored features of k. Received: none"):
        store.features("k")


def test_a_folder_that_cannot_be_created_is_a_data_error(tmp_path):
    """A store whose folder cannot be created raises a DataError."""
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(DataError, match="features cannot be stored here"):
        FeatureStore(tmp_path / "file", "encoder")


def test_a_full_disk_is_a_data_error_and_loses_nothing(tmp_path):
    """An append that fails on a full disk is undone, and the same append succeeds later."""
    store = filled(tmp_path, range(10))
    size = store._data.stat().st_size
    previous = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (size + 10, previous[1]))
        with pytest.raises(
            DataError, match=r"features cannot be stored here \(File too large\). Free space"
        ):
            store.append(["10", "11"], [rows(10), rows(11)])
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, previous)
        signal.signal(signal.SIGXFSZ, handler)
    assert store._data.stat().st_size == size
    check(store, range(10))
    again = FeatureStore(tmp_path, "encoder", "float32")
    again.append(["10", "11"], [rows(10), rows(11)])
    check(again, range(12))


def test_the_error_names_missing_space(tmp_path, monkeypatch):
    """The error for a full disk includes the message of the operating system."""
    store = filled(tmp_path, range(2))

    def full(descriptor):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(DataError, match="No space left on device"):
        store.append(["2"], [rows(2)])


def test_the_files_keep_their_format(tmp_path):
    """The files of a store have the format of earlier versions, byte for byte."""
    store = filled(tmp_path, range(2), "float16")
    assert store.folder.name == blake2b(b"encoder:float16", digest_size=12).hexdigest()
    assert json.loads((store.folder / "store.json").read_text()) == {
        "format": 1,
        "signature": "encoder",
        "dtype": "float16",
        "regions": 2,
        "features": 3,
    }
    stored = [rows(number).astype(np.float16).tobytes() for number in range(2)]
    assert (store.folder / "features.data").read_bytes() == b"".join(stored)
    index, start = b"", 0
    for number in range(2):
        key = blake2b(str(number).encode(), digest_size=16).digest()
        record = key + struct.pack("<QII", start, number + 1, zlib.crc32(stored[number]))
        index += record + struct.pack("<I", zlib.crc32(record))
        start += number + 1
    assert (store.folder / "features.index").read_bytes() == index


WRITER = """
import sys
import numpy as np
from lrcn_seq.features.store import FeatureStore
from lrcn_seq.features.store_format import RECORD
folder, first, last, step = sys.argv[1], *map(int, sys.argv[2:])
store = FeatureStore(folder, "encoder", "float32")
print("ready", flush=True)
for number in range(first, last, step):
    rows = np.random.default_rng(number).normal(size=(number % 4 + 1, 2, 3))
    store.append([str(number)], [rows.astype(np.float32)])
"""


def writer(folder: Path, first: int, last: int, step: int) -> subprocess.Popen:
    return subprocess.Popen(
        [sys.executable, "-c", WRITER, str(folder), str(first), str(last), str(step)],
        stdout=subprocess.PIPE,
    )


def test_processes_may_append_at_the_same_time(tmp_path):
    """Three processes that append the same keys store each key once."""
    workers = [
        writer(tmp_path, 0, 120, 1),
        writer(tmp_path, 119, -1, -1),
        writer(tmp_path, 0, 120, 1),
    ]
    assert [worker.wait(60) for worker in workers] == [0, 0, 0]
    store = FeatureStore(tmp_path, "encoder", "float32")
    check(store, range(120))
    assert len(store.rows()) == sum(number % 4 + 1 for number in range(120))
    assert store.verify() == 0


def test_a_killed_process_leaves_an_intact_store(tmp_path):
    """If a process is killed at any of five times, all features in the store are correct."""
    for attempt in range(5):
        worker = writer(tmp_path, 0, 100_000, 1)
        worker.stdout.readline()
        time.sleep(0.02 + 0.03 * attempt)
        worker.kill()
        worker.wait()
        store = FeatureStore(tmp_path, "encoder", "float32")
        check(store, range(len(store)))
        assert store.verify() == 0
    assert len(store) > 5


def _hold_lock(folder: str, ready) -> None:
    with FeatureStore(folder, "encoder", "float32")._locked():
        ready.set()
        time.sleep(60)


def test_a_killed_process_releases_its_lock(tmp_path):
    """A killed process releases its lock, so that another process can append."""
    context = multiprocessing.get_context("spawn")
    ready = context.Event()
    holder = context.Process(target=_hold_lock, args=(str(tmp_path), ready))
    holder.start()
    assert ready.wait(30)
    holder.kill()
    holder.join()
    check(filled(tmp_path, range(3)), range(3))
