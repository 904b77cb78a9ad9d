"""Section: which classes are taken for which, as a drawing and in words."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import NamedTuple
from unicodedata import east_asian_width

import numpy as np

from lrcn_seq.errors import ArgumentError
from lrcn_seq.report.contents import Classes, Contents
from lrcn_seq.report.markup import escape, paragraph, percent
from lrcn_seq.report.markup import section as html_section

WIDTH, LARGEST, NUMBERED, LABELED = 960, 44, 22, 120
PAIRS, LETTERS, SHADES = 8, 24, 10
NOTE = """A row is a true class, a column what the model answered. The fuller the color of a square, the larger its share of the row:
<span class="keys"><span class="shade right"></span> right, <span class="shade wrong"></span> wrong.</span>"""


class Layout(NamedTuple):
    """Sizes in pixels of the page: of a square, of a letter, and of what the labels take at the left and the top; their slant in degrees."""

    cell: float
    letter: float
    left: float
    top: float
    slant: int


def section(contents: Contents) -> str:
    """The pairs that are confused most, then the matrix; left out of a run that does not classify."""
    classes = contents.classes
    if classes is None:
        return ""
    counts, size = np.asarray(classes.confusion), len(classes.labels)
    if counts.shape != (size, size):
        raise ArgumentError(
            f"confusion: expected (C, C) counts for C labels. Received: confusion {counts.shape}, {size} labels."
        )
    words = [_words(classes, counts, *pair, contents) for pair in confused(counts)]
    most = (
        f'<ol class="confused">{"".join(words)}</ol>'
        if words
        else paragraph(f"No {escape(contents.noun)} was taken for another class.")
    )
    note = NOTE if size <= LABELED else f"{NOTE} The classes stand in the order of the table below."
    return html_section(
        "What is taken for what",
        f'{most}{paragraph(note)}<div class="wide">{matrix(classes.labels, counts)}</div>',
        name="confusion",
    )


def confused(counts: np.ndarray) -> list[tuple[int, int]]:
    """(true class, answer) of the largest counts beside the diagonal; of equal counts the larger share of its class first."""
    totals = counts.sum(axis=1)
    pairs = [(true, answer) for true, answer in np.argwhere(counts).tolist() if true != answer]
    return sorted(pairs, key=lambda pair: (-counts[pair], totals[pair[0]], pair))[:PAIRS]


def _words(classes: Classes, counts: np.ndarray, true: int, answer: int, contents: Contents) -> str:
    times, total = int(counts[true, answer]), int(counts[true].sum())
    names = [f'<b dir="auto">{escape(classes.labels[place])}</b>' for place in (true, answer)]
    return f"<li>{names[0]} taken for {names[1]}: {times:,} of {total:,} {escape(contents.noun if total == 1 else contents.nouns)} ({percent(times / total)})</li>"


def matrix(labels: Sequence[str], counts: np.ndarray) -> str:
    """The matrix as SVG, drawn in its own size: numbers in the squares of few classes, labels up to 120."""
    plan = layout(labels)
    side = plan.cell * len(labels)
    # The last of the slanted labels ends right of the matrix.
    width, height = plan.left + side + (plan.top if plan.slant < 90 else 2), plan.top + side + 2
    parts = [
        *_squares(counts, plan),
        *_frame(len(labels), plan),
        *(_labels(labels, plan) if len(labels) <= LABELED else ()),
        *(_numbers(counts, plan) if plan.cell >= NUMBERED else ()),
    ]
    title = f"confusion matrix of {len(labels)} classes, {int(np.trace(counts)):,} of {int(counts.sum()):,} right"
    return f'<svg class="confusion" style="--width:{width:.0f}px;--letter:{plan.letter:.1f}px" viewBox="0 0 {width:.0f} {height:.0f}" role="img" aria-label="{title}">{"".join(parts)}</svg>'


def layout(labels: Sequence[str]) -> Layout:
    """Squares as large as the page allows, at most 44 pixels."""
    if len(labels) > LABELED:
        return Layout(WIDTH / len(labels), 8, 1, 1, 90)
    letter = min(max(0.8 * WIDTH / len(labels), 7.5), 12)
    wide = max(map(_width, map(_short, labels))) * letter + 8
    # Slanted labels reach beyond the last square, by 0.71 of their length and half a letter.
    slanted = (WIDTH - 1.71 * wide - letter) / len(labels)
    slant = 45 if slanted >= NUMBERED else 90
    cell = min(slanted if slant < 90 else (WIDTH - wide) / len(labels), LARGEST)
    return Layout(cell, letter, wide, wide * math.sin(math.radians(slant)) + letter / 2, slant)


def _width(text: str) -> float:
    """An upper bound for most texts in most fonts, as a multiple of the size of a letter."""
    return sum(1.05 if east_asian_width(letter) in "WF" else 0.68 for letter in text)


def _short(label: str) -> str:
    return label if len(label) <= LETTERS else f"{label[: LETTERS - 1]}…"


def _squares(counts: np.ndarray, plan: Layout) -> Iterator[str]:
    """One path for all squares of one shade: a hundred classes have thousands of squares."""
    shares = counts / counts.sum(axis=1, keepdims=True).clip(1)
    shades, right = np.ceil(shares * SHADES).astype(int), np.eye(len(counts), dtype=bool)
    for kind, where in (("right", right), ("wrong", ~right)):
        for shade in range(1, SHADES + 1):
            places = np.argwhere((shades == shade) & where)
            path = "".join(
                f"M{plan.left + plan.cell * column:.1f} {plan.top + plan.cell * row:.1f}h{plan.cell:.1f}v{plan.cell:.1f}h-{plan.cell:.1f}z"
                for row, column in places
            )
            if path:
                yield f'<path class="{kind}" opacity="{0.08 + 0.92 * shade / SHADES:.2f}" d="{path}"/>'


def _frame(count: int, plan: Layout) -> Iterator[str]:
    """Lines between the squares, where these are not too small for it; otherwise around the matrix."""
    side = plan.cell * count
    for line in range(0, count + 1, 1 if count <= LABELED else count):
        at = plan.cell * line
        yield f'<path class="grid" d="M{plan.left:.1f} {plan.top + at:.1f}h{side:.1f}M{plan.left + at:.1f} {plan.top:.1f}v{side:.1f}"/>'


def _labels(labels: Sequence[str], plan: Layout) -> Iterator[str]:
    for place, label in enumerate(labels):
        middle = plan.cell * (place + 0.5)
        text = escape(_short(label))
        x, y = plan.left + middle + plan.letter * 0.3, plan.top - 4
        yield f'<text class="y" x="{plan.left - 5:.1f}" y="{plan.top + middle + plan.letter * 0.35:.1f}">{text}</text>'
        yield f'<text x="{x:.1f}" y="{y:.1f}" transform="rotate(-{plan.slant} {x:.1f} {y:.1f})">{text}</text>'


def _numbers(counts: np.ndarray, plan: Layout) -> Iterator[str]:
    totals = counts.sum(axis=1)
    for row, column in np.argwhere(counts).tolist():
        kind = "x on" if counts[row, column] > totals[row] / 2 else "x off"
        x, y = (
            plan.left + plan.cell * (column + 0.5),
            plan.top + plan.cell * (row + 0.5) + plan.letter * 0.35,
        )
        yield f'<text class="{kind}" x="{x:.1f}" y="{y:.1f}">{int(counts[row, column])}</text>'
