"""The output file of prediction commands: one line per input file, continued by a repeated call."""

import errno
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from lrcn_seq.cli._output import JsonLines, finished_files, open_output
from lrcn_seq.errors import RunError, UsageError

LINE = '{"file": "a ü.png", "captions": []}\n'
OTHER_LINE = '{"file": "b.png", "captions": []}\n'
FAILED_LINE = '{"file": "broken.png", "error": "It is not an image."}\n'


@pytest.fixture
def path(tmp_path) -> Path:
    """Return the path of an output file that does not exist yet."""
    return tmp_path / "out.jsonl"


def row(name: str) -> dict:
    """Return a prediction row without captions."""
    return {"file": name, "captions": []}


def test_written_lines_are_on_disk_at_once(path):
    """Each line is on disk as soon as it is written."""
    with open_output(str(path)) as output:
        output.write(row("ü"))
        assert path.read_text() == '{"file": "ü", "captions": []}\n'


def test_file_name_comes_first_in_a_line(path):
    """Each line of the output begins with the key `file`."""
    with open_output(str(path)) as output:
        output.write({"tags": ["x"], "file": "a"})
    assert path.read_text() == '{"file": "a", "tags": ["x"]}\n'
    assert finished_files(path) == {"a"}


def test_repeated_call_appends(path):
    """A repeated call keeps earlier lines and treats their input files as finished."""
    path.write_text(LINE)
    with open_output(str(path)) as output:
        assert output.finished == {"a ü.png"}
        output.write(row("b.png"))
    assert path.read_text() == LINE + OTHER_LINE


def test_file_name_that_is_not_utf8_survives(path):
    """A file name that is not valid UTF-8 is written as a JSON escape and read back unchanged."""
    name = os.fsdecode(b"\xff.png")
    with open_output(str(path)) as output:
        output.write(row(name))
    assert json.loads(path.read_text())["file"] == name
    assert finished_files(path) == {name}


def test_without_a_path_nothing_is_written():
    """Without an output path, nothing is written, and every input file counts as unfinished."""
    with open_output(None) as output:
        output.write(row("a"))
        with output.line() as append:
            append("{")
        assert output.unfinished(["a", "b"]) == ["a", "b"]


def test_unfinished_files_keep_their_order(capsys):
    """Unfinished files keep their order, and the number of skipped files is printed on stderr."""
    output = JsonLines("out.jsonl", None, {"b.png"})
    assert output.unfinished(["c.png", "b.png", "a.png"]) == ["c.png", "a.png"]
    assert capsys.readouterr().err == (
        "out.jsonl: skipping 1 of 3 files, which an earlier call finished; choose another "
        "--output to repeat them.\n"
    )


def test_nothing_is_reported_when_no_file_is_skipped(capsys):
    """Nothing is printed if no file is skipped."""
    JsonLines("out.jsonl", None).unfinished(["a.png"])
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("size", range(1, len(LINE.encode())))
def test_incomplete_last_line_is_removed(path, size):
    """An incomplete last line is removed, and the lines before it are kept."""
    path.write_bytes(OTHER_LINE.encode() + LINE.encode()[:size])
    assert finished_files(path) == {"b.png"}
    assert path.read_text() == OTHER_LINE


def test_lines_of_failed_files_are_removed(path):
    """Lines of failed files are removed, so that these files are processed again."""
    path.write_text(LINE + FAILED_LINE + OTHER_LINE)
    with open_output(str(path)) as output:
        assert output.finished == {"a ü.png", "b.png"}
        output.write(row("broken.png"))
    assert path.read_text() == LINE + OTHER_LINE + FAILED_LINE.replace(
        '"error": "It is not an image."', '"captions": []'
    )


def test_removing_lines_keeps_permissions_and_links(path, tmp_path):
    """Removing lines keeps permissions and symbolic links, and leaves no temporary file."""
    path.write_text(LINE + FAILED_LINE)
    path.chmod(0o600)
    (tmp_path / "link").symlink_to(path.name)
    with open_output(str(tmp_path / "link")):
        pass
    assert path.read_text() == LINE
    assert path.stat().st_mode & 0o777 == 0o600
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["link", path.name]


@pytest.mark.parametrize("name", [".out.jsonl.new", ".out.jsonl.lrcn-tmp"])
def test_predictable_names_are_not_written(path, tmp_path, name):
    """A symbolic link at a likely temporary name is not followed when lines are removed."""
    path.write_text(LINE + FAILED_LINE)
    (tmp_path / "target").write_text("old")
    (tmp_path / name).symlink_to("target")
    with open_output(str(path)):
        pass
    assert path.read_text() == LINE
    assert (tmp_path / "target").read_text() == "old"


def test_temporary_files_of_a_killed_call_are_removed(path, tmp_path):
    """The next call with the same output file removes temporary files of a killed call."""
    (tmp_path / ".out.jsonl.01234567.lrcn-tmp").mkdir()
    with open_output(str(path)):
        pass
    assert list(tmp_path.iterdir()) == [path]


def test_lines_that_cannot_be_removed_are_kept(path, monkeypatch):
    """If lines cannot be removed because the disk is full, the output file is unchanged."""
    path.write_text(LINE + FAILED_LINE)

    def fail(handle):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", fail)
    message = r"Received: No space left on device; the old file is unchanged"
    with pytest.raises(RunError, match=message), open_output(str(path)):
        pass
    assert path.read_text() == LINE + FAILED_LINE


def test_a_file_system_without_locks_is_used(path, without_locks, capsys):
    """On a file system without locks, lines are written and a warning is printed."""
    with open_output(str(path)) as output:
        output.write(row("b.png"))
    assert path.read_text() == OTHER_LINE
    assert "Files cannot be locked on this file system" in capsys.readouterr().err


@pytest.mark.parametrize(
    "content",
    [
        b"hello",
        b"hello\n",
        b"\n",
        b"[1]\n",
        b'{"a": 1}\n',
        b'{"file": }\n',
        b"\x89PNG\r\n",
        b"\0" * 100,
        LINE.encode() + b"hello",
        b'{"id": "x", "caption": "y"}\n',
        b'{"file": "a"}\n',
        b'{"file": "a", "label": "cat"}\n{"file": "b", "label": "d',
        LINE.encode() + b'{"file": ["x"], "labels": []}\n',
        b'{"file": 1, "labels": []}\n',
        b'{"file": ' + b"[" * 9999 + b"\n",
    ],
    ids=lambda content: repr(content[:40]),
)
def test_file_of_something_else_is_left_alone(path, content):
    """A file that was not written by a prediction command is refused and not changed."""
    path.write_bytes(content)
    with pytest.raises(UsageError, match="expected the JSON lines of an earlier call"):
        finished_files(path)
    assert path.read_bytes() == content


def test_first_line_of_something_else_is_named(path):
    """The error for an invalid output file names the first invalid line and quotes it."""
    path.write_text(LINE + '{"file": 1}\n')
    with pytest.raises(UsageError) as caught:
        finished_files(path)
    assert str(caught.value) == (
        f"{path}, line 2: expected the JSON lines of an earlier call. "
        f"""Received: b'{{"file": 1}}\\n'; choose another --output."""
    )


@pytest.mark.parametrize("device", ["/dev/full", "/dev/null"])
def test_device_has_no_earlier_lines(device):
    """A device as output file is not read, since reading /dev/full would never end."""
    assert finished_files(Path(device)) == set()


@pytest.mark.parametrize("content", [LINE, LINE + FAILED_LINE], ids=["appended", "replaced"])
def test_only_one_call_writes_at_a_time(path, content):
    """A second call is refused while another call writes to the output file."""
    path.write_text(content)
    message = r"another call is writing this file\. Wait for it, or choose another --output"
    with open_output(str(path)) as output:
        with pytest.raises(UsageError, match=message), open_output(str(path)):
            pass
        output.write(row("b.png"))
    assert path.read_text() == LINE + OTHER_LINE


def test_next_call_may_write_after_the_first(path):
    """Closing the output file releases its lock."""
    for name in ("a", "b"):
        with open_output(str(path)) as output:
            output.write(row(name))
    assert finished_files(path) == {"a", "b"}


def test_partial_writes_are_completed():
    """If a write accepts only a few bytes, the rest of the line is written by further writes."""

    class SlowFile:
        content = b""

        def write(self, data):
            self.content += bytes(data[:3])
            return min(3, len(data))

    file = SlowFile()
    JsonLines("out.jsonl", file).write(row("ü"))
    assert file.content.decode() == '{"file": "ü", "captions": []}\n'


def test_line_can_be_written_in_pieces(path):
    """A line may be written in pieces, and the newline is added at the end."""
    with open_output(str(path)) as output, output.line() as append:
        append('{"file": "a",')
        append(' "labels": []}')
    assert path.read_text() == '{"file": "a", "labels": []}\n'


def test_interrupted_line_is_removed(path):
    """After an error, the incomplete line is removed and earlier lines are kept."""
    path.write_text(LINE)
    with open_output(str(path)) as output, pytest.raises(KeyError), output.line() as append:
        append('{"file": ')
        raise KeyError
    assert path.read_text() == LINE


def test_interrupted_line_of_a_device_is_let_go():
    """An incomplete line on a device is not removed, since a device cannot be truncated."""
    with pytest.raises(KeyError), open_output("/dev/null") as output, output.line() as append:
        append("{")
        raise KeyError


def test_output_must_not_be_stdout(tmp_path):
    """The output file must differ from the file to which stdout is redirected."""
    code = (
        "import sys; from lrcn_seq import cli;"
        "sys.exit(cli.main(['caption', 'absent', 'a.png', '--output', '/dev/stdout']))"
    )
    with (tmp_path / "o").open("w") as stdout:
        result = subprocess.run(
            [sys.executable, "-c", code],
            check=False,
            stdout=stdout,
            stderr=subprocess.PIPE,
            text=True,
        )
    assert result.returncode == 2
    assert result.stderr.endswith(
        "o: stdout is redirected to this file. Redirect it elsewhere, or choose another --output.\n"
    )


@pytest.mark.parametrize("name", ["", "absent/o"])
def test_output_that_cannot_be_opened(tmp_path, name):
    """A folder, or a file in a missing folder, is refused as output file."""
    message = r"expected a file that can be written\. Received: "
    with pytest.raises(UsageError, match=message), open_output(str(tmp_path / name)):
        pass


def test_full_disk_is_reported_with_the_file():
    """The error for a full disk names the file and says that the same call continues later."""
    message = (
        r"^/dev/full: expected to write a line\. Received: No space left on device; "
        "earlier lines are kept. Repeat the command to continue after them.$"
    )
    with pytest.raises(RunError, match=message), open_output("/dev/full") as output:
        output.write(row("a"))
