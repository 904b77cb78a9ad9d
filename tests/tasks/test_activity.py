"""Activity recognition: predictions of whole clips and of streams, and training end to end."""

import json
import shutil

import keras
import numpy as np
import pytest
from PIL import Image

import lrcn_seq
from lrcn_seq import config
from lrcn_seq.data.packed_clips import concatenate_clips
from lrcn_seq.errors import ArgumentError, ConfigError, RunError
from lrcn_seq.records import LabeledBatch
from lrcn_seq.runs import evaluate_runs
from lrcn_seq.tasks import SampleReader, _frame_encoder
from lrcn_seq.tasks._frame_encoder import FrameEncoder
from lrcn_seq.training import train
from tests.tasks.inputs import (
    SMOKE,
    array_sample,
    fresh_classifier,
    log_softmax,
    settings,
    single_clip,
)

RANDOM = np.random.default_rng(0)


def json_lines(path) -> list[dict]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_the_loss_is_the_weighted_mean_over_real_steps(films):
    """A label applies to every step of its clip; padding counts for nothing."""
    task = fresh_classifier("training.loss={weight: 2.0}")
    clips = concatenate_clips([single_clip(film) for film in films])
    weights = np.array([1.0, 0.5, 2.0], "float32")
    batch = LabeledBatch(clips, np.array([[1], [2], [0]], "int32"), weights)
    logits, mask = task(batch)
    factors = np.array([1.0, 3.0, 1.0])
    loss = task.compute_loss(x=batch, y_pred=(logits, mask), sample_weight=factors)
    log_p = log_softmax(keras.ops.convert_to_numpy(logits))
    terms = [
        -weights[p] * factors[p] * log_p[p, step, label]
        for p, label in enumerate([1, 2, 0])
        for step in range(len(films[p]))
    ]
    assert float(loss) == pytest.approx(2 * np.mean(terms), rel=1e-5)


def test_the_loss_smooths_labels(films):
    """A share of the target is spread evenly over the classes."""
    task = fresh_classifier("training.loss={label_smoothing: 0.3}")
    batch = LabeledBatch(single_clip(films[0]), np.array([[1]], "int32"), np.ones(1, "float32"))
    outputs = task(batch)
    log_p = log_softmax(keras.ops.convert_to_numpy(outputs[0]))[0]
    expected = -(0.7 * log_p[:, 1] + 0.3 * log_p.mean(axis=1)).mean()
    assert float(task.compute_loss(x=batch, y_pred=outputs)) == pytest.approx(expected, rel=1e-5)


def test_the_loss_takes_the_labels_of_the_steps_of_the_encoder():
    """An encoder of two frames per step is trained with the label of the first of them."""
    task = fresh_classifier("encoder={type: conv3d, size: 16, filters: 2, blocks: 1, stride: 2}")
    frames = RANDOM.integers(0, 256, (5, 16, 16, 3)).astype("uint8")
    labels = np.array([[0, 1, 2, 1, 1]], "int32")
    batch = LabeledBatch(single_clip(frames), labels, np.ones(1, "float32"))
    outputs = task(batch)
    log_p = log_softmax(keras.ops.convert_to_numpy(outputs[0]))[0]
    expected = -np.mean([log_p[0, 0], log_p[1, 2], log_p[2, 1]])
    assert float(task.compute_loss(x=batch, y_pred=outputs)) == pytest.approx(expected, rel=1e-5)


def test_padding_does_not_change_probabilities(classifier, films):
    """A short clip in a batch with a long one has the distribution that it has alone."""
    clips = concatenate_clips([single_clip(film) for film in films])
    probabilities, mask = classifier.probabilities(clips)
    for row, real, film in zip(probabilities, mask, films, strict=True):
        assert real.sum() == len(film)
        alone, _ = classifier.probabilities(single_clip(film))
        np.testing.assert_allclose(row[real], alone[0], atol=1e-6)


def test_a_prediction_is_the_mean_over_steps(classifier, films):
    """Every class has the mean of its probabilities at all frames."""
    predictions = classifier.predict(films, top=9)
    for position, (prediction, film) in enumerate(zip(predictions, films, strict=True)):
        mean = classifier.probabilities(single_clip(film))[0][0].mean(axis=0)
        found = {label.label: label.probability for label in prediction.labels}
        assert prediction.file == str(position)
        assert found == pytest.approx(
            dict(zip(classifier.labels, mean.tolist(), strict=True)), abs=1e-6
        )


def test_a_prediction_is_the_mean_over_clips_and_views(films):
    """It equals that of evaluation, for any batch size."""
    task = fresh_classifier(
        "data.sampling={type: sliding, length: 3, stride: 2}",
        "data.view={type: ten_crop, margin: 1.5}",
    )
    samples = [array_sample(str(i), film, label="a") for i, film in enumerate(films)]
    evaluation = task.evaluate_samples(SampleReader(task), samples)
    predictions = task.predict(films, batch=2)
    for row, prediction in zip(evaluation.probabilities, predictions, strict=True):
        expected = dict(zip("abc", row.tolist(), strict=True))
        found = {label.label: label.probability for label in prediction.labels}
        assert found == pytest.approx(expected, abs=1e-5)


def test_frames_are_encoded_a_few_at_a_time(classifier, films, monkeypatch):
    """The distributions are those of all frames at once."""
    clips = concatenate_clips([single_clip(film) for film in films])
    expected, _ = classifier.probabilities(clips)
    counts = []
    monkeypatch.setattr(_frame_encoder, "FRAMES_PER_CALL", 4)
    monkeypatch.setattr(
        FrameEncoder,
        "predict_on_batch",
        lambda self, frames: counts.append(len(frames)) or self(frames),
    )
    probabilities, _ = classifier.probabilities(clips)
    assert sum(counts) == len(clips.frames)
    assert max(counts) == 4
    np.testing.assert_allclose(probabilities, expected, atol=1e-6)


def test_labels_are_sorted_by_probability(classifier, films):
    """There are as many as requested, and those of all classes sum to 1."""
    (three,) = classifier.predict(films[:1], top=3)
    (every,) = classifier.predict(films[:1], top=99)
    assert three.labels == every.labels[:3]
    probabilities = [label.probability for label in every.labels]
    assert probabilities == sorted(probabilities, reverse=True)
    assert len(probabilities) == len(classifier.labels)
    assert sum(probabilities) == pytest.approx(1, abs=1e-6)


def test_equal_probabilities_keep_the_order_of_the_classes():
    """The first of two equal classes comes first."""
    task = fresh_classifier()
    assert task.top_labels(np.array([0.3, 0.4, 0.3]), 3) == (("b", 0.4), ("a", 0.3), ("c", 0.3))


def test_an_unreadable_video_has_an_error_in_its_place(classifier, films, tmp_path):
    """The other videos are classified."""
    first, second = classifier.predict([tmp_path / "absent.mp4", films[0]])
    assert first.file == str(tmp_path / "absent.mp4")
    assert "there is no such file" in first.error
    assert first.labels == ()
    assert second.labels


@pytest.mark.parametrize("options", [{"top": 0}, {"batch": 0}])
def test_invalid_options_are_refused(classifier, films, options):
    """Both are at least 1."""
    with pytest.raises(ArgumentError, match=r"top and batch: expected at least 1\. Received: top="):
        classifier.predict(films, **options)


@pytest.mark.parametrize("chunk", [1, 3, 16])
def test_a_stream_equals_the_whole_clip(classifier, films, chunk):
    """At each frame, for any chunk; the second distribution is the mean of the frames so far."""
    film = films[-1]
    parts = zip(*classifier.stream_frames(film, chunk=chunk), strict=True)
    times, outputs, overall = (np.concatenate(part) for part in parts)
    whole = classifier.probabilities(single_clip(film))[0][0]
    np.testing.assert_allclose(outputs, whole, atol=1e-6)
    means = np.cumsum(whole, axis=0) / np.arange(1, len(film) + 1)[:, None]
    np.testing.assert_allclose(overall, means, atol=1e-6)
    np.testing.assert_allclose(times, np.arange(len(film)) / 25)


def test_a_stream_of_a_decoder_of_whole_clips_needs_no_mean(films):
    """With `output: last`, the distribution up to each frame is that of the clip up to it."""
    task = fresh_classifier("decoder={type: lstm_frames, units: 8, output: last}")
    film = films[0]
    ((_, outputs, overall),) = task.stream_frames(film)
    np.testing.assert_array_equal(outputs, overall)
    for count in (1, len(film)):
        whole = task.probabilities(single_clip(film[:count]))[0][0, 0]
        np.testing.assert_allclose(overall[count - 1], whole, atol=1e-6)


def test_a_stream_reports_its_progress(classifier, films):
    """After each chunk, in frames."""
    calls = []
    list(classifier.stream_frames(films[0], chunk=2, progress=lambda *call: calls.append(call)))
    total = len(films[0])
    assert calls == [(min(done, total), total) for done in range(2, total + 2, 2)]


def test_the_state_of_a_stream_is_a_value(classifier, films):
    """Continuing twice from one state gives equal results, and the state does not grow."""
    frames = films[0]
    _, _, state = classifier.advance(frames[:2], classifier.initial_stream_state())
    first, second = (classifier.advance(frames[2:4], state)[1] for _ in range(2))
    np.testing.assert_array_equal(first, second)
    _, _, later = classifier.advance(frames, state)
    assert later.frames == 2 + len(frames)
    sizes = [
        sum(np.asarray(leaf).nbytes for leaf in keras.tree.flatten(one)) for one in (state, later)
    ]
    assert sizes[0] == sizes[1]


@pytest.mark.parametrize("shape", [(0, 32, 32, 3), (2, 16, 32, 3), (32, 32, 3)])
def test_frames_of_another_size_are_refused(classifier, shape):
    """A stream expects the frames of the encoder."""
    with pytest.raises(
        ArgumentError, match=r"frames: expected .n, 32, 32, 3. with n above 0\. Received: "
    ):
        classifier.advance(np.zeros(shape, "uint8"), classifier.initial_stream_state())


@pytest.mark.parametrize(
    ("override", "message"),
    [
        (
            "decoder={type: lstm_frames, units: 4, bidirectional: true}",
            "Expected a causal decoder: lstm_frames",
        ),
        ("decoder={type: mlp, steps: 4, units: 4}", "Expected a causal decoder: mlp"),
        (
            "encoder={type: conv3d, size: 16, filters: 2, blocks: 1}",
            "Expected an encoder that works frame by frame. Received: conv3d, which mixes frames",
        ),
    ],
)
def test_parts_that_need_the_whole_clip_cannot_stream(override, message, films):
    """The message names the part and has no control characters."""
    task = fresh_classifier(override)
    with pytest.raises(ArgumentError, match=message) as caught:
        next(task.stream_frames(films[0][:, :16, :16]))
    assert "\x1b" not in str(caught.value)


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("data.sampling=null", r"data\.sampling: missing: choose the frames of a video"),
        (
            "training.monitor=cider",
            r"training\.monitor: expected one of the scores top_1, top_5, mean_class, log_loss, "
            r"calibration\. Received: 'cider'",
        ),
        ("training.monitor=top1", r"Did you mean 'top_1'"),
        (
            "training.scheduled_sampling.probability=0.5",
            r"training\.scheduled_sampling: activity writes no words",
        ),
    ],
)
def test_configs_that_do_not_fit_are_refused(override, message):
    """Problems are found before any data is read."""
    with pytest.raises(ConfigError, match=message):
        lrcn_seq.build(settings("activity", override), labels=4)


def test_a_fresh_task_has_no_class_names(films):
    """A task that was built for a number of classes can neither predict nor stream."""
    task = lrcn_seq.build(settings("activity"), labels=4)
    assert task.labels == ()
    with pytest.raises(RunError, match="Expected a task with class names"):
        task.predict(films)
    with pytest.raises(RunError, match="Expected a task with class names"):
        task.initial_stream_state()


def test_views_are_averaged_over_frames_only():
    """Vectors have one view; the number for frames is that of the config."""
    assert fresh_classifier().test_views == 1
    assert fresh_classifier("data.view={type: ten_crop}").test_views == 10
    assert fresh_classifier("encoder={type: vectors, width: 3}").test_views == 1


def test_json_output_lists_the_classes():
    """The order is that of the probabilities."""
    assert fresh_classifier().json_header() == {"classes": ["a", "b", "c"]}


def test_the_example_is_one_labeled_frame():
    """It has a label, and is enough to compute a loss."""
    task = fresh_classifier()
    example = task.example()
    loss = float(task.compute_loss(x=example, y_pred=task(example)))
    assert loss == pytest.approx(np.log(3), rel=0.2)


def test_scores_of_a_run_agree_with_its_predictions(activity_run):
    """Accuracy, distributions and confusion follow from the lines of `predictions.jsonl`."""
    rows = json_lines(activity_run / "predictions.jsonl")
    scores = json.loads((activity_run / "scores.json").read_text())
    accuracy = np.mean([row["label"] == row["truth"] for row in rows])
    assert scores["metrics"]["top_1"] == pytest.approx(accuracy)
    for row in rows:
        assert sum(row["probabilities"].values()) == pytest.approx(1, abs=1e-6)
        assert max(row["probabilities"], key=row["probabilities"].get) == row["label"]
    assert np.sum(scores["confusion"]) == len(rows) == scores["count"] == 8


def test_fused_runs_have_the_weighted_mean_of_their_distributions(activity_run, tmp_path):
    """Two runs of different weights are evaluated alone and together."""
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
    """Scores for which lower is better are minimized."""
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
    """The encoder is kept, and the scores of the new decoder are not compared with the old ones."""
    stages = (
        "stages=[{decoder: {type: frame_mean}, training.epochs: 1}, "
        "{training.epochs: 1, training.optimizer.learning_rate: 0.000001}]"
    )
    run = train(config.read(SMOKE / "activity.yaml", [stages]), tmp_path / "run")
    assert [(row["stage"], row["best"]) for row in run.history()] == [(0, True), (1, True)]
    assert type(lrcn_seq.load(run.folder).decoder).__name__ == "LstmFrames"


@pytest.fixture(scope="module")
def moments_table(tmp_path_factory):
    """Ten GIFs of ten frames at 10 per second, half dark and half bright.

    Odd videos begin dark. The fourth frame of each has no label.
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
    """Return a config that trains a small classifier on labels in time."""
    small = [
        f"data.source={{type: video_table, table: {table}}}",
        "encoder={type: tiny_cnn, size: 16, filters: 4, blocks: 1, output: pooled}",
        "training.epochs=12",
        "training.batch_size=3",
        "training.optimizer.learning_rate=0.02",
    ]
    return config.read(SMOKE / "activity.yaml", [*small, *overrides])


def test_labels_in_time_are_learned_and_scored_by_frame(moments_table, tmp_path):
    """Nearly every labeled frame is correct; overlapping clips are averaged, others ignored."""
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
        ("decoder={type: lstm_frames, units: 4, output: last}", "decoder: labels in time need"),
        (
            "training.loss.class_weight=balanced",
            r"training\.loss\.class_weight: class weights apply to whole clips",
        ),
    ],
)
def test_labels_in_time_that_cannot_be_learned_leave_no_run(
    moments_table, tmp_path, override, message
):
    """The problem is found before training."""
    with pytest.raises(ConfigError, match=message):
        train(in_time(moments_table, override), tmp_path / "run")
    assert not (tmp_path / "run").exists()
