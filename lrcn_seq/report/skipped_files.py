"""Section: skipped files with reasons, and notes of the source on missing data."""

from __future__ import annotations

from collections.abc import Sequence

from lrcn_seq.report.markup import Section, details, escape, paragraph, section, table

MAX_OPEN, MAX_LISTED = 12, 500


def skipped_files(files: Sequence[tuple[str, str]], notes: Sequence[str] = ()) -> Section | None:
    """Return the notes and a table of the skipped files; a long table is collapsed.

    Args:
        files: the name of each skipped file and the reason.
        notes: sentences about the data, such as listed files that do not exist.

    Returns:
        The section, or None if there are no files and no notes.
    """
    body = "".join(paragraph(escape(note)) for note in notes)
    if files:
        count = f"{len(files):,} {'file was' if len(files) == 1 else 'files were'} skipped"
        rows = _table(files)
        body += paragraph(f"{count}.") + rows if len(files) <= MAX_OPEN else details(count, rows)
    title = "Skipped files" if files else "Notes on the data"
    return section(title, body, name="skipped-files") if body else None


def _table(files: Sequence[tuple[str, str]]) -> str:
    """Return a table of at most 500 files with reasons, and the number of further files."""
    rows = (
        (f'<code dir="auto">{escape(name)}</code>', f'<span dir="auto">{escape(reason)}</span>')
        for name, reason in files[:MAX_LISTED]
    )
    more = len(files) - MAX_LISTED
    note = paragraph(f"{more:,} more are not listed.") if more > 0 else ""
    return table(["file", "reason"], rows, "files") + note
