"""A confusion matrix as SVG in its natural size."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import NamedTuple
from unicodedata import east_asian_width

import numpy as np

from lrcn_seq.report.markup import escape

WIDTH = 960
"""Width of the page in pixels."""
MAX_CELL, MIN_NUMBERED, MAX_LABELED = 44, 22, 120
"""Largest side of a cell, smallest side for a count, and largest number of labeled classes."""
MAX_LETTERS, SHADES = 24, 10


class Layout(NamedTuple):
    """Layout of a matrix in pixels: side of a cell, font size, and margins for the labels.

    `slant` is the angle of the upper labels in degrees.
    """

    cell: float
    letter: float
    left: float
    top: float
    slant: int


def confusion_matrix(labels: Sequence[str], counts: np.ndarray) -> str:
    """Return a confusion matrix as an SVG element.

    Args:
        labels: the C classes. Long labels are shortened; no labels are shown for more than 120
            classes.
        counts: (C, C), a row per true class, a column per predicted class. Counts are shown in
            cells that are large enough.
    """
    plan = layout(labels)
    side = plan.cell * len(labels)
    # Slanted labels extend beyond the right border of the matrix.
    width, height = plan.left + side + (plan.top if plan.slant < 90 else 2), plan.top + side + 2
    parts = [
        *_cells(counts, plan),
        *_grid(len(labels), plan),
        *(_labels(labels, plan) if len(labels) <= MAX_LABELED else ()),
        *(_numbers(counts, plan) if plan.cell >= MIN_NUMBERED else ()),
    ]
    correct, total = int(np.trace(counts)), int(counts.sum())
    title = f"confusion matrix of {len(labels)} classes, {correct:,} of {total:,} correct"
    style = f"--width:{width:.0f}px;--letter:{plan.letter:.1f}px"
    return (
        f'<svg class="confusion" style="{style}" viewBox="0 0 {width:.0f} {height:.0f}" role="img" '
        f'aria-label="{title}">{"".join(parts)}</svg>'
    )


def layout(labels: Sequence[str]) -> Layout:
    """Return the layout with the largest cells that fit the width of the page."""
    if len(labels) > MAX_LABELED:
        return Layout(WIDTH / len(labels), 8, 1, 1, 90)
    letter = min(max(0.8 * WIDTH / len(labels), 7.5), 12)
    longest = max(_width(_short(label)) for label in labels) * letter + 8
    # At 45 degrees, the last label extends to the right by 0.71 of its length and half a letter.
    slanted = (WIDTH - 1.71 * longest - letter) / len(labels)
    slant = 45 if slanted >= MIN_NUMBERED else 90
    cell = min(slanted if slant < 90 else (WIDTH - longest) / len(labels), MAX_CELL)
    return Layout(
        cell, letter, longest, longest * math.sin(math.radians(slant)) + letter / 2, slant
    )


def _width(text: str) -> float:
    """Estimate the width of a text in multiples of the font size; most texts are narrower."""
    return sum(1.05 if east_asian_width(letter) in "WF" else 0.68 for letter in text)


def _short(label: str) -> str:
    """Shorten a label to at most 24 letters."""
    return label if len(label) <= MAX_LETTERS else f"{label[: MAX_LETTERS - 1]}…"


def _cells(counts: np.ndarray, plan: Layout) -> Iterator[str]:
    """Yield one path for all cells of a color, since a hundred classes have thousands of cells."""
    shares = counts / counts.sum(axis=1, keepdims=True).clip(1)
    shades, diagonal = np.ceil(shares * SHADES).astype(int), np.eye(len(counts), dtype=bool)
    size = f"{plan.cell:.1f}"
    for kind, where in (("correct", diagonal), ("incorrect", ~diagonal)):
        for shade in range(1, SHADES + 1):
            corners = (
                f"M{plan.left + plan.cell * column:.1f} {plan.top + plan.cell * row:.1f}"
                for row, column in np.argwhere((shades == shade) & where)
            )
            path = "".join(f"{corner}h{size}v{size}h-{size}z" for corner in corners)
            if path:
                opacity = 0.08 + 0.92 * shade / SHADES
                yield f'<path class="{kind}" opacity="{opacity:.2f}" d="{path}"/>'


def _grid(count: int, plan: Layout) -> Iterator[str]:
    """Yield the lines between cells, or only the border if there are many cells."""
    side = plan.cell * count
    for line in range(0, count + 1, 1 if count <= MAX_LABELED else count):
        x, y = plan.left + plan.cell * line, plan.top + plan.cell * line
        yield (
            f'<path class="grid" d="M{plan.left:.1f} {y:.1f}h{side:.1f}'
            f'M{x:.1f} {plan.top:.1f}v{side:.1f}"/>'
        )


def _labels(labels: Sequence[str], plan: Layout) -> Iterator[str]:
    """Yield the class labels as SVG text: those of rows on the left, of columns at the top."""
    for index, label in enumerate(labels):
        middle, text = plan.cell * (index + 0.5), escape(_short(label))
        x, y = plan.left - 5, plan.top + middle + plan.letter * 0.35
        yield f'<text class="y" x="{x:.1f}" y="{y:.1f}">{text}</text>'
        x, y = plan.left + middle + plan.letter * 0.3, plan.top - 4
        turned = f"rotate(-{plan.slant} {x:.1f} {y:.1f})"
        yield f'<text x="{x:.1f}" y="{y:.1f}" transform="{turned}">{text}</text>'


def _numbers(counts: np.ndarray, plan: Layout) -> Iterator[str]:
    """Yield the cell counts as SVG text; the color differs for counts above half of the row."""
    totals = counts.sum(axis=1)
    for row, column in np.argwhere(counts).tolist():
        count = int(counts[row, column])
        kind = "x on" if count > totals[row] / 2 else "x off"
        x = plan.left + plan.cell * (column + 0.5)
        y = plan.top + plan.cell * (row + 0.5) + plan.letter * 0.35
        yield f'<text class="{kind}" x="{x:.1f}" y="{y:.1f}">{count}</text>'
