"""The axes, ticks and lines of a plot."""

import re

import numpy as np
import pytest

from lrcn_seq.report import axes
from lrcn_seq.report.axes import Axes


def test_axes_map_their_corners_to_the_corners_of_the_plot():
    """Axes map the limits of their values to the corners of the plot."""
    plane = Axes(first=2, last=6, low=-1, high=3)
    assert (plane.x(2), plane.y(-1)) == (axes.LEFT, axes.HEIGHT - axes.BOTTOM)
    assert (plane.x(6), plane.y(3)) == (axes.WIDTH - axes.RIGHT, axes.TOP)


def test_axes_are_linear():
    """Axes map values linearly to positions in the plot."""
    plane = Axes(0, 1, 0, 1, height=300)
    assert plane.x(0.5) == (axes.LEFT + axes.WIDTH - axes.RIGHT) / 2
    assert plane.y(0.5) == (axes.TOP + 300 - axes.BOTTOM) / 2


@pytest.mark.parametrize(
    ("low", "high", "values"),
    [
        (0, 1, [0, 0.2, 0.4, 0.6, 0.8, 1.0]),
        (-3, 5, [-2, 0, 2, 4]),
        (1, 200, [50, 100, 150, 200]),
        (0.31, 0.34, [0.31, 0.32, 0.33, 0.34]),
        (3, 3, []),
    ],
)
def test_ticks_are_round_numbers(low, high, values):
    """A tick step is 1, 2 or 5 times a power of ten, and at most 40 % of the range."""
    assert axes.ticks(low, high) == pytest.approx(values)


@pytest.mark.parametrize(("low", "high"), [(1e-9, 3e-9), (1e8, 9e8), (-1e99, 1e99), (0.999, 1.001)])
def test_ticks_of_any_range_are_few_and_within(low, high):
    """Any range has two to seven ticks, spaced by 1, 2 or 5 times a power of ten."""
    ticks = axes.ticks(low, high)
    assert 2 <= len(ticks) <= 7
    room = 1e-6 * (high - low)
    assert low - room <= ticks[0] and ticks[-1] <= high + room
    step = ticks[1] - ticks[0]
    assert np.diff(ticks) == pytest.approx(step)
    assert float(f"{step:.3e}".partition("e")[0]) in (1, 2, 5)


def test_range_is_padded_at_both_ends():
    """The range of an axis is the range of its values, extended by 1/16 of it at each end."""
    assert axes.padded_range(4, 20) == (3, 21)


@pytest.mark.parametrize("value", [0.0, 5e-324, 1e-9, 0.5, -7.0, 1e99])
def test_range_of_one_value_has_room(value):
    """The axis of a constant value contains this value and has at least two ticks."""
    low, high = axes.padded_range(value, value)
    assert low < value < high
    assert len(axes.ticks(low, high)) >= 2


def test_grid_has_a_line_and_a_label_for_each_tick():
    """The grid has a line and a label for each tick."""
    html = "".join(axes.grid(Axes(0, 1, 0, 1)))
    assert re.findall(r">([\d.]+)</text>", html) == ["0.0", "0.2", "0.4", "0.6", "0.8", "1.0"]
    heights = [float(y) for y in re.findall(r'<line .*?y1="(.*?)"', html)]
    assert heights == pytest.approx(np.linspace(axes.HEIGHT - axes.BOTTOM, axes.TOP, 6), abs=0.05)


@pytest.mark.parametrize(
    ("low", "high", "label"), [(-2e-9, 2e-9, "−1e−09"), (0, 4e6, "1e+06"), (-1, 1, "−0.5")]
)
def test_tick_labels_are_short(low, high, label):
    """Tick labels of tiny and huge values have an exponent."""
    assert f">{label}</text>" in "".join(axes.grid(Axes(0, 1, low, high)))


def test_x_labels_stand_below_the_plot():
    """The labels of the x axis are below the plot at their positions."""
    html = "".join(axes.x_labels([(10, "a"), (20, "b")], height=100))
    assert re.findall(r'x="(.*?)" y="92">(.)<', html) == [("10.0", "a"), ("20.0", "b")]


def test_line_breaks_at_gaps():
    """A line breaks at gaps; a single point between gaps is a dot."""
    html = "".join(axes.line([(1, 2), (3, 4), None, (5, 6), None, (7, 8), (9, 10)]))
    assert re.findall(r'd="(.*?)"', html) == ["M1.0 2.0 L3.0 4.0", "M7.0 8.0 L9.0 10.0"]
    assert re.findall(r'cx="(.*?)" cy="(.*?)"', html) == [("5.0", "6.0")]


def test_line_can_mark_every_point():
    """With `dots`, every point of a line is also a circle."""
    html = "".join(axes.line([(1, 2), (3, 4)], dots=True))
    assert re.findall(r'cx="(.*?)"', html) == ["1.0", "3.0"]


def test_svg_has_a_description(parse):
    """A plot has a label for screen readers."""
    parsed = parse(axes.svg(["<g></g>"], "loss over 3 epochs", height=100))
    assert parsed.tags == ["svg", "g"]
    assert ("svg", "aria-label", "loss over 3 epochs") in parsed.attributes
    assert ("svg", "viewbox", f"0 0 {axes.WIDTH} 100") in parsed.attributes
