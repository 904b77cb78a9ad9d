"""Training batches of labeled clips."""

import numpy as np
import pytest

from lrcn_seq.errors import ConfigError, DataError
from lrcn_seq.records import Moment, Sample
from lrcn_seq.tasks import SampleReader
from lrcn_seq.tasks._label_feed import (
    LabelFeed,
    balanced_weights,
    check_labels_in_time,
    class_indices,
    frame_classes,
)
from tests.tasks.inputs import array_sample, fresh_classifier

LABELS = ("a", "b", "c")
VECTORS = "encoder={type: vectors, width: 3}"
SAMPLES = [
    array_sample(str(index), np.full((2 + index % 2, 3), index, "float32"), label=label)
    for index, label in enumerate("cacacc")
]


def feed_of(samples, *overrides: str) -> LabelFeed:
    """Return the label feed of a fresh classifier of vectors with batches of four clips."""
    task = fresh_classifier(VECTORS, "training.batch_size=4", *overrides)
    return LabelFeed(task, SampleReader(task), samples)


def clips_with_labels(feed, epoch: int = 0) -> list:
    """Return (vectors, labels, weight) for every clip of an epoch."""
    return [
        (batch.clips.frames[row[row >= 0]], labels, weight)
        for batch in feed.batches(feed.plan(epoch), epoch)
        for row, labels, weight in zip(batch.clips.index, batch.labels, batch.weights, strict=True)
    ]


def test_an_epoch_has_every_clip_once_with_its_class():
    """An epoch has every clip exactly once, with the class index of its label."""
    clips = clips_with_labels(feed_of(SAMPLES))
    found = {int(frames[0, 0]): (len(frames), int(label[0])) for frames, label, _ in clips}
    assert len(clips) == 6
    assert found == {0: (2, 2), 1: (3, 0), 2: (2, 2), 3: (3, 0), 4: (2, 2), 5: (3, 2)}


def test_batches_have_the_configured_size_and_types():
    """Batches have `training.batch_size` clips, and the last batch holds the rest."""
    feed = feed_of(SAMPLES)
    batches = list(feed.batches(feed.plan(0), 0))
    assert [len(batch.labels) for batch in batches] == [4, 2]
    assert batches[0].labels.dtype == np.int32
    assert batches[0].labels.shape == (4, 1)
    assert batches[0].weights.dtype == np.float32


def test_plans_depend_on_seed_and_epoch():
    """The order of clips differs between epochs and seeds, and equal seeds give equal orders."""

    def order(feed, epoch):
        return np.concatenate([step.samples for step in feed.plan(epoch)]).tolist()

    feed, equal, other = feed_of(SAMPLES), feed_of(SAMPLES), feed_of(SAMPLES, "seed=2")
    orders = [order(feed, epoch) for epoch in range(4)]
    assert len(set(map(tuple, orders))) > 1
    assert [order(equal, epoch) for epoch in range(4)] == orders
    assert [order(other, epoch) for epoch in range(4)] != orders


def test_a_slice_of_a_plan_continues_an_epoch():
    """Reading an epoch from its second batch on gives the remaining batch of the whole epoch."""
    feed = feed_of(SAMPLES)
    whole = list(feed.batches(feed.plan(3), 3))
    (rest,) = feed.batches(feed.plan(3)[1:], 3)
    np.testing.assert_array_equal(rest.labels, whole[1].labels)
    np.testing.assert_array_equal(rest.clips.frames, whole[1].clips.frames)


def test_clips_have_equal_weights_by_default():
    """Without class weights, every clip has weight 1."""
    assert {float(weight) for _, _, weight in clips_with_labels(feed_of(SAMPLES))} == {1.0}


def test_balanced_classes_have_equal_total_weight():
    """With balanced class weights, a clip weighs (all clips) / (classes × clips of its class)."""
    feed = feed_of(SAMPLES, "training.loss.class_weight=balanced")
    pairs = [(int(labels[0]), float(weight)) for _, labels, weight in clips_with_labels(feed)]
    assert sorted(pairs) == [(0, 1.5)] * 2 + [(2, 0.75)] * 4


def test_balanced_weights_ignore_classes_without_samples():
    """Balanced weights have mean 1 and do not count classes without samples."""
    weights = balanced_weights(np.array([0, 0, 0, 3]), 5)
    assert weights.dtype == np.float32
    np.testing.assert_allclose(weights, [2 / 3, 2 / 3, 2 / 3, 2])


@pytest.mark.parametrize(("label", "received"), [(None, "no label"), ("d", "'d'")])
def test_samples_without_a_known_class_are_refused(label, received):
    """A sample without a known label raises an error with the sample and the classes."""
    samples = [
        Sample("1", "x", "1", "train", label="b"),
        Sample("2", "x", "2", "train", label=label),
    ]
    with pytest.raises(
        DataError, match=rf"2: expected one of the classes a, b, c\. Received: {received}\."
    ):
        class_indices(samples, LABELS)


def test_class_indices_follow_the_order_of_the_labels():
    """Each sample has the index of its label in the list of classes."""
    samples = [Sample(name, "x", name, "train", label=name) for name in "cab"]
    indices = class_indices(samples, LABELS)
    assert indices.tolist() == [2, 0, 1]
    assert indices.dtype == np.int32


def test_the_class_of_a_frame_is_that_of_its_moment():
    """A frame has the class of the last moment that contains its time, or −1 without a moment."""
    moments = (Moment(0.5, 1.0, "b"), Moment(0.9, 2.0, "a"))
    sample = Sample("x", "x", "x", "train", moments=moments)
    times = np.array([0.0, 0.5, 0.89, 0.9, 1.99, 2.0])
    assert frame_classes(sample, times, LABELS).tolist() == [-1, 1, 1, 0, 0, -1]


def in_time(count: int) -> list[Sample]:
    """Return samples of 10 numbered vectors, 25 per second, labeled a, then unlabeled, then b."""
    vectors = np.repeat(np.arange(10, dtype="float32")[:, None], 3, axis=1)
    moments = (Moment(0.0, 0.12, "a"), Moment(0.2, 9.0, "b"))
    return [
        array_sample(str(index), vectors + 100 * index, moments=moments) for index in range(count)
    ]


def test_frames_of_clips_have_the_class_of_their_time():
    """A random clip of six frames has the class labels of exactly these frames."""
    feed = feed_of(in_time(5), "data.sampling={type: sliding, length: 6, stride: 2}")
    clips = clips_with_labels(feed, epoch=1)
    assert len(clips) == 5
    for frames, labels, weight in clips:
        numbers = frames[:, 0] % 100
        assert len(numbers) == 6
        assert weight == 1
        expected = np.select([numbers < 3, numbers >= 5], [0, 1], -1)
        assert labels.tolist() == expected.tolist()
    assert len({float(frames[0, 0] % 100) for frames, _, _ in clips}) > 1


def test_shorter_clips_are_padded_with_no_label():
    """The labels of a clip that is shorter than its batch are padded with −1."""
    samples = in_time(2)
    samples[0] = samples[0]._replace(media=samples[0].media[:4])
    feed = feed_of(samples)
    (batch,) = feed.batches(feed.plan(0), 0)
    assert batch.labels.shape == batch.clips.index.shape == (2, 10)
    short = int(np.argmin((batch.clips.index >= 0).sum(axis=1)))
    assert batch.labels[short].tolist() == [0, 0, 0, -1] + [-1] * 6


@pytest.mark.parametrize(
    ("override", "message"),
    [
        (
            "decoder={type: lstm_frames, units: 4, output: last}",
            "decoder: labels that change over time need an output at every step",
        ),
        (
            "training.loss.class_weight=balanced",
            r"training\.loss\.class_weight: class weights apply to whole clips",
        ),
    ],
)
def test_a_task_without_outputs_in_time_is_refused(override, message):
    """Labels that change over time need one decoder output per step, and exclude class weights."""
    with pytest.raises(ConfigError, match=message):
        feed_of(in_time(1), override)


def test_all_problems_of_labels_in_time_are_listed():
    """All problems of a config with frame labels are reported together."""
    task = fresh_classifier(
        VECTORS, "decoder={type: mlp, steps: 4, units: 4}", "training.loss.class_weight=balanced"
    )
    with pytest.raises(ConfigError) as caught:
        check_labels_in_time(task)
    places = [problem.place for problem in caught.value.problems]
    assert places == ["decoder", "training.loss.class_weight"]
