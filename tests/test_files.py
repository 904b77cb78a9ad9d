"""Reading of regular files, atomic replacement, and the JSON files of a run folder."""

import errno
import json
import multiprocessing
import os
import resource
import signal
import socket
import threading
from contextlib import contextmanager
from pathlib import Path

import pytest

from lrcn_seq import files
from lrcn_seq.errors import RunError
from lrcn_seq.files import (
    append_text,
    atomic_replacement,
    open_file,
    read_file,
    read_json,
    read_json_lines,
    remove_leftovers,
    reserve_space,
    temporary_folder,
    write_file,
    write_text,
)


def test_a_linked_file_is_read(tmp_path):
    """A symbolic link to a regular file is read like the file."""
    (tmp_path / "file").write_bytes(b"content")
    (tmp_path / "link").symlink_to("file")
    assert read_file(tmp_path / "link") == b"content"


@pytest.mark.parametrize("link", [False, True])
@pytest.mark.parametrize("kind", ["FIFO", "device", "socket"])
def test_files_that_are_not_regular_are_refused(tmp_path, kind, link):
    """A FIFO, a device or a socket is refused without waiting, even behind a symbolic link."""
    path = tmp_path / "path"
    if kind == "FIFO":
        os.mkfifo(path)
    elif kind == "device":
        path.symlink_to("/dev/zero")
    else:
        server = socket.socket(socket.AF_UNIX)
        server.bind(os.path.relpath(path))
        server.close()
    if link:
        (tmp_path / "link").symlink_to(path)
        path = tmp_path / "link"
    with pytest.raises(OSError, match=f"^expected a regular file. Received: a {kind}$") as failure:
        open_file(path)
    assert failure.value.errno is None


def test_a_folder_is_not_a_file(tmp_path):
    """Opening a folder as a file raises IsADirectoryError."""
    with pytest.raises(IsADirectoryError):
        open_file(tmp_path)


def test_a_file_is_replaced(tmp_path):
    """Replacing a file removes its old content and leaves no other file."""
    path = tmp_path / "a"
    path.write_text("a longer old content")
    write_file(path, lambda file: file.write(b"new"))
    assert path.read_bytes() == b"new"
    assert [entry.name for entry in tmp_path.iterdir()] == ["a"]


@pytest.mark.parametrize(("umask", "mode"), [(0o022, 0o644), (0o077, 0o600), (0o002, 0o664)])
def test_the_umask_restricts_permissions(tmp_path, umask, mode):
    """A replaced file has the permissions that the umask gives to new files."""
    previous = os.umask(umask)
    try:
        write_text(tmp_path / "a", "new")
    finally:
        os.umask(previous)
    assert (tmp_path / "a").stat().st_mode & 0o777 == mode


def test_temporary_names_are_private_and_unpredictable(tmp_path):
    """New content is written in a private temporary folder, which has a new name each time."""
    names = set()
    for _ in range(3):
        with atomic_replacement(tmp_path / "a") as draft:
            assert draft.name == "a"
            assert draft.parent.parent == tmp_path
            assert draft.parent.stat().st_mode & 0o777 == 0o700
            names.add(draft.parent.name)
            draft.write_text("new")
    assert len(names) == 3


def test_a_link_is_replaced_rather_than_followed(tmp_path):
    """Writing to a symbolic link replaces the link; its target keeps its content."""
    (tmp_path / "target").write_text("old")
    (tmp_path / "a").symlink_to("target")
    write_text(tmp_path / "a", "new")
    assert (tmp_path / "target").read_text() == "old"
    assert not (tmp_path / "a").is_symlink()


def test_a_long_name_can_be_written(tmp_path):
    """A file can be written if its name is almost 255 bytes long."""
    path = tmp_path / ("é" * 127)
    write_text(path, "new")
    assert [entry.name for entry in tmp_path.iterdir()] == [path.name]


@contextmanager
def limited_file_size(size: int):
    """Limit the size of files, so that writing a larger file fails as on a full disk."""
    previous = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, previous[1]))
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, previous)
        signal.signal(signal.SIGXFSZ, handler)


def test_space_is_reserved(tmp_path):
    """Reserving space for a file that does not fit on the disk raises an error."""
    reserve_space(tmp_path / "a", 1000)
    assert (tmp_path / "a").stat().st_blocks > 0
    with limited_file_size(999), pytest.raises(OSError, match="File too large"):
        reserve_space(tmp_path / "b", 1000)


@pytest.mark.parametrize("number", [errno.EINVAL, errno.EOPNOTSUPP])
def test_a_file_system_that_reserves_no_space_is_used(tmp_path, monkeypatch, number):
    """A file system that cannot reserve space for a file causes no error."""

    def fail(*arguments):
        raise OSError(number, "not supported")

    monkeypatch.setattr(os, "posix_fallocate", fail)
    reserve_space(tmp_path / "a", 1000)


def test_appended_text_follows_the_old_text(tmp_path):
    """Text is appended to a file, which is created if it is missing."""
    append_text(tmp_path / "a", "1\n")
    append_text(tmp_path / "a", "ü\n")
    assert (tmp_path / "a").read_bytes() == "1\nü\n".encode()


def test_text_that_does_not_fit_is_not_appended(tmp_path):
    """Appending text to a file on a full disk leaves the file unchanged."""
    (tmp_path / "a").write_text("old\n")
    message = r"a: expected to write this file\. Received: File too large; the earlier content is"
    with limited_file_size(6), pytest.raises(RunError, match=message):
        append_text(tmp_path / "a", "too long\n")
    assert (tmp_path / "a").read_text() == "old\n"


def test_text_is_not_appended_through_a_link(tmp_path):
    """A symbolic link in the place of a file is refused, and its target stays unchanged."""
    (tmp_path / "target").write_text("old\n")
    (tmp_path / "a").symlink_to("target")
    with pytest.raises(RunError, match="a: expected to write this file"):
        append_text(tmp_path / "a", "new\n")
    assert (tmp_path / "target").read_text() == "old\n"


@pytest.mark.parametrize("is_read", [False, True])
def test_text_is_not_appended_to_a_fifo(tmp_path, is_read):
    """A FIFO in the place of a file is refused without waiting, also if another process reads."""
    os.mkfifo(tmp_path / "a")
    reader = os.open(tmp_path / "a", os.O_RDONLY | os.O_NONBLOCK) if is_read else None
    with pytest.raises(RunError, match="a: expected to write this file"):
        append_text(tmp_path / "a", "new\n")
    if reader is not None:
        os.close(reader)


def _hold_folder(parent: Path, ready) -> None:
    with temporary_folder(parent, "a") as folder:
        (folder / "a").write_text("draft")
        ready.set()
        threading.Event().wait(60)


@pytest.mark.parametrize("name", ["a", None])
def test_a_temporary_folder_is_removed_once_its_process_is_killed(tmp_path, name):
    """A temporary folder is removed only if its process was killed and it has the given name."""
    context = multiprocessing.get_context("spawn")
    ready = context.Event()
    process = context.Process(target=_hold_folder, args=(tmp_path, ready))
    process.start()
    assert ready.wait(60)
    remove_leftovers(tmp_path, name)
    assert len(list(tmp_path.iterdir())) == 1
    process.kill()
    process.join()
    remove_leftovers(tmp_path, "b")
    assert len(list(tmp_path.iterdir())) == 1
    remove_leftovers(tmp_path, name)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("files", [[], [".in-use"], ["a"], [".in-use", "a"]])
def test_a_folder_left_at_any_moment_is_removed(tmp_path, files):
    """A temporary folder is removed whether or not it has a lock file or content."""
    folder = tmp_path / ".a.01234567.lrcn-tmp"
    folder.mkdir()
    for name in files:
        (folder / name).write_text("")
    write_text(tmp_path / "a", "new")
    assert [path.name for path in tmp_path.iterdir()] == ["a"]


@pytest.mark.parametrize("name", [".a.lrcn-tmp", "a.01234567.lrcn-tmp", ".a.01234567.tmp"])
def test_folders_of_other_programs_are_kept(tmp_path, name):
    """Folders that are not named like the temporary folders of this library are kept."""
    (tmp_path / name).mkdir()
    remove_leftovers(tmp_path)
    assert (tmp_path / name).exists()


def test_a_folder_that_is_removed_before_it_is_locked_is_created_again(tmp_path, monkeypatch):
    """A new temporary folder that another process removes is created again under another name."""
    acquire, removed = files.acquire, []

    def remove_first(lock, **options):
        if not removed:
            removed.append(Path(lock.name).parent)
            files.shutil.rmtree(removed[0])
        return acquire(lock, **options)

    monkeypatch.setattr(files, "acquire", remove_first)
    with temporary_folder(tmp_path, "a") as folder:
        assert folder.is_dir()
        assert folder != removed[0]


@pytest.mark.parametrize(
    ("call", "number"),
    [
        ("fsync", errno.EINVAL),
        ("fsync", errno.ENOTSUP),
        ("fsync", errno.ENOSYS),
        ("open", errno.EACCES),
        ("open", errno.EISDIR),
    ],
)
def test_a_file_system_without_fsync_of_folders_is_used(tmp_path, monkeypatch, call, number):
    """A file is written even if its folder cannot be flushed to disk."""
    original = getattr(os, call)

    def fail_for_folders(target, *arguments, **options):
        path = f"/proc/self/fd/{target}" if call == "fsync" else target
        if Path(path).is_dir():
            raise OSError(number, os.strerror(number))
        return original(target, *arguments, **options)

    monkeypatch.setattr(files.os, call, fail_for_folders)
    write_text(tmp_path / "a", "new")
    assert (tmp_path / "a").read_text() == "new"


def test_an_error_of_the_disk_is_not_ignored(tmp_path, monkeypatch):
    """If flushing new content to disk fails, an error is raised and the old file is kept."""
    (tmp_path / "a").write_text("old")

    def fail(handle):
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(files.os, "fsync", fail)
    with pytest.raises(RunError, match="Received: Input/output error; the old file is unchanged"):
        write_text(tmp_path / "a", "new")
    assert (tmp_path / "a").read_text() == "old"


def test_a_failed_write_leaves_the_old_file(tmp_path):
    """A failed write keeps the old file and leaves no temporary file."""
    write_text(tmp_path / "a", "old")

    def fail(file):
        file.write(b"new")
        raise OSError(28, "No space left on device")

    message = "a: expected to write this file. Received: No space left on device; the old file is"
    with pytest.raises(RunError, match=message):
        write_file(tmp_path / "a", fail)
    assert [path.name for path in tmp_path.iterdir()] == ["a"]
    assert (tmp_path / "a").read_text() == "old"


def test_an_interrupted_write_leaves_the_old_file(tmp_path):
    """An interrupted write keeps the old file and leaves no temporary file."""
    write_text(tmp_path / "a", "old")

    def interrupt(file):
        file.write(b"new")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_file(tmp_path / "a", interrupt)
    assert [path.name for path in tmp_path.iterdir()] == ["a"]
    assert (tmp_path / "a").read_text() == "old"


def test_the_content_is_on_disk_before_the_file_is_replaced(tmp_path, monkeypatch):
    """The new content is on disk before the old file is replaced."""
    (tmp_path / "a").write_text("old")
    synced = []
    fsync = os.fsync

    def record(handle):
        path = Path(f"/proc/self/fd/{handle}").readlink()
        content = None if path.is_dir() else path.read_text()
        synced.append((content, (tmp_path / "a").read_text()))
        fsync(handle)

    monkeypatch.setattr(files.os, "fsync", record)
    write_text(tmp_path / "a", "new")
    assert synced == [("new", "old"), (None, "new")]


def test_a_missing_folder_is_an_error(tmp_path):
    """Writing into a missing folder raises an error that names the file."""
    with pytest.raises(RunError, match=r"absent/a: expected to write this file\. Received: No"):
        write_text(tmp_path / "absent" / "a", "text")


def test_text_is_utf_8(tmp_path):
    """Text files are written as UTF-8 with unchanged newlines."""
    write_text(tmp_path / "a", "ä\r\n日本")
    assert (tmp_path / "a").read_bytes() == "ä\r\n日本".encode()


def test_undecodable_bytes_of_file_names_are_escaped(tmp_path):
    """In JSON files, undecodable bytes of file names are written as escapes."""
    write_text(tmp_path / "a", json.dumps("caf\udce9", ensure_ascii=False))
    assert json.loads((tmp_path / "a").read_text(encoding="utf-8")) == "caf\udce9"


def test_json_is_parsed(tmp_path):
    """`read_json` passes the JSON value to a parser and returns the result."""
    (tmp_path / "a.json").write_text('{"n": "3"}')
    assert read_json(tmp_path / "a.json", "a number", lambda value: int(value["n"])) == 3


def test_json_lines_are_parsed(tmp_path):
    """`read_json_lines` passes all values to the parser; only a line feed ends a line."""
    (tmp_path / "a.jsonl").write_text('{"n": 1}\n\n"a\u2028b"\n', encoding="utf-8")
    values = read_json_lines(tmp_path / "a.jsonl", "values", lambda values: values)
    assert values == [{"n": 1}, "a\u2028b"]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"{", "Expecting property name"),
        (b"{}", "the key 'n' is missing"),
        (b'{"n": "x"}', "invalid literal"),
        (b'{"n": null}', "int"),
        (b'{"n": Infinity}', "infinity"),
        (b"[]", "list indices"),
        (b"\xff", "utf-8"),
        (b"[" * 100_000, "nested too deeply"),
        (None, "No such file"),
    ],
)
def test_damaged_json_is_an_error(tmp_path, content, reason):
    """Damaged JSON raises an error with the file, its expected content and the reason."""
    if content is not None:
        (tmp_path / "a.json").write_bytes(content)
    message = rf"a\.json: expected a number as JSON\. Received: .*{reason}.*; the run is damaged"
    with pytest.raises(RunError, match=message):
        read_json(tmp_path / "a.json", "a number", lambda value: int(value["n"]))


def test_damaged_json_lines_are_an_error(tmp_path):
    """A damaged line of a JSON lines file raises an error."""
    (tmp_path / "a.jsonl").write_text('{"n": 1}\n{"n"')
    with pytest.raises(RunError, match=r"a\.jsonl: expected values as JSON\. Received: Expecting"):
        read_json_lines(tmp_path / "a.jsonl", "values", list)
