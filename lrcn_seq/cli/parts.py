"""List the parts that a config can name and the keys of its sections, with their documentation.

lrcn parts                          all kinds of parts, and all sections
lrcn parts encoders                 the encoders; `encoder` is the same
lrcn parts encoders applications    one encoder with its arguments
lrcn parts training                 the keys of a section, with types, defaults and meaning
lrcn parts training patience        one key
"""

from __future__ import annotations

import argparse
import ast
import inspect
import math
import textwrap
import types
import typing
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lrcn_seq.errors import UsageError, did_you_mean
from lrcn_seq.part_source import Constructor
from lrcn_seq.registry import SEAMS, Registry

if TYPE_CHECKING:
    from lrcn_seq.config.key_docs import KeyDoc

BOUNDS = ((">", "gt"), ("≥", "ge"), ("<", "lt"), ("≤", "le"))
"""The sign and the `annotated_types` attribute of each bound."""
WIDTH = 110


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the verb."""
    parser.add_argument(
        "seam",
        nargs="?",
        metavar="SEAM",
        help="encoders, decoders, ..., or a section of a config such as training",
    )
    parser.add_argument("name", nargs="?", metavar="NAME", help="one part, or one key of a section")


def run(arguments: argparse.Namespace) -> int:
    """Print the names of all parts, the summaries or keys of one kind, or one part or key."""
    print(describe(arguments.seam, arguments.name) if arguments.seam else overview())
    return 0


def overview() -> str:
    """Return the names of all parts by kind, and the names of the sections."""
    rows = [f"{seam:11} {', '.join(registry.names())}" for seam, registry in SEAMS.items()]
    return "\n".join(
        [
            *rows,
            textwrap.fill(
                f"{'sections':11} {', '.join(sections())}", WIDTH, subsequent_indent=" " * 12
            ),
            "",
            "See `lrcn parts SEAM` for summaries, `lrcn parts SEAM NAME` for the arguments of a "
            "part,",
            "and `lrcn parts SECTION` for the keys of a section.",
        ]
    )


def describe(name: str, part: str | None) -> str:
    """Return the documentation of a kind of parts, of one part, of a section or of one key.

    Args:
        name: A kind of parts, its config key (`encoder`, `data.source`), or a section.
        part: The name of a part, also in a file (`my_parts.py:MyEncoder`), or of a key of the
            section; None for all.

    Raises:
        UsageError: There is no kind of parts or section of this name, or no such key.
    """
    from lrcn_seq.config import import_reference

    if seam := seam_names().get(name):
        if part is None:
            return describe_seam(SEAMS[seam])
        return describe_part(SEAMS[seam], import_reference(seam, part))
    if name in sections():
        return describe_section(name, part)
    known = [*SEAMS, *sections()]
    hint = did_you_mean(name, [*seam_names(), *sections()])
    raise UsageError(
        f"Expected a kind of parts or a section of a config. Received: {name!r}.{hint} "
        f"Known: {', '.join(known)}."
    )


def seam_names() -> dict[str, str]:
    """Map each name of a kind of parts, including its config keys, to the name of its registry."""
    from lrcn_seq.config import PARTS

    last = {key.rpartition(".")[2]: seam for key, seam in PARTS.items()}
    return {**{seam: seam for seam in SEAMS}, **PARTS, **last, "metric": "metrics"}


def sections() -> list[str]:
    """Return the names of the sections of a config; `config` stands for the whole config."""
    from lrcn_seq.config.key_docs import section_keys

    return ["config", *section_keys()]


def describe_section(section: str, key: str | None = None) -> str:
    """Return the documentation of the keys of a section, or of one of them.

    Raises:
        UsageError: The section has no such key.
    """
    from lrcn_seq.config.key_docs import section_docs

    prefix = "" if section == "config" else f"{section}."
    docs = section_docs(prefix.rstrip("."))
    if key is not None:
        full = prefix + key.removeprefix(prefix)
        chosen = [doc for doc in docs if f"{doc.key}.".startswith(f"{full}.")]
        if not chosen:
            known = [doc.key.removeprefix(prefix) for doc in docs]
            raise UsageError(
                f"{section} has no key {key!r}.{did_you_mean(key, known)} "
                f"Known: {', '.join(known)}."
            )
        docs = chosen
    return "\n".join(line for doc in docs for line in key_lines(doc))


def key_lines(doc: KeyDoc) -> list[str]:
    """Return the lines of a key: its type and default, and below them its documentation."""
    from lrcn_seq.config import PARTS
    from lrcn_seq.config.key_docs import REQUIRED, section_type

    default = "required" if doc.default is REQUIRED else f"default {doc.default!r}"
    if section_type(doc.hint):
        head = f"{doc.key}: section" + (" or None" if doc.default is None else "")
    elif doc.key in PARTS:
        head = f"{doc.key}: part; see `lrcn parts {PARTS[doc.key]}` ({default})"
    else:
        head = f"{doc.key}: {type_text(doc.hint)} ({default})"
    return [
        textwrap.fill(head, WIDTH, subsequent_indent="  "),
        textwrap.fill(doc.text, WIDTH, initial_indent="    ", subsequent_indent="    "),
    ]


def describe_seam(registry: Registry) -> str:
    """Return one line per part of a seam, with name and summary, without importing the parts."""
    names = registry.names()
    width = max(map(len, names))
    return "\n".join(f"{name:{width}}  {summary(registry, name)}" for name in names)


def summary(registry: Registry, name: str) -> str:
    """Return the first line of the docstring of a part's file, or of an imported class."""
    spec = find_spec(registry.package)
    for folder in (spec and spec.submodule_search_locations) or ():
        path = Path(folder) / f"{registry.file_of(name)}.py"
        if path.is_file():
            docstring = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
            return docstring.partition("\n")[0]
    part = registry.registered(name)
    return ((part and part.__doc__) or "a part of another package").strip().partition("\n")[0]


def describe_part(registry: Registry, name: str) -> str:
    """Return the documentation of a part and its arguments with types and defaults."""
    constructor = registry.constructor(name)
    lines = argument_lines(constructor)
    heading = f"{registry.seam}.{name}"
    return "\n".join(
        [heading, "", constructor.documentation, "", "arguments:", *(lines or ["  none"])]
    )


def argument_lines(constructor: Constructor) -> list[str]:
    """Return a line `name: type (default value)` for each argument that a config may set."""
    return [
        argument_line(parameter, constructor.hints.get(name, Any))
        for name, parameter in constructor.parameters.items()
        if name not in constructor.derived
    ]


def argument_line(parameter: inspect.Parameter, hint: Any) -> str:
    """Return the line `name: type (default value)`, wrapped at `WIDTH` columns."""
    has_default = parameter.default is not inspect.Parameter.empty
    default = f" (default {parameter.default!r})" if has_default else ""
    return textwrap.fill(
        f"{parameter.name}: {type_text(hint)}{default}",
        WIDTH,
        initial_indent="  ",
        subsequent_indent="    ",
    )


def type_text(hint: Any) -> str:
    """Return a type as text for users: `int > 0`, `pooled | grid`, `str | None`."""
    arguments = typing.get_args(hint)
    origin = typing.get_origin(hint)
    if origin is typing.Annotated:
        return f"{type_text(arguments[0])} {bounds_text(arguments[1:])}".strip()
    if origin is typing.Literal:
        return " | ".join(map(str, arguments))
    if origin in (typing.Union, types.UnionType):
        return " | ".join(map(type_text, arguments))
    if hint is type(None):
        return "None"
    if origin and arguments:
        return f"{origin.__name__} of {', '.join(map(type_text, arguments))}"
    return getattr(hint, "__name__", str(hint))


def bounds_text(bounds: Sequence[Any]) -> str:
    """Return the finite bounds of a number as text: `≥ 0 and < 1`."""
    return " and ".join(
        f"{sign} {value:.10g}"
        for bound in bounds
        for sign, attribute in BOUNDS
        if (value := getattr(bound, attribute, None)) not in (None, math.inf)
    )
