"""The exception tree.

    LrcnError                   every error that this library raises on purpose; exit code 1
    ├── UsageError              the call is wrong; exit code 2
    │   ├── ArgumentError       a value given to a Python function (also a ValueError)
    │   ├── ConfigError         a config, with all its problems at once
    │   └── UnknownPartError    a name that no registered part has
    ├── DataError               what was read is not usable
    │   └── MediaError          one picture or video that cannot be read
    ├── RunError                a run folder that is incomplete, in use, or of another config
    └── MissingPackageError     an optional package that is not installed

Every message says what was expected, what was received and what to do, in one sentence or two.
"""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from typing import NamedTuple


class LrcnError(Exception):
    """Base of all errors raised on purpose."""

    exit_code = 1


class UsageError(LrcnError):
    """The call is wrong."""

    exit_code = 2


class ArgumentError(UsageError, ValueError):
    """A value given to a Python function is wrong."""


class Problem(NamedTuple):
    """One thing wrong with a config: the dotted place and a sentence."""

    place: str
    message: str

    def __str__(self) -> str:
        return f"{self.place}: {self.message}" if self.place else self.message


class ConfigError(UsageError):
    """A config is wrong. `problems` holds each place and sentence."""

    def __init__(self, problems: Iterable[Problem], source: str = "the config"):
        self.problems = list(problems)
        count = len(self.problems)
        head = f"{source}: {count} problem{'s' if count > 1 else ''}"
        self.source = source
        super().__init__("\n  ".join([head, *map(str, self.problems)]))

    def __reduce__(self):
        return type(self), (self.problems, self.source)


class UnknownPartError(UsageError):
    """A name that no registered part has."""


class DataError(LrcnError):
    """What was read is not usable."""


class MediaError(DataError):
    """One picture or video cannot be read. `path` names it, `reason` says why."""

    def __init__(self, path: str, reason: str):
        self.path, self.reason = str(path), reason
        super().__init__(f"{self.path}: {reason}")

    @property
    def passing(self) -> bool:
        """Whether the file may well be right: its disk or its network failed, or memory was full."""
        cause = self.__cause__
        return isinstance(cause, MemoryError) or (
            isinstance(cause, OSError) and cause.errno is not None
        )

    def __reduce__(self):
        return type(self), (self.path, self.reason)


class RunError(LrcnError):
    """A run folder is incomplete, in use, or of another config."""


class MissingPackageError(LrcnError):
    """An optional package is not installed. `extra` is the extra that brings it."""

    def __init__(self, package: str, extra: str, purpose: str):
        self.package, self.extra, self.purpose = package, extra, purpose
        super().__init__(
            f"{purpose} needs the package {package}, which is not installed. Install it in the project's folder with: pip install -e '.[{extra}]'"
        )

    def __reduce__(self):
        return type(self), (self.package, self.extra, self.purpose)


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """' Did you mean X?' where a known name is close, otherwise ''."""
    close = get_close_matches(word, list(known), n=1)
    return f" Did you mean {close[0]!r}?" if close else ""


def shorten_names(names: Iterable[str], count: int = 3) -> str:
    """Return the first `count` names in alphabetical order, with an ellipsis for the others."""
    ordered = sorted(names)
    return ", ".join(ordered[:count]) + (", …" if len(ordered) > count else "")
