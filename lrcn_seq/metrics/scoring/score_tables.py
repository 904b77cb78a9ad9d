"""Tables of scores in plain text, Markdown and LaTeX."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from lrcn_seq.terminal import printable

LATEX_SPECIAL = str.maketrans(
    {character: f"\\{character}" for character in "&%$#_{}"}
    | {"\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}"}
)


class Table(NamedTuple):
    """A table of text whose first column is aligned left and whose other columns are aligned right.

    Attributes:
        head: titles of the columns.
        rows: text of the cells of each row.
    """

    head: tuple[str, ...]
    rows: list[tuple[str, ...]]

    def as_text(self, style: str) -> str:
        """Render the table in the style `text`, `markdown` or `latex`."""
        rows = [tuple(map(printable, row)) for row in self.rows]
        table = Table(tuple(map(printable, self.head)), rows)
        return {"text": table._plain, "markdown": table._markdown, "latex": table._latex}[style]()

    def _plain(self) -> str:
        first, *widths = [
            max(map(len, column)) for column in zip(self.head, *self.rows, strict=True)
        ]
        lines = []
        for head, *cells in (self.head, *self.rows):
            right = [cell.rjust(width) for cell, width in zip(cells, widths, strict=True)]
            lines.append("  ".join([head.ljust(first), *right]).rstrip())
        return "\n".join(lines)

    def _markdown(self) -> str:
        lines = [[cell.replace("|", "\\|") for cell in row] for row in (self.head, *self.rows)]
        lines.insert(1, ["---", *["---:"] * (len(self.head) - 1)])
        return "\n".join(f"| {' | '.join(row)} |" for row in lines)

    def _latex(self) -> str:
        head, *rows = [
            " & ".join(cell.translate(LATEX_SPECIAL) for cell in row) + r" \\"
            for row in (self.head, *self.rows)
        ]
        begin = rf"\begin{{tabular}}{{l{'r' * (len(self.head) - 1)}}}"
        return "\n".join([begin, r"\hline", head, r"\hline", *rows, r"\hline", r"\end{tabular}"])


def score_table(results: Mapping[str, Mapping[str, Any]]) -> Table:
    """Return a table of the scores of several systems, with intervals if present.

    Args:
        results: for each system, `metrics`, `count` and optionally `intervals`.
    """
    names = list(next(iter(results.values()))["metrics"])
    rows = []
    for system, result in results.items():
        cells = [
            " ".join(filter(None, (f"{result['metrics'][name]:.4f}", interval_text(result, name))))
            for name in names
        ]
        rows.append((system, *cells, str(result["count"])))
    return Table(("system", *names, "count"), rows)


def is_always_one(name: str, signature: str) -> bool:
    """Return whether a score is 1 for all predictions, as the top-5 accuracy of five classes is."""
    rank, classes = re.fullmatch(r"top_(\d+)", name), re.search(r"\bclasses:(\d+)", signature)
    return bool(rank and classes and int(rank[1]) >= int(classes[1]))


def interval_text(result: Mapping[str, Any], name: str, digits: int = 4) -> str:
    """Return the interval of a score as `[low, high]`, or "" if the score has none.

    Args:
        result: the scores of a system, optionally with `intervals`.
        name: name of the score.
        digits: number of decimals.
    """
    low, high = result.get("intervals", {}).get(name, (None, None))
    return "" if low is None else f"[{low:.{digits}f}, {high:.{digits}f}]"


def sentence_table(system: str, result: Mapping[str, Any]) -> Table:
    """Return a table of the scores of each sentence of a system."""
    return Table(
        (f"{system}: id", *result["metrics"]),
        [
            (name, *(f"{value:.4f}" for value in row.values()))
            for name, row in result["sentences"].items()
        ],
    )


def difference_table(rows: Sequence[Mapping[str, Any]]) -> Table:
    """Return a table of the differences between pairs of systems, by metric."""
    return Table(
        ("metric", "systems", "difference", "95 % interval", "p"),
        [
            (
                row["metric"],
                f"{row['a']} - {row['b']}",
                f"{row['difference']:+.4f}",
                f"[{row['low']:+.4f}, {row['high']:+.4f}]",
                f"{row['p_value']:.4f}",
            )
            for row in rows
        ],
    )


def health_table(results: Mapping[str, Mapping[str, Any]]) -> Table:
    """Return a table of diversity values, with a column per system."""
    names = list(next(iter(results.values()))["health"])
    return Table(
        ("health", *results),
        [
            (name, *(format_number(result["health"][name]) for result in results.values()))
            for name in names
        ],
    )


def notes(lines: Iterable[str], style: str) -> list[str]:
    """Format the lines below a table as text, a Markdown list, or LaTeX comments."""
    return [{"text": "", "markdown": "- ", "latex": "% "}[style] + line for line in lines]


def format_number(value: float | None) -> str:
    """Format an integer as it is, a float with four decimals, and None as `-`."""
    if value is None:
        return "-"
    return str(value) if isinstance(value, int) else f"{value:.4f}"
