"""Hashes follow what files contain and are remembered."""

import json
import multiprocessing
import os
from pathlib import Path

import numpy as np
import pytest

from lrcn_seq.data import contents as module
from lrcn_seq.data.contents import Contents
from lrcn_seq.errors import DataError, MediaError


@pytest.fixture
def counted(monkeypatch):
    """The paths that were really read."""
    read, original = [], module._hash_file

    def count(path):
        read.append(path)
        return original(path)

    monkeypatch.setattr(module, "_hash_file", count)
    return read


def test_equal_contents_have_equal_hashes(tmp_path):
    """Names do not matter, bytes do."""
    for name, content in (("a", b"1"), ("b", b"1"), ("c", b"2")):
        (tmp_path / name).write_bytes(content)
    a, b, c = (Contents().hash(tmp_path / name) for name in "abc")
    assert a == b != c


def test_a_file_is_read_once_and_remembered_across_runs(tmp_path, photos, counted):
    """A second object with the same memory reads nothing."""
    first = [Contents(tmp_path / "memory/m.jsonl").hash(path) for path in photos]
    again = Contents(tmp_path / "memory/m.jsonl")
    assert [again.hash(path) for path in photos] == first
    assert len(counted) == len(photos)


def test_a_changed_file_is_read_again(tmp_path, counted):
    """Another size or another time of change is another file."""
    path, memory = tmp_path / "a", Contents(tmp_path / "m.jsonl")
    path.write_bytes(b"one")
    before = memory.hash(path)
    path.write_bytes(b"two")
    os.utime(path, ns=(1, 1))
    assert memory.hash(path) != before
    assert len(counted) == 2


def test_verify_reads_again_what_size_and_time_hide(tmp_path):
    """Content exchanged under the same size and time is noticed with verify only."""
    path = tmp_path / "a"
    path.write_bytes(b"one")
    os.utime(path, ns=(5, 5))
    before = Contents(tmp_path / "m.jsonl").hash(path)
    path.write_bytes(b"two")
    os.utime(path, ns=(5, 5))
    assert Contents(tmp_path / "m.jsonl").hash(path) == before
    assert Contents(tmp_path / "m.jsonl", verify=True).hash(path) != before
    assert Contents(tmp_path / "m.jsonl").hash(path) != before


def test_a_memory_cut_short_or_spoiled_is_used_as_far_as_it_goes(tmp_path, photos, counted):
    """Half a line and rubbish are skipped, and what is appended after them is read."""
    memory = tmp_path / "m.jsonl"
    first = Contents(memory)
    hashes = [first.hash(path) for path in photos[:3]]
    memory.write_bytes(memory.read_bytes()[:-7] + b'\n\xff\x00rubbish\n[1, 2]\n{"path": 3}')
    second = Contents(memory)
    assert [second.hash(path) for path in photos[:3]] == hashes
    assert len(counted) == 4
    third = Contents(memory)
    third.hash(photos[2])
    assert len(counted) == 4


def test_a_folder_is_its_names_and_contents(tmp_path):
    """A folder of frames changes with a frame or a name."""
    folder = tmp_path / "frames"
    folder.mkdir()
    (folder / "1.png").write_bytes(b"a")
    before = Contents().hash(folder)
    (folder / "1.png").rename(folder / "2.png")
    renamed = Contents().hash(folder)
    (folder / "2.png").write_bytes(b"b")
    changed = Contents().hash(folder)
    assert len({before, renamed, changed}) == 3
    (folder / ".DS_Store").write_bytes(b"of a file manager")
    (folder / "notes.txt").write_bytes(b"no frame")
    assert Contents().hash(folder) == changed


def test_arrays_are_their_pixels_and_shape():
    """Same bytes in another shape are another picture."""
    flat = np.zeros((2, 8, 3), np.uint8)
    assert (
        Contents().hash(flat)
        == Contents().hash(flat.copy())
        != Contents().hash(flat.reshape(4, 4, 3))
    )


def test_a_missing_file_is_named():
    """The sentence holds the path."""
    with pytest.raises(MediaError, match=r"nowhere.jpg: there is no such file"):
        Contents().hash("nowhere.jpg")


def test_a_memory_that_cannot_be_written_says_so(tmp_path):
    """Here a file stands where its folder should be."""
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(DataError, match="expected a file that can be written"):
        Contents(tmp_path / "file" / "m.jsonl").hash(tmp_path / "file")


def _hash_all(memory: Path, paths: list[Path], together=None) -> None:
    contents = Contents(memory)
    if together:
        together.wait()
    for path in paths:
        contents.hash(path)


def test_two_processes_share_one_memory(tmp_path, counted):
    """Lines written at the same time stay whole."""
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
