"""The threshold of top-p sampling."""

import numpy as np
import pytest

from lrcn_seq.search._top_p import probability_to_reach


@pytest.mark.parametrize("p", [0.1, 0.3, 0.8, 0.9, 0.95])
def test_a_sum_that_is_rounded_down_reaches_p(p):
    """The threshold is below p by more than the float32 rounding error, but less than 1e-5."""
    below = np.float32(p) - 8 * np.spacing(np.float32(p))
    assert p - 1e-5 < probability_to_reach(p) < below


def test_1_keeps_all_words():
    """The threshold for p = 1 is exactly 1, so that all words are kept."""
    assert probability_to_reach(1.0) == 1.0


def test_the_probability_is_positive():
    """The threshold for a tiny p is positive, so that at least one word is kept."""
    assert 0 < probability_to_reach(1e-9) <= 1e-9
