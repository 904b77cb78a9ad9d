"""Section: what the source left out, and files that were skipped, and why."""

from __future__ import annotations

from lrcn_seq.report.contents import Contents
from lrcn_seq.report.markup import details, escape, paragraph, table
from lrcn_seq.report.markup import section as html_section

OPEN, LISTED = 12, 500


def section(contents: Contents) -> str:
    """Sentences, and a table, folded when long; left out when nothing was."""
    skipped, notes = contents.left_out, "".join(paragraph(escape(note)) for note in contents.notes)
    if not skipped:
        return notes and html_section("Left out", notes, name="left-out")
    rows = table(
        ["file", "reason"],
        (
            (f'<code dir="auto">{escape(name)}</code>', f'<span dir="auto">{escape(why)}</span>')
            for name, why in skipped[:LISTED]
        ),
        "files",
    )
    rows += (
        paragraph(f"{len(skipped) - LISTED:,} more are not listed here.")
        if len(skipped) > LISTED
        else ""
    )
    count = f"{len(skipped):,} {'file was' if len(skipped) == 1 else 'files were'} left out"
    return html_section(
        "Left out",
        notes + (paragraph(f"{count}.") + rows if len(skipped) <= OPEN else details(count, rows)),
        name="left-out",
    )
