"""The report of a run: one HTML file that needs neither network nor script, for a screen, a phone or paper.

A section is a function `section(contents) -> str` in a file of its own; the page shows them in the order of `SECTIONS`.
A new kind of section is one more file, one more name there, and one more field of `Contents` with a default.
"""

from __future__ import annotations

from importlib import resources
from pathlib import Path
from string import Template

from lrcn_seq.report import (
    calibration,
    clips,
    confusion,
    curves,
    health,
    left_out,
    per_class,
    pictures,
    provenance,
    scores,
)
from lrcn_seq.report.contents import Classes, Contents, Shown, ShownClip
from lrcn_seq.report.markup import escape
from lrcn_seq import files

__all__ = ["SECTIONS", "Classes", "Contents", "Shown", "ShownClip", "page", "write"]

SECTIONS = tuple(
    part.section
    for part in (
        scores,
        curves,
        health,
        confusion,
        per_class,
        calibration,
        clips,
        pictures,
        left_out,
        provenance,
    )
)


def write(path: str | Path, contents: Contents) -> None:
    """Writes the page; what stood at `path` is replaced whole or not at all.

    Raises:
        ArgumentError: an attention that does not fit its words, a confusion matrix its labels, probabilities their times.
        RunError: the folder cannot be written.
    """
    files.write_text(path, page(contents))


def page(contents: Contents) -> str:
    """The page as HTML."""
    return Template(_file("page.html")).substitute(
        title=escape(contents.title),
        subtitle=escape(contents.subtitle),
        style=_file("page.css"),
        sections="\n".join(filter(None, (section(contents) for section in SECTIONS))),
    )


def _file(name: str) -> str:
    return resources.files(__package__).joinpath(name).read_text(encoding="utf-8")
