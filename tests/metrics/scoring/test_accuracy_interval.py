"""The confidence interval of an accuracy."""

import numpy as np
import pytest

from lrcn_seq import metrics
from lrcn_seq.metrics.scoring.accuracy_interval import (
    accuracy_interval,
    bootstrap_method,
    wilson_limits,
)


@pytest.mark.parametrize(("share", "count"), [(0.0, 5), (0.3, 10), (0.5, 1), (1.0, 5), (0.97, 400)])
def test_wilson_limits_solve_the_equation_of_the_score_test(share, count):
    """Each end p of Wilson's interval satisfies |share - p| = z sqrt(p (1 - p) / count)."""
    for limit in wilson_limits(share, count):
        error = 1.959963984540054 * np.sqrt(limit * (1 - limit) / count)
        assert abs(share - limit) == pytest.approx(error, abs=1e-12)


def test_wilson_limits_of_published_values():
    """Five of five successes have the 95 % score interval from 0.5655 to 1."""
    assert wilson_limits(1.0, 5) == pytest.approx((0.5655, 1.0), abs=5e-5)


def test_few_groups_have_the_interval_of_wilson():
    """The interval of five clips that are all right has a width, unlike that of a bootstrap."""
    interval = accuracy_interval([True] * 5, [*"abcde"])
    assert interval[:3] == (1.0, *wilson_limits(1.0, 5))
    assert interval.method == "Wilson over 5 groups, too few for a bootstrap"


def test_few_groups_count_as_one_observation_each():
    """Twenty clips of four groups have the interval of four observations."""
    interval = accuracy_interval([True, False] * 10, [*"abcd"] * 5)
    assert (interval.low, interval.high) == wilson_limits(0.5, 4)


def test_ten_groups_are_resampled():
    """From ten groups on, the interval is that of the bootstrap over groups."""
    correct, groups = np.repeat([True, False] * 5, 3), [str(n // 3) for n in range(30)]
    expected = metrics.group_interval(correct.astype(float), groups)
    interval = accuracy_interval(correct, groups)
    assert interval[:3] == (0.5, expected.low, expected.high)
    assert interval.method == "bootstrap over 10 groups, unreliable below 30"


def test_groups_of_equal_accuracy_have_the_interval_of_wilson():
    """Forty groups that are all right have an interval, although a bootstrap has no width."""
    interval = accuracy_interval([True] * 40, [str(n) for n in range(40)])
    assert (interval.low, interval.high) == wilson_limits(1.0, 40)
    assert interval.method == "Wilson over 40 groups of equal accuracy"


def test_a_single_group_has_no_interval():
    """Clips of a single group have an accuracy without an interval."""
    expected = (0.5, None, None, 1, "none, a single group")
    assert accuracy_interval([True, False], ["a", "a"]) == expected


@pytest.mark.parametrize(
    ("count", "method"),
    [
        (1, "none, a single sample"),
        (9, "none, 9 samples are too few"),
        (10, "bootstrap over 10 samples, unreliable below 30"),
        (1200, "bootstrap over 1,200 samples"),
    ],
)
def test_the_method_depends_on_the_number_of_samples(count, method):
    """The phrase on the intervals says that few samples give no interval, or an unreliable one."""
    assert bootstrap_method(count, "sample") == method
