"""Section: precision, recall and F1 of each class."""

from __future__ import annotations

from collections.abc import Sequence

from lrcn_seq.metrics import ClassScore
from lrcn_seq.report.markup import Section, details, escape, number, paragraph, section, table

MAX_OPEN, EXTREMES = 24, 5
"""A table of more than `MAX_OPEN` classes is collapsed; the `EXTREMES` lowest and highest classes
are named above the table."""


def per_class(scores: Sequence[ClassScore], noun: str) -> Section | None:
    """Return a table of the scores of each class.

    Args:
        scores: the scores of each class.
        noun: singular noun for a classified item, e.g. `clip`.

    Returns:
        The section, or None if there are no classes.
    """
    if not scores:
        return None
    rows = (
        [
            f'<span dir="auto">{escape(score.label)}</span>',
            f"{score.count:,}",
            *map(number, (score.precision, score.recall, score.f1)),
        ]
        for score in scores
    )
    head = ["class", f"{escape(noun)}s", "precision", "recall", "F1"]
    body = table(head, rows, "classes")
    if len(scores) > MAX_OPEN:
        body = _extremes(scores) + details(f"All {len(scores)} classes", body)
    return section("Per-class scores", body, name="per-class")


def _extremes(scores: Sequence[ClassScore]) -> str:
    """Return paragraphs that name the classes with the lowest and highest F1."""
    ranked = sorted((score.f1, score.label) for score in scores if score.f1 is not None)
    lowest, highest = ranked[:EXTREMES], ranked[: -EXTREMES - 1 : -1]
    return "".join(
        paragraph(f"{title} F1: {', '.join(_named(*pair) for pair in pairs)}.", "")
        for title, pairs in (("Lowest", lowest), ("Highest", highest))
        if pairs
    )


def _named(f1: float, label: str) -> str:
    """Return the label and the F1 of a class as HTML."""
    return f"<bdi>{escape(label)}</bdi> {number(f1, 2)}"
