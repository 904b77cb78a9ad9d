"""Section: the command, the facts and the config, so that the run can be made again."""

from __future__ import annotations

from lrcn_seq.report.contents import Contents
from lrcn_seq.report.markup import details, escape, table
from lrcn_seq.report.markup import section as html_section


def section(contents: Contents) -> str:
    """Command, facts, and the config folded; left out when nothing is known."""
    parts = []
    if contents.command:
        parts.append(f'<pre class="command">{escape(contents.command)}</pre>')
    if contents.facts:
        parts.append(
            table(
                [],
                (
                    (escape(name), f'<span dir="auto">{escape(value)}</span>')
                    for name, value in contents.facts.items()
                ),
                "facts",
            )
        )
    if contents.config.strip():
        parts.append(details("Resolved config", f"<pre>{escape(contents.config.rstrip())}</pre>"))
    return html_section("How it was made", "".join(parts), name="provenance") if parts else ""
