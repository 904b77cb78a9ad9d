"""The report section on calibration."""

import re

import pytest

from lrcn_seq.metrics import Bin
from lrcn_seq.report.axes import LEFT, TOP
from lrcn_seq.report.calibration import calibration, diagram, verdict

EMPTY = Bin(None, None, 0)
BINS = [EMPTY, EMPTY, EMPTY, Bin(0.7, 0.25, 4), Bin(0.9, 1.0, 16)]


def test_bars_are_as_high_as_the_accuracy():
    """Each calibration bar spans the interval of its bin and is as high as the accuracy.

    The diagram is 284 units wide and high.
    """
    bars = re.findall(
        r'<rect class="bar" .*? x="(.*?)" y="(.*?)" width="(.*?)" height="(.*?)"', diagram(BINS)
    )
    assert [list(map(float, bar)) for bar in bars] == [
        pytest.approx([LEFT + 284 * 0.6, TOP + 284 * 0.75, 284 / 5 - 1, 284 / 4], abs=0.06),
        pytest.approx([LEFT + 284 * 0.8, TOP, 284 / 5 - 1, 284], abs=0.06),
    ]


def test_bars_of_more_clips_are_more_opaque():
    """Calibration bars of bins with more clips are more opaque."""
    opacities = re.findall(r'<rect class="bar" opacity="(.*?)"', diagram(BINS))
    assert [float(opacity) for opacity in opacities] == pytest.approx([0.55, 0.85])


def test_dots_lie_at_mean_confidence_and_accuracy():
    """Each calibration bin with clips has a dot at its mean confidence and accuracy."""
    dots = re.findall(r'<circle class="best" cx="(.*?)" cy="(.*?)"', diagram(BINS))
    assert [list(map(float, dot)) for dot in dots] == [
        pytest.approx([LEFT + 284 * 0.7, TOP + 284 * 0.75], abs=0.06),
        pytest.approx([LEFT + 284 * 0.9, TOP], abs=0.06),
    ]


def test_perfect_calibration_is_a_diagonal():
    """Perfect calibration is drawn as the dashed diagonal of the calibration diagram."""
    [path] = re.findall(r'class="ideal" d="(.*?)"', diagram(BINS))
    assert path == f"M{LEFT}.0 {TOP + 284}.0 L{LEFT + 284}.0 {TOP}.0"


@pytest.mark.parametrize(
    ("accuracy", "kind"),
    [(0.5, "overconfident"), (0.88, "well calibrated"), (1.0, "underconfident")],
)
def test_verdict_compares_confidence_and_accuracy(accuracy, kind):
    """The verdict states whether the mean confidence is above, near or below the accuracy."""
    assert f"{kind} on average" in verdict([EMPTY, Bin(0.9, accuracy, 30)])


def test_few_predictions_have_no_verdict():
    """With fewer than 30 predictions, over- and underconfidence are not stated."""
    text = verdict([EMPTY, Bin(0.9, 0.2, 29)])
    assert "with 29 predictions, the difference may be chance" in text
    assert "overconfident" not in text


def test_verdict_weights_bins_by_their_counts(parse):
    """The verdict on calibration weights bins by their number of clips."""
    text = parse(verdict(BINS)).text
    assert "Expected calibration error 0.170 . Mean confidence 86.0%, accuracy 85.0%" in text


def test_table_lists_occupied_bins():
    """The calibration table has a row for each bin that contains clips."""
    html = calibration(BINS, "clip").html
    assert re.findall(r'scope="row">(.*?)<', html) == ["0.60–0.80", "0.80–1.00"]
    assert re.findall(r"<td>(.*?)</td>", html) == ["0.700", "0.250", "4", "0.900", "1.000", "16"]


@pytest.mark.parametrize("bins", [[], [EMPTY, EMPTY]])
def test_empty_bins_no_section(bins):
    """Without classified clips, the report has no calibration section."""
    assert calibration(bins, "clip") is None


def test_the_share_and_the_remark_can_be_named(parse):
    """The section names the share of correct predictions, and ends its note with the remark."""
    html = calibration(BINS, "image", share="share of good captions", remark="Good is <1.").html
    text = parse(html).text
    assert "share of good captions by confidence" in text
    assert "share of good captions 85.0%" in text
    assert "overconfident. Good is <1." in text
    assert "accuracy" not in html
