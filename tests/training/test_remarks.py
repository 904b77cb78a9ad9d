"""The sentences on how far to trust the scores of an evaluation."""

import pytest

from lrcn_seq.training.labels import interval_remark


@pytest.mark.parametrize(
    ("ends", "groups", "sentence"),
    [
        ([0.25, 0.75], 30, "top_1 lies between 0.250 and 0.750 (95 %, over 30 groups)."),
        (
            [0.25, 0.75],
            29,
            "top_1 lies between 0.250 and 0.750 (95 %, over 29 groups: too few to trust it, "
            "use 30 or more).",
        ),
        ([None, None], 1, "all of one group, so there is no interval."),
    ],
)
def test_interval_of_an_accuracy(ends, groups, sentence):
    """An interval over few groups is too narrow: they resample to much the same."""
    assert interval_remark({"intervals": {"top_1": ends}, "groups": groups}) == sentence
