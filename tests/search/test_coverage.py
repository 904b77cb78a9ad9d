"""The coverage penalty compared with its formula, and searches without attention."""

import numpy as np
import pytest
from keras import ops

from lrcn_seq.errors import ArgumentError
from lrcn_seq.records import SPECIAL, StepOutput
from lrcn_seq.search._coverage import coverage_score, initial_coverage
from lrcn_seq.search.beam import Beam


def test_score_is_that_of_the_formula():
    """The score is the weighted sum of the logarithms of coverage below 1."""
    coverage = ops.convert_to_tensor([[0.5, 1.0, 3.0, 0.25], [1.0, 1.0, 2.0, 1.0]])
    scores = ops.convert_to_numpy(coverage_score(coverage, 0.2))
    assert np.allclose(scores, [0.2 * np.log(0.125), 0.0])


def test_regions_without_attention_do_not_count():
    """A region whose attention was always 0 is padding and leaves the score unchanged."""
    coverage = ops.convert_to_tensor([[0.5, 0.0, 0.0]])
    assert np.allclose(ops.convert_to_numpy(coverage_score(coverage, 1.0)), np.log(0.5))


def test_initial_coverage_has_the_shape_of_the_attention():
    """The initial coverage is zero for each region, in float32."""

    def step(word, state, memory):
        return StepOutput(None, ops.ones((2, 5), "float16"), None)

    coverage = initial_coverage(step, ops.zeros((2,), "int32"), (), ())
    assert np.array_equal(ops.convert_to_numpy(coverage), np.zeros((2, 5), "float32"))


def test_a_search_with_coverage_needs_attention():
    """A beam search with a coverage penalty refuses a step without attention weights."""

    def step(word, state, memory):
        return StepOutput(ops.zeros((5, 9)), None, ())

    with pytest.raises(ArgumentError, match=r"coverage: expected .*Received: a decoder without"):
        Beam(coverage=0.2)(step, (), ops.zeros((1, 1)), special=SPECIAL, limit=3)
