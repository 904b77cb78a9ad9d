"""The page: a title and sections in one HTML file."""

from __future__ import annotations

import os
from collections.abc import Sequence
from importlib import resources
from pathlib import Path
from string import Template
from typing import NamedTuple

from lrcn_seq.errors import RunError
from lrcn_seq.report.markup import Section, escape


class Page(NamedTuple):
    """A report: title and subtitle as plain text, and its sections in order. None is skipped."""

    title: str
    subtitle: str
    sections: Sequence[Section | None]


def write(path: str | Path, page: Page) -> None:
    """Write a page to a file. An existing file is replaced atomically.

    Raises:
        RunError: the file cannot be written.
    """
    path = Path(path)
    partial = path.with_name(f".{path.name}.partial")
    try:
        with partial.open("w", encoding="utf-8", errors="backslashreplace") as file:
            file.write(render(page))
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
    except OSError as error:
        partial.unlink(missing_ok=True)
        raise RunError(
            f"{path}: expected a file that can be written. Received: {error.strerror or error}; "
            "any earlier report is unchanged. Fix the cause and run the command again."
        ) from error


def render(page: Page) -> str:
    """Return a page as HTML."""
    return Template(_resource("page.html")).substitute(
        title=escape(page.title),
        subtitle=escape(page.subtitle),
        style=_resource("page.css"),
        sections="\n".join(section.html for section in page.sections if section is not None),
    )


def _resource(name: str) -> str:
    """Return a text file of this package."""
    return resources.files(__package__).joinpath(name).read_text(encoding="utf-8")
