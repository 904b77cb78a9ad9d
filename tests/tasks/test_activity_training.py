"""Activity recognition from training to scores, with labels of clips and of frames."""

import json
import shutil

import numpy as np
import pytest
from PIL import Image

import lrcn_seq
from lrcn_seq import config
from lrcn_seq.errors import ConfigError
from lrcn_seq.runs import evaluate_runs
from lrcn_seq.training import train
from tests.tasks.inputs import SMOKE

RANDOM = np.random.default_rng(0)


def json_lines(path) -> list[dict]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_scores_of_a_run_agree_with_its_predictions(activity_run):
    """The accuracy and confusion matrix of a run match the lines of its `predictions.jsonl`."""
    rows = json_lines(activity_run / "predictions.jsonl")
    scores = json.loads((activity_run / "scores.json").read_text())
    accuracy = np.mean([row["label"] == row["truth"] for row in rows])
    assert scores["metrics"]["top_1"] == pytest.approx(accuracy)
    for row in rows:
        assert sum(row["probabilities"].values()) == pytest.approx(1, abs=1e-6)
        assert max(row["probabilities"], key=row["probabilities"].get) == row["label"]
    assert np.sum(scores["confusion"]) == len(rows) == scores["count"] == 8


def test_fused_runs_have_the_weighted_mean_of_their_distributions(activity_run, tmp_path):
    """Evaluating two runs with weights 1 and 3 gives the weighted mean of their probabilities."""
    for name in ("a", "b"):
        shutil.copytree(activity_run, tmp_path / name)
    other = lrcn_seq.load(tmp_path / "b")
    other.set_weights([w + 0.1 * RANDOM.normal(size=w.shape) for w in other.get_weights()])
    other.save_weights(tmp_path / "b" / "model.weights.h5")

    def distributions(*runs, **options) -> np.ndarray:
        evaluate_runs([str(tmp_path / run) for run in runs], **options)
        rows = json_lines(tmp_path / runs[0] / "predictions.jsonl")
        return np.array([list(row["probabilities"].values()) for row in rows])

    one, two = distributions("a"), distributions("b")
    assert np.abs(one - two).max() > 1e-3
    fused = distributions("a", "b", weights=[1, 3])
    np.testing.assert_allclose(fused, one / 4 + two * 3 / 4, atol=1e-6)


def test_the_lowest_log_loss_selects_the_best_weights(tmp_path):
    """`training.monitor: log_loss` saves the weights of the epoch with the lowest log loss."""
    overrides = [
        "training.monitor=log_loss",
        "training.epochs=4",
        "training.optimizer.learning_rate=0.1",
    ]
    run = train(config.read(SMOKE / "activity.yaml", overrides), tmp_path / "run")
    losses = [row["log_loss"] for row in run.history()]
    assert [row["best"] for row in run.history()] == [
        loss < min(losses[:epoch], default=np.inf) for epoch, loss in enumerate(losses)
    ]


def test_a_stage_may_replace_the_decoder(tmp_path):
    """If a stage has another type of decoder, its first score counts as the best so far."""
    stages = (
        "stages=[{decoder: {type: frame_mean}, training.epochs: 1}, "
        "{training.epochs: 1, training.optimizer.learning_rate: 0.000001}]"
    )
    run = train(config.read(SMOKE / "activity.yaml", [stages]), tmp_path / "run")
    assert [(row["stage"], row["best"]) for row in run.history()] == [(0, True), (1, True)]
    assert type(lrcn_seq.load(run.folder).decoder).__name__ == "LstmFrames"


@pytest.fixture(scope="module")
def moments_table(tmp_path_factory):
    """Return the path of a table of ten GIFs with five dark and five bright frames each.

    Frames last 0.1 s. GIFs with odd numbers begin dark. The fourth frame of each has no label.
    """
    folder = tmp_path_factory.mktemp("moments")
    rows = ["video,start,end,label,split"]
    for number in range(10):
        grays, names = [40] * 5 + [220] * 5, ("dark", "bright")
        if number % 2 == 0:
            grays, names = grays[::-1], names[::-1]
        first, *others = [
            Image.new("RGB", (16, 16), (gray + frame, gray, gray))
            for frame, gray in enumerate(grays)
        ]
        first.save(folder / f"{number}.gif", save_all=True, append_images=others, duration=100)
        split = "train" if number < 6 else "dev" if number < 8 else "test"
        rows += [
            f"{number}.gif,0,0.3,{names[0]},{split}",
            f"{number}.gif,0.4,0.5,{names[0]},{split}",
            f"{number}.gif,0.5,1.0,{names[1]},{split}",
        ]
    (folder / "moments.csv").write_text("\n".join(rows) + "\n")
    return folder / "moments.csv"


def in_time(table, *overrides: str) -> config.Config:
    """Return a config that trains a small classifier on frame labels."""
    small = [
        f"data.source={{type: video_table, table: {table}}}",
        "encoder={type: tiny_cnn, size: 16, filters: 4, blocks: 1, output: pooled}",
        "training.epochs=12",
        "training.batch_size=3",
        "training.optimizer.learning_rate=0.02",
    ]
    return config.read(SMOKE / "activity.yaml", [*small, *overrides])


def test_labels_in_time_are_learned_and_scored_by_frame(moments_table, tmp_path):
    """A classifier trained on frame labels is scored on every labeled frame of the test videos."""
    recipe = in_time(moments_table, "data.sampling={type: sliding, length: 6, stride: 2}")
    run = train(recipe, tmp_path / "run")
    rows = json_lines(run / "predictions.jsonl")
    assert [len(row["labels"]) for row in rows] == [10, 10]
    assert rows[0]["truth"] == ["bright"] * 3 + [None] + ["bright"] + ["dark"] * 5
    correct = [
        label == truth
        for row in rows
        for label, truth in zip(row["labels"], row["truth"], strict=True)
        if truth
    ]
    scores = json.loads((run / "scores.json").read_text())
    assert scores["count"] == len(correct) == 18
    assert scores["metrics"]["top_1"] == pytest.approx(np.mean(correct))
    assert np.mean(correct) > 0.8
    assert "18 frames" in (run / "report.html").read_text()


@pytest.mark.parametrize(
    ("override", "message"),
    [
        (
            "decoder={type: lstm_frames, units: 4, output: last}",
            "decoder: labels that change over time",
        ),
        (
            "training.loss.class_weight=balanced",
            r"training\.loss\.class_weight: class weights apply to whole clips",
        ),
    ],
)
def test_labels_in_time_that_cannot_be_learned_leave_no_run(
    moments_table, tmp_path, override, message
):
    """Training on frame labels with an unsuitable config creates no run folder."""
    with pytest.raises(ConfigError, match=message):
        train(in_time(moments_table, override), tmp_path / "run")
    assert not (tmp_path / "run").exists()
