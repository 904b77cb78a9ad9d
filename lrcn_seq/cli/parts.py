"""Show what can be plugged in, with arguments and documentation."""

from __future__ import annotations

import argparse
import inspect

from lrcn_seq.registry import SEAMS, Registry, signature


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of the verb."""
    parser.add_argument("seam", nargs="?", choices=sorted(SEAMS), help="encoders, decoders, ...")
    parser.add_argument("name", nargs="?", help="one part")


def run(arguments: argparse.Namespace) -> int:
    """Prints the parts of all seams, of one, or one part."""
    if arguments.name:
        print(describe(SEAMS[arguments.seam], arguments.name))
        return 0
    for seam in [arguments.seam] if arguments.seam else SEAMS:
        print(f"{seam}: {', '.join(SEAMS[seam].names())}")
    return 0


def describe(registry: Registry, name: str) -> str:
    """The documentation of a part and its arguments with their types and defaults."""
    part = registry.get(name)
    derived = tuple(getattr(part, "derived", ()))
    rows = [f"  {argument}" for parameter, argument in ((p, _argument(v)) for p, v in signature(part).items()) if parameter not in derived]
    return "\n".join([f"{registry.seam}.{name}", "", inspect.cleandoc(part.__doc__ or ""), "", "arguments:", *(rows or ["  none"])])


def _argument(parameter: inspect.Parameter) -> str:
    hint = parameter.annotation if isinstance(parameter.annotation, str) else getattr(parameter.annotation, "__name__", str(parameter.annotation))
    default = "" if parameter.default is inspect.Parameter.empty else f" = {parameter.default!r}"
    return f"{parameter.name}: {hint}{default}"
