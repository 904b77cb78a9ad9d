"""Evaluation of one run, or of several fused runs, on a split."""

import json
import shutil
from pathlib import Path
from types import SimpleNamespace

import h5py
import numpy as np
import pytest

import lrcn_seq
from lrcn_seq.errors import ConfigError, DataError, RunError, UsageError
from lrcn_seq.registry import sources
from lrcn_seq.runs import Run, evaluate_runs
from lrcn_seq.runs.evaluator import (
    check_options,
    check_output_file,
    with_source,
)
from lrcn_seq.runs.loading import read_config


@pytest.fixture
def run(activity_run, tmp_path) -> Path:
    """Return a copy of the activity run for tests that write into it."""
    return shutil.copytree(activity_run, tmp_path / "run")


def read_rows(folder: Path) -> list[dict]:
    """Return the rows of `predictions.jsonl` in a run folder."""
    return [json.loads(line) for line in (folder / "predictions.jsonl").read_text().splitlines()]


def read_scores(folder: Path) -> dict:
    """Return the content of `scores.json` in a run folder."""
    return json.loads((folder / "scores.json").read_text())


def negate_decoder_weights(folder: Path) -> None:
    """Negate the decoder weights of a run so that its predictions differ."""

    def negate(name, item):
        if isinstance(item, h5py.Dataset) and "decoder" in name:
            item.write_direct(-item[()])

    with h5py.File(folder / "model.weights.h5", "r+") as file:
        file.visititems(negate)


def test_an_evaluated_run_has_the_scores_of_its_training(run, activity_run):
    """Evaluating a run on the test split reproduces the scores and predictions of its training."""
    (run / "scores.json").unlink()
    evaluated = evaluate_runs([str(run)])
    assert evaluated.scores == read_scores(run) == read_scores(activity_run)
    assert read_rows(run) == read_rows(activity_run)
    groups = {row["group"] for row in read_rows(run)}
    assert f" over {len(groups)} groups" in evaluated.remark
    assert evaluated.folder == run


def test_a_limit_evaluates_the_first_samples(run):
    """`limit` evaluates only the first samples, and is recorded if it leaves samples out."""
    whole = read_rows(run)
    evaluated = evaluate_runs([str(run)], limit=3)
    assert read_rows(run) == whole[:3]
    assert (evaluated.scores["count"], evaluated.scores["limit"]) == (3, 3)
    assert "limit" not in evaluate_runs([str(run)], limit=8).scores


def test_another_split_is_evaluated(run):
    """`split` selects the split that is evaluated."""
    evaluated = evaluate_runs([str(run)], split="dev", limit=2)
    source = sources.build(read_config(run).data.source)
    expected = [sample.id for sample in source if sample.split == "dev"][:2]
    assert [row["id"] for row in read_rows(run)] == expected
    assert evaluated.scores["split"] == "dev"


def test_another_source_is_evaluated_and_recorded(run):
    """A data source from overrides is evaluated; `scores.json` records it, the config does not."""
    before = (run / "config.yaml").read_text()
    evaluated = evaluate_runs([str(run)], limit=2, overrides=["data.source.seed=5"])
    assert evaluated.scores["source"] == {**read_config(run).data.source, "seed": 5}
    expected = [s for s in sources.build(evaluated.scores["source"]) if s.split == "test"][:2]
    assert [row["truth"] for row in read_rows(run)] == [sample.label for sample in expected]
    assert (run / "config.yaml").read_text() == before


def test_fused_runs_average_their_distributions(run, tmp_path):
    """Fused runs average class probabilities by weight; results are written to the first run."""
    other = shutil.copytree(run, tmp_path / "other")
    negate_decoder_weights(other)
    distributions = []
    for folder in (run, other):
        evaluate_runs([str(folder)], limit=4)
        distributions.append([row["probabilities"] for row in read_rows(folder)])
    assert distributions[0] != distributions[1]
    before = read_scores(other)
    for weights, (share, other_share) in ((None, (0.5, 0.5)), ([1.0, 3.0], (0.25, 0.75))):
        evaluated = evaluate_runs([str(run), str(other)], weights=weights, limit=4)
        for row, first, second in zip(read_rows(run), *distributions, strict=True):
            mean = {name: share * first[name] + other_share * second[name] for name in first}
            assert row["probabilities"] == pytest.approx(mean)
        assert evaluated.scores["fused"] == {"runs": [str(run), str(other)], "weights": weights}
    assert read_scores(other) == before


def test_captions_are_written_for_the_coco_server(smoke_run, tmp_path):
    """`coco_results` writes the captions in the format of the COCO server.

    The share of novel captions is the share of captions that occur in no training sample.
    """
    run = shutil.copytree(smoke_run, tmp_path / "run")
    results = tmp_path / "new" / "results.json"
    evaluated = evaluate_runs([str(run)], limit=2, coco_results=str(results))
    rows = read_rows(run)
    expected = [{"image_id": row["id"], "caption": row["caption"]} for row in rows]
    assert json.loads(results.read_text()) == expected
    training = {
        caption
        for sample in sources.build(read_config(run).data.source)
        if sample.split == "train"
        for caption in sample.captions
    }
    novel = np.mean([row["caption"] not in training for row in rows])
    assert evaluated.scores["health"]["novel"] == novel
    assert "of the captions are distinct." in evaluated.remark


def test_an_empty_split_is_an_error(run):
    """Evaluating an empty split raises an error and overwrites no results."""
    before = read_scores(run)
    with pytest.raises(DataError, match=r"Received: none in the split dev; choose another"):
        evaluate_runs([str(run)], split="dev", overrides=["data.source.dev=0"])
    assert read_scores(run) == before


def test_damaged_files_are_found_before_results_are_overwritten(run):
    """A damaged history raises an error before any result is overwritten."""
    before = (run / "predictions.jsonl").stat().st_mtime_ns
    (run / "history.jsonl").write_text("{")
    with pytest.raises(RunError, match="the history of epochs"):
        evaluate_runs([str(run)])
    assert (run / "predictions.jsonl").stat().st_mtime_ns == before


def test_a_run_in_use_is_not_overwritten(run):
    """Evaluating a run folder that is locked by another process raises a RunError."""
    with Run(run).lock(), pytest.raises(RunError, match="another process"):
        evaluate_runs([str(run)], limit=1)


def make_task(name="activity", options=()):
    """Return a stand-in for a task, with the attributes that `check_options` reads."""
    return SimpleNamespace(name=name, evaluation_options=frozenset(options))


def test_options_that_the_task_supports():
    """Captioning supports retrieval and COCO results, but retrieval only for a single run."""
    task = make_task("captioning", options=("retrieval", "coco_results"))
    check_options([task], "x", retrieval=True, coco_results=True)
    check_options([task, task], "x", retrieval=False, coco_results=True)
    with pytest.raises(UsageError, match=r"--retrieval: expected one run\. Received: 2"):
        check_options([task, task], "x", retrieval=True, coco_results=False)


@pytest.mark.parametrize(
    ("option", "flag"), [("retrieval", "--retrieval"), ("coco_results", "--coco-results")]
)
def test_options_of_other_tasks_are_refused(option, flag):
    """Options for captions are refused for a classification run."""
    options = {"retrieval": False, "coco_results": False, option: True}
    message = (
        f"{flag}: expected a run that writes captions. Received: x, a run of the task activity"
    )
    with pytest.raises(UsageError, match=message):
        check_options([make_task()], "x", **options)


def test_only_the_source_of_a_config_can_be_changed(activity_run):
    """Overrides of an evaluation may change `data.source` and no other section."""
    settings = read_config(activity_run)
    changed = with_source(settings, ["data.source.seed=5"])
    assert changed.data.source["seed"] == 5
    assert changed.decoder == settings.decoder
    with pytest.raises(ConfigError, match=r"expected data\.source\.key=value"):
        with_source(settings, ["decoder.units=5"])


def test_the_folder_of_an_output_file_is_made(tmp_path):
    """The parent folder of an output file is created before the evaluation."""
    check_output_file(str(tmp_path / "a" / "b" / "results.json"))
    assert (tmp_path / "a" / "b").is_dir()


def test_impossible_output_files_are_refused(tmp_path):
    """An output path that is empty, a folder, or below a file is refused."""
    (tmp_path / "file").write_text("")
    for path, message in (
        ("", "expected a file name. Received: an empty name"),
        (str(tmp_path), "expected a file. Received: a folder"),
        (str(tmp_path / "file" / "results.json"), "expected a writable file. Received: "),
    ):
        with pytest.raises(UsageError, match=message):
            check_output_file(path)


def test_a_folder_without_a_run_is_an_error(tmp_path):
    """Evaluating a folder without a run raises the same error as `lrcn_seq.load`."""
    with pytest.raises(RunError) as caught:
        lrcn_seq.load(tmp_path)
    with pytest.raises(RunError) as evaluated:
        evaluate_runs([str(tmp_path)])
    assert str(evaluated.value) == str(caught.value)
