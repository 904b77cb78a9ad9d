"""Content hashes and facts of files, cached by path, size and modification time."""

import json
import multiprocessing
import os
from hashlib import blake2b
from pathlib import Path

import numpy as np
import pytest

from lrcn_seq.data.media import content_index as module
from lrcn_seq.data.media.content_index import ContentIndex, hash_pixels
from lrcn_seq.errors import DataError, MediaError


@pytest.fixture
def counted(monkeypatch):
    """Return a list to which the path of every hashed file is added."""
    read, original = [], module._hash_bytes

    def count(path):
        read.append(path)
        return original(path)

    monkeypatch.setattr(module, "_hash_bytes", count)
    return read


def test_equal_contents_have_equal_hashes(tmp_path):
    """The content hash of a file depends on its bytes, but not on its name."""
    for name, content in (("a", b"1"), ("b", b"1"), ("c", b"2")):
        (tmp_path / name).write_bytes(content)
    a, b, c = (ContentIndex().hash_file(tmp_path / name) for name in "abc")
    assert a == b != c


def test_a_file_is_hashed_once_across_runs(tmp_path, photos, counted):
    """Files whose hashes are in the cache file are not hashed again."""
    first = [ContentIndex(tmp_path / "memory/m.jsonl").hash_file(path) for path in photos]
    again = ContentIndex(tmp_path / "memory/m.jsonl")
    assert [again.hash_file(path) for path in photos] == first
    assert len(counted) == len(photos)


@pytest.mark.parametrize(("content", "time"), [(b"two", 6), (b"longer", 5)])
def test_a_file_of_another_size_or_time_is_hashed_again(tmp_path, counted, content, time):
    """A file is hashed again if its size or its modification time has changed."""
    path, memory = tmp_path / "a", ContentIndex(tmp_path / "m.jsonl")
    path.write_bytes(b"one")
    os.utime(path, ns=(5, 5))
    before = memory.hash_file(path)
    path.write_bytes(content)
    os.utime(path, ns=(time, time))
    assert memory.hash_file(path) != before
    assert len(counted) == 2


def test_verify_hashes_files_of_the_same_size_and_time(tmp_path):
    """With `verify`, a file is hashed again even if size and modification time are unchanged."""
    path = tmp_path / "a"
    path.write_bytes(b"one")
    os.utime(path, ns=(5, 5))
    before = ContentIndex(tmp_path / "m.jsonl").hash_file(path)
    path.write_bytes(b"two")
    os.utime(path, ns=(5, 5))
    assert ContentIndex(tmp_path / "m.jsonl").hash_file(path) == before
    assert ContentIndex(tmp_path / "m.jsonl", verify=True).hash_file(path) != before
    assert ContentIndex(tmp_path / "m.jsonl").hash_file(path) != before


def test_damaged_lines_of_the_index_are_skipped(tmp_path, photos, counted):
    """Incomplete and invalid lines of the cache file are skipped."""
    memory = tmp_path / "m.jsonl"
    first = ContentIndex(memory)
    hashes = [first.hash_file(path) for path in photos[:3]]
    memory.write_bytes(memory.read_bytes()[:-7] + b'\n\xff\x00rubbish\n[1, 2]\n{"path": 3}')
    second = ContentIndex(memory)
    assert [second.hash_file(path) for path in photos[:3]] == hashes
    assert len(counted) == 4
    third = ContentIndex(memory)
    third.hash_file(photos[2])
    assert len(counted) == 4


@pytest.mark.parametrize(
    "line",
    [
        b"[" * 100_000,
        b"7",
        b'"path"',
        b'{"path": "%s", "size": 1, "time": 5, "content": null}',
        b'{"path": ["a"], "size": 1, "time": 5, "content": "a"}',
        b'{"fact": {}, "value": 1}',
        b'{"fact": "a", "value": ' + b"9" * 5000 + b"}",
    ],
)
def test_lines_of_wrong_types_are_skipped(tmp_path, line):
    """Lines of the cache file with unexpected or too deeply nested JSON are skipped."""
    path, memory = tmp_path / "a", tmp_path / "m.jsonl"
    path.write_bytes(b"1")
    os.utime(path, ns=(5, 5))
    memory.write_bytes(line.replace(b"%s", bytes(path)) + b'\n{"fact": "last", "value": 3}')
    index = ContentIndex(memory)
    assert index.hash_file(path) == blake2b(b"1", digest_size=16).hexdigest()
    assert index.fact("last") == 3


def test_files_that_are_no_regular_files_are_refused(tmp_path):
    """A FIFO, a link to a device and a folder can neither be hashed nor be the cache file."""
    os.mkfifo(tmp_path / "fifo")
    (tmp_path / "link").symlink_to("/dev/zero")
    table = {"fifo": "a FIFO", "link": "a device", ".": "Is a directory"}
    for name, reason in table.items():
        with pytest.raises(MediaError, match=rf"this file cannot be read \(.*{reason}\)"):
            ContentIndex().hash_file(tmp_path / name)
        with pytest.raises(DataError, match=rf"expected the index of file contents \(.*{reason}\)"):
            ContentIndex(tmp_path / name)


def test_impossible_paths_are_refused():
    """A path that is too long or contains a NUL character raises a MediaError."""
    for path in (Path("a\0b"), Path("x" * 5000)):
        with pytest.raises(MediaError, match="this file cannot be read"):
            ContentIndex().hash_file(path)


def test_the_hash_of_files_depends_on_their_names_and_contents(tmp_path):
    """The hash of several files depends on names and contents, but not on the order of paths."""
    for name, content in (("1.png", b"a"), ("2.png", b"b"), ("3.png", b"b")):
        (tmp_path / name).write_bytes(content)
    first, second, third = (tmp_path / name for name in ("1.png", "2.png", "3.png"))
    index = ContentIndex()
    assert index.hash_files([first, second]) == index.hash_files([second, first])
    assert index.hash_files([first, second]) != index.hash_files([first, third])


def test_hashes_are_those_of_earlier_versions(tmp_path):
    """Hashes of files, file lists and arrays equal those of earlier versions."""
    path = tmp_path / "a.png"
    path.write_bytes(b"content")
    content = blake2b(b"content", digest_size=16).hexdigest()
    assert ContentIndex().hash_file(path) == content
    lines = blake2b(f"a.png:{content}".encode(), digest_size=16).hexdigest()
    assert ContentIndex().hash_files([path]) == lines
    pixels = np.arange(6, dtype=np.uint8).reshape(1, 2, 3)
    expected = blake2b(b"(1, 2, 3)uint8" + bytes(range(6)), digest_size=16).hexdigest()
    assert hash_pixels(pixels) == expected


def test_the_file_keeps_its_format(tmp_path):
    """The lines of a cache file from earlier versions are read."""
    path, memory = tmp_path / "a", tmp_path / "m.jsonl"
    path.write_bytes(b"one")
    state = path.stat()
    lines = [
        {"path": str(path), "size": 3, "time": state.st_mtime_ns, "content": "remembered"},
        {"fact": "times:remembered:100000000", "value": {"count": 4, "step": 0.04}},
    ]
    memory.write_text("".join("\n" + json.dumps(line) for line in lines))
    index = ContentIndex(memory)
    assert index.hash_file(path) == "remembered"
    assert index.fact("times:remembered:100000000") == {"count": 4, "step": 0.04}
    index.add_fact("opened:x:5", None)
    assert memory.read_text().endswith('\n{"fact": "opened:x:5", "value": null}')


def test_facts_are_remembered_across_runs(tmp_path):
    """A fact keeps its last value across runs, even if the value is None."""
    first = ContentIndex(tmp_path / "m.jsonl")
    assert not first.has_fact("a")
    first.add_fact("a", 1)
    first.add_fact("a", None)
    second = ContentIndex(tmp_path / "m.jsonl")
    assert second.has_fact("a")
    assert second.fact("a") is None
    with pytest.raises(KeyError):
        second.fact("b")


def test_a_missing_file_is_named():
    """The error for a missing file names the path."""
    with pytest.raises(MediaError, match=r"nowhere.jpg: there is no such file"):
        ContentIndex().hash_file(Path("nowhere.jpg"))


def test_an_index_that_cannot_be_written_is_a_data_error(tmp_path):
    """A cache file that cannot be written raises a DataError."""
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(DataError, match="expected a writable file"):
        ContentIndex(tmp_path / "file" / "m.jsonl").hash_file(tmp_path / "file")


def _hash_all(memory: Path, paths: list[Path], together=None) -> None:
    contents = ContentIndex(memory)
    if together:
        together.wait()
    for path in paths:
        contents.hash_file(path)


def test_two_processes_share_one_index(tmp_path, counted):
    """Two processes may write to one cache file at the same time."""
    for number in range(200):
        (tmp_path / f"{number}.bin").write_bytes(bytes([number]))
    memory, paths = tmp_path / "m.jsonl", sorted(tmp_path.glob("*.bin"))
    context = multiprocessing.get_context("spawn")
    together = context.Barrier(2)
    workers = [
        context.Process(target=_hash_all, args=(memory, order, together))
        for order in (paths, paths[::-1])
    ]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert [worker.exitcode for worker in workers] == [0, 0]
    lines = filter(None, memory.read_bytes().splitlines())
    assert {Path(json.loads(line)["path"]) for line in lines} == set(paths)
    _hash_all(memory, paths)
    assert not counted


def test_a_fifo_is_not_hashed(tmp_path):
    """A FIFO raises MediaError instead of waiting for a writer."""
    os.mkfifo(tmp_path / "a")
    with pytest.raises(MediaError, match=r"cannot be read \(expected a regular file\."):
        ContentIndex().hash_file(tmp_path / "a")
