"""Printing of text from files, in which control characters are escaped."""

import io
import json
import subprocess
import sys
from pathlib import Path

import pytest

from lrcn_seq import terminal
from lrcn_seq.terminal import (
    Verbosity,
    is_quiet,
    print_detail,
    print_error,
    print_json,
    print_line,
    print_note,
    printable,
    set_verbosity,
)


@pytest.fixture(autouse=True)
def normal_verbosity():
    """Restore the normal verbosity after a test."""
    yield
    set_verbosity(Verbosity.NORMAL)


@pytest.mark.parametrize(
    ("verbosity", "printed"),
    [
        (Verbosity.QUIET, "error\n"),
        (Verbosity.NORMAL, "error\nnote\n"),
        (Verbosity.VERBOSE, "error\nnote\ndetail\n"),
    ],
)
def test_verbosity_selects_what_is_printed(capsys, verbosity, printed):
    """A quiet process prints errors alone, a normal one also notes, a verbose one also details."""
    set_verbosity(verbosity)
    print_error("error")
    print_note("note")
    print_detail("detail")
    assert capsys.readouterr() == ("", printed)
    assert is_quiet() == (verbosity is Verbosity.QUIET)


@pytest.mark.parametrize(
    ("character", "escaped"),
    [
        ("\x1b", r"\x1b"),
        ("\x07", r"\x07"),
        ("\n", r"\n"),
        ("\r", r"\r"),
        ("\t", r"\t"),
        ("\x7f", r"\x7f"),
        ("\x9b", r"\x9b"),
        ("\x85", r"\x85"),
        ("\u2028", r"\u2028"),
        ("\u2029", r"\u2029"),
        ("\udcff", r"\udcff"),
    ],
)
def test_control_characters_are_escaped(character, escaped):
    """C0, C1, DEL, line separators and surrogates are replaced by their Python escapes."""
    assert printable(f"a{character}b") == f"a{escaped}b"


@pytest.mark.parametrize(
    "code", [0x061C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A)]
)
def test_marks_of_the_direction_of_text_are_escaped(code):
    """Characters that reverse the direction of text are escaped."""
    assert printable(chr(code)) == f"\\u{code:04x}"


def test_other_text_is_unchanged():
    """Letters of all scripts, backslashes, and emoji with joiners are printed unchanged."""
    text = "ein Hund läuft, 狗, כלב, \N{MAN}\u200d\N{PERSONAL COMPUTER} \\x1b"
    assert printable(text) == text


def test_values_other_than_text_are_converted(tmp_path):
    """A path or an exception is converted to text."""
    assert printable(tmp_path / "a\x1b") == f"{tmp_path}/a\\x1b"


def test_a_line_has_fields_separated_by_tabs(capsys):
    """A tab or line feed in a field is escaped, so that each tab separates two fields."""
    print_line("a\tb.jpg", "a dog\nruns")
    assert capsys.readouterr().out == "a\\tb.jpg\ta dog\\nruns\n"


def test_a_note_is_printed_on_stderr(capsys):
    """A note is printed as one line on stderr."""
    print_note("bad name: \x1b[31m")
    assert capsys.readouterr() == ("", "bad name: \\x1b[31m\n")


def test_json_has_escapes_for_control_characters(capsys):
    """Printed JSON is parsed to the same value, and contains no raw control characters."""
    value = {"file": "\x1b\x7f\x9b\u202e\udcff.jpg", "caption": "ein Hund läuft"}
    print_json(value)
    line = capsys.readouterr().out
    assert json.loads(line) == value
    assert line == (
        '{"file": "\\u001b\\u007f\\u009b\\u202e\\udcff.jpg", "caption": "ein Hund läuft"}\n'
    )


def test_json_is_valid_in_other_encodings(monkeypatch):
    """Characters that the encoding of stdout lacks are printed as JSON escapes."""
    stdout = io.TextIOWrapper(io.BytesIO(), encoding="latin-1", errors="backslashreplace")
    monkeypatch.setattr(sys, "stdout", stdout)
    print_json(["läuft", "狗"])
    stdout.flush()
    assert json.loads(stdout.buffer.getvalue().decode("latin-1")) == ["läuft", "狗"]


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "utf-8"])
def test_undecodable_names_are_printed_in_any_encoding(tmp_path, encoding):
    """Undecodable file names and text in any script are printed without UnicodeEncodeError."""
    name = "b\udcffé狗\x1b.txt"
    code = "import sys; from lrcn_seq.cli import main; sys.exit(main(sys.argv[1:]))"
    result = subprocess.run(
        [sys.executable, "-c", code, "score", "--hypotheses", name, "--references", name],
        check=False,
        capture_output=True,
        cwd=tmp_path,
        env={
            "PYTHONPATH": str(Path(terminal.__file__).parents[1]),
            "PATH": "",
            "LANG": "C",
            "PYTHONIOENCODING": encoding,
        },
    )
    assert result.returncode == 1
    assert b"No such file" in result.stderr
    assert b"\\udcff" in result.stderr
    assert b"\x1b" not in result.stderr
    assert b"Traceback" not in result.stderr


def test_only_this_module_and_commands_print():
    """Packages below the commands print only through the module `terminal`."""
    package = Path(terminal.__file__).parent
    files = [path for path in package.rglob("*.py") if "cli" not in path.parts]
    assert len(files) > 200
    prints = [path.name for path in files if " print(" in path.read_text(encoding="utf-8")]
    assert prints == ["terminal.py"]
