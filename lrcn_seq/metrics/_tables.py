"""Scores as tables: plain, Markdown and LaTeX; and metrics as they are written on a command line."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from lrcn_seq.errors import UsageError

SPECIAL = str.maketrans(
    {character: f"\\{character}" for character in "&%$#_{}"}
    | {"\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}"}
)


class Table(NamedTuple):
    """Head and rows of text; the first column is left-aligned, the others right."""

    head: tuple[str, ...]
    rows: list[tuple[str, ...]]

    def as_text(self, style: str) -> str:
        """The table as `text`, `markdown` or `latex`."""
        return {"text": self._plain, "markdown": self._markdown, "latex": self._latex}[style]()

    def _plain(self) -> str:
        widths = [max(map(len, column)) for column in zip(self.head, *self.rows, strict=True)]
        return "\n".join(
            "  ".join(
                [
                    row[0].ljust(widths[0]),
                    *(cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True)),
                ]
            ).rstrip()
            for row in [self.head, *self.rows]
        )

    def _markdown(self) -> str:
        lines = [[cell.replace("|", "\\|") for cell in row] for row in [self.head, *self.rows]]
        lines.insert(1, ["---", *["---:"] * (len(self.head) - 1)])
        return "\n".join(f"| {' | '.join(row)} |" for row in lines)

    def _latex(self) -> str:
        lines = [
            " & ".join(cell.translate(SPECIAL) for cell in row) + r" \\"
            for row in [self.head, *self.rows]
        ]
        return "\n".join(
            [
                rf"\begin{{tabular}}{{l{'r' * (len(self.head) - 1)}}}",
                r"\hline",
                lines[0],
                r"\hline",
                *lines[1:],
                r"\hline",
                r"\end{tabular}",
            ]
        )


def score_table(results: Mapping[str, Mapping[str, Any]]) -> Table:
    """A row a system, with intervals where there are some."""
    names = list(next(iter(results.values()))["metrics"])
    rows = []
    for system, result in results.items():
        spans = result.get("intervals", {})
        rows.append(
            (
                system,
                *(
                    f"{result['metrics'][name]:.4f}"
                    + (f" [{spans[name][0]:.4f}, {spans[name][1]:.4f}]" if name in spans else "")
                    for name in names
                ),
                str(result["count"]),
            )
        )
    return Table(("system", *names, "count"), rows)


def sentence_table(system: str, result: Mapping[str, Any]) -> Table:
    """A row a sentence."""
    return Table(
        (f"{system}: id", *result["metrics"]),
        [
            (name, *(f"{value:.4f}" for value in row.values()))
            for name, row in result["sentences"].items()
        ],
    )


def difference_table(rows: Sequence[Mapping[str, Any]]) -> Table:
    """A row a metric and pair of systems."""
    head = ("metric", "systems", "difference", "95 % interval", "p")
    return Table(
        head,
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
    """A column a system."""
    names = list(next(iter(results.values()))["health"])
    return Table(
        ("health", *results),
        [(name, *(shown(result["health"][name]) for result in results.values())) for name in names],
    )


def noted(lines: Iterable[str], style: str) -> list[str]:
    """Lines that stand under a table: as they are, as a list, or as comments."""
    return [{"text": "", "markdown": "- ", "latex": "% "}[style] + line for line in lines]


def shown(value: float | None) -> str:
    """A number for people."""
    return "-" if value is None else str(value) if isinstance(value, int) else f"{value:.4f}"


def metric_specs(text: str) -> list[dict[str, Any]]:
    """`bleu,cider:variant=plain:order=3` as specs of parts.

    Raises:
        UsageError: no metric, one twice, or an option without a value.
    """
    specs = []
    for written in filter(None, (part.strip() for part in text.split(","))):
        name, *options = written.split(":")
        pairs = [option.partition("=") for option in options]
        if not all(key and sign for key, sign, _ in pairs):
            raise UsageError(
                f"--metrics: expected NAME or NAME:OPTION=VALUE. Received: {written!r}."
            )
        specs.append({"type": name.lower(), **{key: plain(value) for key, _, value in pairs}})
    names = [spec["type"] for spec in specs]
    if not specs or len(set(names)) < len(names):
        raise UsageError(
            f"--metrics: expected each metric once, with commas between them. Received: {text!r}."
        )
    return specs


def plain(value: str) -> Any:
    """A number, true, false or null as such; anything else as text."""
    try:
        found = json.loads(value)
    except ValueError:
        return value
    return found if isinstance(found, int | float | bool) or found is None else value
