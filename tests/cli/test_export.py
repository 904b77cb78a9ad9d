"""The command `lrcn export`."""

import json
from pathlib import Path

import keras
import pytest

from lrcn_seq.cli.export import print_summary

on_tensorflow = pytest.mark.skipif(
    keras.backend.backend() != "tensorflow", reason="formats that TensorFlow writes"
)


@pytest.fixture
def calls(monkeypatch):
    """Replace `export_run` by a function that records its arguments."""
    from lrcn_seq.export import exporter

    made = []
    artifact = {
        "file": "saved_model",
        "verification": {"files": 8, "equal": 7, "equal_best": 8, "largest_difference": 2e-6},
    }

    def record(run, output, **options):
        made.append((run, output, options))
        return artifact

    monkeypatch.setattr(exporter, "export_run", record)
    return made


def test_options_are_passed_on(lrcn, smoke_run, tmp_path, calls):
    """The options of the call are the arguments of `export_run`."""
    result = lrcn(
        *("export", smoke_run, "search.beams=2", "--format", "onnx", "--quantize", "int8"),
        *(
            "--output",
            tmp_path / "out",
            "--batch",
            "4",
            "--inputs",
            "a.jpg",
            "b.jpg",
            "--benchmark",
        ),
    )
    assert result.code == 0, result.err
    ((run, output, options),) = calls
    assert (run, output) == (smoke_run, str(tmp_path / "out"))
    assert options.pop("search")["beams"] == 2
    assert options == {
        "format": "onnx",
        "batch": 4,
        "frames": None,
        "beams": None,
        "quantize": "int8",
        "inputs": ["a.jpg", "b.jpg"],
        "benchmark": True,
    }


def test_the_batch_size_may_be_open(lrcn, smoke_run, tmp_path, calls):
    """`--batch any` leaves the batch size open, and the search of the run is the default."""
    result = lrcn(
        "export", smoke_run, "--format", "savedmodel", "--batch", "any", "--output", tmp_path / "o"
    )
    assert result.code == 0, result.err
    assert (calls[0][2]["batch"], calls[0][2]["search"]) == (None, None)
    assert "7 of 8 files have the answers of the run (8 the best one)" in result.out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ["--format", "tflite"],
            "formats has no 'tflite'. Did you mean 'litert'? Known: litert, onnx, savedmodel",
        ),
        (["--format", "litert", "--batch", "any"], "--batch: expected a number with --format"),
        (["--format", "onnx", "--batch", "0"], "expected a whole number from 1"),
        (["--format", "onnx", "--quantize", "int4"], "invalid choice: 'int4'"),
        ([], "the following arguments are required: --format"),
        (["--format", "savedmodel", "search.beam=2"], "unknown argument. Did you mean 'beams'?"),
    ],
)
def test_a_wrong_call_has_one_sentence(lrcn, smoke_run, tmp_path, arguments, message):
    """A wrong option is answered with one sentence and the exit code 2, and writes nothing."""
    result = lrcn("export", smoke_run, "--output", tmp_path / "out", *arguments)
    assert result.code == 2
    assert message in result.err
    assert not (tmp_path / "out").exists()


def test_a_missing_run_is_an_error(lrcn, tmp_path):
    """A folder that is no run, a file and a missing folder have the message of other commands."""
    (tmp_path / "file").write_text("text")
    for run, message in ((tmp_path, "expected a run folder with"), (tmp_path / "file", "a file")):
        result = lrcn("export", run, "--format", "savedmodel", "--output", tmp_path / "out")
        assert result.code == 1
        assert message in result.err


def test_the_summary_has_speed(tmp_path, capsys):
    """The summary has the size of the folder and a line for each measured batch size."""
    (tmp_path / "model.onnx").write_bytes(bytes(1_200_000))
    speed = {"ms": 8.0, "per_second": 125.0}
    found = {"files": 2, "equal": 2, "equal_best": 2, "largest_difference": 1e-7}
    artifact = {
        "file": "model.onnx",
        "verification": found,
        "speed": [{"batch": 1, "artifact": speed, "run": speed}],
    }
    print_summary(tmp_path, artifact)
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == f"{tmp_path}: model.onnx, artifact.json and run.py, 1.2 MB"
    assert lines[2] == "batch 1: artifact 8.00 ms, 125.0/s; run 8.00 ms, 125.0/s"


@on_tensorflow
def test_the_content_of_the_artifact_is_printed(lrcn, smoke_run, tmp_path):
    """With `--json`, the content of artifact.json is printed; a second call is refused."""
    out = Path(tmp_path / "out")
    arguments = ["export", smoke_run, "--format", "savedmodel", "--output", out, "--json"]
    result = lrcn(*arguments)
    assert result.code == 0, result.err
    assert json.loads(result.out) == json.loads((out / "artifact.json").read_text())
    again = lrcn(*arguments)
    assert (again.code, again.out) == (2, "")
    assert "--output: expected a new folder" in again.err
