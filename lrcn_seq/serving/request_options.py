"""Options of `predict` in the query of a request, checked as those of the commands are."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from pydantic import TypeAdapter, ValidationError

from lrcn_seq.config import overridden_section
from lrcn_seq.errors import ArgumentError, describe_errors, did_you_mean, shorten

if TYPE_CHECKING:
    from lrcn_seq.tasks import Task

SEARCH = "search"
"""The option that is given as `search.key=value`."""
FILE_ARGUMENTS = frozenset({"frequencies"})
"""Arguments of searches that name a file, which a request must not choose."""
NUMBER_LIMIT = 100
"""The largest whole number in a search that a request may choose."""
EXAMPLES: tuple[dict[str, Any], ...] = (
    {"beams": 5, "best": 5},
    {"best": 5},
    {"top": 5, "per_frame": True},
    {"top": 5},
)
"""Options that show the most of a prediction, from the most to the least."""


def parse_options(task: Task, query: Iterable[tuple[str, str]]) -> dict[str, Any]:
    """Return the keyword arguments of `predict` from the query of a request.

    Args:
        task: the task, which declares its `request_options`.
        query: names and values; those of the search have names such as `search.beams`.

    Raises:
        ArgumentError, ConfigError: an option is unknown, repeated, or out of bounds.
    """
    options: dict[str, Any] = {}
    overrides: list[str] = []
    for name, text in query:
        section, _, key = name.partition(".")
        if section == SEARCH and key and SEARCH in task.request_options:
            overrides.append(f"{name}={text}")
        elif name in options:
            raise ArgumentError(f"{name}: expected one value. Received: several.")
        else:
            options[name] = _value(task, name, text)
    if overrides:
        own = task.settings.search
        options[SEARCH] = overridden_section(SEARCH, own, overrides)
        check_search(options[SEARCH], own)
    if options:
        task.predict([], **options)  # checks the options
    return options


def _value(task: Task, name: str, text: str) -> Any:
    """Return the value of an option other than those of the search."""
    known = [one for one in task.request_options if one != SEARCH]
    if name not in known:
        searches = ["search.key=value"] if SEARCH in task.request_options else []
        listed = ", ".join([*known, *searches]) or "none"
        raise ArgumentError(
            f"Expected an option of the request.{did_you_mean(name, known)} Received: "
            f"{shorten(repr(name))}; known: {listed}. Files are sent in the body of the request; "
            "paths and addresses are not read."
        )
    try:
        return TypeAdapter(task.request_options[name]).validate_strings(text)
    except ValidationError as error:
        raise ArgumentError(f"{name}: {describe_errors(error.errors(), text)}") from error


def check_search(search: Mapping[str, Any], own: Mapping[str, Any]) -> None:
    """Raise ArgumentError if a request chooses a file, or a number that makes a search too large.

    Args:
        search: the search of the request.
        own: the search of the run, whose values are allowed.
    """
    allowed = list(_values(own))
    for key, value in _values(search):
        if (key, value) in allowed:
            continue
        if key in FILE_ARGUMENTS:
            raise ArgumentError(
                f"search: expected no file in a request. Received: {key}; set it in the run."
            )
        if isinstance(value, int) and value > NUMBER_LIMIT:
            raise ArgumentError(
                f"search: expected whole numbers of at most {NUMBER_LIMIT} in a request. Received: "
                f"{key}={value}."
            )


def _values(search: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Yield the keys and values of a search and of the searches inside it."""
    for key, value in search.items():
        if isinstance(value, Mapping):
            yield from _values(value)
        else:
            yield key, value


def example_options(task: Task) -> dict[str, Any]:
    """Return the options of `EXAMPLES` that show the most of the predictions of a task."""
    for options in EXAMPLES:
        if options.keys() <= task.request_options.keys():
            try:
                task.predict(task.example_media()[:1], **options, on_error="record")
            except ArgumentError:
                continue
            return dict(options)
    return {}
