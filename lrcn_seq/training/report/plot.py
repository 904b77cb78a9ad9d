"""One curve over epochs as inline SVG: small, and drawn in the colors of the page."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from lrcn_seq.training.report.markup import number

WIDTH, HEIGHT = 340, 176
LEFT, RIGHT, TOP, BOTTOM = 46, 10, 18, 24
DOTS, STAGE_WIDTH = 30, 44


class Stage(NamedTuple):
    """A stage of training: its name (HTML) and its epochs, from `first` up to but without `end`."""

    name: str
    first: int
    end: int


class Frame(NamedTuple):
    """Where epochs and values lie on the drawing."""

    count: int
    low: float
    high: float

    def x(self, epoch: float) -> float:
        """Across, of an epoch counted from 0; a single one stands in the middle."""
        width = WIDTH - LEFT - RIGHT
        return LEFT + width * ((epoch + 0.5) / self.count if self.count < 3 else 0.02 + 0.96 * epoch / (self.count - 1))

    def y(self, value: float) -> float:
        """Down, of a value."""
        return TOP + (HEIGHT - TOP - BOTTOM) * (self.high - value) / (self.high - self.low)


def plot(values: Sequence[float | None], *, name: str, stages: Sequence[Stage], best: int | None) -> str:
    """A curve of one value an epoch; None is a gap. `name` is HTML. The epoch `best` is marked."""
    known = [value for value in values if value is not None]
    frame = Frame(len(values), *margined(min(known), max(known)))
    parts = [*_stages(frame, stages), *_axes(frame), *_line(frame, values, stages), *_best(frame, values, best)]
    title = f"{name} over {len(values)} epoch{'s' if len(values) > 1 else ''}, from {number(known[0])} to {number(known[-1])}"
    return f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{title}">{"".join(parts)}</svg>'


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
    return [index * step for index in range(math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9) + 1)]


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


def _axes(frame: Frame) -> Iterator[str]:
    heights = ticks(frame.low, frame.high)
    digits = max(0, -math.floor(math.log10(heights[1] - heights[0]) + 1e-9))
    for value in heights:
        y = frame.y(value)
        yield f'<line class="grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>'
        text = number(value, digits) if digits < 5 and abs(value) < 1e5 else f"{value:.3g}".replace("-", "−")
        yield f'<text class="y" x="{LEFT - 6}" y="{y + 3.5:.1f}">{text}</text>'
    for epoch in sorted({1, *(int(tick) for tick in ticks(1, frame.count) if tick == int(tick))}):
        yield f'<text class="x" x="{frame.x(epoch - 1):.1f}" y="{HEIGHT - 8}">{epoch}</text>'


def _line(frame: Frame, values: Sequence[float | None], stages: Sequence[Stage]) -> Iterator[str]:
    """A path for each run of known values within a stage; a value that stands alone is a dot."""
    for stage in stages:
        run: list[str] = []
        for epoch in range(stage.first, stage.end + 1):
            value = values[epoch] if epoch < stage.end else None
            if value is not None:
                run.append(f"{frame.x(epoch):.1f} {frame.y(value):.1f}")
                continue
            if len(run) > 1:
                yield f'<path class="line" d="M{" L".join(run)}"/>'
            if len(run) == 1 or len(values) <= DOTS:
                yield from (f'<circle class="dot" cx="{x}" cy="{y}" r="2"/>' for x, y in map(str.split, run))
            run = []


def _best(frame: Frame, values: Sequence[float | None], best: int | None) -> Iterator[str]:
    if best is None:
        return
    x = frame.x(best)
    yield f'<line class="best-line" x1="{x:.1f}" x2="{x:.1f}" y1="{TOP}" y2="{HEIGHT - BOTTOM}"/>'
    if values[best] is not None:
        yield f'<circle class="best" cx="{x:.1f}" cy="{frame.y(values[best]):.1f}" r="4"/>'
