"""Captions as targets of `fit`."""

import numpy as np
import pytest

from lrcn_seq.errors import ArgumentError
from lrcn_seq.records import Sample
from tests.tasks.inputs import array_sample, fresh_captioner

SAMPLE = Sample("7", "a.png", "7", "train")


@pytest.mark.parametrize(
    ("target", "captions"),
    [
        ("a dog", ("a dog",)),
        (b"a dog", ("a dog",)),
        (["a dog", "a cat"], ("a dog", "a cat")),
        (np.array(["a dog"]), ("a dog",)),
    ],
    ids=["text", "bytes", "list", "array"],
)
def test_a_target_is_a_caption_or_captions(target, captions):
    """A target may be a text, bytes in UTF-8, or several of them."""
    assert fresh_captioner().annotate(SAMPLE, target).captions == captions


@pytest.mark.parametrize("target", [3, "", [], [" "], [None], {"a": 1}], ids=repr)
def test_other_targets_are_refused(target):
    """The error for a number, an empty or a missing caption names the input."""
    with pytest.raises(ArgumentError, match=r"caption or captions for the input 7\. Received"):
        fresh_captioner().annotate(SAMPLE, target)


def test_a_record_contains_all_captions(images):
    """The record of samples contains the words of all captions and the image of each."""
    task = fresh_captioner()
    samples = [
        array_sample("a", images[0], captions=("a dog",)),
        array_sample("b", images[1], captions=("a red dog", "a cat")),
    ]
    batch = task.record(samples)
    assert batch.owner.tolist() == [0, 1, 1]
    assert [task.tokenizer.decode(row) for row in batch.words] == ["a dog", "a red dog", "a cat"]
    np.testing.assert_array_equal(batch.clips.frames, np.stack(images[:2]))


def test_metrics_leave_out_padding(images):
    """Weights of the metrics are 0 at padding and the given weight at words."""
    task = fresh_captioner()
    samples = [array_sample(n, images[0], captions=(n,)) for n in ("a dog", "a")]
    batch = task.record(samples)
    words, _, weights = task.metric_inputs(batch, None, np.array([2.0, 3.0]))
    np.testing.assert_array_equal(words, batch.words[:, 1:])
    np.testing.assert_array_equal(weights, [[2, 2, 2], [3, 3, 0]])
