"""The search of a prediction call, adapted to the options `beams` and `best`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lrcn_seq.errors import ArgumentError, ConfigError
from lrcn_seq.registry import searches, signature
from lrcn_seq.tasks._caption_problems import search_problems

WIDTHS = {"beams", "draws"}
"""Arguments of searches that set the number of captions that they find."""


def resolve_search(
    search: Mapping[str, Any],
    limit: int,
    *,
    beams: int | None = None,
    best: int = 1,
    replaceable: bool = False,
) -> dict[str, Any]:
    """Return the search of a prediction call, checked and wide enough for `best` captions.

    Args:
        search: `{"type": NAME, ...}`.
        limit: the maximum number of words, including the end word.
        beams: width of the beam search.
        best: number of captions.
        replaceable: whether `beams` may replace a search of another type by a beam search.

    Raises:
        ArgumentError, ConfigError: the search is invalid.
    """
    if best < 1:
        raise ArgumentError(f"best: expected at least 1 caption. Received: best={best}.")
    if not isinstance(search, Mapping) or "type" not in search:
        raise ArgumentError(
            f"search: expected a mapping with a `type`, as in a config. Received: {search!r}."
        )
    resolved = dict(search)
    if beams is not None:
        resolved = _beam_search(resolved, beams, replaceable=replaceable)
    if problems := search_problems(resolved, limit):
        raise ConfigError(problems, "the search")
    return _widened(resolved, best)


def count_captions(search: Mapping[str, Any]) -> int:
    """Return the number of captions that a search finds for each input."""
    arguments = signature(searches.get(search["type"]))
    if "search" in arguments:
        return count_captions(search.get("search", arguments["search"].default))
    widths = [search.get(name, arguments[name].default) for name in WIDTHS & arguments.keys()]
    return search.get("best") or max(widths, default=1)


def _beam_search(search: dict[str, Any], beams: int, *, replaceable: bool) -> dict[str, Any]:
    """Return the search with the given beams, or a new beam search if it is `replaceable`.

    A search that ranks the sentences of another search passes the beams on to it.
    """
    arguments = signature(searches.get(search["type"]))
    if "search" in arguments:
        inner = search.get("search", arguments["search"].default)
        if isinstance(inner, Mapping) and "type" in inner:
            inner = _beam_search(dict(inner), beams, replaceable=replaceable)
        return {**search, "search": inner}
    if "beams" in arguments:
        return {**search, "beams": beams}
    if replaceable:
        return {"type": "beam", "beams": beams}
    raise ArgumentError(
        f"beams: expected a beam search. Received: beams={beams} with a search of the type "
        f"{search['type']}."
    )


def _widened(search: dict[str, Any], best: int) -> dict[str, Any]:
    """Return the search with at least `best` beams or draws."""
    arguments = signature(searches.get(search["type"]))
    if "search" in arguments:
        inner = dict(search.get("search", arguments["search"].default))
        return {**search, "search": _widened(inner, best)}
    widths = arguments.keys() & WIDTHS
    if best > 1 and not widths:
        raise ArgumentError(
            f"best: expected 1, since a search of the type {search['type']} finds one caption. "
            f"Received: best={best}; set beams as well."
        )
    wider = {width: max(best, search.get(width, arguments[width].default)) for width in widths}
    if "groups" in arguments:
        groups = search.get("groups", arguments["groups"].default)
        wider["beams"] = -(-wider["beams"] // groups) * groups
    if search.get("best"):
        wider["best"] = max(best, search["best"])
    return {**search, **wider}
