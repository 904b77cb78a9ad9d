"""Activity: its loss against NumPy, its answers against the whole clip, frame by frame, and its refusals."""

import json
import shutil

import keras
import numpy as np
import pytest
from lrcn_seq.training.evaluating import evaluate_runs

import lrcn_seq
from lrcn_seq import config
from lrcn_seq.data.packed_clips import concatenate_clips
from lrcn_seq.data.sources.moving_shapes import Film
from lrcn_seq.errors import ArgumentError, ConfigError, RunError
from lrcn_seq.records import Clips, LabeledBatch
from lrcn_seq.tasks import base
from lrcn_seq.tasks._losses import label_loss
from lrcn_seq.training import train

RANDOM = np.random.default_rng(0)
SMOKE = "configs/smoke/activity.yaml"


@pytest.fixture(scope="module")
def task(activity_run):
    """The trained task."""
    return lrcn_seq.load(activity_run)


@pytest.fixture(scope="module")
def films():
    """Clips of three lengths, (T, 32, 32, 3) uint8."""
    found = {
        len(clip): clip for clip in (Film(0, "test", number, 32, 3).draw() for number in range(30))
    }
    return [found[length] for length in sorted(found)[:3]]


def clips_of(film, count=None) -> Clips:
    """One clip of the first frames."""
    frames = film[:count]
    return Clips(frames, np.arange(len(frames), dtype="int32")[None])


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
def test_the_loss_is_the_mean_over_real_labeled_steps(smoothing):
    """Step by step in float64, weighted by clip; padding and steps without a label count in neither sum nor number."""
    logits, weights = (
        RANDOM.normal(size=(3, 4, 5)).astype("float32"),
        np.array([1.0, 0.5, 2.0], "float32"),
    )
    mask = np.array([[1, 1, 1, 1], [1, 1, 0, 0], [1, 1, 1, 0]], bool)
    labels = np.array([[0, 1, 2, 3], [4, -1, 1, 1], [2, 2, 2, 2]], "int32")
    total, real = 0.0, 0
    for p in range(3):
        for s in range(4):
            if mask[p, s] and labels[p, s] >= 0:
                z = logits[p, s].astype(np.float64)
                log_p = z - np.log(np.exp(z).sum())
                truth = np.full(5, smoothing / 5) + (1 - smoothing) * np.eye(5)[labels[p, s]]
                total, real = total - weights[p] * (truth * log_p).sum(), real + 1
    found = label_loss(logits, mask, labels, weights=weights, label_smoothing=smoothing)
    assert float(found) == pytest.approx(total / real, rel=1e-5)


def test_one_label_holds_for_every_step(task, films):
    """A clip's label is that of each of its steps."""
    clips = concatenate_clips([clips_of(film) for film in films])
    once = LabeledBatch(clips, np.array([[1], [2], [3]], "int32"), np.ones(3, "float32"))
    always = once._replace(labels=np.repeat(once.labels, clips.index.shape[1], axis=1))
    assert float(task.compute_loss(x=once, y_pred=task(once))) == pytest.approx(
        float(task.compute_loss(x=always, y_pred=task(always)))
    )


def test_padding_never_votes(task, films):
    """A short clip beside a long one gets what it gets alone."""
    alone = [task.predict([film])[0] for film in films]
    answers, mask = task.probabilities(concatenate_clips([clips_of(film) for film in films]))
    for row, real, one in zip(answers, mask, alone, strict=True):
        mean = row[real].mean(axis=0)
        assert {label.label: label.probability for label in one.labels} == pytest.approx(
            dict(zip(task.labels, mean.tolist(), strict=True)), abs=1e-6
        )


def test_frames_go_through_the_network_a_few_at_a_time(task, films, monkeypatch):
    """Never more than the bound, and the distributions are those of all frames at once."""
    clips = concatenate_clips([clips_of(film) for film in films])
    whole, _ = task.probabilities(clips)
    seen = []
    monkeypatch.setattr(base, "FRAMES_AT_ONCE", 4)
    monkeypatch.setattr(
        base.FrameEncoder,
        "predict_on_batch",
        lambda self, frames: seen.append(len(frames)) or self(frames),
    )
    found, _ = task.probabilities(clips)
    assert sum(seen) == len(clips.frames)
    assert max(seen) == 4
    np.testing.assert_allclose(found, whole, atol=1e-6)


def test_labels_come_likeliest_first(task, films):
    """As many as asked for, all classes together sum to 1."""
    (found,) = task.predict(films[:1], top=3)
    assert len(found.labels) == 3
    assert sorted(found.labels, key=lambda label: -label.probability) == list(found.labels)
    assert sum(
        label.probability for label in task.predict(films[:1], top=9)[0].labels
    ) == pytest.approx(1, abs=1e-6)


@pytest.mark.parametrize("chunk", [1, 3, 16])
def test_streaming_equals_the_whole_clip(task, films, chunk):
    """The distribution at each step, and of all frames so far, whatever number of frames comes at a time."""
    film = films[-1]
    times, answers, so_far = (
        np.concatenate(parts) for parts in zip(*task.watch_frames(film, chunk=chunk), strict=True)
    )
    whole, _ = task.probabilities(clips_of(film))
    np.testing.assert_allclose(answers, whole[0], atol=1e-6)
    for count in range(1, len(film) + 1):
        np.testing.assert_allclose(so_far[count - 1], whole[0][:count].mean(axis=0), atol=1e-6)
    np.testing.assert_allclose(times, np.arange(len(film)) / 25)


def test_the_state_of_a_stream_is_a_value(task, films):
    """Going on twice from the same state gives the same; the state does not grow."""
    frames = films[0]
    _, _, after = task.advance(frames[:2], task.stream())
    again = [task.advance(frames[2:4], after)[1] for _ in range(2)]
    np.testing.assert_array_equal(*again)
    sizes = [
        sum(np.asarray(leaf).nbytes for leaf in keras.tree.flatten(state))
        for state in (after, task.advance(frames, after)[2])
    ]
    assert sizes[0] == sizes[1]


@pytest.mark.parametrize("shape", [(0, 32, 32, 3), (2, 16, 32, 3), (32, 32, 3)])
def test_frames_of_another_size_are_named(task, shape):
    """A stream takes what the encoder takes, and says so."""
    with pytest.raises(
        ArgumentError, match=r"frames: expected .n, 32, 32, 3., n from 1. Received: "
    ):
        task.advance(np.zeros(shape, "uint8"), task.stream())


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        (
            ["decoder={type: lstm_frames, units: 4, bidirectional: true}"],
            "Expected a causal decoder: lstm_frames",
        ),
        (["decoder={type: mlp, steps: 4, units: 4}"], "Expected a causal decoder: mlp"),
        (
            ["encoder={type: conv3d, size: 16, filters: 2, blocks: 1}"],
            "conv3d mixes frames in time",
        ),
    ],
)
def test_what_mixes_time_is_not_streamed(changes, sentence, films):
    """It says so in a sentence."""
    task = lrcn_seq.build(config.read(SMOKE, changes), labels=4)
    task.labels = tuple("abcd")
    with pytest.raises(ArgumentError, match=sentence):
        next(task.watch_frames(films[0]))


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ("data.sampling=null", r"data\.sampling: missing: say which frames"),
        (
            "training.monitor=cider",
            r"training\.monitor: expected one of the scores top_1, top_5, mean_class, log_loss, calibration\. Received: 'cider'",
        ),
        (
            "training.scheduled_sampling.probability=0.5",
            r"training\.scheduled_sampling: activity writes no words",
        ),
    ],
)
def test_what_fits_no_classifier_is_refused(change, sentence):
    """Before any data is read."""
    with pytest.raises(ConfigError, match=sentence):
        lrcn_seq.build(config.read(SMOKE, [change]), labels=4)


def test_a_fresh_task_knows_no_classes(films):
    """It says what to do."""
    with pytest.raises(RunError, match="Expected a task with its classes"):
        lrcn_seq.build(SMOKE, labels=4).predict(films)


def test_a_run_is_scored_as_its_predictions_say(activity_run):
    """Accuracy and confusion against the lines of `predictions.jsonl`."""
    rows = [
        json.loads(line) for line in (activity_run / "predictions.jsonl").read_text().splitlines()
    ]
    scores = json.loads((activity_run / "scores.json").read_text())
    assert scores["metrics"]["top_1"] == pytest.approx(
        np.mean([row["label"] == row["truth"] for row in rows])
    )
    for row in rows:
        assert sum(row["probabilities"].values()) == pytest.approx(1, abs=1e-6)
        assert max(row["probabilities"], key=row["probabilities"].get) == row["label"]
    assert np.sum(scores["confusion"]) == len(rows) == scores["count"]


def test_fusion_is_the_weighted_mean_of_distributions(activity_run, tmp_path):
    """Of a run and one with other weights."""
    for name in ("a", "b"):
        shutil.copytree(activity_run, tmp_path / name)
    other = lrcn_seq.load(tmp_path / "b")
    other.set_weights(
        [weight + 0.1 * RANDOM.normal(size=weight.shape) for weight in other.get_weights()]
    )
    other.save_weights(tmp_path / "b" / "model.weights.h5")

    def distributions(*runs, **options):
        evaluate_runs([str(run) for run in runs], **options)
        rows = [
            json.loads(line) for line in (runs[0] / "predictions.jsonl").read_text().splitlines()
        ]
        return np.array([list(row["probabilities"].values()) for row in rows])

    one, two = distributions(tmp_path / "a"), distributions(tmp_path / "b")
    assert np.abs(one - two).max() > 1e-3
    np.testing.assert_allclose(
        distributions(tmp_path / "a", tmp_path / "b", weights=[1, 3]),
        one / 4 + two * 3 / 4,
        atol=1e-6,
    )


def test_a_score_that_falls_picks_its_lowest_epoch(tmp_path):
    """`monitor: log_loss` keeps the weights of the epoch with the smallest."""
    run = train(
        config.read(
            SMOKE,
            [
                "training.monitor=log_loss",
                "training.epochs=4",
                "training.optimizer.learning_rate=0.1",
            ],
        ),
        tmp_path / "run",
    )
    losses = [row["log_loss"] for row in run.history()]
    assert [row["best"] for row in run.history()] == [
        loss < min(losses[:place], default=np.inf) for place, loss in enumerate(losses)
    ]


def test_a_stage_may_replace_the_decoder(tmp_path):
    """The encoder goes on, the new decoder begins fresh, and what the first stage reached is not compared with it."""
    stages = "stages=[{decoder: {type: frame_mean}, training.epochs: 1}, {training.epochs: 1, training.optimizer.learning_rate: 0.000001}]"
    run = train(config.read(SMOKE, [stages]), tmp_path / "run")
    assert [(row["stage"], row["best"]) for row in run.history()] == [(0, True), (1, True)]
    assert type(lrcn_seq.load(run.folder).decoder).__name__ == "LstmFrames"
