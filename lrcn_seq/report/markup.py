"""Text and numbers as HTML: everything that comes from outside the library passes through `escape`."""

from __future__ import annotations

import html
import math
from collections.abc import Iterable, Sequence
from typing import Any

# How the field writes the names; any other name loses its underscores.
NAMES = {
    "rouge_l": "ROUGE-L", "cider": "CIDEr", "meteor": "METEOR", "spice": "SPICE", "loss": "training loss", "exact": "exactly right",
    "top_1": "top-1 accuracy", "top_5": "top-5 accuracy", "mean_class": "mean class accuracy", "calibration": "calibration error",
}  # fmt: skip


def escape(text: Any) -> str:
    """Text made safe for content and attributes. Halves of characters (names of files that are not UTF-8) become `?`."""
    return html.escape(str(text).encode("utf-8", "replace").decode("utf-8"))


def label(name: str) -> str:
    """The name of a score as the field writes it, escaped."""
    if name.startswith("bleu_"):
        return f"BLEU-{escape(name[5:])}"
    return NAMES.get(name) or escape(name.replace("_", " "))


def real(value: Any) -> float | None:
    """A finite number as float; None for anything else."""
    if isinstance(value, bool) or not hasattr(value, "__float__"):
        return None
    value = float(value)
    return value if math.isfinite(value) else None


def number(value: Any, digits: int = 3) -> str:
    """A number as people read it; a dash where there is none."""
    value = real(value)
    if value is None:
        return "–"
    size = abs(value)
    plain = size == 0 or 0.5 * 10**-digits <= size < 1e6
    return (f"{value:.{digits}f}" if plain else f"{value:.2e}").replace("-", "−")


def percent(value: Any) -> str:
    """A share as percent; a dash where there is none."""
    value = real(value)
    return "–" if value is None else f"{100 * value:.{0 if value in (0, 1) else 1}f} %"


def section(title: str, body: str, *, name: str) -> str:
    """A section with its heading. `body` is HTML."""
    return f'<section id="{name}">\n<h2>{title}</h2>\n{body}\n</section>'


def paragraph(text: str, kind: str = "note") -> str:
    """A paragraph. `text` is HTML."""
    return f'<p class="{kind}">{text}</p>'


def table(head: Sequence[str], rows: Iterable[Sequence[str]], kind: str = "") -> str:
    """A table whose first cell of a row names it. Cells are HTML."""
    top = f"<thead>{_row(head, 'col', head=True)}</thead>" if head else ""
    body = "".join(_row(row, "row") for row in rows)
    return f'<div class="wide"><table class="{kind}">{top}<tbody>{body}</tbody></table></div>'


def _row(cells: Sequence[str], scope: str, *, head: bool = False) -> str:
    marked = [
        f'<th scope="{scope}">{cell}</th>' if head or index == 0 else f"<td>{cell}</td>"
        for index, cell in enumerate(cells)
    ]
    return f"<tr>{''.join(marked)}</tr>"


def details(summary: str, body: str) -> str:
    """A block that opens on request. Both are HTML."""
    return f"<details><summary>{summary}</summary>{body}</details>"
