"""Cross-validation; instead of training, the tests write runs with known predictions."""

import json
import runpy
import sys
from dataclasses import astuple
from pathlib import Path

import pytest

from lrcn_seq import config as configs
from lrcn_seq.errors import ArgumentError, ConfigError, RunError
from lrcn_seq.metrics.scoring.accuracy_interval import wilson_limits
from lrcn_seq.runs import Run
from lrcn_seq.runs.state import Position, TrainingState
from lrcn_seq.training import cross_validation
from lrcn_seq.training.cross_validation import cross_validate, pool, read_predictions

CONFIG = """task: {type: activity}
data:
  source: {type: class_folders, folder: clips}
  sampling: {type: every}
encoder: {type: tiny_cnn}
decoder: {type: lstm_frames}
"""
SCRIPT = Path(__file__).parents[2] / "tools" / "folds.py"


@pytest.fixture
def config(tmp_path) -> Path:
    """Return the path of a config whose source has folds."""
    path = tmp_path / "fights.yaml"
    path.write_text(CONFIG, encoding="utf-8")
    return path


def make_rows(fold: int) -> list[dict]:
    """Return predictions of four clips in two groups; in fold k, k + 1 predictions are correct."""
    return [
        {
            "id": f"{fold}/{clip}",
            "label": "a" if clip <= fold else "b",
            "truth": "a",
            "group": f"{fold}{clip % 2}",
            "probability": 0.9,
        }
        for clip in range(4)
    ]


def write_finished_run(folder: Path, rows: list[dict], split: str = "test") -> None:
    """Write the result files of a finished run."""
    folder.mkdir(parents=True, exist_ok=True)
    lines = "".join(json.dumps(row) + "\n" for row in rows)
    (folder / "predictions.jsonl").write_text(lines, encoding="utf-8")
    (folder / "scores.json").write_text(json.dumps({"split": split}), encoding="utf-8")
    (folder / "report.html").write_text("", encoding="utf-8")


@pytest.fixture
def trainings(monkeypatch) -> list[tuple]:
    """Replace `train` by a function that writes a finished run, and return its recorded calls."""
    calls = []

    def train(config, folder, *, resume):
        source = config.data.source
        calls.append((source["folds"], source["fold"], config.seed, Path(folder).name, resume))
        write_finished_run(Path(folder), make_rows(source["fold"]))

    monkeypatch.setattr(cross_validation, "train", train)
    return calls


def test_each_fold_is_trained_into_its_folder(tmp_path, config, trainings):
    """Each fold is trained in its own folder with the shared overrides and `resume=True`."""
    cross_validate(config, tmp_path / "runs", 3, overrides=["seed=5"])
    assert trainings == [(3, fold, 5, f"fold-{fold}", True) for fold in range(3)]
    assert len(list((tmp_path / "runs").iterdir())) == 3


def test_each_fold_has_an_accuracy(tmp_path, config, trainings):
    """Each fold has the accuracy on its test clips and the number of these clips."""
    result = cross_validate(config, tmp_path, 3)
    assert [astuple(fold) for fold in result.folds] == [(0, 0.25, 4), (1, 0.5, 4), (2, 0.75, 4)]


def test_all_clips_are_pooled(tmp_path, config, trainings):
    """The pooled accuracy covers the test clips of all folds."""
    result = cross_validate(config, tmp_path, 3)
    assert (result.pooled.value, result.count, result.groups) == (0.5, 12, 6)


def test_folds_of_different_sizes_count_by_clips():
    """The pooled accuracy weights folds by their number of clips."""
    correct = [{**make_rows(0)[0], "group": "x"}]
    wrong = [{**row, "label": "b"} for row in make_rows(1)]
    assert pool([correct, wrong]).pooled.value == pytest.approx(0.2)


def test_the_interval_is_over_groups():
    """The confidence interval counts groups of clips instead of single clips."""
    rows = [
        {"id": f"{group}/{clip}", "label": "a", "truth": "a" if group < 2 else "b", "group": group}
        for group in range(4)
        for clip in range(50)
    ]
    pooled = pool([rows]).pooled
    assert (pooled.low, pooled.high) == wilson_limits(0.5, 4)


def test_one_group_has_no_interval():
    """The pooled accuracy of a single group has no confidence interval."""
    result = pool([[{**row, "group": "x"} for row in make_rows(1)]])
    assert (result.pooled.low, result.pooled.high) == (None, None)
    assert str(result) == "fold 0: 0.500 of 4\npooled: 0.500 of 4"


def test_the_text_has_a_line_per_fold():
    """The result of a cross-validation prints one line per fold and one for the pooled accuracy."""
    lines = str(pool([make_rows(0), make_rows(2)])).splitlines()
    assert lines[:2] == ["fold 0: 0.250 of 4", "fold 1: 0.750 of 4"]
    assert lines[2].startswith("pooled: 0.500 of 8, 95 % interval over 4 groups 0.")


def test_the_result_is_json():
    """The result of a cross-validation as JSON has its folds, pooled accuracy and interval."""
    stored = json.loads(json.dumps(pool([make_rows(0), make_rows(2)]).as_dict()))
    assert stored["folds"][1] == {"fold": 1, "accuracy": 0.75, "count": 4}
    pooled = stored["pooled"]
    assert (pooled["accuracy"], pooled["count"], pooled["groups"]) == (0.5, 8, 4)
    assert 0 <= pooled["low"] < 0.5 < pooled["high"] <= 1


def test_finished_folds_are_not_trained_again(tmp_path, config, trainings):
    """Cross-validation does not train folds that are finished."""
    first = cross_validate(config, tmp_path, 3)
    trainings.clear()
    assert cross_validate(config, tmp_path, 3) == first
    assert trainings == []


@pytest.mark.parametrize("name", ["predictions.jsonl", "scores.json", "report.html"])
def test_a_fold_without_a_result_is_resumed(tmp_path, config, trainings, name):
    """A fold that lacks one of its result files is resumed; other folds are not."""
    cross_validate(config, tmp_path, 3)
    trainings.clear()
    (tmp_path / "fold-1" / name).unlink()
    cross_validate(config, tmp_path, 3)
    assert [folder for *_, folder, _ in trainings] == ["fold-1"]


def test_folds_of_another_config_are_refused(tmp_path, config, trainings):
    """Folds that were trained with a different config are neither resumed nor pooled."""
    for fold in range(3):
        run = Run(tmp_path / f"fold-{fold}")
        run.folder.mkdir()
        run.create(configs.read(config, ["data.source.folds=3", f"data.source.fold={fold}"]))
        run.states.write(TrainingState({}, Position(number=1), []))
    cross_validate(config, tmp_path, 3)
    trainings.clear()
    for fold in range(3):
        (tmp_path / f"fold-{fold}" / "report.html").unlink()
    with pytest.raises(RunError, match="expects the config with which the run began"):
        cross_validate(config, tmp_path, 3, overrides=["seed=5"])
    assert trainings == []


@pytest.mark.parametrize(
    ("overrides", "folds", "message"),
    [
        (["seed=x"], 3, "seed: "),
        (["data.source.type=shapes"], 3, "folds"),
        ([], 2, r"at least 3 \(training, dev, test\)\. Received: folds=2"),
    ],
    ids=["override", "source without folds", "too few folds"],
)
def test_mistakes_are_found_before_training(config, trainings, overrides, folds, message):
    """Too few folds or an invalid config raises an error before any fold is trained."""
    with pytest.raises((ConfigError, ArgumentError), match=message):
        cross_validate(config, config.parent / "runs", folds, overrides=overrides)
    assert trainings == []
    assert not (config.parent / "runs").exists()


@pytest.mark.parametrize(
    ("rows", "split", "message"),
    [
        (make_rows(0), "dev", "predictions of the split test. Received: 4 of the split dev"),
        ([], "test", "Received: 0 of the split test"),
        (
            [{"id": "1", "caption": "a dog"}],
            "test",
            "with id, label, truth and group. Received: id, caption",
        ),
    ],
    ids=["another split", "no rows", "another task"],
)
def test_unsuitable_predictions_are_refused(tmp_path, rows, split, message):
    """Only predictions of a classifier on the test split can be pooled."""
    write_finished_run(tmp_path, rows, split)
    with pytest.raises(RunError, match=message):
        read_predictions(Run(tmp_path))


@pytest.mark.parametrize("name", ["predictions.jsonl", "scores.json"])
@pytest.mark.parametrize("content", ['{"id": "1", "la', None], ids=["cut short", "missing"])
def test_damaged_predictions_are_an_error(tmp_path, name, content):
    """Missing or damaged predictions raise an error with the run and the reason."""
    write_finished_run(tmp_path, make_rows(0))
    if content is None:
        (tmp_path / name).unlink()
    else:
        (tmp_path / name).write_text(content)
    reason = "No such file" if content is None else "Unterminated string"
    message = f"expected the (predictions|scores) of a finished run.*{reason}"
    with pytest.raises(RunError, match=message):
        read_predictions(Run(tmp_path))


def test_a_clip_in_two_folds_is_refused():
    """A clip in the test splits of two folds raises an error."""
    with pytest.raises(RunError, match="1/0: expected a clip in the test split of only one fold"):
        pool([make_rows(0), make_rows(1), make_rows(1)])


def run_script(monkeypatch, capsys, *arguments) -> tuple[int, str, str]:
    """Run `tools/folds.py` and return its exit code, stdout and stderr."""
    monkeypatch.setattr(sys, "argv", [str(SCRIPT), *map(str, arguments)])
    monkeypatch.setattr("lrcn_seq.cli.hide_native_logs", lambda: None)
    with pytest.raises(SystemExit) as stop:
        runpy.run_path(str(SCRIPT), run_name="__main__")
    return stop.value.code, *capsys.readouterr()


def test_the_script_prints_folds_and_interval(tmp_path, config, trainings, monkeypatch, capsys):
    """The script prints one line for each fold and one for the pooled accuracy."""
    call = [config, "--folds", "3", "--run", tmp_path / "runs"]
    code, output, _ = run_script(monkeypatch, capsys, *call)
    lines = output.splitlines()
    assert (code, len(lines)) == (0, 4)
    assert lines[0] == "fold 0: 0.250 of 4"
    assert lines[3].startswith("pooled: 0.500 of 12, 95 % interval over 6 groups 0.")


def test_the_script_prints_json(tmp_path, config, trainings, monkeypatch, capsys):
    """With `--json`, the script prints the result as one JSON object."""
    call = [config, "--folds", "3", "--run", tmp_path / "runs", "--json"]
    code, output, _ = run_script(monkeypatch, capsys, *call)
    stored = json.loads(output)
    assert code == 0
    assert [fold["accuracy"] for fold in stored["folds"]] == [0.25, 0.5, 0.75]
    assert stored["pooled"].keys() == {"accuracy", "low", "high", "count", "groups"}


@pytest.mark.parametrize("arguments", [["absent.yaml"], ["x.yaml", "--folds", "many"], []], ids=str)
def test_the_script_reports_mistakes_in_one_sentence(monkeypatch, capsys, arguments):
    """A wrong command line ends the script with exit code 2 and a message without traceback."""
    code, output, message = run_script(monkeypatch, capsys, *arguments)
    assert (code, output) == (2, "")
    assert message.startswith("folds: ")
    assert "Traceback" not in message
