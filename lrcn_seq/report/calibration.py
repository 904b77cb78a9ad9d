"""Section: is a classifier as often right as it is sure? A reliability diagram (Guo et al. 2017, figure 1)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from lrcn_seq.metrics import Bin, calibration_error
from lrcn_seq.report.contents import Contents
from lrcn_seq.report.markup import details, escape, number, paragraph, percent, table
from lrcn_seq.report.markup import section as html_section
from lrcn_seq.report.plot import BOTTOM, TOP, Plane, below, drawing, grid, ticks

# As high as wide between its margins, so that the line of the ideal rises at 45 degrees.
PLANE = Plane(0.0, 1.0, 0.0, 1.0, height=284 + TOP + BOTTOM)
NOTICED = 0.05


def section(contents: Contents) -> str:
    """The figure in words, the diagram, and the bins in a table; left out where nothing was classified."""
    bins = contents.classes.bins if contents.classes else ()
    if not sum(one.count for one in bins):
        return ""
    figure = f"<figure><figcaption>share that is right, by confidence</figcaption>{diagram(bins)}</figure>"
    rows = (
        [
            f"{place / len(bins):.2f}–{(place + 1) / len(bins):.2f}",
            number(one.confidence),
            number(one.accuracy),
            f"{one.count:,}",
        ]
        for place, one in enumerate(bins)
        if one.count
    )
    values = details(
        "All values",
        table(
            ["confidence from–to", "mean confidence", "share right", escape(contents.nouns)],
            rows,
            "values",
        ),
    )
    note = paragraph(
        f"Each bar holds the {escape(contents.nouns)} of about one confidence, the fuller its color the more; the dot is their mean. "
        "Where a bar stays under the dashed line the model is surer than it is right."
    )
    return html_section(
        "Can its confidence be believed?",
        f'<div class="beside">{figure}<div>{verdict(bins)}{note}{values}</div></div>',
        name="calibration",
    )


def verdict(bins: Sequence[Bin]) -> str:
    """The expected calibration error, and whether the model is too sure or too careful on the whole."""
    held = [one for one in bins if one.count]
    total = sum(one.count for one in held)
    sure, right = (
        sum(value * one.count for value, one in zip(values, held, strict=True)) / total
        for values in ([one.confidence for one in held], [one.accuracy for one in held])
    )
    kind = (
        "as sure as it is right, on the whole"
        if abs(sure - right) <= NOTICED
        else "too sure"
        if sure > right
        else "too careful"
    )
    return paragraph(
        f"Expected calibration error <b>{number(calibration_error(bins))}</b>. Mean confidence {percent(sure)}, right {percent(right)}: {kind}.",
        "",
    )


def diagram(bins: Sequence[Bin]) -> str:
    """The reliability diagram as SVG."""
    parts = [
        *grid(PLANE),
        *below(((PLANE.x(tick), number(tick, 1)) for tick in ticks(0, 1)), height=PLANE.height),
        *_bars(bins),
        _ideal(),
        *_dots(bins),
    ]
    return drawing(
        parts,
        f"share right over confidence, expected calibration error {number(calibration_error(bins))}",
        height=PLANE.height,
    )


def _bars(bins: Sequence[Bin]) -> Iterator[str]:
    most = max(one.count for one in bins)
    for place, one in enumerate(bins):
        if one.count:
            left, right, top = (
                PLANE.x(place / len(bins)),
                PLANE.x((place + 1) / len(bins)),
                PLANE.y(one.accuracy),
            )
            fullness = 0.25 + 0.6 * (one.count / most) ** 0.5
            yield f'<rect class="bar" opacity="{fullness:.2f}" x="{left:.1f}" y="{top:.1f}" width="{right - left - 1:.1f}" height="{PLANE.y(0) - top:.1f}"/>'


def _ideal() -> str:
    return f'<path class="ideal" d="M{PLANE.x(0):.1f} {PLANE.y(0):.1f} L{PLANE.x(1):.1f} {PLANE.y(1):.1f}"/>'


def _dots(bins: Sequence[Bin]) -> Iterator[str]:
    yield from (
        f'<circle class="best" cx="{PLANE.x(one.confidence):.1f}" cy="{PLANE.y(one.accuracy):.1f}" r="4"/>'
        for one in bins
        if one.count
    )
