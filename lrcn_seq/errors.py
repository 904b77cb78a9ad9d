"""The exceptions of the library.

    LrcnError                   base class of the library's exceptions; exit code 1
    ├── UsageError              wrong use of a command or function; exit code 2
    │   ├── ArgumentError       invalid argument of a Python function (also a ValueError)
    │   ├── ConfigError         invalid config, with all of its problems
    │   └── UnknownPartError    unknown part name, or two parts with the same name
    ├── DataError               unusable input data
    │   └── MediaError          an image or video that cannot be read
    ├── SearchError             search that finds no caption
    ├── RunError                run folder that is incomplete, in use, or made with another config
    └── MissingPackageError     optional package that is not installed

Messages state what was expected, what was received and what to do.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from difflib import get_close_matches
from typing import Any, NamedTuple

PROBLEMS_LIMIT = 100
"""Largest number of problems that the message of a ConfigError lists."""
VALUE_LENGTH = 200
"""Largest number of characters of a value that an error message shows."""


class LrcnError(Exception):
    """Base class of the library's exceptions."""

    exit_code = 1


class UsageError(LrcnError):
    """Wrong use of a command or function."""

    exit_code = 2


class ArgumentError(UsageError, ValueError):
    """Invalid argument of a Python function."""


class Problem(NamedTuple):
    """One problem of a config.

    Attributes:
        place: Dotted key of the value, such as `training.epochs`; empty for the whole config.
        message: What was expected and what was received.
    """

    place: str
    message: str

    def __str__(self) -> str:
        return f"{self.place}: {self.message}" if self.place else self.message


class ConfigError(UsageError):
    """Invalid config.

    Args:
        problems: All problems of the config.
        source: Name of the config, such as the path of its file.
    """

    def __init__(self, problems: Iterable[Problem], source: str = "the config"):
        self.problems = list(problems)
        self.source = source
        super().__init__("\n  ".join([self.heading, *self.details]))

    @property
    def heading(self) -> str:
        """First line of the message: the name of the config and the number of its problems."""
        count = len(self.problems)
        return f"{self.source}: {count:,} problem{'s' if count > 1 else ''}"

    @property
    def details(self) -> list[str]:
        """One line per problem, for at most `PROBLEMS_LIMIT` problems."""
        lines = [str(problem) for problem in self.problems[:PROBLEMS_LIMIT]]
        rest = len(self.problems) - len(lines)
        return [*lines, f"and {rest:,} more."] if rest else lines

    def __reduce__(self) -> tuple[type[ConfigError], tuple[Any, ...]]:
        return type(self), (self.problems, self.source)


class UnknownPartError(UsageError):
    """Unknown part name, or two parts with the same name."""


class DataError(LrcnError):
    """Unusable input data."""


class MediaError(DataError):
    """An image or video that cannot be read.

    Args:
        path: Path of the file.
        reason: What was expected and what was received.
    """

    def __init__(self, path: str, reason: str):
        self.path, self.reason = str(path), reason
        super().__init__(f"{self.path}: {reason}")

    @property
    def transient(self) -> bool:
        """Whether disk, network or memory caused the failure, so that the file may be valid."""
        cause = self.__cause__
        return isinstance(cause, MemoryError) or (
            isinstance(cause, OSError) and cause.errno is not None
        )

    def __reduce__(self) -> tuple[type[MediaError], tuple[Any, ...]]:
        return type(self), (self.path, self.reason)


class SearchError(LrcnError):
    """Search that finds no caption."""


class RunError(LrcnError):
    """Run folder that is incomplete, in use, or made with another config."""


class MissingPackageError(LrcnError):
    """Optional package that is not installed.

    Args:
        package: Name of the package.
        extra: The extra of this library that installs it.
        purpose: Feature that needs the package, as the subject of a sentence.
    """

    def __init__(self, package: str, extra: str, purpose: str):
        self.package, self.extra, self.purpose = package, extra, purpose
        super().__init__(
            f"{purpose} needs the package {package}, which is not installed. "
            f"Run in the project folder: pip install -e '.[{extra}]'"
        )

    def __reduce__(self) -> tuple[type[MissingPackageError], tuple[Any, ...]]:
        return type(self), (self.package, self.extra, self.purpose)


@contextmanager
def translate_errors(translate: Callable[[str], LrcnError]) -> Iterator[None]:
    """Convert the exceptions of libraries that read files to errors of this library.

    Errors of this library, MemoryError and KeyboardInterrupt pass unchanged.

    Args:
        translate: returns the error for a given reason, a phrase without a period.
    """
    try:
        yield
    except (LrcnError, MemoryError):
        raise
    except Exception as error:
        raise translate(error_reason(error)) from error


def error_reason(error: Exception) -> str:
    """Return the reason for an exception as one short line, such as its message."""
    if isinstance(error, RecursionError):
        return "values nested too deeply"
    if isinstance(error, KeyError):
        return f"the key {error} is missing"
    reason = " ".join(str(getattr(error, "strerror", None) or error).split())
    return shorten(reason).rstrip(".") or type(error).__name__


def shorten(text: str) -> str:
    """Return a text, cut to `VALUE_LENGTH` characters and an ellipsis if it is longer."""
    return text if len(text) <= VALUE_LENGTH else f"{text[:VALUE_LENGTH]}…"


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return `" Did you mean X?"` for the known name most like a word, or "" if none is close."""
    close = get_close_matches(word, list(known), n=1)
    return f" Did you mean {close[0]!r}?" if close else ""


def shorten_names(names: Iterable[str], count: int = 3) -> str:
    """Return the first `count` names in alphabetical order, and an ellipsis if there are more."""
    ordered = sorted(names)
    return ", ".join(ordered[:count]) + (", …" if len(ordered) > count else "")


def describe_errors(details: Iterable[Mapping[str, Any]], value: Any) -> str:
    """Return a sentence that describes the pydantic errors of a value.

    Args:
        details: Items of `ValidationError.errors()`.
        value: The rejected value.
    """
    details = list(details)
    choices = [
        name
        for detail in details
        if detail["type"] == "literal_error"
        for name in re.findall("'([^']*)'", detail["ctx"]["expected"])
    ]
    expected = "; or ".join(dict.fromkeys(_expectation(detail["msg"]) for detail in details))
    hint = _yaml_hint({detail["type"] for detail in details}, value)
    return f"{expected}. Received: {shorten(repr(value))}.{did_you_mean(str(value), choices)}{hint}"


def _yaml_hint(types: set[str], value: Any) -> str:
    """Return a hint on YAML syntax if the type of a value was probably not intended."""
    if types & {"list_type", "sequence_str"} and isinstance(value, str):
        return f" Write a list as [{value}]."
    if types == {"string_type"} and isinstance(value, (bool, int, float)):
        return f""" Put quotes around a string like this: "{value}", in an override '"{value}"'."""
    return ""


def _expectation(message: str) -> str:
    """Turn a pydantic message into the beginning of a sentence, such as `expected a mapping`."""
    if "valid dictionary" in message:
        return "expected a mapping"
    if "Sequence value" in message:
        return "expected a valid list"
    if "at least 1 item" in message:
        return "expected at least one value"
    return re.sub(
        "^Input should be ",
        "expected ",
        re.sub("^Input should be (?=greater|less)", "expected a number ", message),
    )
