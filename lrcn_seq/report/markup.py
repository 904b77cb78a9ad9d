"""HTML building blocks of a section.

Text from data must be escaped with `escape`; arguments documented as HTML are inserted unchanged.
"""

from __future__ import annotations

import html
import math
import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple, SupportsFloat

from lrcn_seq.terminal import printable

HIDDEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
"""Characters that a browser does not show, or that change the direction of other text."""


class Section(NamedTuple):
    """A section of a page: its name, which must be unique on the page, and its HTML."""

    name: str
    html: str


def section(title: str, body: str, *, name: str) -> Section:
    """Return a section with a heading.

    Args:
        title: plain text of the heading.
        body: HTML below the heading.
        name: HTML id of the section, e.g. for links to it.
    """
    text = f'<section id="{escape(name)}">\n<h2>{escape(title)}</h2>\n{body}\n</section>'
    return Section(name, text)


def escape(text: object) -> str:
    r"""Return text escaped for HTML content and attributes.

    Control characters except tabs and line breaks, and characters that override the direction of
    text, become visible escapes such as `\x1b` and `\u202e`; lone surrogates become `?`.
    """
    visible = HIDDEN.sub(lambda found: printable(found[0]), str(text))
    return html.escape(visible.encode("utf-8", "replace").decode("utf-8"))


def finite(value: object) -> float | None:
    """Return a finite number as a float, or None for any other value."""
    if isinstance(value, bool) or not isinstance(value, SupportsFloat):
        return None
    converted = float(value)
    return converted if math.isfinite(converted) else None


def number(value: object, digits: int = 3) -> str:
    """Format a number with fixed decimals, or in scientific notation if it is tiny or huge.

    Args:
        value: the number; any other value becomes a dash.
        digits: number of decimals.
    """
    value = finite(value)
    if value is None:
        return "–"
    size = abs(value)
    plain = size == 0 or 0.5 * 10**-digits <= size < 1e6
    return (f"{value:.{digits}f}" if plain else f"{value:.2e}").replace("-", "−")


def percent(share: object) -> str:
    """Format a share (0–1) as a percentage; values other than finite numbers become a dash."""
    value = finite(share)
    return "–" if value is None else f"{100 * value:.{0 if value in (0, 1) else 1}f}%"


def quantity(count: int, noun: str) -> str:
    """Return a count with its noun in the singular or plural, e.g. `1 image` or `1,200 images`."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def paragraph(text: str, kind: str = "note") -> str:
    """Return a paragraph.

    Args:
        text: HTML of the paragraph.
        kind: CSS class; "" for body text, "note" for small gray text.
    """
    return f'<p class="{kind}">{text}</p>'


def table(head: Sequence[str], rows: Iterable[Sequence[str]], kind: str = "") -> str:
    """Return a table that scrolls horizontally if it is wider than the page.

    Args:
        head: HTML of the column headings; may be empty.
        rows: HTML of the cells of each row, of which the first is the heading.
        kind: CSS class.
    """
    top = f"<thead>{_row(head, 'col', headings=len(head))}</thead>" if head else ""
    body = "".join(_row(row, "row", headings=1) for row in rows)
    return f'<div class="wide"><table class="{kind}">{top}<tbody>{body}</tbody></table></div>'


def _row(cells: Sequence[str], scope: str, *, headings: int) -> str:
    """Return a table row whose first `headings` cells are headings."""
    marked = [f'<th scope="{scope}">{cell}</th>' for cell in cells[:headings]]
    return f"<tr>{''.join(marked)}{''.join(f'<td>{cell}</td>' for cell in cells[headings:])}</tr>"


def details(summary: str, body: str) -> str:
    """Return a collapsed block, given its summary and body as HTML."""
    return f"<details><summary>{summary}</summary>{body}</details>"
