"""Files named on the command line, and outputs that go on where they stopped."""

import argparse
import errno
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from lrcn_seq.cli._files import Output, expand, lines_done, open_output, positive
from lrcn_seq.errors import RunError, UsageError


@pytest.fixture
def tree(tmp_path, monkeypatch):
    """A few files, as the working folder."""
    for name in ("b.png", "a.png", "deep/er/c.png", ".hidden", "deep/.hidden", "x[1].png"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"")
    (tmp_path / "empty").mkdir()
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (["b.png", "a.png"], ["b.png", "a.png"]),
        (["deep"], ["deep/er/c.png"]),
        (["deep/"], ["deep/er/c.png"]),
        (["*.png"], ["a.png", "b.png", "x[1].png"]),
        (["**/*.png"], ["a.png", "b.png", "deep/er/c.png", "x[1].png"]),
        (["x[1].png"], ["x[1].png"]),
        (["x[[]1].png"], ["x[1].png"]),
        (["a.png", "a.png", "*.png"], ["a.png", "b.png", "x[1].png"]),
        (["absent.png"], ["absent.png"]),
    ],
)
def test_names_to_files(tree, names, expected):
    """Folders give their files, hidden ones left out; globs what they match; each file once, in order. A file that is not there is left to who reads it."""
    assert expand(names) == expected


@pytest.mark.parametrize(
    ("names", "sentence"),
    [
        ([], "at least one file"),
        ([""], "Received: an empty name"),
        (["empty"], "empty: expected a folder with files; it is empty"),
        (["a.png", "*.jpg"], r"\*\.jpg: no file matches"),
    ],
)
def test_nothing_to_do_is_an_error(tree, names, sentence):
    """Rather than a success that did nothing."""
    with pytest.raises(UsageError, match=sentence):
        expand(names)


@pytest.mark.parametrize("place", ["deep", "deep/er"])
def test_a_folder_that_cannot_be_read(tree, monkeypatch, place):
    """It is not empty, nor is one inside another passed over."""
    scandir = os.scandir

    def refused(path):
        if os.fspath(path) == place:
            raise PermissionError(errno.EACCES, "Permission denied", place)
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refused)
    with pytest.raises(
        UsageError,
        match=f"{place}: expected a folder that can be read\\. Received: Permission denied",
    ):
        expand(["a.png", "deep"])


ROW = '{"file": "a ü.png", "captions": []}\n'


def row(name: str) -> dict:
    """That of a picture."""
    return {"file": name, "captions": []}


def test_whole_lines_are_done(tmp_path):
    """They stay as they are."""
    (tmp_path / "o").write_text(ROW + ROW.replace("a ü", "b"))
    assert lines_done(tmp_path / "o") == {"a ü.png", "b.png"}
    assert (tmp_path / "o").read_text() == ROW + ROW.replace("a ü", "b")


@pytest.mark.parametrize("kept", range(1, len(ROW.encode())))
def test_a_cut_line_is_taken_away(tmp_path, kept):
    """Wherever it was cut, the lines before it count."""
    (tmp_path / "o").write_bytes(ROW.encode() + ROW.replace("a ü", "b ü").encode()[:kept])
    assert lines_done(tmp_path / "o") == {"a ü.png"}
    assert (tmp_path / "o").read_text() == ROW


def test_a_file_that_could_not_be_read_is_not_done(tmp_path, capsys):
    """Its line goes, so that it is tried again; the others stay, and it is said that they do."""
    (tmp_path / "o").write_text(
        ROW + '{"file": "broken.png", "error": "It is none."}\n' + ROW.replace("a ü", "b")
    )
    (tmp_path / "o").chmod(0o600)
    (tmp_path / "link").symlink_to("o")
    with open_output(str(tmp_path / "link")) as output:
        assert output.waiting(["broken.png", "b.png", "c.png"]) == ["broken.png", "c.png"]
        output.write(row("c.png"))
    assert (tmp_path / "o").read_text() == ROW + ROW.replace("a ü", "b") + ROW.replace("a ü", "c")
    assert (tmp_path / "o").stat().st_mode & 0o777 == 0o600
    assert (
        "1 of 3 files were done by an earlier call and stay as they are" in capsys.readouterr().err
    )
    assert sorted(path.name for path in tmp_path.iterdir()) == ["link", "o"]


@pytest.mark.parametrize(
    "content",
    [
        *(
            b"hello",
            b"hello\n",
            b"\n",
            b"[1]\n",
            b'{"a": 1}\n',
            b'{"file": }\n',
            b"\x89PNG\r\n",
            b'{"id": "x", "caption": "y"}\n',
            b"\0" * 100,
            ROW.encode() + b"hello",
        ),
        b'{"file": "a", "label": "cat"}\n{"file": "b", "label": "d',
        *(
            ROW.encode() + b'{"file": ["x"], "labels": []}\n',
            b'{"file": 1, "labels": []}\n',
            b'{"file": ' + b"[" * 9999 + b"\n",
        ),
    ],
)
def test_another_file_is_left_alone(tmp_path, content):
    """What is not ours is refused, and not one byte of it changes."""
    (tmp_path / "o").write_bytes(content)
    with pytest.raises(UsageError, match="expected the JSON lines of an earlier call"):
        lines_done(tmp_path / "o")
    assert (tmp_path / "o").read_bytes() == content


def test_a_device_has_no_lines():
    """It is not read: /dev/full would never end."""
    assert lines_done(Path("/dev/full")) == lines_done(Path("/dev/null")) == set()


def test_lines_are_there_as_soon_as_written(tmp_path):
    """One at a time, appended; names that are no UTF-8 come back from JSON as they were."""
    name = os.fsdecode(b"\xff.png")
    with open_output(str(tmp_path / "o")) as output:
        output.write(row("ü"))
        assert (tmp_path / "o").read_text() == '{"file": "ü", "captions": []}\n'
    with open_output(str(tmp_path / "o")) as output:
        output.write(row(name))
    assert [json.loads(line)["file"] for line in (tmp_path / "o").read_text().splitlines()] == [
        "ü",
        name,
    ]
    assert lines_done(tmp_path / "o") == {"ü", name}


@pytest.mark.parametrize("before", [ROW, ROW + '{"file": "broken.png", "error": "gone"}\n'])
def test_an_output_is_written_by_one_call_at_a_time(tmp_path, before):
    """A second one is refused while the first writes, also where the first began it anew without the lines that failed; afterwards it goes on."""
    path = tmp_path / "o"
    path.write_text(before)
    with open_output(str(path)) as output:
        with (
            pytest.raises(
                UsageError,
                match=r"another call is writing this file\. Wait for it, or choose another --output",
            ),
            open_output(str(path)),
        ):
            pass
        output.write(row("b.png"))
    with open_output(str(path)) as output:
        assert "b.png" in output.done
    assert path.read_text() == ROW + ROW.replace("a ü", "b")


def test_a_disk_that_takes_a_part_gets_the_rest():
    """Of a line."""

    class Full:
        taken = b""

        def write(self, data):
            self.taken += bytes(data[:3])
            return min(3, len(data))

    file = Full()
    Output("o", file).write({"file": "ü"})
    assert file.taken.decode() == '{"file": "ü"}\n'


def test_stdout_is_no_output_as_well(tmp_path):
    """What is printed there would be written over the lines."""
    script = "import sys; from lrcn_seq import cli; sys.exit(cli.main(['caption', 'absent', 'a.png', '--output', '/dev/stdout']))"
    with (tmp_path / "o").open("w") as out:
        called = subprocess.run(
            [sys.executable, "-c", script],
            check=False,
            stdout=out,
            stderr=subprocess.PIPE,
            text=True,
        )
    assert called.returncode == 2
    assert (
        "o: stdout goes to this file too. Send it elsewhere, or choose another --output."
        in called.stderr
    )


def test_an_unfinished_line_for_a_device_is_let_go():
    """It cannot be cut short."""
    with pytest.raises(KeyError), open_output("/dev/null") as output, output.line() as put:
        put("{")
        raise KeyError


def test_without_an_output_nothing_is_written():
    """And writing to it is no error."""
    with open_output(None) as output:
        output.write({"file": "a"})


def test_an_output_that_cannot_be_written(tmp_path):
    """A folder, a place that is not there, a full disk."""
    for path in (tmp_path, tmp_path / "no" / "o", "/proc/o"):
        with (
            pytest.raises(UsageError, match=r"expected a file that can be written\. Received: "),
            open_output(str(path)),
        ):
            pass
    with (
        pytest.raises(
            RunError,
            match=r"/dev/full: expected to write a line\. Received: No space left on device; the lines before are kept",
        ),
        open_output("/dev/full") as output,
    ):
        output.write({"file": "a"})


@pytest.mark.parametrize("text", ["0", "-1", "1.5", "x", "", "²"])
def test_numbers_above_zero(text):
    """Nothing else passes."""
    assert positive("12") == 12
    with pytest.raises(argparse.ArgumentTypeError, match="expected a whole number above 0"):
        positive(text)
