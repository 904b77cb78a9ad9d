"""Section: confusion matrix, and the pairs of classes confused most often."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from lrcn_seq.errors import ArgumentError
from lrcn_seq.report.confusion_matrix import MAX_LABELED, confusion_matrix
from lrcn_seq.report.markup import Section, escape, paragraph, percent, quantity, section

MAX_PAIRS = 8
NOTE = (
    "Rows are true classes, columns predicted classes. The fuller the color of a cell, the larger "
    'its share of the row: <span class="keys"><span class="shade correct"></span> correct, '
    '<span class="shade incorrect"></span> incorrect.</span>'
)
UNLABELED = " The classes are in the order of the table of per-class scores."


def confusion(labels: Sequence[str], counts: np.ndarray, noun: str) -> Section:
    """Return a section that lists the most frequent confusions above the confusion matrix.

    Args:
        labels: the C classes.
        counts: (C, C), a row per true class, a column per predicted class.
        noun: singular noun for a classified item, e.g. `clip`.

    Raises:
        ArgumentError: the shape of the counts does not match the labels.
    """
    counts = np.asarray(counts)
    if counts.shape != (len(labels), len(labels)):
        raise ArgumentError(
            f"confusion: expected counts (C, C) for C labels. Received: counts {counts.shape}, "
            f"{len(labels)} labels; pass the labels of the rows."
        )
    items = "".join(_pair(labels, counts, *pair, noun) for pair in confused_pairs(counts))
    none = paragraph(f"No {escape(noun)} was misclassified.")
    pairs = f'<ol class="confused">{items}</ol>' if items else none
    note = paragraph(NOTE if len(labels) <= MAX_LABELED else NOTE + UNLABELED)
    matrix = f'<div class="wide">{confusion_matrix(labels, counts)}</div>'
    return section("Confusion matrix", pairs + note + matrix, name="confusion")


def confused_pairs(counts: np.ndarray) -> list[tuple[int, int]]:
    """Return the pairs (true class, predicted class) of the most frequent confusions.

    Of equally frequent pairs, the one with the larger share of its true class comes first.
    """
    totals = counts.sum(axis=1)
    pairs = [(true, other) for true, other in np.argwhere(counts).tolist() if true != other]
    return sorted(pairs, key=lambda pair: (-counts[pair], totals[pair[0]], pair))[:MAX_PAIRS]


def _pair(labels: Sequence[str], counts: np.ndarray, true: int, predicted: int, noun: str) -> str:
    """Return a list item with a pair of confused classes, its count and its share."""
    count, total = int(counts[true, predicted]), int(counts[true].sum())
    names = [f'<b dir="auto">{escape(labels[index])}</b>' for index in (true, predicted)]
    return (
        f"<li>{names[0]} predicted as {names[1]}: {count:,} of {escape(quantity(total, noun))} "
        f"({percent(count / total)})</li>"
    )
