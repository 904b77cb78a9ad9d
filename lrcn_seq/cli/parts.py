"""List the parts that a config can name, with their arguments and documentation."""

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
from typing import Any

from lrcn_seq.part_source import Constructor
from lrcn_seq.registry import SEAMS, Registry

BOUNDS = ((">", "gt"), ("≥", "ge"), ("<", "lt"), ("≤", "le"))
"""The sign and the `annotated_types` attribute of each bound."""
WIDTH = 110


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the verb."""
    parser.add_argument("seam", nargs="?", choices=sorted(SEAMS), help="encoders, decoders, ...")
    parser.add_argument("name", nargs="?", help="one part")


def run(arguments: argparse.Namespace) -> int:
    """Print all part names, the parts of a seam such as `encoders`, or the arguments of a part."""
    if arguments.name:
        print(describe_part(SEAMS[arguments.seam], arguments.name))
    elif arguments.seam:
        print(describe_seam(SEAMS[arguments.seam]))
    else:
        for seam, registry in SEAMS.items():
            print(f"{seam:11} {', '.join(registry.names())}")
        print(
            "\nSee `lrcn parts SEAM` for summaries, and `lrcn parts SEAM NAME` for the arguments "
            "of a part."
        )
    return 0


def describe_seam(registry: Registry) -> str:
    """Return one line per part of a seam, with name and summary, without importing the parts."""
    names = registry.names()
    width = max(map(len, names))
    return "\n".join(f"{name:{width}}  {summary(registry, name)}" for name in names)


def summary(registry: Registry, name: str) -> str:
    """Return the first line of the docstring of a part's file."""
    spec = find_spec(registry.package)
    for folder in (spec and spec.submodule_search_locations) or ():
        path = Path(folder) / f"{registry.file_of(name)}.py"
        if path.is_file():
            docstring = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
            return docstring.partition("\n")[0]
    return "a part of another package"


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
