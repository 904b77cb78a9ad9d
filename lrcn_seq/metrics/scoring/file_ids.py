"""Matching of files with the IDs of references."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from pathlib import PurePosixPath

COCO_NAME = re.compile(r"(?:COCO_\w+_)?0*(\d+)\.\w+")
"""Matches the file name of an image of COCO, whose ID is the number without leading zeros."""
Form = Callable[[str], str]
"""A function from a path to a part of it."""


def match_files(files: Iterable[str], references: Iterable[str]) -> list[str]:
    """Return the ID of the references of each file.

    An ID is the path of the file, or else its name, its name without suffix, or the number in the
    name of a COCO image. IDs that are paths are compared by their names as well.

    Args:
        files: The paths.
        references: The IDs of the references.

    Returns:
        The IDs. A file without an ID, or with several, keeps its path.
    """
    ids = list(references)
    exact = set(ids)
    tables = [(form, _ids_by(form, ids)) for form in (_name, _stem)]
    return [_match(file, exact, tables) for file in files]


def _match(file: str, exact: set[str], tables: Sequence[tuple[Form, dict[str, str | None]]]) -> str:
    if file in exact:
        return file
    for form, by_form in tables:
        if found := by_form.get(form(file)):
            return found
    number = COCO_NAME.fullmatch(_name(file))
    return number[1] if number and number[1] in exact else file


def _ids_by(form: Form, ids: Iterable[str]) -> dict[str, str | None]:
    """Map the form of each ID to the ID, or to None if several IDs have the same form."""
    table: dict[str, str | None] = {}
    for name in ids:
        table[form(name)] = None if form(name) in table else name
    return table


def _name(path: str) -> str:
    return PurePosixPath(path.replace("\\", "/")).name


def _stem(path: str) -> str:
    return PurePosixPath(_name(path)).stem
