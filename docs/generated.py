"""Reference pages of the documentation, generated from the code by a hook of MkDocs.

A page names its generated text by a line such as `<!-- generated: commands -->`.
"""

from __future__ import annotations

import argparse
import inspect
import re
from collections import defaultdict
from collections.abc import Iterator
from importlib import import_module
from typing import Any

from lrcn_seq.cli import Parser, verbs
from lrcn_seq.cli.parts import summary, type_text
from lrcn_seq.registry import SEAMS, Registry

HEADER = "| argument | type | default | meaning |\n|---|---|---|---|"
MARKER = re.compile(r"(?m)^<!-- generated: (\w+) -->$")


def on_page_markdown(markdown: str, **_: Any) -> str:
    """Replace the markers of a page by the generated text."""
    return MARKER.sub(lambda match: "\n\n".join(GENERATORS.get(match[1], tuple)()), markdown)


def commands() -> Iterator[str]:
    """Return a section for each verb, with its arguments."""
    for verb in verbs():
        module = import_module(f"lrcn_seq.cli.{verb}")
        parser = Parser(
            f"lrcn {verb}",
            description=module.__doc__,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        module.add_arguments(parser)
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
    description, *sections = re.split(
        r"(?m)^(?=(?:Args|Returns|Raises):$)", constructor.documentation
    )
    documented = next((text for text in sections if text.startswith("Args:")), "")
    meanings = argument_meanings(documented)
    rows = [
        (argument, type_text(constructor.hints.get(argument, Any)), parameter.default)
        for argument, parameter in constructor.parameters.items()
        if argument not in constructor.derived
    ]
    table = [
        f"| `{argument}` | {cell(kind)} | {default_text(default)} | {cell(meanings[argument])} |"
        for argument, kind, default in rows
    ]
    heading = f"### {name} {{ #{registry.seam}-{name} }}\n\n{summary(registry, name)}"
    return "\n\n".join(
        [heading, description.strip(), *(["\n".join([HEADER, *table])] * bool(rows))]
    )


def argument_meanings(documented: str) -> defaultdict[str, str]:
    """Return the meaning of each argument of an `Args:` section of a docstring."""
    meanings: defaultdict[str, str] = defaultdict(str)
    for entry in re.split(r"\n(?=    \w)", documented.rstrip())[1:]:
        argument, _, meaning = entry.strip().partition(": ")
        meanings[argument] = " ".join(meaning.split())
    return meanings


def default_text(default: Any) -> str:
    """Return a default value as code, or `required`."""
    return "required" if default is inspect.Parameter.empty else cell(f"`{default!r}`")


def cell(text: str) -> str:
    """Return text for a cell of a table."""
    return text.replace("|", "\\|")


GENERATORS = {"commands": commands, "parts": parts}
