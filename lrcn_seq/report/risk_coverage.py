"""Section: the score of the most confident predictions by their share."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from lrcn_seq.metrics import SelectionGain
from lrcn_seq.report.axes import BOTTOM, TOP, Axes, grid, line, padded_range, svg, ticks, x_labels
from lrcn_seq.report.markup import Section, details, escape, number, paragraph, section, table
from lrcn_seq.report.metric_labels import metric_label

HEIGHT = 220 + TOP + BOTTOM
POINTS = 200
"""Largest number of points of the curve."""
ROWS = 10
FEWEST_SHOWN = 0.05
"""Share of the predictions below which the mean depends on a few of them, and is not drawn."""


def risk_coverage(
    scores: Sequence[float], gain: SelectionGain, noun: str, metric: str = "cider"
) -> Section | None:
    """Return the curve of the mean score of the most confident predictions, and its table.

    Args:
        scores: (M,) mean score of the 1 to M most confident predictions.
        gain: the more confident half, compared with all predictions.
        noun: singular noun for a predicted item, e.g. `image`.
        metric: name of the metric.

    Returns:
        The section, or None if there are no predictions.
    """
    if not scores:
        return None
    label, nouns = metric_label(metric), f"{escape(noun)}s"
    figure = (
        f"<figure><figcaption>mean {label} by coverage</figcaption>{curve(scores, label)}</figure>"
    )
    note = paragraph(
        f"Coverage is the share of the {nouns} whose captions are kept, the most confident first. "
        f"The dot at 1 is the mean of all {nouns}, and that at 0.5 is the mean of the more "
        "confident half. A confidence without information would give a flat line."
    )
    values = details("All values", table(["coverage", f"mean {label}", nouns], _rows(scores)))
    body = f'<div class="columns">{figure}<div>{_summary(gain, label)}{note}{values}</div></div>'
    return section("Risk and coverage", body, name="risk-coverage")


def _summary(gain: SelectionGain, label: str) -> str:
    """Return a paragraph with the scores of the more confident half and of all predictions."""
    interval = "too few for an interval"
    if gain.low is not None:
        interval = f"95 % interval {number(gain.low)} to {number(gain.high)}, paired bootstrap"
    return paragraph(
        f"{label} of the more confident half <b>{number(gain.half)}</b>, of all "
        f"{number(gain.all)}: a difference of <b>{number(gain.difference)}</b> ({interval}).",
        "",
    )


def curve(scores: Sequence[float], label: str) -> str:
    """Return the curve as an SVG element.

    Args:
        scores: (M,) mean score of the 1 to M most confident predictions.
        label: label of the metric.
    """
    count = len(scores)
    first = max(1, min(count, round(FEWEST_SHOWN * count)))
    ends = np.unique(np.linspace(first, count, min(POINTS, count - first + 1)).round().astype(int))
    shown = [scores[end - 1] for end in ends]
    low, high = padded_range(min(0.0, *shown), max(shown)) if len(shown) > 1 else (0.0, 1.0)
    axes = Axes(0.0, 1.0, low, high, height=HEIGHT)
    points = [(axes.x(end / count), axes.y(scores[end - 1])) for end in ends]
    labels = ((axes.x(tick), number(tick, 1)) for tick in ticks(0, 1))
    marked = ((half, scores[half - 1]) for half in ((count + 1) // 2, count))
    parts = [
        *grid(axes),
        *x_labels(labels, height=HEIGHT),
        *line(points),
        *(
            f'<circle class="best" cx="{axes.x(end / count):.1f}" cy="{axes.y(value):.1f}" r="4"/>'
            for end, value in marked
        ),
    ]
    return svg(parts, f"mean {label} over coverage", height=HEIGHT)


def _rows(scores: Sequence[float]) -> list[list[str]]:
    """Return the rows of the table: coverage, mean score and number of predictions."""
    count = len(scores)
    ends = dict.fromkeys(-(-count * step // ROWS) for step in range(1, ROWS + 1))
    return [[f"{end / count:.2f}", number(scores[end - 1]), f"{end:,}"] for end in ends]
