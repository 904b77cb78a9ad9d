"""Reading of regular files, atomic replacement, and the JSON files of a run folder."""

import json
import os
import socket
from pathlib import Path

import pytest

from lrcn_seq import files
from lrcn_seq.errors import RunError
from lrcn_seq.files import (
    decode_text,
    open_file,
    read_file,
    read_json,
    read_json_lines,
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
    """Opening a folder as a file raises IsADirectoryError."""
    with pytest.raises(IsADirectoryError):
        open_file(tmp_path)


@pytest.mark.parametrize(
    "content",
    [
        "é 日本\n".encode(),
        "é 日本\r\n".encode("utf-8-sig"),
        "é 日本\r".encode("utf-16"),
        b"\xfe\xff" + "é 日本\n".encode("utf-16-be"),
        "é 日本\n".encode("utf-32"),
    ],
)
def test_text_is_decoded_by_its_byte_order_mark(content):
    """Text is decoded as UTF-8 or by its byte order mark, and its line ends become newlines."""
    assert decode_text(content) == "é 日本\n"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("a dog\na cat\n".encode("utf-16-le"), "^UTF-16-LE without byte order mark; save"),
        ("a dog\na cat\n".encode("utf-16-be"), "^UTF-16-BE without byte order mark; save"),
        ("狗在跑步狗在跑步\n狗\n".encode("utf-16-le"), "^UTF-16-LE without byte order mark"),
        ("Собака бежит\n".encode("utf-16-be"), "^UTF-16-BE without byte order mark"),
        (b"a,b\n1,x\0\n", "^a NUL character in line 2; repair the file"),
        (b"a,b\n12,x\0\n", "^a NUL character in line 2; repair the file"),
        (b"a,b\nx,a dog\0\ny,a cat\0\n", "^a NUL character in line 2; repair the file"),
        ("a\0b".encode("utf-16"), "^a NUL character in line 1"),
        ("café".encode("cp1252"), "^invalid bytes at position 3, probably cp1252 .Windows.; save"),
        (b"PK\3\4\xe9\0\0\0", "^invalid bytes at position 4; save the file as UTF-8$"),
        (b"\xff\xfe\x00\xd8", "^invalid bytes at position 2; save the file as UTF-8$"),
    ],
)
def test_other_encodings_are_named(content, message):
    """The error for undecodable text names the probable encoding or the first invalid place."""
    with pytest.raises(ValueError, match=message):
        decode_text(content)


def test_a_file_is_replaced(tmp_path):
    """`write_file` replaces a file and leaves no temporary file."""
    path = tmp_path / "a"
    path.write_text("a longer old content")
    write_file(path, lambda file: file.write(b"new"))
    assert path.read_bytes() == b"new"
    assert [entry.name for entry in tmp_path.iterdir()] == ["a"]
    assert path.stat().st_mode & 0o777 == 0o644


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
    """Undecodable bytes of file names are written as JSON escapes."""
    write_text(tmp_path / "a", json.dumps("caf\udce9", ensure_ascii=False))
    assert json.loads((tmp_path / "a").read_text(encoding="utf-8")) == "caf\udce9"


def test_json_is_parsed(tmp_path):
    """`read_json` passes the JSON value to a parser and returns the result."""
    (tmp_path / "a.json").write_text('{"n": "3"}')
    assert read_json(tmp_path / "a.json", "a number", lambda value: int(value["n"])) == 3


def test_json_lines_are_parsed(tmp_path):
    """`read_json_lines` passes all values to the parser; only line feeds separate lines."""
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
        (b"[" * 100_000, "recursion"),
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
