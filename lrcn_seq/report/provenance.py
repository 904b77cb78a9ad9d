"""Section: command, environment and resolved config, to reproduce the run."""

from __future__ import annotations

from collections.abc import Mapping

from lrcn_seq.report.markup import Section, details, escape, section, table


def provenance(command: str, facts: Mapping[str, str], config: str) -> Section | None:
    """Return a section with the command, a table of facts and the collapsed config of a run.

    Args:
        command: the command that produced the results.
        facts: facts such as versions, hardware and model size, as text by name.
        config: the resolved config as YAML.

    Returns:
        The section, or None if all arguments are empty.
    """
    body = f'<pre class="command">{escape(command)}</pre>' if command else ""
    if facts:
        rows = (
            (escape(name), f'<span dir="auto">{escape(value)}</span>')
            for name, value in facts.items()
        )
        body += table([], rows, "facts")
    if config.strip():
        body += details("Resolved config", f"<pre>{escape(config.rstrip())}</pre>")
    return section("Provenance", body, name="provenance") if body else None
