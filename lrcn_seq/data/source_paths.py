"""The paths in the spec of a source."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from lrcn_seq.registry import sources


def source_paths(spec: Mapping[str, Any]) -> dict[str, str]:
    """Return the paths in the spec of a source, by dotted key.

    Args:
        spec: A valid spec `{"type": NAME, argument: value, ...}`. Its class names the arguments
            that are paths in the attribute `paths`.
    """
    return dict(_paths(spec, _path_arguments(spec), ""))


def missing_paths(spec: Mapping[str, Any]) -> dict[str, str]:
    """Return the paths in the spec of a source that do not exist, by dotted key."""
    return {key: path for key, path in source_paths(spec).items() if not Path(path).exists()}


def replace_paths(spec: Mapping[str, Any], change: Callable[[str], str]) -> dict[str, Any]:
    """Return a copy of the spec of a source with changed paths.

    Args:
        spec: A valid spec.
        change: Returns the new path for a path.
    """
    return _replaced(spec, _path_arguments(spec), change)


def _path_arguments(spec: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(getattr(sources.get(spec["type"]), "paths", ()))


def _paths(
    spec: Mapping[str, Any], names: tuple[str, ...], place: str
) -> Iterator[tuple[str, str]]:
    """Yield the paths of a mapping and of the mappings in it."""
    for name, value in spec.items():
        if isinstance(value, Mapping):
            yield from _paths(value, names, f"{place}{name}.")
        elif name in names and isinstance(value, str):
            yield f"{place}{name}", value


def _replaced(
    spec: Mapping[str, Any], names: tuple[str, ...], change: Callable[[str], str]
) -> dict[str, Any]:
    return {
        name: _replaced(value, names, change)
        if isinstance(value, Mapping)
        else change(value)
        if name in names and isinstance(value, str)
        else value
        for name, value in spec.items()
    }
