"""Section: precision, recall and F1 of every class."""

from __future__ import annotations

from collections.abc import Sequence

from lrcn_seq.metrics import ClassScore
from lrcn_seq.report.contents import Contents
from lrcn_seq.report.markup import details, escape, number, paragraph, table
from lrcn_seq.report.markup import section as html_section

OPEN, NAMED = 24, 5


def section(contents: Contents) -> str:
    """A table, of many classes folded under the names of the worst and the best; left out of a run that does not classify."""
    scores = contents.classes.per_class if contents.classes else ()
    if not scores:
        return ""
    rows = (
        [
            f'<span dir="auto">{escape(one.label)}</span>',
            f"{one.count:,}",
            number(one.precision),
            number(one.recall),
            number(one.f1),
        ]
        for one in scores
    )
    body = table(["class", escape(contents.nouns), "precision", "recall", "F1"], rows, "classes")
    return html_section(
        "Class by class",
        body
        if len(scores) <= OPEN
        else extremes(scores) + details(f"All {len(scores)} classes", body),
        name="per-class",
    )


def extremes(scores: Sequence[ClassScore]) -> str:
    """The classes of lowest and of highest F1, in words."""
    ranked = sorted((one for one in scores if one.f1 is not None), key=lambda one: one.f1)
    return "".join(
        paragraph(f"{what} F1: {', '.join(map(_named, some))}.", "")
        for what, some in (("Lowest", ranked[:NAMED]), ("Highest", ranked[: -NAMED - 1 : -1]))
        if some
    )


def _named(one: ClassScore) -> str:
    return f"<bdi>{escape(one.label)}</bdi> {number(one.f1, 2)}"
