"""Axes, grid and lines of a plot as inline SVG in the colors of the page."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from lrcn_seq.report.markup import number

# Size of a plot and its margins in SVG units.
WIDTH, HEIGHT = 340, 176
LEFT, RIGHT, TOP, BOTTOM = 46, 10, 18, 24
DOTS = 30
"""A line with more points than this is drawn without dots."""

Point = tuple[float, float]


class Axes(NamedTuple):
    """Linear axes of a plot: x from `first` to `last`, y from `low` to `high`."""

    first: float
    last: float
    low: float
    high: float
    height: int = HEIGHT

    def x(self, value: float) -> float:
        """Return the horizontal SVG coordinate of an x value."""
        return LEFT + (WIDTH - LEFT - RIGHT) * (value - self.first) / (self.last - self.first)

    def y(self, value: float) -> float:
        """Return the vertical SVG coordinate of a y value, measured from the top."""
        return TOP + (self.height - TOP - BOTTOM) * (self.high - value) / (self.high - self.low)


def svg(parts: Iterable[str], title: str, *, height: int = HEIGHT) -> str:
    """Return a plot as an SVG element.

    Args:
        parts: SVG elements.
        title: description for screen readers, as HTML.
        height: height in SVG units.
    """
    return (
        f'<svg viewBox="0 0 {WIDTH} {height}" role="img" aria-label="{title}">'
        f"{''.join(parts)}</svg>"
    )


def padded_range(low: float, high: float) -> tuple[float, float]:
    """Return the range from `low` to `high`, widened by 1/16 of its length at both ends.

    Equal limits are widened by half of their value at both ends; if both are 0, the range is
    (-1/16, 1).
    """
    span, size = high - low, max(abs(low), abs(high))
    if size < 1e-100:
        return -1 / 16, 1.0
    if span <= 1e-9 * size:
        return low - size / 2, high + size / 2
    return low - span / 16, high + span / 16


def ticks(low: float, high: float) -> list[float]:
    """Return the ticks of an axis: multiples of a step of 1, 2 or 5 times a power of ten.

    There are two to seven ticks, or none if `low` is not below `high`.
    """
    if low >= high:
        return []
    largest = (high - low) / 2.5
    power = 10.0 ** math.floor(math.log10(largest))
    step = max(power * factor for factor in (1, 2, 5) if power * factor <= largest or factor == 1)
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [index * step for index in range(first, last + 1)]


def grid(axes: Axes) -> Iterator[str]:
    """Yield horizontal grid lines with their values on the left."""
    values = ticks(axes.low, axes.high)
    digits = max(0, -math.floor(math.log10(values[1] - values[0]) + 1e-9))
    for value in values:
        y = axes.y(value)
        yield f'<line class="grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>'
        yield f'<text class="y" x="{LEFT - 6}" y="{y + 3.5:.1f}">{_tick(value, digits)}</text>'


def _tick(value: float, digits: int) -> str:
    """Format the number at a tick."""
    if digits < 5 and abs(value) < 1e5:
        return number(value, digits)
    return f"{value:.3g}".replace("-", "−")


def x_labels(labels: Iterable[tuple[float, str]], *, height: int = HEIGHT) -> Iterator[str]:
    """Yield labels below a plot at the given horizontal coordinates."""
    for x, label in labels:
        yield f'<text class="x" x="{x:.1f}" y="{height - 8}">{label}</text>'


def line(points: Sequence[Point | None], *, dots: bool = False) -> Iterator[str]:
    """Yield the parts of a line: a path for each run of points without a gap, and the dots.

    Args:
        points: SVG coordinates; None is a gap.
        dots: whether to mark every point with a dot. A point between two gaps always has a dot.
    """
    run: list[Point] = []
    for point in [*points, None]:
        if point is not None:
            run.append(point)
            continue
        if len(run) > 1:
            yield f'<path class="line" d="M{" L".join(f"{x:.1f} {y:.1f}" for x, y in run)}"/>'
        if len(run) == 1 or dots:
            yield from (f'<circle class="dot" cx="{x:.1f}" cy="{y:.1f}" r="2"/>' for x, y in run)
        run = []
