"""The sampling `every`: frames at a fixed distance."""

import numpy as np
import pytest

from lrcn_seq.data.samplings import registry

TIMES = np.arange(10) / 10


def build(**arguments):
    return registry.build({"type": "every", **arguments})


@pytest.mark.parametrize(
    ("arguments", "indices"),
    [
        ({}, list(range(10))),
        ({"step": 3}, [0, 3, 6, 9]),
        ({"step": 3, "most": 2}, [0, 3]),
        ({"seconds": 0.25}, [0, 2, 5, 7]),
        ({"seconds": 0.25, "most": 3}, [0, 2, 5]),
    ],
)
def test_training_and_testing_select_the_same_frames(arguments, indices):
    """The sampling `every` selects the same frames in training and testing."""
    sampling = build(**arguments)
    assert sampling.train(TIMES, np.random.default_rng(0)).tolist() == indices
    assert [clip.tolist() for clip in sampling.test(TIMES)] == [indices]
    assert sampling.candidates(TIMES).tolist() == indices


def test_streaming_has_no_maximum():
    """A stream of the sampling `every` is not limited by `most`."""
    assert build(step=3, most=2).stream(TIMES).tolist() == [0, 3, 6, 9]


@pytest.mark.parametrize("rate", [25.0, 29.97, 30.0, 60.0])
def test_seconds_are_independent_of_the_frame_rate(rate):
    """With a distance in seconds, the selected times agree within one frame at every frame rate."""
    times = np.arange(int(rate * 4)) / rate
    (indices,) = build(seconds=0.5).test(times)
    np.testing.assert_allclose(times[indices], np.arange(8) * 0.5, atol=1 / rate)
