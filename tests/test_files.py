"""Reading of regular files, atomic replacement, and the JSON files of a run folder."""

import json
import os
import socket
from pathlib import Path

import pytest

from lrcn_seq import files
from lrcn_seq.errors import RunError
from lrcn_seq.files import open_file, read_file, read_json, read_json_lines, write_file, write_text


def test_a_linked_file_is_read(tmp_path):
    """A symbolic link to a regular file is read like the file."""
    (tmp_path / "file").write_bytes(b"content")
    (tmp_path / "link").symlink_to("file")
    assert read_file(tmp_path / "link") == b"content"


@pytest.mark.parametrize("link", [False, True])
@pytest.mark.parametrize("kind", ["FIFO", "device", "socket"])
def test_files_that_are_not_regular_are_refused(tmp_path, kind, link):
    """A FIFO, a device or a socket is refused without waiting, also behind a symbolic link."""
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
    """A folder raises IsADirectoryError."""
    with pytest.raises(IsADirectoryError):
        open_file(tmp_path)


def test_a_file_is_replaced(tmp_path):
    """No other file is left, and all users may read it."""
    path = tmp_path / "a"
    path.write_text("a longer old content")
    write_file(path, lambda file: file.write(b"new"))
    assert path.read_bytes() == b"new"
    assert [entry.name for entry in tmp_path.iterdir()] == ["a"]
    assert path.stat().st_mode & 0o777 == 0o644


def test_a_failed_write_leaves_the_old_file(tmp_path):
    """The message has the reason, and no temporary file is left."""
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
    """Ctrl-C removes the temporary file as well."""
    write_text(tmp_path / "a", "old")

    def interrupt(file):
        file.write(b"new")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_file(tmp_path / "a", interrupt)
    assert [path.name for path in tmp_path.iterdir()] == ["a"]
    assert (tmp_path / "a").read_text() == "old"


def test_the_content_is_on_disk_before_the_file_is_replaced(tmp_path, monkeypatch):
    """The new content is complete at fsync; then the rename is made durable."""
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
    """The message names the file."""
    with pytest.raises(RunError, match=r"absent/a: expected to write this file\. Received: No"):
        write_text(tmp_path / "absent" / "a", "text")


def test_text_is_utf_8(tmp_path):
    """Newlines stay as they are."""
    write_text(tmp_path / "a", "ä\r\n日本")
    assert (tmp_path / "a").read_bytes() == "ä\r\n日本".encode()


def test_undecodable_bytes_of_file_names_are_escaped(tmp_path):
    """JSON reads the escapes back."""
    write_text(tmp_path / "a", json.dumps("caf\udce9", ensure_ascii=False))
    assert json.loads((tmp_path / "a").read_text(encoding="utf-8")) == "caf\udce9"


def test_json_is_parsed(tmp_path):
    """The result is that of the parser."""
    (tmp_path / "a.json").write_text('{"n": "3"}')
    assert read_json(tmp_path / "a.json", "a number", lambda value: int(value["n"])) == 3


def test_json_lines_are_parsed(tmp_path):
    """The parser gets all values; only line feeds end a line."""
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
    """The message names the file, its content and the reason."""
    if content is not None:
        (tmp_path / "a.json").write_bytes(content)
    message = rf"a\.json: expected a number as JSON\. Received: .*{reason}.*; the run is damaged"
    with pytest.raises(RunError, match=message):
        read_json(tmp_path / "a.json", "a number", lambda value: int(value["n"]))


def test_damaged_json_lines_are_an_error(tmp_path):
    """One damaged line damages the file."""
    (tmp_path / "a.jsonl").write_text('{"n": 1}\n{"n"')
    with pytest.raises(RunError, match=r"a\.jsonl: expected values as JSON\. Received: Expecting"):
        read_json_lines(tmp_path / "a.jsonl", "values", list)
