"""The console script: commands, help, exit codes, and output."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import lrcn_seq
from lrcn_seq import __version__, cli, config, terminal
from lrcn_seq.errors import ConfigError, DataError, Problem, UsageError
from lrcn_seq.runs.folder import Run

VERBS = [
    "caption",
    "check",
    "classify",
    "demo",
    "describe",
    "env",
    "evaluate",
    "export",
    "extract",
    "init",
    "parts",
    "predict",
    "score",
    "serve",
    "train",
]


def test_verbs_are_listed_with_a_summary():
    """The summary of each command is one sentence, taken from the docstring of its module."""
    summaries = cli.verbs()
    assert list(summaries) == VERBS
    assert all(summary[0].isupper() and summary[-1] == "." for summary in summaries.values())
    assert summaries["predict"] == "Predict with a run of any task on files, folders or globs."


def test_summaries_fit_one_line():
    """The overview of the commands fits a terminal of 120 columns."""
    assert max(map(len, cli.overview(cli.verbs()).splitlines())) <= 120


def test_help_prints_the_overview(lrcn):
    """`lrcn --help` succeeds and lists the commands with their summaries."""
    result = lrcn("--help")
    assert (result.code, result.err) == (0, "")
    assert result.out.startswith("usage: lrcn VERB ...\n")
    assert "\n  caption    Caption images: files, folders or globs.\n" in result.out


def test_call_without_a_verb_prints_the_overview_and_fails(lrcn):
    """`lrcn` without a command prints the overview and exits with code 2."""
    result = lrcn()
    assert result.code == 2
    assert result.out == lrcn("-h").out


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_has_help(lrcn, verb):
    """The help of each command shows its usage and the options of all commands."""
    result = lrcn(verb, "--help")
    assert (result.code, result.err) == (0, "")
    assert result.out.startswith(f"usage: lrcn {verb} [-h]")
    for option in ("--debug", "-q, --quiet", "-v, --verbose"):
        assert option in result.out


def test_help_loads_no_heavy_package():
    """The help of every command is printed without importing NumPy, Keras, rich or pydantic."""
    code = f"""
import sys
from pathlib import Path
from lrcn_seq.cli import main
for verb in {VERBS}:
    main([verb, "--help"])
heavy = {{"numpy", "keras", "tensorflow", "rich", "pydantic"}} & set(sys.modules)
print(sorted(heavy), file=sys.stderr)
"""
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert result.stderr.strip() == "[]"


@pytest.mark.parametrize("option", ["--version", "-V"])
def test_version_is_printed(lrcn, option):
    """`--version` prints the name of the program and the version of the package."""
    assert lrcn(option) == (0, f"lrcn {__version__}\n", "")


def test_unknown_verb_is_reported_with_a_suggestion(lrcn):
    """The error for an unknown command suggests the closest command and lists all commands."""
    result = lrcn("trian", "x.yaml")
    assert (result.code, result.out) == (2, "")
    assert result.err == (
        "lrcn: there is no verb 'trian'. Did you mean 'train'? Known: " + ", ".join(VERBS) + ".\n"
    )


@pytest.fixture
def run_raising(lrcn, monkeypatch):
    """Return a function that runs a command that raises the given error."""

    def call(error: BaseException, *arguments):
        def run(parsed):
            raise error

        monkeypatch.setattr("lrcn_seq.cli.parts.run", run)
        return lrcn("parts", *arguments)

    return call


@pytest.mark.parametrize(
    ("error", "code", "message"),
    [
        (DataError("a.csv: expected rows."), 1, "a.csv: expected rows."),
        (UsageError("Expected less."), 2, "Expected less."),
        (
            ConfigError([Problem("seed", "expected a number.")], "x.yaml"),
            2,
            "x.yaml: 1 problem\n  seed: expected a number.",
        ),
        (KeyboardInterrupt(), 130, "interrupted; finished work is kept."),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, BaseException) else None,
)
def test_error_is_one_sentence_on_stderr(run_raising, error, code, message):
    """An error is printed on stderr as the command and the message, without a traceback."""
    assert run_raising(error) == (code, "", f"lrcn parts: {message}\n")


def test_debug_shows_the_traceback_before_the_sentence(run_raising):
    """`--debug` prints the traceback before the message and keeps the exit code."""
    result = run_raising(DataError("a.csv: expected rows."), "--debug")
    assert result.code == 1
    assert result.err.startswith("Traceback (most recent call last):")
    assert result.err.endswith("lrcn parts: a.csv: expected rows.\n")


def test_debug_shows_no_traceback_of_an_interrupt(run_raising):
    """`--debug` prints no traceback for Ctrl-C."""
    result = run_raising(KeyboardInterrupt(), "--debug")
    assert result == (130, "", "lrcn parts: interrupted; finished work is kept.\n")


@pytest.fixture
def run_printing(lrcn, monkeypatch):
    """Return a function that runs a command which prints a result, a note and a detail."""

    def call(*arguments):
        def run(parsed):
            print("result")
            terminal.print_note("note")
            terminal.print_detail("detail")
            return 0

        monkeypatch.setattr("lrcn_seq.cli.parts.run", run)
        return lrcn("parts", *arguments)

    return call


@pytest.mark.parametrize("option", ["-q", "--quiet"])
def test_quiet_hides_notes(run_printing, run_raising, option):
    """`--quiet` prints results and errors, and no notes."""
    assert run_printing(option) == (0, "result\n", "")
    assert run_raising(DataError("bad."), option) == (1, "", "lrcn parts: bad.\n")


@pytest.mark.parametrize("option", ["-v", "--verbose"])
def test_verbose_shows_details_and_the_duration(run_printing, option):
    """`--verbose` prints details, and at the end the seconds that the command took."""
    result = run_printing(option)
    assert (result.code, result.out) == (0, "result\n")
    assert re.fullmatch(r"note\ndetail\nlrcn parts: \d+\.\d s\n", result.err)


def test_verbosity_is_that_of_the_call(run_printing):
    """A call without options is neither quiet nor verbose, whatever the previous one was."""
    run_printing("--quiet")
    assert run_printing().err == "note\n"
    run_printing("--verbose")
    assert run_printing().err == "note\n"


def test_quiet_excludes_verbose(lrcn):
    """`--quiet` and `--verbose` in one call are an error."""
    result = lrcn("parts", "--quiet", "--verbose")
    assert result.code == 2
    assert "argument --verbose" in result.err or "argument -v/--verbose" in result.err


def test_unexpected_error_keeps_its_traceback(run_raising):
    """An unexpected error is raised with its traceback."""
    with pytest.raises(ZeroDivisionError):
        run_raising(ZeroDivisionError())


def test_native_logs_are_hidden_unless_debugging(lrcn, monkeypatch):
    """`--debug` and `--verbose` show logs of native libraries, which are hidden otherwise."""
    calls = []
    monkeypatch.setattr("lrcn_seq.cli.hide_native_logs", lambda: calls.append("hidden"))
    lrcn("parts", "--debug")
    lrcn("parts", "--verbose")
    assert calls == []
    lrcn("parts")
    assert calls == ["hidden"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["train"], "the following arguments are required: config"),
        (["caption"], "the following arguments are required: run, IMAGE"),
        (["caption", "run"], "the following arguments are required: IMAGE"),
        (["predict", "run"], "the following arguments are required: FILE"),
        (["caption", "run", "a.png", "--best", "0"], "argument --best: expected a whole number"),
        (["caption", "run", "a.png", "--beams", "²"], "argument --beams: expected a whole number"),
        (["describe", "run", "a.gif", "--window", "0"], "argument --window: expected a number of"),
        (["classify", "run", "a.gif", "--top", "0"], "argument --top: expected a whole number"),
        (["evaluate", "run", "--split", "all"], "argument --split: invalid choice: 'all'"),
        (["evaluate", "run", "--weights", "a,b"], "argument --weights: expected numbers like"),
        (["evaluate", "run", "--limit", "-3"], "argument --limit: expected a whole number from 1"),
        (["check", "x.yaml", "--dat", "--unknown"], "unrecognized arguments: --unknown"),
    ],
)
def test_wrong_call_is_one_sentence(lrcn, arguments, message):
    """The error for a wrong call names the argument and refers to the help."""
    result = lrcn(*arguments)
    assert (result.code, result.out) == (2, "")
    assert result.err.startswith(f"lrcn {arguments[0]}: {message}")
    assert result.err.endswith(f" See `lrcn {arguments[0]} --help`.\n")
    assert result.err.count("\n") == 1


@pytest.mark.parametrize(
    ("redirection", "code", "err"),
    [
        ("| head -c 0", 0, ""),
        ("> /dev/full", 1, "lrcn parts: the output: No space left on device.\n"),
    ],
    ids=["closed pipe", "full disk"],
)
def test_stdout_that_accepts_nothing(redirection, code, err):
    """A closed pipe as stdout is not an error; a full disk is reported in one message."""
    command = f"set -o pipefail; '{sys.executable}' -m lrcn_seq parts {redirection}"
    result = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=False)
    assert (result.returncode, result.stderr) == (code, err)


def write_trained(folder: Path, path: Path) -> Run:
    """Write the config of a run and an empty file of weights, and return the run."""
    folder.mkdir()
    (folder / "config.yaml").write_text(config.dump_run(config.state_keys(config.read(path))))
    (folder / "model.weights.h5").touch()
    return Run(folder)


@pytest.mark.parametrize(
    ("call", "code", "message"),
    [
        ("train wrong.yaml", 2, "decoder.unit: unknown argument. Did you mean 'units'?"),
        ("check wrong.yaml", 2, "decoder.unit: unknown argument. Did you mean 'units'?"),
        ("extract missing.yaml", 2, "there is no such file"),
        ("caption missing a.jpg", 1, "missing: expected a run folder with config.yaml"),
        ("evaluate missing", 1, "missing: expected a run folder with config.yaml"),
        ("evaluate trained", 1, "trained: another process uses this run folder"),
        ("caption trained a.csv", 1, "a.csv: expected an image ("),
        ("caption trained no.jpg", 1, "no.jpg: expected an image; there is no such file"),
        ("train right.yaml --run used", 1, "used: the folder contains a run"),
        ("caption unknown a.jpg", 1, "unknown/parts/x.py, which has not been executed"),
        (
            "train right.yaml data.source.type=caption_table data.source.table=no.csv",
            1,
            "no.csv: expected a table of media and text; there is no such file",
        ),
        ("parts decoders lrcn", 0, ""),
        ("parts training", 0, ""),
        ("init captioning", 0, ""),
        ("train right.yaml --epochs 3", 2, "write training.epochs=3."),
    ],
)
def test_wrong_calls_are_reported_without_importing_keras(tmp_path, call, code, message):
    """A wrong config, a missing run and a used run folder are reported without importing Keras."""
    (tmp_path / "keras.py").write_text("raise RuntimeError('Keras was imported')\n")
    parts = "task: {type: captioning}\ndata: {source: {type: shapes}}\nencoder: {type: tiny_cnn}\n"
    (tmp_path / "wrong.yaml").write_text(f"{parts}decoder: {{type: lrcn, unit: 8}}\n")
    (tmp_path / "right.yaml").write_text(f"{parts}decoder: {{type: lrcn}}\n")
    (tmp_path / "unknown" / "parts").mkdir(parents=True)
    for name in ("config.yaml", "model.weights.h5", "parts/x.py"):
        (tmp_path / "unknown" / name).write_text("raise RuntimeError('executed')")
    (tmp_path / "a.csv").write_text("image,caption\n")
    trained = write_trained(tmp_path / "trained", tmp_path / "right.yaml")
    (tmp_path / "used" / "state").mkdir(parents=True)
    (tmp_path / "used" / "state" / "last").write_text("000001")
    with trained.lock():
        result = subprocess.run(
            [
                sys.executable,
                "-c",
                "import sys; from lrcn_seq.cli import main; sys.exit(main())",
                *call.split(),
            ],
            capture_output=True,
            text=True,
            check=False,
            cwd=tmp_path,
            env={
                **os.environ,
                "PYTHONPATH": f"{tmp_path}{os.pathsep}{Path(lrcn_seq.__file__).parents[1]}",
            },
        )
    assert (result.returncode, message in result.stderr) == (code, True), result.stderr


OWN_PART = '''
from lrcn_seq.data.views.base import View
from lrcn_seq.registry import views


@views.register
class Upside(View):
    """Turn every image.

    Args:
        degrees: the angle.
    """

    def __init__(self, degrees: int = 180):
        self.degrees = degrees
'''


@pytest.fixture
def own_part(new_process, tmp_path) -> Path:
    """Write a Python file that defines a view, and return its path."""
    path = tmp_path / "upside.py"
    path.write_text(OWN_PART)
    return path


def test_import_makes_parts_available(lrcn, own_part):
    """`--import FILE.py` imports a file with parts before the command runs."""
    result = lrcn("parts", "views", "--import", own_part)
    assert (result.code, result.err) == (0, "")
    assert "upside       Turn every image.\n" in result.out


def test_part_of_a_file_is_described(lrcn, own_part):
    """`lrcn parts views FILE.py:CLASS` describes a class that no one has registered."""
    result = lrcn("parts", "views", f"{own_part}:Upside")
    assert result.code == 0
    assert result.out.startswith("views.upside.py:Upside\n\nTurn every image.\n")
    assert "\n  degrees: int (default 180)\n" in result.out


def test_import_of_a_missing_file_is_reported(lrcn, tmp_path):
    """The error for a missing file of `--import` is one sentence."""
    result = lrcn("parts", "--import", tmp_path / "none.py")
    assert result.code == 2
    assert result.err.endswith(
        "none.py: expected a Python file with parts. Received: No such file or directory.\n"
    )
