"""A plot of one value per epoch, with the stages of training and the best epoch."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from lrcn_seq.report.axes import (
    BOTTOM,
    DOTS,
    HEIGHT,
    LEFT,
    RIGHT,
    TOP,
    WIDTH,
    Axes,
    grid,
    line,
    padded_range,
    svg,
    ticks,
    x_labels,
)
from lrcn_seq.report.markup import number, quantity

STAGE_WIDTH = 44
"""The names of stages that are narrower than this are not shown."""


class Stage(NamedTuple):
    """A stage of training: its name (HTML) and its epochs from `first` to `end`, exclusive."""

    name: str
    first: int
    end: int


def epoch_plot(
    values: Sequence[float | None], *, name: str, stages: Sequence[Stage], best: int | None
) -> str:
    """Return a plot of one value per epoch as an SVG element.

    Args:
        values: one value per epoch, None for a gap; at least one value is not None.
        name: label of the values, as HTML.
        stages: the stages of training; the line is interrupted between stages.
        best: index of the epoch to mark, or None.
    """
    known = [value for value in values if value is not None]
    axes = epoch_axes(len(values), *padded_range(min(known), max(known)))
    parts = [
        *_stages(axes, stages),
        *grid(axes),
        *x_labels((axes.x(epoch - 1), str(epoch)) for epoch in _epoch_ticks(len(values))),
        *_lines(axes, values, stages),
        *_best(axes, values, best),
    ]
    epochs = quantity(len(values), "epoch")
    return svg(parts, f"{name} over {epochs}, from {number(known[0])} to {number(known[-1])}")


def epoch_axes(count: int, low: float, high: float) -> Axes:
    """Return axes for a plot over epochs, which count from 0, with margins left and right."""
    margin = 0.5 if count < 3 else (count - 1) / 48
    return Axes(-margin, count - 1 + margin, low, high)


def _epoch_ticks(count: int) -> list[int]:
    """Return the numbers of the epochs to label, which count from 1."""
    return sorted({1, *(int(tick) for tick in ticks(1, count) if tick == int(tick))})


def _stages(axes: Axes, stages: Sequence[Stage]) -> Iterator[str]:
    """Yield a shaded area for every other stage, and the names of the stages."""
    if len(stages) < 2:
        return
    for index, stage in enumerate(stages):
        # Stages meet halfway between two epochs; the outer stages extend to the edges of the plot.
        left = axes.x(stage.first - 0.5) if index else LEFT
        right = axes.x(stage.end - 0.5) if stage is not stages[-1] else WIDTH - RIGHT
        if index % 2:
            yield (
                f'<rect class="stage" x="{left:.1f}" y="{TOP}" width="{right - left:.1f}" '
                f'height="{HEIGHT - TOP - BOTTOM}"/>'
            )
        if right - left >= STAGE_WIDTH:
            x = (left + right) / 2
            yield f'<text class="stage-name" x="{x:.1f}" y="{TOP - 6}">{stage.name}</text>'


def _lines(axes: Axes, values: Sequence[float | None], stages: Sequence[Stage]) -> Iterator[str]:
    """Yield the line of the values of each stage."""
    points = [
        None if value is None else (axes.x(epoch), axes.y(value))
        for epoch, value in enumerate(values)
    ]
    for stage in stages:
        yield from line(points[stage.first : stage.end], dots=len(values) <= DOTS)


def _best(axes: Axes, values: Sequence[float | None], best: int | None) -> Iterator[str]:
    """Yield a vertical line at the best epoch, and a dot at its value."""
    if best is None:
        return
    x, value = axes.x(best), values[best]
    yield f'<line class="best-line" x1="{x:.1f}" x2="{x:.1f}" y1="{TOP}" y2="{HEIGHT - BOTTOM}"/>'
    if value is not None:
        yield f'<circle class="best" cx="{x:.1f}" cy="{axes.y(value):.1f}" r="4"/>'
