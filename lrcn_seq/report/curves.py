"""Section: how training went, one small drawing a figure, with the best epoch marked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from lrcn_seq.report.contents import Contents
from lrcn_seq.report.health import KNOWN
from lrcn_seq.report.markup import details, escape, label, number, paragraph, real, table
from lrcn_seq.report.markup import section as html_section
from lrcn_seq.report.plot import Stage, plot

NOT_FIGURES = ("stage", "epoch", "best")


def section(contents: Contents) -> str:
    """Loss first, then the score that was watched, then the others; all values in a table below."""
    rows = contents.history
    names = figures(rows, contents.monitor)
    if not names:
        return html_section("Training", paragraph("No epoch has been finished."), name="training")
    stages, best = stages_of(rows), best_of(rows)
    panels = "".join(
        _panel(name, rows, stages, best, watched=name == contents.monitor) for name in names
    )
    return html_section(
        "Training",
        f'{_note(rows, stages, best, contents.monitor)}<div class="panels">{panels}</div>{details("All values", _values(rows, names))}',
        name="training",
    )


def figures(rows: Sequence[Mapping[str, Any]], monitor: str) -> list[str]:
    """Names that have at least one value that can be drawn, in the order they are shown."""
    found = dict.fromkeys(
        name
        for row in rows
        for name in row
        if name not in NOT_FIGURES and _drawn(row, name) is not None
    )
    return [
        *(name for name in dict.fromkeys(("loss", monitor)) if name in found),
        *(name for name in found if name not in ("loss", monitor)),
    ]


def stages_of(rows: Sequence[Mapping[str, Any]]) -> list[Stage]:
    """Runs of rows with one stage. Stages that are numbers count from 0 in the file and from 1 here."""
    starts = [
        index
        for index, row in enumerate(rows)
        if index == 0 or row.get("stage") != rows[index - 1].get("stage")
    ]
    return [
        Stage(_stage_name(rows[first].get("stage")), first, end)
        for first, end in zip(starts, [*starts[1:], len(rows)], strict=True)
    ]


def best_of(rows: Sequence[Mapping[str, Any]]) -> int | None:
    """The last epoch that improved on those before: its weights were kept."""
    return max((index for index, row in enumerate(rows) if row.get("best")), default=None)


def _stage_name(stage: Any) -> str:
    return f"stage {stage + 1}" if isinstance(stage, int) else escape(stage or "")


def _drawn(row: Mapping[str, Any], name: str) -> float | None:
    """The value, or None for a gap. What a diverging loss reaches beyond 1e100 would overflow the drawing."""
    value = real(row.get(name))
    return value if value is not None and abs(value) < 1e100 else None


def _text(name: str) -> str:
    return KNOWN[name][0] if name in KNOWN else label(name)


def _note(
    rows: Sequence[Mapping[str, Any]], stages: Sequence[Stage], best: int | None, monitor: str
) -> str:
    many = f"{len(rows)} epoch{'s' if len(rows) > 1 else ''}" + (
        f" in {len(stages)} stages" if len(stages) > 1 else ""
    )
    if best is None:
        return paragraph(f"{many}; none was the best by {label(monitor)}.")
    value = real(rows[best].get(monitor))
    reached = f" ({number(value)})" if value is not None else ""
    return paragraph(
        f'{many}. The weights kept are those of epoch {best + 1}, the best by dev {label(monitor)}{reached}: <span class="key"></span> in each drawing.'
    )


def _panel(
    name: str,
    rows: Sequence[Mapping[str, Any]],
    stages: Sequence[Stage],
    best: int | None,
    *,
    watched: bool,
) -> str:
    values = [_drawn(row, name) for row in rows]
    shown = values[best] if best is not None else values[-1]
    kind = ' class="watched"' if watched else ""
    text = _text(name) if name == "loss" else f"dev {_text(name)}"
    return f"<figure{kind}><figcaption>{text} <b>{number(shown)}</b></figcaption>{plot(values, name=text, stages=stages, best=best)}</figure>"


def _values(rows: Sequence[Mapping[str, Any]], names: Sequence[str]) -> str:
    mark = '<span class="key" title="best so far"></span>'
    lines = (
        [str(epoch + 1), stage.name, *(number(rows[epoch].get(name)) for name in names), mark if rows[epoch].get("best") else ""]
        for stage in stages_of(rows) for epoch in range(stage.first, stage.end)
    )  # fmt: skip
    return table(["epoch", "stage", *map(_text, names), "best so far"], lines, "values")
