"""Show what can be plugged in, with arguments and documentation."""

from __future__ import annotations

import argparse
import ast
import inspect
import math
import textwrap
import types
import typing
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from lrcn_seq.registry import SEAMS, Registry, signature

BOUNDS = ((">", "gt"), ("≥", "ge"), ("<", "lt"), ("≤", "le"))


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of the verb."""
    parser.add_argument("seam", nargs="?", choices=sorted(SEAMS), help="encoders, decoders, ...")
    parser.add_argument("name", nargs="?", help="one part")


def run(arguments: argparse.Namespace) -> int:
    """Prints the names of all seams, the parts of one with what they are, or one part with its arguments."""
    if arguments.name:
        print(describe(SEAMS[arguments.seam], arguments.name))
    elif arguments.seam:
        print(table(SEAMS[arguments.seam]))
    else:
        print(
            "\n".join(
                f"{seam:11} {', '.join(registry.names())}" for seam, registry in SEAMS.items()
            )
        )
        print(
            "\n`lrcn parts SEAM` says what they are, `lrcn parts SEAM NAME` which arguments one takes."
        )
    return 0


def table(registry: Registry) -> str:
    """Each part with the first sentence of its file; imports none."""
    names = registry.names()
    width = max(map(len, names))
    return "\n".join(f"{name:{width}}  {first_line(registry, name)}" for name in names)


def first_line(registry: Registry, name: str) -> str:
    """The first line of a part's file, or where another package keeps it."""
    for folder in find_spec(registry.package).submodule_search_locations:
        path = Path(folder) / f"{registry.file_of(name)}.py"
        if path.is_file():
            return (ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or "").partition(
                "\n"
            )[0]
    return "of another package"


def describe(registry: Registry, name: str) -> str:
    """The documentation of a part and its arguments with their types and defaults."""
    part = registry.get(name)
    derived, hints = (
        tuple(getattr(part, "derived", ())),
        typing.get_type_hints(part.__init__, include_extras=True),
    )
    rows = [
        argument(parameter, hints.get(parameter.name, Any))
        for parameter in signature(part).values()
        if parameter.name not in derived
    ]
    return "\n".join(
        [
            f"{registry.seam}.{name}",
            "",
            inspect.cleandoc(part.__doc__ or ""),
            "",
            "arguments:",
            *(rows or ["  none"]),
        ]
    )


def argument(parameter: inspect.Parameter, hint: Any) -> str:
    """`name: what it may be (default …)`, in lines of at most 110 letters."""
    default = (
        "" if parameter.default is inspect.Parameter.empty else f" (default {parameter.default!r})"
    )
    return textwrap.fill(
        f"{parameter.name}: {in_words(hint)}{default}",
        110,
        initial_indent="  ",
        subsequent_indent="    ",
    )


def in_words(hint: Any) -> str:
    """A type for people: `int > 0`, `pooled | grid`, `str | None`."""
    arguments = typing.get_args(hint)
    if typing.get_origin(hint) is typing.Annotated:
        bounds = [
            f"{sign} {value:g}"
            for bound in arguments[1:]
            for sign, name in BOUNDS
            if (value := getattr(bound, name, None)) not in (None, math.inf)
        ]
        return f"{in_words(arguments[0])} {' and '.join(bounds)}".strip()
    if typing.get_origin(hint) is typing.Literal:
        return " | ".join(map(str, arguments))
    if typing.get_origin(hint) in (typing.Union, types.UnionType):
        return " | ".join(map(in_words, arguments))
    if hint is type(None):
        return "None"
    if arguments:
        return f"{typing.get_origin(hint).__name__} of {', '.join(map(in_words, arguments))}"
    return getattr(hint, "__name__", str(hint))
