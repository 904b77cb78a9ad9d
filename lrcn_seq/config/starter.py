"""Starter configs: a shipped config with every key, its meaning and its default.

A line that begins with `#` and a key states a default; removing the `#` sets the key.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator, Mapping
from typing import Any

from lrcn_seq.config.key_docs import REQUIRED, KeyDoc, argument_docs, section_docs, section_type
from lrcn_seq.config.reading import read_mapping
from lrcn_seq.config.shipped import config_path
from lrcn_seq.config.validation import PARTS
from lrcn_seq.config.yaml_format import flow_text
from lrcn_seq.files import read_file
from lrcn_seq.registry import SEAMS, Registry

WIDTH = 100
NOTE = (
    "A key behind # has the default that it states; to change it, remove the # there and in front "
    "of its section. `lrcn check {file}` lists every problem of this file."
)


def starter_text(name: str, file: str) -> str:
    """Return the YAML text of a starter config.

    Args:
        name: Name of a shipped config.
        file: Path at which the text will be written, for the commands in its header.
    """
    header = [
        line.replace(f"configs/{name}.yaml", file)
        for line in read_file(config_path(name)).decode().partition("\ntask:")[0].splitlines()
    ]
    lines = _section_lines(read_mapping(name), "", "")
    return "\n".join([*header, "#", *_comment(NOTE.format(file=file), ""), *lines, ""])


def _section_lines(tree: Mapping[str, Any], section: str, indent: str) -> Iterator[str]:
    """Yield the lines of all keys of a section.

    Args:
        tree: The values that the starter sets.
        section: Dotted key of the section; "" for the whole config.
        indent: Blanks in front of each line.
    """
    prefix = f"{section}." if section else ""
    for doc in section_docs(section):
        name = doc.key.removeprefix(prefix)
        if "." not in name:
            yield from [] if section else [""]
            yield from _key_lines(doc, name, tree, indent)


def _key_lines(doc: KeyDoc, name: str, tree: Mapping[str, Any], indent: str) -> Iterator[str]:
    """Yield the comment of a key of a section, and the key with its value or default."""
    value, seam = tree.get(name), PARTS.get(doc.key)
    if section_type(doc.hint):
        yield from _comment(doc.text, indent)
        yield f"{indent}{'' if value else '#'}{name}:"
        yield from _section_lines(value or {}, doc.key, f"{indent}  ")
    elif seam and isinstance(value, dict):
        yield from _comment(f"{doc.text} `lrcn parts {seam}` lists others.", indent)
        yield from _part_lines(name, value, SEAMS[seam], indent)
    else:
        others = f" `lrcn parts {seam}` lists them." if seam else ""
        yield from _value_lines(doc._replace(text=doc.text + others), name, tree, indent)


def _part_lines(
    name: str, spec: Mapping[str, Any], registry: Registry, indent: str
) -> Iterator[str]:
    """Yield the type of a part, and its arguments with their comments."""
    yield f"{indent}{name}:"
    yield f"{indent}  type: {spec['type']}"
    for argument in argument_docs(registry.constructor(spec["type"])):
        yield from _value_lines(argument, argument.key, spec, f"{indent}  ")


def _value_lines(doc: KeyDoc, name: str, tree: Mapping[str, Any], indent: str) -> Iterator[str]:
    """Yield the comment of a key, and the key with its value or, behind `#`, its default."""
    yield from _comment(doc.text, indent)
    if name in tree:
        yield f"{indent}{name}: {flow_text(tree[name])}"
    else:
        default = "" if doc.default is REQUIRED else f" {flow_text(doc.default)}"
        yield f"{indent}#{name}:{default}"


def _comment(text: str, indent: str) -> list[str]:
    """Return a text as lines of a comment that begins with a capital letter."""
    sentence = re.sub(r"^[a-z]+\b", lambda word: word[0].capitalize(), text)
    mark = f"{indent}# "
    return textwrap.wrap(sentence, WIDTH, initial_indent=mark, subsequent_indent=mark)
