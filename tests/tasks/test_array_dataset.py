"""Arrays, paths and strings as data for `fit`."""

import numpy as np
import pytest

from lrcn_seq.errors import ArgumentError
from lrcn_seq.tasks._array_dataset import (
    array_samples,
    class_factors,
    convert_pair,
    split_inputs,
    target_list,
)
from tests.tasks.inputs import fresh_captioner, fresh_classifier


def test_inputs_become_samples_with_their_targets(images):
    """Each input becomes a training sample with its caption or captions."""
    samples = array_samples(fresh_captioner(), images[:2], ["a dog", ["a cat", "a red cat"]])
    assert [sample.captions for sample in samples] == [("a dog",), ("a cat", "a red cat")]
    assert {sample.split for sample in samples} == {"train"}


def test_the_same_file_may_be_given_twice():
    """Samples of the same file have different IDs."""
    samples = array_samples(fresh_captioner(), ["a.png", "a.png"], ["a dog", "a cat"])
    assert len({sample.id for sample in samples}) == 2


@pytest.mark.parametrize("targets", [["a"], ["a", "b", "c"]])
def test_numbers_of_inputs_and_targets_must_agree(images, targets):
    """Different numbers of inputs and targets are refused."""
    with pytest.raises(ArgumentError, match=r"one target per input\. Received: 2 inputs"):
        array_samples(fresh_captioner(), images[:2], targets)


@pytest.mark.parametrize("targets", [None, "a dog", b"a dog", np.array("a dog")])
def test_a_single_target_is_refused(targets):
    """A single caption in place of a list is refused."""
    with pytest.raises(ArgumentError, match="y: expected one target per input"):
        target_list(targets)


def test_a_pair_becomes_a_record(images):
    """Images with captions as bytes become a record; each weight belongs to a caption."""
    batch, _, weights = convert_pair(
        fresh_captioner(), np.stack(images[:2]), np.array([b"a dog", b"a cat"]), [1.0, 3.0]
    )
    np.testing.assert_array_equal(batch.clips.frames, np.stack(images[:2]))
    assert batch.owner.tolist() == [0, 1]
    assert weights.tolist() == [1.0, 3.0]


def test_class_weights_are_those_of_the_labels(films):
    """The weight of a clip is that given for its class name or index; the default is 1."""
    task = fresh_classifier()
    samples = array_samples(task, films, ["a", "b", "c"])
    assert class_factors(samples, task, {"a": 2.0, 2: 4.0}).tolist() == [2.0, 1.0, 4.0]


def test_the_last_inputs_are_held_out(images):
    """A validation split holds out the last inputs with their targets and weights."""
    training, held = split_inputs(fresh_captioner(), images[:4], list("abcd"), [1, 2, 3, 4], 0.25)
    assert training[1] == ["a", "b", "c"]
    assert held[1] == ["d"]
    assert held[2].tolist() == [4]
