"""Activity recognition: its loss, and predictions of whole clips and of streams."""

from itertools import islice, repeat

import av
import keras
import numpy as np
import pytest

import lrcn_seq
from lrcn_seq.data.media import video
from lrcn_seq.data.media.video import decode_frames
from lrcn_seq.data.packed_clips import concatenate_clips
from lrcn_seq.errors import ArgumentError, ConfigError, RunError
from lrcn_seq.records import LabeledBatch
from lrcn_seq.tasks import SampleReader, _frame_encoder
from lrcn_seq.tasks._frame_encoder import FrameEncoder
from tests.media_fixtures import write_video
from tests.tasks.inputs import (
    array_sample,
    fresh_classifier,
    log_softmax,
    settings,
    single_clip,
)

RANDOM = np.random.default_rng(0)


def test_the_loss_is_the_weighted_mean_over_real_steps(films):
    """The loss of a classifier weights each step by its clip's weight and ignores padded steps."""
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
    """Label smoothing spreads part of the target probability evenly over the classes."""
    task = fresh_classifier("training.loss={label_smoothing: 0.3}")
    batch = LabeledBatch(single_clip(films[0]), np.array([[1]], "int32"), np.ones(1, "float32"))
    outputs = task(batch)
    log_p = log_softmax(keras.ops.convert_to_numpy(outputs[0]))[0]
    expected = -(0.7 * log_p[:, 1] + 0.3 * log_p.mean(axis=1)).mean()
    assert float(task.compute_loss(x=batch, y_pred=outputs)) == pytest.approx(expected, rel=1e-5)


def test_the_loss_takes_the_labels_of_the_steps_of_the_encoder():
    """An encoder with a stride of two is trained on the labels of every second frame."""
    task = fresh_classifier("encoder={type: conv3d, size: 16, filters: 2, blocks: 1, stride: 2}")
    frames = RANDOM.integers(0, 256, (5, 16, 16, 3)).astype("uint8")
    labels = np.array([[0, 1, 2, 1, 1]], "int32")
    batch = LabeledBatch(single_clip(frames), labels, np.ones(1, "float32"))
    outputs = task(batch)
    log_p = log_softmax(keras.ops.convert_to_numpy(outputs[0]))[0]
    expected = -np.mean([log_p[0, 0], log_p[1, 2], log_p[2, 1]])
    assert float(task.compute_loss(x=batch, y_pred=outputs)) == pytest.approx(expected, rel=1e-5)


def test_padding_does_not_change_probabilities(classifier, films):
    """Padding a short clip to the length of a batch does not change its class probabilities."""
    clips = concatenate_clips([single_clip(film) for film in films])
    probabilities, mask = classifier.probabilities(clips)
    for row, real, film in zip(probabilities, mask, films, strict=True):
        assert real.sum() == len(film)
        alone, _ = classifier.probabilities(single_clip(film))
        np.testing.assert_allclose(row[real], alone[0], atol=1e-6)


def test_a_prediction_is_the_mean_over_steps(classifier, films):
    """The predicted probability of a class is the mean of its probabilities over all frames."""
    predictions = classifier.predict(films, top=9)
    for position, (prediction, film) in enumerate(zip(predictions, films, strict=True)):
        mean = classifier.probabilities(single_clip(film))[0][0].mean(axis=0)
        found = {label.label: label.probability for label in prediction.labels}
        assert prediction.file == str(position)
        assert found == pytest.approx(
            dict(zip(classifier.labels, mean.tolist(), strict=True)), abs=1e-6
        )


def test_a_prediction_is_the_mean_over_clips_and_views(films):
    """`predict` gives the same class probabilities as evaluation, for any batch size."""
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
    """Encoding frames in small chunks does not change the class probabilities."""
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


@pytest.mark.parametrize("chunk", [1, 3, 16])
def test_a_stream_equals_the_whole_clip(classifier, films, chunk):
    """Streaming in chunks gives the class probabilities of the whole clip at every frame.

    The third result of each chunk is the mean of the probabilities over the frames so far.
    """
    film = films[-1]
    parts = zip(*classifier.stream_frames(film, chunk=chunk), strict=True)
    times, outputs, overall = (np.concatenate(part) for part in parts)
    whole = classifier.probabilities(single_clip(film))[0][0]
    np.testing.assert_allclose(outputs, whole, atol=1e-6)
    means = np.cumsum(whole, axis=0) / np.arange(1, len(film) + 1)[:, None]
    np.testing.assert_allclose(overall, means, atol=1e-6)
    np.testing.assert_allclose(times, np.arange(len(film)) / 25)


def test_a_stream_of_a_decoder_of_whole_clips_needs_no_mean(films):
    """With `output: last`, the result at each frame is that of the clip up to this frame."""
    task = fresh_classifier("decoder={type: lstm_frames, units: 8, output: last}")
    film = films[0]
    ((_, outputs, overall),) = task.stream_frames(film)
    np.testing.assert_array_equal(outputs, overall)
    for count in (1, len(film)):
        whole = task.probabilities(single_clip(film[:count]))[0][0, 0]
        np.testing.assert_allclose(overall[count - 1], whole, atol=1e-6)


def test_a_stream_reports_its_progress(classifier, films):
    """Streaming calls `progress` after each chunk with the number of finished and of all frames."""
    calls = []
    list(classifier.stream_frames(films[0], chunk=2, progress=lambda *call: calls.append(call)))
    total = len(films[0])
    assert calls == [(min(done, total), total) for done in range(2, total + 2, 2)]


@pytest.mark.parametrize("sampling", ["{type: every, step: 2}", "{type: every, seconds: 0.1}"])
def test_a_video_is_streamed_before_it_is_decoded(tmp_path, monkeypatch, sampling):
    """Streaming classifies the first frames of a video before it decodes most other frames."""
    task = fresh_classifier(f"data.sampling={sampling}")
    path, decoded = write_video(tmp_path / "a.avi", 100, size=(32, 32)), []

    def counted(*arguments):
        for frame in decode_frames(*arguments):
            decoded.append(frame.dts)
            yield frame

    monkeypatch.setattr(video, "decode_frames", counted)
    calls = []
    stream = task.stream_frames(path, chunk=4, progress=lambda *call: calls.append(call))
    first = next(stream)
    assert 7 <= len(decoded) < 15
    parts = [first, *stream]
    assert len(decoded) == 100
    times = task.media.times(path)
    numbers = task.sampling.stream(times)
    np.testing.assert_allclose(np.concatenate([part[0] for part in parts]), times[numbers])
    whole = task.probabilities(single_clip(task.media.frames(path, numbers)))[0][0]
    np.testing.assert_allclose(np.concatenate([part[1] for part in parts]), whole, atol=1e-5)
    assert calls[0] == (4, None)
    assert calls[-1] == (len(numbers), None)


def test_an_endless_video_is_streamed(tmp_path, monkeypatch):
    """A video without end is classified as long as the caller asks for results."""
    task = fresh_classifier("data.sampling={type: every, step: 1}")
    path = write_video(tmp_path / "a.avi", 2, size=(32, 32))
    with av.open(str(path)) as container:
        frame = next(container.decode(video=0))
    monkeypatch.setattr(video, "decode_frames", lambda *_: repeat(frame))
    for times, _, _ in islice(task.stream_frames(path, chunk=8), 5):
        assert len(times) == 8
    np.testing.assert_allclose(times, np.arange(32, 40) / 25)


def test_a_sampling_that_needs_the_length_streams_the_same_frames(tmp_path):
    """Streaming supports the sampling `uniform`, which needs the video's length in advance."""
    task = fresh_classifier("data.sampling={type: uniform, frames: 5}")
    path = write_video(tmp_path / "a.avi", 30, size=(32, 32))
    ((times, _, _),) = task.stream_frames(path)
    np.testing.assert_allclose(times, np.array([3, 9, 15, 21, 27]) / 25)


def test_the_state_of_a_stream_is_a_value(classifier, films):
    """Resuming a stream twice from one state gives equal results; states have a fixed size."""
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
    """Streaming refuses frames whose shape differs from the encoder's input shape."""
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
    """Streaming with a non-causal decoder or encoder raises an error that names this part."""
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
    """Building a task from an inconsistent config raises a ConfigError before data is read."""
    with pytest.raises(ConfigError, match=message):
        lrcn_seq.build(settings("activity", override), labels=4)


def test_a_fresh_task_has_no_class_names(films):
    """A task that was built without class names can neither predict nor stream."""
    task = lrcn_seq.build(settings("activity"), labels=4)
    assert task.labels == ()
    with pytest.raises(RunError, match="Expected a task with class names"):
        task.predict(films)
    with pytest.raises(RunError, match="Expected a task with class names"):
        task.initial_stream_state()


def test_views_are_averaged_over_frames_only():
    """Evaluation classifies frames in all views of `data.view`, and vectors in a single view."""
    assert fresh_classifier().test_views == 1
    assert fresh_classifier("data.view={type: ten_crop}").test_views == 10
    assert fresh_classifier("encoder={type: vectors, width: 3}").test_views == 1


def test_json_output_lists_the_classes():
    """The header of the JSON output lists the classes in the order of the probabilities."""
    assert fresh_classifier().json_header() == {"classes": ["a", "b", "c"]}


def test_the_example_is_one_labeled_frame():
    """The example batch of a classifier has a label, so that its loss can be computed."""
    task = fresh_classifier()
    example = task.example()
    loss = float(task.compute_loss(x=example, y_pred=task(example)))
    assert loss == pytest.approx(np.log(3), rel=0.2)
