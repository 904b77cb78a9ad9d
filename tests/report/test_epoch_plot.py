"""The plot of one value per epoch."""

import re

import numpy as np
import pytest

from lrcn_seq.report.axes import BOTTOM, HEIGHT, LEFT, RIGHT, TOP, WIDTH
from lrcn_seq.report.epoch_plot import Stage, epoch_plot


def plot(values, *, stages=None, best=None):
    return epoch_plot(
        values, name="loss", stages=stages or [Stage("stage 1", 0, len(values))], best=best
    )


def points(html):
    """Return the points of all paths of a plot in order."""
    paths = re.findall(r'<path class="line" d="M(.*?)"', html)
    return [tuple(map(float, point.split())) for path in paths for point in path.split(" L")]


def test_straight_line_stays_straight():
    """Values that fall in equal steps are drawn as a straight line."""
    x, y = np.array(points(plot([4.0, 3.0, 2.0, 1.0]))).T
    # The plot is 284 × 134 units, with margins of 2 % at the sides and 1/18 at top and bottom.
    assert x == pytest.approx(LEFT + 284 * np.array([0.02, 0.34, 0.66, 0.98]), abs=0.06)
    heights = np.array([1, 1 + 16 / 3, 1 + 32 / 3, 17]) / 18
    assert y == pytest.approx(TOP + 134 * heights, abs=0.06)


@pytest.mark.parametrize(("count", "places"), [(1, [1 / 2]), (2, [1 / 4, 3 / 4])])
def test_few_epochs_are_centered(count, places):
    """The points of one or two epochs are centered in the plot."""
    html = plot([1.0] * count)
    x = [float(value) for value in re.findall(r'<circle class="dot" cx="(.*?)"', html)]
    assert x == pytest.approx([LEFT + 284 * place for place in places], abs=0.06)


@pytest.mark.parametrize("best", range(5))
def test_best_epoch_is_marked_at_its_point_of_the_line(best):
    """A dot and a vertical line mark the best epoch."""
    html = plot([4.0, 1.0, 3.0, 2.0, 5.0], best=best)
    [dot] = re.findall(r'<circle class="best" cx="(.*?)" cy="(.*?)"', html)
    assert tuple(map(float, dot)) == points(html)[best]
    [(left, right)] = re.findall(r'<line class="best-line" x1="(.*?)" x2="(.*?)"', html)
    assert (left, right) == (dot[0], dot[0])


def test_best_epoch_without_a_value_has_a_line_only():
    """A best epoch without a value has a vertical line but no dot."""
    html = plot([1.0, None, 2.0], best=1)
    assert 'class="best-line"' in html
    assert 'class="best"' not in html


def test_no_best_epoch_is_not_marked():
    """Without a best epoch, the plot has no mark."""
    assert "best" not in plot([1.0, 2.0])


def test_stages_are_separated():
    """The line is interrupted between stages, which meet halfway between two epochs."""
    html = plot([1.0] * 12, stages=[Stage("first", 0, 5), Stage("second", 5, 12)])
    paths = re.findall(r'<path class="line" d="(.*?)"', html)
    assert [path.count("L") + 1 for path in paths] == [5, 7]
    x = [point[0] for point in points(html)]
    [(left, width)] = re.findall(r'<rect class="stage" x="(.*?)".*?width="(.*?)"', html)
    assert float(left) == pytest.approx((x[4] + x[5]) / 2, abs=0.1)
    assert float(left) + float(width) == pytest.approx(WIDTH - RIGHT, abs=0.1)
    assert re.findall(r'class="stage-name".*?>(.*?)<', html) == ["first", "second"]


def test_narrow_stage_has_no_name():
    """A stage that is too narrow for its name is drawn without the name."""
    html = plot([1.0] * 50, stages=[Stage("wide", 0, 49), Stage("narrow", 49, 50)])
    assert "wide" in html
    assert "narrow" not in html


def test_single_stage_has_no_name():
    """A plot of a single stage shows neither the shade nor the name of the stage."""
    assert "stage" not in plot([1.0, 2.0])


def test_epochs_count_from_one():
    """The first epoch label is 1, and the others are round numbers up to the last epoch."""
    labels = re.findall(r'class="x".*?>(.*?)<', plot([float(i) for i in range(31)]))
    assert labels == ["1", "10", "20", "30"]


@pytest.mark.parametrize("count", [1, 2, 31, 200, 5000])
def test_plot_of_any_length_stays_inside(count):
    """Every coordinate is inside the plot, for any number of epochs."""
    values = list(np.random.default_rng(count).normal(size=count))
    html = plot(values, best=count - 1)
    x, y = zip(*[*points(html), *_circles(html)], strict=True)
    assert min(x) >= LEFT and max(x) <= WIDTH - RIGHT
    assert min(y) >= TOP and max(y) <= HEIGHT - BOTTOM
    assert len(points(html)) == (count if count > 1 else 0)


def _circles(html):
    return [tuple(map(float, pair)) for pair in re.findall(r'cx="(.*?)" cy="(.*?)"', html)]


def test_description_names_first_and_last_value():
    """The label for screen readers states the number of epochs and the first and last value."""
    html = plot([3.0, None, 1.5])
    assert 'aria-label="loss over 3 epochs, from 3.000 to 1.500"' in html
