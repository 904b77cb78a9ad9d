"""Names of classes and groups that are probably meant to be equal."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from decimal import Decimal

NUMBER = re.compile(r"[+-]?\d+(?:[.,]\d+)?", re.ASCII)
SIMILARITY = "differ only in case, blanks, punctuation or the form of a number"


def similar_names(names: Iterable[str]) -> list[list[str]]:
    """Return the groups of different names that are probably meant to be equal.

    Such names are equal as numbers (`1`, `01` and `1.0`) or after removing the differences in case,
    blanks, hyphens, underscores, invisible characters and compatible characters of Unicode.

    Args:
        names: The names.

    Returns:
        Groups of at least two names; groups and names are sorted.
    """
    by_key: dict[str, list[str]] = {}
    for name in sorted(set(names)):
        by_key.setdefault(_key(name), []).append(name)
    return [group for group in by_key.values() if len(group) > 1]


def _key(name: str) -> str:
    """Return a text that names have in common if they are probably meant to be equal."""
    visible = "".join(one for one in name if unicodedata.category(one) != "Cf").strip()
    if NUMBER.fullmatch(visible):
        return str(Decimal(visible.replace(",", ".")).normalize())
    words = re.split(r"[\s_-]+", unicodedata.normalize("NFKC", visible).casefold())
    return " ".join(filter(None, words)) or name
