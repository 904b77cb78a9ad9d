"""Curves as inline SVG: small, and drawn in the colors of the page. One over epochs is drawn here; `Plane` serves others."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from lrcn_seq.report.markup import number

WIDTH, HEIGHT = 340, 176
LEFT, RIGHT, TOP, BOTTOM = 46, 10, 18, 24
DOTS, STAGE_WIDTH = 30, 44


class Stage(NamedTuple):
    """A stage of training: its name (HTML) and its epochs, from `first` up to but without `end`."""

    name: str
    first: int
    end: int


class Plane(NamedTuple):
    """Where points lie on a drawing: from `first` to `last` across, from `low` to `high` upwards."""

    first: float
    last: float
    low: float
    high: float
    height: int = HEIGHT

    def x(self, value: float) -> float:
        """Across."""
        return LEFT + (WIDTH - LEFT - RIGHT) * (value - self.first) / (self.last - self.first)

    def y(self, value: float) -> float:
        """Down, of a value."""
        return TOP + (self.height - TOP - BOTTOM) * (self.high - value) / (self.high - self.low)


class Frame(NamedTuple):
    """Where epochs and values lie on the drawing."""

    count: int
    low: float
    high: float

    def x(self, epoch: float) -> float:
        """Across, of an epoch counted from 0; a single one stands in the middle."""
        width = WIDTH - LEFT - RIGHT
        return LEFT + width * (
            (epoch + 0.5) / self.count if self.count < 3 else 0.02 + 0.96 * epoch / (self.count - 1)
        )

    def y(self, value: float) -> float:
        """Down, of a value."""
        return Plane(0, 1, self.low, self.high).y(value)


def plot(
    values: Sequence[float | None], *, name: str, stages: Sequence[Stage], best: int | None
) -> str:
    """A curve of one value an epoch; None is a gap. `name` is HTML. The epoch `best` is marked."""
    known = [value for value in values if value is not None]
    frame = Frame(len(values), *margined(min(known), max(known)))
    parts = [
        *_stages(frame, stages),
        *_axes(frame),
        *_line(frame, values, stages),
        *_best(frame, values, best),
    ]
    title = f"{name} over {len(values)} epoch{'s' if len(values) > 1 else ''}, from {number(known[0])} to {number(known[-1])}"
    return drawing(parts, title)


def drawing(parts: Iterable[str], title: str, *, height: int = HEIGHT) -> str:
    """Parts as one picture. `title` is HTML."""
    return f'<svg viewBox="0 0 {WIDTH} {height}" role="img" aria-label="{title}">{"".join(parts)}</svg>'


def margined(low: float, high: float) -> tuple[float, float]:
    """Low and high with room around them; one value alone stands in the middle of a span of its own size, and 0 below 1."""
    span, size = high - low, max(abs(low), abs(high))
    if size < 1e-100:
        return -1 / 16, 1.0
    if span <= 1e-9 * size:
        return low - size / 2, high + size / 2
    return low - span / 16, high + span / 16


def ticks(low: float, high: float) -> list[float]:
    """Round numbers (1, 2 or 5 × a power of ten) from low to high: two to seven of them, none when low is high."""
    if low >= high:
        return []
    widest = (high - low) / 2.5
    power = 10.0 ** math.floor(math.log10(widest))
    step = max(power * factor for factor in (1, 2, 5) if power * factor <= widest or factor == 1)
    return [
        index * step
        for index in range(math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9) + 1)
    ]


def _stages(frame: Frame, stages: Sequence[Stage]) -> Iterator[str]:
    if len(stages) < 2:
        return
    for index, stage in enumerate(stages):
        left, right = _edge(frame, stage.first), _edge(frame, stage.end)
        if index % 2:
            yield f'<rect class="stage" x="{left:.1f}" y="{TOP}" width="{right - left:.1f}" height="{HEIGHT - TOP - BOTTOM}"/>'
        if right - left >= STAGE_WIDTH:
            yield f'<text class="stage-name" x="{(left + right) / 2:.1f}" y="{TOP - 6}">{stage.name}</text>'


def _edge(frame: Frame, epoch: int) -> float:
    """Between an epoch and the one before; the sides of the drawing at both ends."""
    if epoch <= 0 or epoch >= frame.count:
        return LEFT if epoch <= 0 else WIDTH - RIGHT
    return (frame.x(epoch - 1) + frame.x(epoch)) / 2


def grid(frame: Frame | Plane) -> Iterator[str]:
    """Lines across with their values."""
    heights = ticks(frame.low, frame.high)
    digits = max(0, -math.floor(math.log10(heights[1] - heights[0]) + 1e-9))
    for value in heights:
        y = frame.y(value)
        yield f'<line class="grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>'
        text = (
            number(value, digits)
            if digits < 5 and abs(value) < 1e5
            else f"{value:.3g}".replace("-", "−")
        )
        yield f'<text class="y" x="{LEFT - 6}" y="{y + 3.5:.1f}">{text}</text>'


def below(texts: Iterable[tuple[float, str]], *, height: int = HEIGHT) -> Iterator[str]:
    """Texts under the drawing, each with its place across."""
    yield from (f'<text class="x" x="{x:.1f}" y="{height - 8}">{text}</text>' for x, text in texts)


def _axes(frame: Frame) -> Iterator[str]:
    yield from grid(frame)
    epochs = sorted({1, *(int(tick) for tick in ticks(1, frame.count) if tick == int(tick))})
    yield from below((frame.x(epoch - 1), str(epoch)) for epoch in epochs)


def _line(frame: Frame, values: Sequence[float | None], stages: Sequence[Stage]) -> Iterator[str]:
    for stage in stages:
        points = [
            (frame.x(epoch), frame.y(value)) if (value := values[epoch]) is not None else None
            for epoch in range(stage.first, stage.end)
        ]
        yield from line(points, dots=len(values) <= DOTS)


def line(points: Sequence[tuple[float, float] | None], *, dots: bool = False) -> Iterator[str]:
    """A path for each run of points, None being a gap; a point that stands alone is a dot, with `dots` every one is."""
    run: list[str] = []
    for point in [*points, None]:
        if point is not None:
            run.append(f"{point[0]:.1f} {point[1]:.1f}")
            continue
        if len(run) > 1:
            yield f'<path class="line" d="M{" L".join(run)}"/>'
        if len(run) == 1 or dots:
            yield from (
                f'<circle class="dot" cx="{x}" cy="{y}" r="2"/>' for x, y in map(str.split, run)
            )
        run = []


def _best(frame: Frame, values: Sequence[float | None], best: int | None) -> Iterator[str]:
    if best is None:
        return
    x = frame.x(best)
    yield f'<line class="best-line" x1="{x:.1f}" x2="{x:.1f}" y1="{TOP}" y2="{HEIGHT - BOTTOM}"/>'
    if values[best] is not None:
        yield f'<circle class="best" cx="{x:.1f}" cy="{frame.y(values[best]):.1f}" r="4"/>'
