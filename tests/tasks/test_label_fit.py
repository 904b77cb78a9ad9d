"""Classes as targets of `fit`."""

import numpy as np
import pytest

from lrcn_seq.errors import ArgumentError
from lrcn_seq.records import Sample
from tests.tasks.inputs import array_sample, fresh_classifier

SAMPLE = Sample("7", "a.mp4", "7", "train")


@pytest.mark.parametrize("target", ["b", b"b", 1, np.int64(1), np.array([1]), [0, 1, 0]], ids=repr)
def test_a_target_is_a_name_an_index_or_a_one_hot_row(target):
    """A target may be a class name, a class index, or a one-hot row."""
    assert fresh_classifier().annotate(SAMPLE, target).label == "b"


@pytest.mark.parametrize("target", ["d", 3, -1, 0.5, None, [1, 1, 0]], ids=repr)
def test_other_targets_are_refused(target):
    """The error for an unknown class, an index out of range or another type names the input."""
    with pytest.raises(ArgumentError, match=r"one of the classes a, b, c.* input 7\. Received"):
        fresh_classifier().annotate(SAMPLE, target)


def test_metrics_leave_out_padding(films):
    """The class of a clip is repeated for every frame; the mask gives the metric weights."""
    task = fresh_classifier()
    samples = [array_sample(n, film, label=n) for n, film in zip("bc", films, strict=False)]
    batch = task.record(samples)
    logits, mask = task(batch)
    classes, _, weights = task.metric_inputs(batch, (logits, mask), None)
    np.testing.assert_array_equal(classes[:, 0], [1, 2])
    assert tuple(classes.shape) == tuple(mask.shape)
    np.testing.assert_array_equal(weights, np.asarray(mask, "float32"))
