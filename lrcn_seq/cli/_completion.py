"""Completion of `lrcn` in bash, zsh and other shells, written by shtab."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from importlib import import_module
from typing import Any

from lrcn_seq.cli._arguments import add_common
from lrcn_seq.errors import UsageError

OPTION = "--print-completion"
FOLDERS = {"run", "runs", "fuse", "rescore"}
"""Names of the arguments that are folders."""
FILES = {"config", "files", "images", "videos", "output", "hypotheses", "references", "training"}
"""Names of the arguments that are files, besides those whose metavar names a FILE."""


def print_completion(shell: str | None, summaries: Mapping[str, str]) -> int:
    """Print the completion script of a shell, and return the exit code.

    Args:
        shell: a shell that shtab supports, such as bash or zsh.
        summaries: The summary of each verb.

    Raises:
        UsageError: The shell is missing or unknown.
    """
    import shtab

    if shell not in shtab.SUPPORTED_SHELLS:
        received = "no shell" if shell is None else repr(shell)
        raise UsageError(
            f"{OPTION}: expected {', '.join(shtab.SUPPORTED_SHELLS)}. Received: {received}; "
            f"write, for example, lrcn {OPTION} bash."
        )
    print(shtab.complete(full_parser(summaries), shell=shell))
    return 0


def full_parser(summaries: Mapping[str, str]) -> argparse.ArgumentParser:
    """Return one parser with all verbs, whose arguments complete files and folders."""
    import shtab

    parser = argparse.ArgumentParser("lrcn")
    parser.add_argument("-V", "--version", action="store_true")
    parser.add_argument(OPTION, choices=list(shtab.SUPPORTED_SHELLS))
    verbs = parser.add_subparsers(dest="verb")
    for verb, summary in summaries.items():
        verb_parser = verbs.add_parser(verb, help=summary.replace("%", "%%"))
        import_module(f"lrcn_seq.cli.{verb}").add_arguments(verb_parser)
        add_common(verb_parser)
        for action in verb_parser._actions:
            if kind := completion_kind(action):
                action.complete = kind  # type: ignore[attr-defined]
    return parser


def completion_kind(action: argparse.Action) -> Mapping[str, Any] | None:
    """Return what an argument completes: folders, files, or None for neither."""
    import shtab

    if action.dest in FOLDERS:
        return dict(shtab.DIRECTORY)
    is_file = action.dest in FILES or "FILE" in str(action.metavar)
    return dict(shtab.FILE) if is_file else None
