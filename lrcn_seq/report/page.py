"""The page, an HTML file with a title and sections."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import resources
from pathlib import Path
from string import Template
from typing import NamedTuple

from lrcn_seq.files import write_text
from lrcn_seq.report.markup import Section, escape


class Page(NamedTuple):
    """A report: title and subtitle as plain text, and sections. A section of None is skipped."""

    title: str
    subtitle: str
    sections: Sequence[Section | None]


def write(path: str | Path, page: Page) -> None:
    """Write a page to a file, replacing an existing file atomically.

    Raises:
        RunError: the file cannot be written.
    """
    write_text(path, render(page))


def render(page: Page) -> str:
    """Return a page as HTML."""
    return Template(_resource("page.html")).substitute(
        title=escape(page.title),
        subtitle=escape(page.subtitle),
        style=_resource("page.css"),
        sections="\n".join(section.html for section in page.sections if section is not None),
    )


def _resource(name: str) -> str:
    """Return the text of a file in this package."""
    return resources.files(__package__).joinpath(name).read_text(encoding="utf-8")
