"""Search options and overrides of `caption` and `describe`."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import Any

from lrcn_seq.cli._arguments import add_output, positive_integer
from lrcn_seq.cli._fusion import add_fusion


def add_media(
    parser: argparse.ArgumentParser, name: str, metavar: str, *, required: bool = True
) -> None:
    """Add the argument for the input files and the overrides of the search.

    Args:
        parser: the parser of a verb.
        name: the noun for the input files.
        metavar: the name of the argument in the help text.
        required: whether at least one must be given.
    """
    parser.set_defaults(override_prefix="search.")
    parser.add_argument(
        name,
        nargs="+" if required else "*",
        metavar=metavar,
        help=f"{name}, folders or globs, and overrides search.key=value",
    )


def add_search(parser: argparse.ArgumentParser) -> None:
    """Add the options of the caption search, of further runs and of the output."""
    parser.add_argument("--beams", type=positive_integer, metavar="K", help="width of the beam")
    parser.add_argument(
        "--best",
        type=positive_integer,
        default=1,
        metavar="N",
        help="captions per input, best first (default: 1)",
    )
    parser.add_argument(
        "--word-support",
        action="store_true",
        help="mark the words that the image or video does not support",
    )
    add_fusion(parser)
    add_output(parser)


def caption_options(
    task: Any, arguments: argparse.Namespace, overrides: Sequence[str]
) -> dict[str, Any]:
    """Return the validated keyword arguments of `task.predict`.

    Args:
        task: a task that writes captions.
        arguments: the arguments of the call, with `beams` and `best`.
        overrides: changes `search.key=value` of the search.

    Raises:
        ConfigError: an override is invalid or changes another section.
        ArgumentError: `beams` is given for a search without beams, the search cannot return `best`
            captions, or the run has no support of words.
    """
    from lrcn_seq.config import overridden_section

    changed = overridden_section("search", task.settings.search, overrides) if overrides else None
    search = task.resolve_search(changed, beams=arguments.beams, best=arguments.best)
    options = {"search": search, "best": arguments.best}
    if arguments.word_support:
        task.check_word_support(True)
        options["word_support"] = True
    return options
