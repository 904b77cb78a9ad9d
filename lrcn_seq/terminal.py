"""Text for terminals, in which control characters are escaped.

File names, captions, IDs, labels and config values may contain characters that move the cursor,
change colors or reverse the direction of text. Everything that is printed passes through this
module.
"""

from __future__ import annotations

import json
import re
import sys
from enum import IntEnum
from typing import Any, TextIO

UNPRINTABLE = re.compile(
    "[\x00-\x1f\x7f-\x9f"  # C0, DEL and C1
    "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"  # marks that set the direction of text
    "\u2028\u2029"  # separators of lines and paragraphs
    "\ud800-\udfff]"  # surrogates, which represent undecodable bytes of file names
)


class Verbosity(IntEnum):
    """How much a command prints on stderr.

    Attributes:
        QUIET: errors alone.
        NORMAL: also progress, notes and warnings.
        VERBOSE: also details, such as the files that are read, and the logs of other libraries.
    """

    QUIET = 0
    NORMAL = 1
    VERBOSE = 2


class _Settings:
    verbosity = Verbosity.NORMAL


def set_verbosity(verbosity: Verbosity) -> None:
    """Set how much this process prints on stderr."""
    _Settings.verbosity = verbosity


def is_quiet() -> bool:
    """Return whether progress and notes are hidden."""
    return _Settings.verbosity == Verbosity.QUIET


def printable(value: object) -> str:
    r"""Return a value as text with unprintable characters escaped: `\n`, `\x1b`, `\u202e`."""
    return UNPRINTABLE.sub(_escape, str(value))


def print_line(*fields: object, file: TextIO | None = None) -> None:
    """Print one line of printable fields, separated by tabs.

    Args:
        *fields: the fields.
        file: the stream; None for stdout.
    """
    print(*map(printable, fields), sep="\t", file=file, flush=True)


def print_note(note: object) -> None:
    """Print a note or a warning as one printable line on stderr, unless the process is quiet."""
    if not is_quiet():
        print_line(note, file=sys.stderr)


def print_detail(detail: object) -> None:
    """Print a detail as one printable line on stderr if the process is verbose."""
    if _Settings.verbosity == Verbosity.VERBOSE:
        print_line(detail, file=sys.stderr)


def print_error(message: object) -> None:
    """Print an error as one printable line on stderr, also if the process is quiet."""
    print_line(message, file=sys.stderr)


def print_json(value: Any, *, flush: bool = False) -> None:
    r"""Print a JSON value in one line, with unprintable characters as `\uXXXX`.

    All non-ASCII characters are escaped in the same way if the encoding of stdout is not UTF.

    Args:
        value: the value.
        flush: whether another program should receive the line at once.
    """
    encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
    text = json.dumps(value, ensure_ascii=not encoding.lower().startswith("utf"))
    print(UNPRINTABLE.sub(lambda found: f"\\u{ord(found[0]):04x}", text), flush=flush)


def _escape(found: re.Match[str]) -> str:
    return found[0].encode("unicode_escape").decode()
