"""Differences between two configs, one line per differing value."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any


def differences(before: Any, after: Any, key: str = "") -> Iterator[str]:
    """Yield the values that differ between two nested mappings.

    Args:
        before: The first mapping, or a value in it.
        after: The second mapping, or the value under the same key.
        key: Dotted key of both values; empty for whole mappings.

    Yields:
        One string `a.b: before → after` per differing value. A value that one mapping lacks is
        shown as `missing`.
    """
    if isinstance(before, dict) and isinstance(after, dict):
        for name in {**before, **after}:
            yield from differences(
                before.get(name, "missing"),
                after.get(name, "missing"),
                f"{key}.{name}" if key else str(name),
            )
    elif before != after:
        yield f"{key}: {before} → {after}"
