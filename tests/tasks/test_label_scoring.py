"""Class probabilities averaged over clips, views and tasks."""

import numpy as np
import pytest

from lrcn_seq.errors import ArgumentError
from lrcn_seq.evaluation import FrameEvaluation, LabelEvaluation
from lrcn_seq.records import Moment
from lrcn_seq.tasks import Member, SampleReader
from lrcn_seq.tasks._label_scoring import (
    frame_distributions,
    sample_distributions,
    score_ensemble,
)
from tests.tasks.inputs import array_sample, fresh_classifier, single_clip

RANDOM = np.random.default_rng(0)
FRAMES = [RANDOM.integers(0, 256, (length, 32, 32, 3)).astype("uint8") for length in (5, 3, 9)]
SAMPLES = [
    array_sample(str(index), frames, label=label)
    for index, (frames, label) in enumerate(zip(FRAMES, "abc", strict=True))
]
MOMENTS = (Moment(0.0, 0.08, "b"), Moment(0.12, 9.0, "c"))
IN_TIME = [array_sample(str(i), frames, moments=MOMENTS) for i, frames in enumerate(FRAMES)]
SLIDING = "data.sampling={type: sliding, length: 4, stride: 2}"


def member(*overrides: str, weight: float = 1.0) -> Member:
    """Return an ensemble member with a fresh classifier and its reader."""
    task = fresh_classifier(*overrides)
    return Member(task, SampleReader(task), weight)


@pytest.fixture(scope="module")
def sliding():
    """Return an ensemble member that reads overlapping four-frame clips in small batches."""
    return member(SLIDING, "evaluation.batch_size=3")


def windows(count: int) -> list[np.ndarray]:
    """Return frame numbers of four-frame clips that start every two frames, up to a video's end."""
    last = max(count - 4, 0)
    return [np.arange(count)[start : start + 4] for start in sorted({*range(0, last, 2), last})]


def test_the_distribution_of_a_sample_is_the_mean_over_steps_of_all_clips(sliding):
    """The probabilities of a sample are the mean over all steps of all its clips."""
    distributions = sample_distributions(sliding, SAMPLES)
    for frames, distribution in zip(FRAMES, distributions, strict=True):
        steps = [
            sliding.task.probabilities(single_clip(frames[numbers]))[0][0]
            for numbers in windows(len(frames))
        ]
        np.testing.assert_allclose(distribution, np.concatenate(steps).mean(axis=0), atol=1e-5)
    np.testing.assert_allclose(distributions.sum(axis=1), 1, atol=1e-5)


def test_the_distribution_of_a_sample_is_the_mean_over_views():
    """The probabilities of a sample are the mean over all ten views of a ten-crop."""
    cropped = member("data.view={type: ten_crop, margin: 1.5}")
    distributions = sample_distributions(cropped, SAMPLES[:2])
    for sample, distribution in zip(SAMPLES, distributions, strict=False):
        views = cropped.task.media.views(sample.media)
        assert len(views) == 10
        steps = [cropped.task.probabilities(single_clip(view))[0][0] for view in views]
        np.testing.assert_allclose(distribution, np.concatenate(steps).mean(axis=0), atol=1e-5)


def test_the_distribution_of_a_frame_is_the_mean_over_clips(sliding):
    """The probabilities of a frame are the mean over the overlapping clips that contain it."""
    results = frame_distributions(sliding, SAMPLES)
    for frames, (numbers, distributions) in zip(FRAMES, results, strict=True):
        by_frame = [[] for _ in frames]
        for window in windows(len(frames)):
            rows = sliding.task.probabilities(single_clip(frames[window]))[0][0]
            for number, row in zip(window, rows, strict=True):
                by_frame[number].append(row)
        assert numbers.tolist() == list(range(len(frames)))
        expected = [np.mean(rows, axis=0) for rows in by_frame]
        np.testing.assert_allclose(distributions, expected, atol=1e-5)


def test_an_encoder_with_a_stride_gives_every_second_frame():
    """An encoder with a stride of two gives probabilities for every second frame."""
    strided = member("encoder={type: conv3d, size: 32, filters: 2, blocks: 1, stride: 2}")
    results = frame_distributions(strided, SAMPLES)
    assert [numbers.tolist() for numbers, _ in results] == [[0, 2, 4], [0, 2], [0, 2, 4, 6, 8]]
    expected, mask = strided.task.probabilities(single_clip(FRAMES[0]))
    assert mask.all()
    np.testing.assert_allclose(results[0][1], expected[0], atol=1e-5)


def test_whole_samples_are_scored_by_their_label(sliding):
    """Samples with one label are scored by their mean probabilities, in sample order."""
    evaluation = score_ensemble([sliding], SAMPLES)
    assert isinstance(evaluation, LabelEvaluation)
    assert evaluation.truth.tolist() == [0, 1, 2]
    np.testing.assert_allclose(
        evaluation.probabilities, sample_distributions(sliding, SAMPLES), atol=1e-6
    )
    assert evaluation.report.labels == ("a", "b", "c")


def test_frames_are_scored_where_samples_have_labels_in_time(sliding):
    """Samples whose labels change over time are scored by frame, at 25 frames per second."""
    evaluation = score_ensemble([sliding], IN_TIME)
    assert isinstance(evaluation, FrameEvaluation)
    np.testing.assert_allclose(evaluation.times[0], np.arange(5) / 25)
    assert evaluation.truth[0].tolist() == [1, 1, -1, 2, 2]
    _, expected = frame_distributions(sliding, IN_TIME)[2]
    np.testing.assert_allclose(evaluation.probabilities[2], expected, atol=1e-6)


@pytest.mark.parametrize("samples", [SAMPLES, IN_TIME], ids=["samples", "frames"])
def test_fusion_is_the_weighted_mean_of_distributions(sliding, samples):
    """Fusion averages class probabilities with normalized weights."""
    other = member(SLIDING, "seed=2")
    one, two = (score_ensemble([single], samples) for single in (sliding, other))
    fused = score_ensemble([sliding, other._replace(weight=3.0)], samples)
    for a, b, c in zip(one.probabilities, two.probabilities, fused.probabilities, strict=True):
        assert np.abs(a - b).max() > 1e-3
        np.testing.assert_allclose(c, a / 4 + b * 3 / 4, atol=1e-6)


@pytest.mark.parametrize("samples", [SAMPLES, IN_TIME], ids=["samples", "frames"])
def test_fusion_may_average_log_probabilities(sliding, samples):
    """The mean of log probabilities is the renormalized geometric mean."""
    other = member(SLIDING, "seed=2")
    one, two = (score_ensemble([single], samples) for single in (sliding, other))
    members = [sliding, other._replace(weight=3.0)]
    fused = score_ensemble(members, samples, "log_probabilities")
    for a, b, c in zip(one.probabilities, two.probabilities, fused.probabilities, strict=True):
        powers = a**0.25 * b**0.75
        np.testing.assert_allclose(c, powers / powers.sum(axis=-1, keepdims=True), atol=1e-6)


def test_runs_that_classify_other_frames_are_not_fused(sliding):
    """Runs that classify different frames of a video cannot be fused."""
    other = member("data.sampling={type: sliding, length: 4, stride: 2, step: 2}")
    with pytest.raises(ArgumentError, match="Expected runs that classify the same frames"):
        score_ensemble([sliding, other], IN_TIME)
