"""Functions that the evaluations share."""

import math

import numpy as np
import pytest

from lrcn_seq.evaluation.base import finite_or_none, top_1_interval, top_1_remark


@pytest.mark.parametrize(
    ("value", "expected"),
    [(-1.5, -1.5), (0.0, 0.0), (math.inf, None), (-math.inf, None), (math.nan, None)],
)
def test_values_without_a_json_number_become_none(value, expected):
    """Infinity and NaN become None for JSON; finite values are unchanged."""
    assert finite_or_none(value) == expected


def test_the_interval_resamples_groups():
    """The confidence interval of the accuracy resamples groups of clips.

    Of ten groups of three clips, five are entirely correct and five entirely wrong. The
    number of correct groups in a bootstrap sample is binomial, with P(X ≤ 1) = 0.011 and P(X ≤
    2) = 0.055, so the 2.5 % quantile is 2 of 10 groups.
    """
    correct = np.repeat([True, False] * 5, 3)
    groups = [f"group {index // 3}" for index in range(30)]
    result = top_1_interval(correct, groups)
    assert result["groups"] == 10
    assert result["intervals"]["top_1"] == pytest.approx([0.2, 0.8])


def test_a_single_group_has_no_interval():
    """Samples of one group have no confidence interval, and the remark states the reason."""
    result = top_1_interval(np.array([True, False]), ["a", "a"])
    assert result["intervals"] == {"top_1": [None, None]}
    assert result["groups"] == 1
    assert top_1_remark(result) == "All samples belong to one group, so no interval is given."


def test_the_remark_gives_the_interval_and_its_method():
    """The remark states the confidence interval of the accuracy and how it is estimated."""
    method = "bootstrap over 40 groups"
    summary = {"intervals": {"top_1": [0.25, 0.8125]}, "interval_method": method}
    assert top_1_remark(summary) == f"top_1 95 % interval 0.250 to 0.812 ({method})."
