"""Names of classes and groups that are probably meant to be equal."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal

NUMBER = re.compile(r"[+-]?\d+(?:[.,]\d+)?", re.ASCII)


def similar_names(names: Iterable[str]) -> list[list[str]]:
    """Return the groups of different names that are probably meant to be equal.

    Such names are equal as numbers (`1`, `01` and `1.0`), or apart from case, blanks, hyphens,
    underscores, invisible characters and Unicode compatibility forms.

    Args:
        names: The names.

    Returns:
        Groups of at least two names; groups and names are sorted.
    """
    by_key: dict[str, list[str]] = {}
    for name in sorted(set(names)):
        by_key.setdefault(_key(name), []).append(name)
    return [group for group in by_key.values() if len(group) > 1]


def similarity_notes(subject: str, groups: Sequence[Sequence[str]]) -> Iterator[str]:
    """Yield a sentence about similar names, if there are any.

    Args:
        subject: The plural noun phrase that begins the sentence, such as `Classes`.
        groups: The groups of similar names.
    """
    if groups:
        listed = ", ".join(" and ".join(map(repr, names)) for names in groups[:3])
        yield (
            f"{subject} have names that differ only in case, blanks, punctuation or the form of a "
            f"number: {listed}{', …' if len(groups) > 3 else ''}; give them one name if they mean "
            "the same."
        )


def _key(name: str) -> str:
    """Return a key that is the same for names that are probably meant to be equal."""
    visible = "".join(one for one in name if unicodedata.category(one) != "Cf").strip()
    if NUMBER.fullmatch(visible):
        return str(Decimal(visible.replace(",", ".")).normalize())
    words = re.split(r"[\s_-]+", unicodedata.normalize("NFKC", visible).casefold())
    return " ".join(filter(None, words)) or name
