"""Section: clips that were classified, wrong ones first, with the probabilities as the clip goes on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from lrcn_seq.errors import ArgumentError
from lrcn_seq.report.contents import Contents, ShownClip
from lrcn_seq.report.markup import escape, paragraph, percent, real
from lrcn_seq.report.markup import section as html_section
from lrcn_seq.report.plot import DOTS, Plane, below, drawing, grid, line, ticks
from lrcn_seq.report.strip import strip

POINTS = 400


class Group(NamedTuple):
    """Clips under one heading; `all` of that kind there are, where it is known."""

    title: str
    clips: Sequence[ShownClip]
    all: int | None


def section(contents: Contents) -> str:
    """Wrong, right, and those whose truth nobody knows; each with the surest answers first. Left out without clips."""
    if not contents.clips:
        return ""
    return html_section(
        "Clips", "".join(_group(group) for group in groups(contents) if group.clips), name="clips"
    )


def groups(contents: Contents) -> list[Group]:
    """The clips by how they were judged."""
    counts = contents.classes.confusion if contents.classes else None
    right = None if counts is None else int(sum(row[place] for place, row in enumerate(counts)))
    wrong = None if counts is None else int(sum(map(sum, counts))) - right
    ranked = sorted(contents.clips, key=lambda one: -(real(one.probability) or 0.0))
    known = [one for one in ranked if one.truth is not None]
    return [
        Group("Wrong", [one for one in known if one.truth != one.predicted], wrong),
        Group("Right", [one for one in known if one.truth == one.predicted], right),
        Group("Truth not known", [one for one in ranked if one.truth is None], None),
    ]


def _group(group: Group) -> str:
    count = (
        f"{len(group.clips)} of {group.all:,}"
        if group.all is not None and group.all > len(group.clips)
        else f"{len(group.clips)}"
    )
    return f'<h3 class="kind">{group.title} <span>{count}</span></h3><ol class="clips">{"".join(map(_item, group.clips))}</ol>'


def _item(one: ShownClip) -> str:
    over = over_time(one)
    return f"""<li>{strip(one.frames, one.name)}<div class="judged"><div>
<p class="generated"><bdi>{escape(one.predicted)}</bdi> <span class="sure">{percent(one.probability)}</span></p>
{_truth(one)}<ol class="likely">{"".join(_bar(*pair) for pair in one.top)}</ol>
<p class="name" dir="auto">{escape(one.name)}</p></div>{over}</div></li>"""


def _truth(one: ShownClip) -> str:
    if one.truth is None:
        return ""
    said = (
        '<span class="exact">right</span>'
        if one.truth == one.predicted
        else f'<span class="inexact">wrong</span> <span>it is <b><bdi>{escape(one.truth)}</bdi></b></span>'
    )
    return paragraph(said, "measures")


def _bar(label: str, probability: float) -> str:
    share = min(max(real(probability) or 0.0, 0.0), 1.0)
    return f'<li><bdi>{escape(label)}</bdi><span>{percent(probability)}</span><i style="--share:{100 * share:.1f}%"></i></li>'


def over_time(one: ShownClip) -> str:
    """The probability of the answer, and of the truth where it is another, over seconds; nothing without one.

    Raises:
        ArgumentError: another number of probabilities than of times.
    """
    curves = {
        kind: one.over_time[label]
        for kind, label in (("truth", one.truth), ("answer", one.predicted))
        if label in (one.over_time or {}) and not (kind == "truth" and label == one.predicted)
    }
    if not curves or not len(one.times):
        return ""
    for values in curves.values():
        if len(values) != len(one.times):
            raise ArgumentError(
                f"{one.name}: expected a probability for each of {len(one.times)} times. Received: {len(values)}."
            )
    keys = "".join(
        f'<span><i class="{kind}"></i> <bdi>{escape(one.predicted if kind == "answer" else one.truth)}</bdi></span>'
        for kind in reversed(curves)
    )
    return f"<figure><figcaption>{keys}</figcaption>{_drawing(one.times, curves)}</figure>"


def _drawing(times: Sequence[float], curves: dict[str, Sequence[float]]) -> str:
    first, last = float(times[0]), float(times[-1])
    plane = Plane(*((first, last) if last > first else (first - 1, first + 1)), 0.0, 1.0)
    # An hour has more steps than a drawing has room for.
    step = -(-len(times) // POINTS)
    parts = [
        *grid(plane),
        *below((plane.x(tick), f"{tick:g} s") for tick in ticks(first, last) or [first]),
    ]
    for kind, values in curves.items():
        points = [
            (plane.x(float(time)), plane.y(height)) if (height := real(value)) is not None else None
            for time, value in zip(times[::step], values[::step], strict=True)
        ]
        parts.append(f'<g class="{kind}">{"".join(line(points, dots=len(points) <= DOTS))}</g>')
    return drawing(parts, f"probability over {last - first:.1f} seconds")
