"""Reference pages of the documentation, generated from the code by a hook of MkDocs.

A page names its generated text by a line such as `<!-- generated: commands -->`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from importlib import import_module
from typing import Any

from lrcn_seq.cli import verb_parser, verbs
from lrcn_seq.cli.parts import summary, type_text
from lrcn_seq.config.key_docs import (
    REQUIRED,
    KeyDoc,
    argument_docs,
    section_docs,
    section_keys,
    section_type,
)
from lrcn_seq.registry import SEAMS, Registry

MARKER = re.compile(r"(?m)^<!-- generated: (\w+) -->$")


def on_page_markdown(markdown: str, **_: Any) -> str:
    """Replace the markers of a page by the generated text."""
    return MARKER.sub(lambda match: "\n\n".join(GENERATORS[match[1]]()), markdown)


def commands() -> Iterator[str]:
    """Return a section for each verb, with its arguments."""
    for verb in verbs():
        parser = verb_parser(verb, import_module(f"lrcn_seq.cli.{verb}"))
        yield f"## lrcn {verb}\n\n```text\n{parser.format_help().rstrip()}\n```"


def parts() -> Iterator[str]:
    """Return a section for each registry, with the documentation of its parts."""
    for seam, registry in SEAMS.items():
        yield f"## {seam}"
        for name in registry.names():
            yield part(registry, name)


def part(registry: Registry, name: str) -> str:
    """Return the documentation of a part and a table of its arguments."""
    constructor = registry.constructor(name)
    description = re.split(r"(?m)^(?:Args|Returns|Raises):$", constructor.documentation)[0]
    heading = f"### {name} {{ #{registry.seam}-{name} }}\n\n{summary(registry, name)}"
    return "\n\n".join(
        [heading, description.strip(), *table("argument", argument_docs(constructor))]
    )


def keys() -> Iterator[str]:
    """Return a section for each section of a config, with a table of its keys."""
    for section in ("", *(key for key in section_keys() if "." not in key)):
        documented = section_docs(section)
        if not section:
            documented = [key for key in documented if "." not in key.key]
        yield f"## {section or 'sections'}"
        yield from table("key", documented)


def table(name: str, documented: Sequence[KeyDoc]) -> list[str]:
    """Return a table of keys or arguments in a list, which is empty if there are none."""
    rows = [
        f"| `{key.key}` | {cell(type_text(key.hint))} | {default_text(key)} | {cell(key.text)} |"
        for key in documented
    ]
    head = f"| {name} | type | default | meaning |\n|---|---|---|---|"
    return ["\n".join([head, *rows])] if rows else []


def default_text(key: KeyDoc) -> str:
    """Return the default value of a key as code, or `required`."""
    if key.default is REQUIRED:
        return "required"
    return "" if section_type(key.hint) else cell(f"`{key.default!r}`")


def cell(text: str) -> str:
    """Return text for a cell of a table."""
    return text.replace("|", "\\|")


GENERATORS = {"commands": commands, "keys": keys, "parts": parts}
