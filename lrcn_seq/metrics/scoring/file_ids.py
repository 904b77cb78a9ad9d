"""Matching of files with the IDs of references."""

from __future__ import annotations

import posixpath
import re
import unicodedata
from collections.abc import Iterable
from pathlib import PurePosixPath

COCO_NAME = re.compile(r"(?:COCO_\w+_)?0*(\d+)\.\w+")
"""Matches the file name of an image of COCO, whose ID is the number without leading zeros."""
SUFFIX = re.compile(r"\.[a-z]\w{1,4}", re.IGNORECASE)
Index = dict[str, list[tuple[str, tuple[str, ...]]]]
"""The IDs with the parts of their paths, by their last part."""


def match_files(files: Iterable[str], references: Iterable[str]) -> list[str]:
    """Return the ID of the references of each file.

    An ID matches a file if their paths are equal or one of them is the end of the other, as
    for `val/1.jpg` and `photos/val/1.jpg`. If no ID matches, the suffix of the file or of the IDs
    is ignored. If still no ID matches, the ID is the number in the name of a COCO image.

    Args:
        files: The paths.
        references: The IDs of the references.

    Returns:
        The IDs. A file without an ID, or with several, keeps its path.
    """
    ids = dict.fromkeys(references)
    whole, bare = _index((name, _parts(name)) for name in ids), _index(_bare_names(ids))
    return [file if file in ids else _match(file, whole, bare) for file in files]


def _match(file: str, whole: Index, bare: Index) -> str:
    """Return the only ID that matches a file, or else the file."""
    parts = _parts(file)
    stem = _without_suffix(parts)
    matches = _find(parts, whole) or (_find(stem, whole) if stem != parts else _find(parts, bare))
    if not matches and (number := COCO_NAME.fullmatch(parts[-1])):
        matches = [name for name, other in whole.get(number[1], ()) if other == (number[1],)]
    return matches[0] if len(matches) == 1 else file


def _find(parts: tuple[str, ...], index: Index) -> list[str]:
    """Return the IDs whose parts end with the given parts, or are the end of them."""
    return [
        name
        for name, other in index.get(parts[-1], ())
        if all(a == b for a, b in zip(reversed(parts), reversed(other), strict=False))
    ]


def _index(ids: Iterable[tuple[str, tuple[str, ...]]]) -> Index:
    index: Index = {}
    for name, parts in ids:
        index.setdefault(parts[-1], []).append((name, parts))
    return index


def _bare_names(ids: Iterable[str]) -> list[tuple[str, tuple[str, ...]]]:
    """Return each ID with a suffix, and the parts of its path without the suffix."""
    pairs = [(name, _parts(name)) for name in ids]
    return [(name, bare) for name, parts in pairs if (bare := _without_suffix(parts)) != parts]


def _without_suffix(parts: tuple[str, ...]) -> tuple[str, ...]:
    """Return the parts of a path without the suffix of its name."""
    name = PurePosixPath(parts[-1])
    return (*parts[:-1], name.stem) if SUFFIX.fullmatch(name.suffix) else parts


def _parts(path: str) -> tuple[str, ...]:
    """Return the folders and the name of a path, in Unicode NFC and without its root."""
    normalized = posixpath.normpath(unicodedata.normalize("NFC", path.replace("\\", "/")))
    parts = tuple(part for part in normalized.split("/") if part not in ("", ".", ".."))
    return parts or (path,)
