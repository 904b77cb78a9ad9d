"""Section: calibration of predictions, with a reliability diagram (Guo et al. 2017, figure 1)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from lrcn_seq.metrics import Bin, calibration_error
from lrcn_seq.report.axes import BOTTOM, TOP, Axes, grid, svg, ticks, x_labels
from lrcn_seq.report.markup import (
    Section,
    details,
    escape,
    number,
    paragraph,
    percent,
    section,
    table,
)

# The plot area is square, so that perfect calibration is a line at 45 degrees.
AXES = Axes(0.0, 1.0, 0.0, 1.0, height=284 + TOP + BOTTOM)
TOLERANCE = 0.05
"""Largest difference between mean confidence and accuracy that counts as well calibrated."""
FEW = 30
"""Number of predictions below which over- and underconfidence are not stated."""


def calibration(
    bins: Sequence[Bin], noun: str, *, share: str = "accuracy", remark: str = ""
) -> Section | None:
    """Return the expected calibration error, the reliability diagram and a table of its bins.

    Args:
        bins: bins of equal width over the confidences from 0 to 1.
        noun: singular noun for a predicted item, e.g. `clip`.
        share: name of the share of correct predictions.
        remark: a sentence on the predictions, as plain text.

    Returns:
        The section, or None if all bins are empty.
    """
    if not any(one.count for one in bins):
        return None
    nouns = f"{escape(noun)}s"
    figure = (
        f"<figure><figcaption>{share} by confidence</figcaption>{diagram(bins, share)}</figure>"
    )
    rows = (
        [
            f"{i / len(bins):.2f}–{(i + 1) / len(bins):.2f}",
            number(one.confidence),
            number(one.accuracy),
            f"{one.count:,}",
        ]
        for i, one in enumerate(bins)
        if one.count
    )
    head = ["confidence", "mean confidence", share, nouns]
    values = details("All values", table(head, rows, "values"))
    note = paragraph(
        f"Each bar covers the {nouns} of one confidence interval: the fuller its color, the more "
        f"{nouns}; the dot marks their mean confidence. A bar below the dashed line means that the "
        f"model is overconfident. {escape(remark)}".rstrip()
    )
    body = f'<div class="columns">{figure}<div>{verdict(bins, share)}{note}{values}</div></div>'
    return section("Calibration", body, name="calibration")


def verdict(bins: Sequence[Bin], share: str = "accuracy") -> str:
    """Return a paragraph that states the calibration error and over- or underconfidence."""
    total = sum(count for *_, count in _occupied(bins))
    confidence = sum(mean * count for _, mean, _, count in _occupied(bins)) / total
    accuracy = sum(right * count for _, _, right, count in _occupied(bins)) / total
    kind = "overconfident on average" if confidence > accuracy else "underconfident on average"
    if abs(confidence - accuracy) <= TOLERANCE:
        kind = "well calibrated on average"
    if total < FEW:
        kind = f"with {total} predictions, the difference may be chance"
    return paragraph(
        f"Expected calibration error <b>{number(calibration_error(bins))}</b>. Mean confidence "
        f"{percent(confidence)}, {share} {percent(accuracy)}: {kind}.",
        "",
    )


def diagram(bins: Sequence[Bin], share: str = "accuracy") -> str:
    """Return the reliability diagram as an SVG element."""
    labels = ((AXES.x(tick), number(tick, 1)) for tick in ticks(0, 1))
    parts = [
        *grid(AXES),
        *x_labels(labels, height=AXES.height),
        *_bars(bins),
        f'<path class="ideal" d="M{AXES.x(0):.1f} {AXES.y(0):.1f} '
        f'L{AXES.x(1):.1f} {AXES.y(1):.1f}"/>',
        *_dots(bins),
    ]
    error = number(calibration_error(bins))
    title = f"{share} over confidence, expected calibration error {error}"
    return svg(parts, title, height=AXES.height)


def _occupied(bins: Sequence[Bin]) -> list[tuple[int, float, float, int]]:
    """Return index, mean confidence, accuracy and count of each bin that is not empty."""
    return [
        (i, one.confidence, one.accuracy, one.count)
        for i, one in enumerate(bins)
        if one.confidence is not None and one.accuracy is not None
    ]


def _bars(bins: Sequence[Bin]) -> Iterator[str]:
    """Yield a bar for the accuracy of each bin; the bars of larger bins are more opaque."""
    most = max(one.count for one in bins)
    for i, _, accuracy, count in _occupied(bins):
        left, right = AXES.x(i / len(bins)), AXES.x((i + 1) / len(bins))
        top = AXES.y(accuracy)
        opacity = 0.25 + 0.6 * (count / most) ** 0.5
        yield (
            f'<rect class="bar" opacity="{opacity:.2f}" x="{left:.1f}" y="{top:.1f}" '
            f'width="{right - left - 1:.1f}" height="{AXES.y(0) - top:.1f}"/>'
        )


def _dots(bins: Sequence[Bin]) -> Iterator[str]:
    """Yield a dot at the mean confidence and accuracy of each bin."""
    for _, confidence, accuracy, _ in _occupied(bins):
        x, y = AXES.x(confidence), AXES.y(accuracy)
        yield f'<circle class="best" cx="{x:.1f}" cy="{y:.1f}" r="4"/>'
