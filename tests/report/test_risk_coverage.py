"""The report section on risk and coverage."""

import re

import pytest

from lrcn_seq.metrics import SelectionGain
from lrcn_seq.report.axes import LEFT, RIGHT, TOP, WIDTH
from lrcn_seq.report.risk_coverage import curve, risk_coverage

GAIN = SelectionGain(0.75, 0.5, 0.25, 0.125, 0.375)


def test_dots_mark_the_better_half_and_all():
    """The curve has dots at the mean scores of the more confident half and of all predictions."""
    dots = re.findall(
        r'<circle class="best" cx="(.*?)" cy="(.*?)"', curve([2.0, 1.5, 1.0, 0.5], "X")
    )
    plot = WIDTH - LEFT - RIGHT
    # The vertical axis reaches from −1/8 to 2 1/8 over 220 units.
    expected = [(LEFT + plot / 2, 0.625 / 2.25), (LEFT + plot, 1.625 / 2.25)]
    assert [tuple(map(float, dot)) for dot in dots] == [
        pytest.approx((x, TOP + 220 * y), abs=0.06) for x, y in expected
    ]


def test_the_summary_has_the_gain_with_its_interval(parse):
    """The section states the scores of the half and of all, their difference and its interval."""
    text = parse(risk_coverage([2.0, 0.75, 0.6, 0.5], GAIN, "clip").html).text
    assert "CIDEr of the more confident half 0.750 , of all 0.500: a difference of 0.250" in text
    assert "95 % interval 0.125 to 0.375" in text
    assert "share of the clips" in text


def test_few_predictions_have_no_interval(parse):
    """Without an interval, the section says so."""
    text = parse(risk_coverage([1.0], GAIN._replace(low=None, high=None), "clip").html).text
    assert "too few for an interval" in text


def test_the_table_has_ten_shares():
    """The table has the mean score at ten shares of the predictions."""
    html = risk_coverage([1 / n for n in range(1, 41)], GAIN, "image").html
    assert re.findall(r'scope="row">(.*?)<', html) == [f"{n / 10:.2f}" for n in range(1, 11)]
    assert "<td>0.250</td><td>4</td>" in html


@pytest.mark.parametrize("scores", [[0.0], [0.0, 0.0], [1.0] * 3, list(range(1000))])
def test_any_scores_can_be_drawn(parse, scores):
    """Single, equal and many scores give a well-formed section without NaN."""
    html = risk_coverage([float(score) for score in scores], GAIN, "image").html
    parse(html)
    assert "nan" not in html


def test_no_predictions_no_section():
    """Without predictions, the report has no section on risk and coverage."""
    assert risk_coverage([], GAIN, "image") is None
