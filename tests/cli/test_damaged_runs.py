"""Commands on run folders with missing files, damaged files, or files of another run."""

import shutil
from pathlib import Path

import pytest

from lrcn_seq import text
from lrcn_seq.text.word import Word


def remove_run(run: Path) -> None:
    shutil.rmtree(run)


def remove_config(run: Path) -> None:
    (run / "config.yaml").unlink()


def remove_weights(run: Path) -> None:
    (run / "model.weights.h5").unlink()


def remove_tokenizer(run: Path) -> None:
    (run / "tokenizer.json").unlink()


def truncate_tokenizer(run: Path) -> None:
    (run / "tokenizer.json").write_bytes((run / "tokenizer.json").read_bytes()[:100])


def replace_tokenizer(run: Path) -> None:
    text.save(Word(minimum_count=1).fit(["a dog"]), run / "tokenizer.json")


def change_units(run: Path) -> None:
    config = (run / "config.yaml").read_text()
    assert "units: 32" in config
    (run / "config.yaml").write_text(config.replace("units: 32", "units: 31"))


@pytest.mark.parametrize("verb", ["evaluate", "caption", "predict"])
@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (remove_run, "config.yaml"),
        (remove_config, "config.yaml"),
        (remove_weights, "weights"),
        (remove_tokenizer, "tokenizer.json: "),
        (truncate_tokenizer, "tokenizer.json: "),
        (replace_tokenizer, "tokenizer.json: expected the 30 words of derived.json. Received: 6"),
        (change_units, "model.weights.h5: "),
    ],
)
def test_run_that_cannot_be_loaded(lrcn, run_copy, verb, damage, message):
    """Every command that loads a damaged run reports one sentence with the file name."""
    damage(run_copy)
    image = run_copy.parent / "image.png"
    image.write_bytes(b"\x89PNG\r\n")
    result = lrcn(verb, run_copy, *([] if verb == "evaluate" else [image]))
    assert (result.code, result.out) == (1, "")
    assert result.err.startswith(f"lrcn {verb}: {run_copy}")
    assert message in result.err
    assert result.err.count("\n") == 1


def test_classes_of_another_run(lrcn, activity_run, tmp_path):
    """A run folder with the class names of another run is refused."""
    run = shutil.copytree(activity_run, tmp_path / "run")
    (run / "labels.json").write_text('["a", "b"]')
    clip = tmp_path / "clip.gif"
    clip.write_bytes(b"GIF89a")
    result = lrcn("classify", run, clip)
    assert (result.code, result.out) == (1, "")
    assert result.err.startswith(f"lrcn classify: {run / 'labels.json'}: expected the 4 ")
    assert "Received: 2;" in result.err


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("history.jsonl", "zzz\n"),
        ("history.jsonl", "7\n"),
        ("left_out.jsonl", "zzz\n"),
        ("left_out.jsonl", "{}\n"),
        ("machine.json", "zzz"),
        ("machine.json", "[]"),
    ],
)
def test_damaged_record_is_found_before_scores_are_overwritten(lrcn, run_copy, name, content):
    """`lrcn evaluate` reports a damaged training record before it writes any file."""
    (run_copy / name).write_text(content)
    before = {path: path.stat().st_mtime_ns for path in run_copy.iterdir() if path.name != ".lock"}
    result = lrcn("evaluate", run_copy)
    assert (result.code, result.out) == (1, "")
    assert result.err.startswith(f"lrcn evaluate: {run_copy / name}: expected ")
    assert result.err.count("\n") == 1
    assert before == {path: path.stat().st_mtime_ns for path in before}
