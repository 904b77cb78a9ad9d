"""Cross-validation: what is trained, what is passed over, and what is pooled. Training itself is replaced by stored rows."""

import json
import runpy
import sys
from pathlib import Path

import pytest

from lrcn_seq.errors import ArgumentError, ConfigError, RunError
from lrcn_seq.metrics import group_interval
from lrcn_seq.training import folds

CONFIG = """task: {type: captioning}
data: {source: {type: class_folders, folder: clips}}
encoder: {type: tiny_cnn}
decoder: {type: lrcn}
"""
SCRIPT = Path(__file__).parents[2] / "tools" / "folds.py"


@pytest.fixture
def config(tmp_path):
    """A config whose source has folds."""
    path = tmp_path / "fights.yaml"
    path.write_text(CONFIG, encoding="utf-8")
    return path


def rows(fold):
    """Four clips of two groups, as many right as the number of the fold and one."""
    return [
        {
            "id": f"{fold}/{place}",
            "label": "a" if place <= fold else "b",
            "truth": "a",
            "group": f"{fold}{place % 2}",
            "probability": 0.9,
        }
        for place in range(4)
    ]


def store(folder, found, split="test"):
    """A finished run."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "predictions.jsonl").write_text(
        "".join(json.dumps(row) + "\n" for row in found), encoding="utf-8"
    )
    (folder / "scores.json").write_text(json.dumps({"split": split}), encoding="utf-8")
    (folder / "report.html").write_text("", encoding="utf-8")


@pytest.fixture
def trained(monkeypatch):
    """What training was asked for."""
    calls = []

    def train(config, folder, *, resume):
        source = config.data.source
        calls.append((source["folds"], source["fold"], Path(folder).name, resume))
        store(Path(folder), rows(source["fold"]))

    monkeypatch.setattr(folds, "train", train)
    return calls


def test_each_fold_is_trained_into_its_folder(tmp_path, config, trained):
    """Fold k has the overrides folds=K and fold=k, the folder fold-k, and goes on where it stopped."""
    found = folds.cross_validate(config, tmp_path / "runs", 3)
    assert trained == [(3, 0, "fold-0", True), (3, 1, "fold-1", True), (3, 2, "fold-2", True)]
    assert found.folds == ((0, 0.25, 4), (1, 0.5, 4), (2, 0.75, 4))


def test_clips_of_all_folds_are_pooled_by_group(tmp_path, config, trained):
    """The pooled accuracy counts every clip once; its interval is that of the groups."""
    found = folds.cross_validate(config, tmp_path, 3)
    stored = [row for fold in range(3) for row in rows(fold)]
    interval = group_interval(
        [row["label"] == "a" for row in stored], [row["group"] for row in stored]
    )
    assert found.pooled == interval._replace(metric="top_1")
    assert (found.pooled.value, found.count, found.groups) == (0.5, 12, 6)


def test_finished_folds_are_passed_over(tmp_path, config, trained):
    """A second call trains nothing; a fold without its report is trained again, and no other."""
    first = folds.cross_validate(config, tmp_path, 3)
    trained.clear()
    assert folds.cross_validate(config, tmp_path, 3) == first
    assert trained == []
    (tmp_path / "fold-1" / "report.html").unlink()
    assert folds.cross_validate(config, tmp_path, 3) == first
    assert [name for _, _, name, _ in trained] == ["fold-1"]


def test_folds_of_another_config_are_refused(tmp_path, config, trained):
    """Runs that began with other settings are neither trained further nor pooled."""
    for fold in range(3):
        run = folds.Run(tmp_path / f"fold-{fold}")
        run.folder.mkdir()
        run.create(folds.configs.read(config, ["data.source.folds=3", f"data.source.fold={fold}"]))
        run.write_state(1, {}, {})
    folds.cross_validate(config, tmp_path, 3)
    with pytest.raises(RunError, match="expected the config that the run began with"):
        folds.cross_validate(config, tmp_path, 3, overrides=["seed=5"])


@pytest.mark.parametrize(
    ("changes", "count", "sentence"),
    [
        (["seed=x"], 3, "seed"),
        (["data.source.type=shapes"], 3, "folds"),
        ([], 2, r"folds: expected at least 3 \(training, dev, test\). Received: folds=2"),
    ],
)
def test_mistakes_show_before_anything_is_trained(config, trained, changes, count, sentence):
    """A wrong override, a source without folds, too few folds."""
    with pytest.raises((ConfigError, ArgumentError), match=sentence):
        folds.cross_validate(config, config.parent / "runs", count, overrides=changes)
    assert trained == []


def test_predictions_that_cannot_be_pooled_are_a_sentence(tmp_path):
    """Another split, another task, no rows, nothing there, a file cut short."""
    run = folds.Run(tmp_path)
    for found, split, sentence in [
        (rows(0), "dev", "predictions of the split test. Received: 4 of the split dev"),
        ([], "test", "Received: 0"),
        (
            [{"id": "1", "caption": "a dog"}],
            "test",
            "with id, label, truth and group. Received: id, caption",
        ),
    ]:
        store(tmp_path, found, split)
        with pytest.raises(RunError, match=sentence):
            folds.predictions(run)
    (tmp_path / "predictions.jsonl").write_text('{"id": "1", "la')
    with pytest.raises(RunError, match="expected the predictions of a finished run"):
        folds.predictions(run)
    (tmp_path / "predictions.jsonl").unlink()
    with pytest.raises(RunError, match="No such file"):
        folds.predictions(run)


def test_a_clip_in_two_folds_is_refused():
    """Folds that overlap were not made by one split."""
    with pytest.raises(RunError, match="1/0: expected each clip in the test split of one fold"):
        folds.pool([rows(0), rows(1), rows(1)])


def script(monkeypatch, capsys, *arguments):
    """Exit code, standard output and error of the script."""
    monkeypatch.setattr(sys, "argv", [str(SCRIPT), *map(str, arguments)])
    monkeypatch.setattr("lrcn_seq.cli.hide_native_logs", lambda: None)
    with pytest.raises(SystemExit) as stop:
        runpy.run_path(str(SCRIPT), run_name="__main__")
    return stop.value.code, *capsys.readouterr()


def test_script_prints_folds_and_interval(tmp_path, config, trained, monkeypatch, capsys):
    """A line a fold and one for all; with --json one object and nothing else."""
    call = [config, "--folds", "3", "--run", tmp_path / "runs"]
    code, printed, _ = script(monkeypatch, capsys, *call)
    assert code == 0
    assert printed.splitlines()[0] == "fold 0: 0.250 of 4"
    assert printed.splitlines()[3].startswith("pooled: 0.500 of 12, 95 % interval over 6 groups 0.")
    code, printed, _ = script(monkeypatch, capsys, *call, "--json")
    stored = json.loads(printed)
    assert [fold["accuracy"] for fold in stored["folds"]] == [0.25, 0.5, 0.75]
    assert stored["pooled"].keys() == {"accuracy", "low", "high", "count", "groups"}


def test_script_says_what_is_wrong_in_one_sentence(tmp_path, monkeypatch, capsys):
    """A call that is wrong ends with code 2, without a traceback."""
    for arguments in [[tmp_path / "absent.yaml"], ["x.yaml", "--folds", "many"], []]:
        code, printed, told = script(monkeypatch, capsys, *arguments)
        assert (code, printed) == (2, "")
        assert told.startswith("folds: ") and "Traceback" not in told
