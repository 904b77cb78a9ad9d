"""Section: classified clips with their most probable labels and probabilities over time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

from PIL import Image

from lrcn_seq.errors import ArgumentError
from lrcn_seq.records import Label
from lrcn_seq.report.axes import DOTS, Axes, grid, line, svg, ticks, x_labels
from lrcn_seq.report.filmstrip import filmstrip
from lrcn_seq.report.markup import Section, escape, finite, paragraph, percent, section

MAX_POINTS = 400


class ClipExample(NamedTuple):
    """A classified clip.

    `frames` are RGB images in order. `true_label` is None if unknown. `probability` is the
    probability of `predicted`, and `top` the most probable labels. `over_time` maps a label to
    its probabilities at the `times` (T,) in seconds; it may be empty. `heat_maps` are frames
    overlaid with the Grad-CAM of the predicted label.
    """

    name: str
    frames: Sequence[Image.Image]
    true_label: str | None
    predicted: str
    probability: float
    top: Sequence[Label] = ()
    times: Sequence[float] = ()
    over_time: Mapping[str, Sequence[float]] = MappingProxyType({})
    heat_maps: Sequence[Image.Image] = ()


class _Group(NamedTuple):
    """Clips under a heading; `total` is their number in the whole split, or None."""

    title: str
    examples: Sequence[ClipExample]
    total: int | None


def clip_examples(
    examples: Sequence[ClipExample], *, incorrect: int | None = None, correct: int | None = None
) -> Section | None:
    """Return a section of misclassified, correct and unlabeled clips, each sorted by confidence.

    Args:
        examples: the examples, in any order.
        incorrect: number of misclassified clips in the whole split.
        correct: number of correctly classified clips in the whole split.

    Returns:
        The section, or None without examples.

    Raises:
        ArgumentError: the numbers of probabilities and times of an example differ.
    """
    if not examples:
        return None
    ranked = sorted(examples, key=lambda clip: -(finite(clip.probability) or 0.0))
    labeled = [clip for clip in ranked if clip.true_label is not None]
    groups = [
        _Group("Misclassified", [c for c in labeled if c.true_label != c.predicted], incorrect),
        _Group("Correct", [c for c in labeled if c.true_label == c.predicted], correct),
        _Group("Without a true label", [c for c in ranked if c.true_label is None], None),
    ]
    note = (
        paragraph("The red regions of the colored frames speak most for the prediction (Grad-CAM).")
        if any(clip.heat_maps for clip in examples)
        else ""
    )
    body = note + "".join(_group(group) for group in groups if group.examples)
    return section("Clips", body, name="clip-examples")


def _group(group: _Group) -> str:
    """Return a group as HTML: a heading with the number of clips, and the clips."""
    shown = len(group.examples)
    count = f"{shown} of {group.total:,}" if (group.total or 0) > shown else f"{shown}"
    items = "".join(map(_item, group.examples))
    return f'<h3 class="kind">{group.title} <span>{count}</span></h3><ol class="clips">{items}</ol>'


def _item(example: ClipExample) -> str:
    """Return a clip as a list item."""
    probability = f'<span class="probability">{percent(example.probability)}</span>'
    labels = "".join(_bar(*label) for label in example.top)
    strips = filmstrip(example.frames, example.name) + _heat_maps(example)
    return f"""<li>{strips}<div class="classified"><div>
<p class="prediction"><bdi>{escape(example.predicted)}</bdi> {probability}</p>
{_judgment(example)}<ol class="top-labels">{labels}</ol>
<p class="name" dir="auto">{escape(example.name)}</p></div>{probability_plot(example)}</div></li>
"""


def _heat_maps(example: ClipExample) -> str:
    """Return a row of frames with Grad-CAM; "" if there are none."""
    if not example.heat_maps:
        return ""
    return filmstrip(example.heat_maps, f"{example.name}, regions that speak for the prediction")


def _judgment(example: ClipExample) -> str:
    """Return a verdict with the true label if the prediction is incorrect; "" if unlabeled."""
    if example.true_label is None:
        return ""
    if example.true_label == example.predicted:
        return paragraph('<span class="correct">correct</span>', "measures")
    true_label = f"<b><bdi>{escape(example.true_label)}</bdi></b>"
    return paragraph(
        f'<span class="incorrect">incorrect</span> <span>true label: {true_label}</span>',
        "measures",
    )


def _bar(label: str, probability: float) -> str:
    """Return a label with its probability as a number and as a bar."""
    share = min(max(finite(probability) or 0.0, 0.0), 1.0)
    return (
        f"<li><bdi>{escape(label)}</bdi><span>{percent(probability)}</span>"
        f'<i style="--share:{100 * share:.1f}%"></i></li>'
    )


def probability_plot(example: ClipExample) -> str:
    """Return a plot of the probabilities of the predicted and the true label over time.

    Returns:
        A `figure` element, or an empty string if there are no probabilities over time.

    Raises:
        ArgumentError: the numbers of probabilities and times differ.
    """
    labels = {"true-label": example.true_label, "prediction": example.predicted}
    if example.true_label == example.predicted:
        del labels["true-label"]
    found = {kind: label for kind, label in labels.items() if label in example.over_time}
    if not found or not len(example.times):
        return ""
    curves = {kind: example.over_time[label] for kind, label in found.items() if label is not None}
    for values in curves.values():
        if len(values) != len(example.times):
            raise ArgumentError(
                f"{example.name}: expected one probability for each of {len(example.times)} times. "
                f"Received: {len(values)}; pass the times of the frames that have probabilities."
            )
    keys = "".join(
        f'<span><i class="{kind}"></i> <bdi>{escape(label)}</bdi></span>'
        for kind, label in reversed(found.items())
    )
    return f"<figure><figcaption>{keys}</figcaption>{_plot(example.times, curves)}</figure>"


def _plot(times: Sequence[float], curves: Mapping[str, Sequence[float]]) -> str:
    """Return an SVG element with one probability curve per CSS class in `curves`."""
    first, last = float(times[0]), float(times[-1])
    axes = Axes(*((first, last) if last > first else (first - 1, first + 1)), 0.0, 1.0)
    # Show every `step`-th frame if a video has more frames than the plot can show.
    step = -(-len(times) // MAX_POINTS)
    seconds = ((axes.x(tick), f"{tick:g} s") for tick in ticks(first, last) or [first])
    parts = [*grid(axes), *x_labels(seconds)]
    for kind, values in curves.items():
        points = [
            None if (known := finite(value)) is None else (axes.x(float(time)), axes.y(known))
            for time, value in zip(times[::step], values[::step], strict=True)
        ]
        parts.append(f'<g class="{kind}">{"".join(line(points, dots=len(points) <= DOTS))}</g>')
    return svg(parts, f"probability over {last - first:.1f} seconds")
