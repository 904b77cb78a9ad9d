"""Section: training curves with one plot per value and the best epoch marked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from lrcn_seq.report.epoch_plot import Stage, epoch_plot
from lrcn_seq.report.markup import (
    Section,
    details,
    escape,
    finite,
    number,
    paragraph,
    quantity,
    section,
    table,
)
from lrcn_seq.report.metric_labels import metric_label

Rows = Sequence[Mapping[str, object]]

POSITION_KEYS = ("stage", "epoch", "best")
NOT_DEV = ("loss", "dev_loss", "reward", "entropy")
"""Values whose label needs no `dev`."""


def curves(history: Rows, monitor: str, *, keeps_best: bool = True) -> Section:
    """Return plots of the training loss and the dev scores, followed by a table of all values.

    Args:
        history: one row per epoch, as in `history.jsonl`: `stage`, `epoch`, `loss`, the dev scores
            by name, and `best`, which is true if the monitored score improved.
        monitor: name of the dev score that selects the best epoch. Its plot follows the loss.
        keeps_best: whether the saved weights are those of the best epoch rather than the last one.
    """
    names = plot_names(history, monitor)
    if not names:
        return section("Training", paragraph("No epoch has been completed."), name="training")
    stages = stages_of(history)
    best = best_epoch(history) if keeps_best else len(history) - 1
    panels = "".join(
        _panel(name, history, stages, best, monitored=name == monitor) for name in names
    )
    values = details("All values", _values(history, stages, names))
    note = _note(history, stages, best, monitor, keeps_best=keeps_best)
    body = f'{note}<div class="panels">{panels}</div>{values}'
    return section("Training", body, name="training")


def plot_names(history: Rows, monitor: str) -> list[str]:
    """Return the names of the plots in order: loss, monitored score, other scores.

    A top-k accuracy that is always 1, as with at most k classes, has no plot.
    """
    found: dict[str, set[float]] = {}
    for row in history:
        for name in row:
            value = _value(row, name)
            if name not in POSITION_KEYS and value is not None:
                found.setdefault(name, set()).add(value)
    for name in [name for name in found if name.startswith("top_") and found[name] == {1.0}]:
        if name not in ("top_1", monitor):
            del found[name]
    leading = [name for name in dict.fromkeys(("loss", monitor)) if name in found]
    return [*leading, *(name for name in found if name not in leading)]


def stages_of(history: Rows) -> list[Stage]:
    """Return the stages of training, numbered from 1.

    A stage is a group of consecutive history rows with equal `stage`, which counts from 0.
    """
    starts = [
        index
        for index, row in enumerate(history)
        if index == 0 or row.get("stage") != history[index - 1].get("stage")
    ]
    return [
        Stage(_stage_name(history[first].get("stage")), first, end)
        for first, end in zip(starts, [*starts[1:], len(history)], strict=True)
    ]


def best_epoch(history: Rows) -> int | None:
    """Return the index of the last history row that improved the monitored score, or None."""
    return max((index for index, row in enumerate(history) if row.get("best")), default=None)


def _stage_name(stage: object) -> str:
    """Return the name of a stage as HTML."""
    return f"stage {stage + 1}" if isinstance(stage, int) else escape(stage or "")


def _value(row: Mapping[str, object], name: str) -> float | None:
    """Return a value of a history row; values that cannot be plotted become None, a gap."""
    value = finite(row.get(name))
    return value if value is not None and abs(value) < 1e100 else None


def _note(
    history: Rows, stages: Sequence[Stage], best: int | None, monitor: str, *, keeps_best: bool
) -> str:
    """Return a paragraph that states the number of epochs and the epoch of the saved weights."""
    epochs = quantity(len(history), "epoch")
    if len(stages) > 1:
        epochs += f" in {len(stages)} stages"
    score = f"dev {metric_label(monitor)}"
    if best is None:
        return paragraph(f"{epochs}; no epoch improved the {score}.")
    value = finite(history[best].get(monitor))
    reached = f" ({number(value)})" if value is not None else ""
    reason = f"which has the best {score}" if keeps_best else f"the last one, with the {score}"
    return paragraph(
        f"{epochs}. The saved weights are those of epoch {best + 1}, {reason}{reached}: "
        '<span class="key"></span> in each plot.'
    )


def _panel(
    name: str, history: Rows, stages: Sequence[Stage], best: int | None, *, monitored: bool
) -> str:
    """Return a plot with its label and its value at epoch `best`, or at the last one for None."""
    values = [_value(row, name) for row in history]
    label = metric_label(name) if name in NOT_DEV else f"dev {metric_label(name)}"
    kind = ' class="monitored"' if monitored else ""
    caption = f"{label} <b>{number(values[-1 if best is None else best])}</b>"
    plot = epoch_plot(values, name=label, stages=stages, best=best)
    return f"<figure{kind}><figcaption>{caption}</figcaption>{plot}</figure>"


def _values(history: Rows, stages: Sequence[Stage], names: Sequence[str]) -> str:
    """Return a table of all plotted values with a row per epoch."""
    mark = '<span class="key" title="best so far"></span>'
    rows = (
        [
            str(epoch + 1),
            stage.name,
            *(number(history[epoch].get(name)) for name in names),
            mark if history[epoch].get("best") else "",
        ]
        for stage in stages
        for epoch in range(stage.first, stage.end)
    )
    return table(["epoch", "stage", *map(metric_label, names), "best so far"], rows, "values")
