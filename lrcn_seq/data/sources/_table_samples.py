"""Samples read from a table of media with captions or labels."""

from __future__ import annotations

import math
import os
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from lrcn_seq.data.sources._source_files import Row, find_column, read_table, require_column
from lrcn_seq.data.sources.base import SPLITS, validate_samples
from lrcn_seq.errors import DataError
from lrcn_seq.records import Moment, Sample

DEFAULT_NAMES = {
    "media": ("media", "image", "video", "file", "path"),
    "text": ("text", "caption", "captions", "sentence", "sentences"),
    "label": ("label", "class"),
    "split": ("split",),
    "group": ("group",),
    "start": ("start",),
    "end": ("end",),
}
SPLIT_ALIASES = {
    "val": "dev",
    "valid": "dev",
    "validation": "dev",
    "development": "dev",
    "training": "train",
    "testing": "test",
}


class Columns(NamedTuple):
    """The column name of each role, None for roles that the table does not have."""

    media: str | None
    text: str | None
    label: str | None
    split: str | None
    group: str | None
    start: str | None
    end: str | None


def read_samples(
    table: str, *, names: dict[str, str | None], required: Sequence[str]
) -> list[Sample]:
    """Return the samples of a table, one per media file.

    Rows of the same media file are merged into one sample. Samples have an empty `split` if the
    table has no split column.

    Args:
        table: The path of the table. Media paths are absolute or relative to its folder.
        names: The configured column name of each role to read; None for the usual names.
        required: The roles that the table must have.

    Raises:
        DataError: If the table or one of its rows is unusable.
    """
    rows = read_table(table, f"a table of {' and '.join(required)}")
    found: dict[str, str | None] = {}
    for role, name in names.items():
        find = require_column if role in required else find_column
        found[role] = find(rows, name, DEFAULT_NAMES[role], place=table, role=role)
    columns = Columns(*(found.get(role) for role in Columns._fields))
    folder = Path(table).parent
    paths = _Paths(folder)
    samples: dict[str, Sample] = {}
    for number, row in enumerate(rows, start=1):
        sample = _read_row(f"{table}, row {number}", row, columns, paths)
        location = paths.location(sample.id)
        samples[location] = _merge(samples.get(location), sample, table)
    return validate_samples(
        (
            sample._replace(media=str(folder / sample.id), group=sample.group or sample.id)
            for sample in samples.values()
        ),
        table,
    )


class _Paths:
    """The media paths of a table, normalized so that each file has one ID."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.resolved = cache(os.path.realpath)
        self.location = cache(self._location)
        self.short = cache(self._short)

    def _location(self, media: str) -> str:
        """Return the path with the symbolic links of its folder resolved."""
        folder, name = os.path.split(self.folder / media)
        return f"{self.resolved(folder)}/{name}"

    def _short(self, media: str) -> str:
        """Return the normalized path, relative to the folder of the table for files inside it."""
        path = os.path.normpath(media)
        inside = os.path.relpath(path, self.folder.absolute()) if Path(path).is_absolute() else path
        name = path if Path(inside).parts[:1] == (os.pardir,) else inside
        # After a symbolic link, `..` leads to another folder than normpath assumes.
        return name if self.location(name) == self.location(media) else media


def _read_row(place: str, row: Row, columns: Columns, paths: _Paths) -> Sample:
    """Return the sample of one row, with its normalized media path as ID."""
    media, text, label, split, group, start, end = (
        None if name is None else row.get(name) for name in columns
    )
    if not isinstance(media, str) or not media.strip():
        raise DataError(
            f"{place}: expected the path of an image or video under {columns.media!r}. "
            f"Received: {media!r}; fill in the path or remove the row."
        )
    if columns.label is not None and (label is None or not str(label).strip()):
        raise DataError(
            f"{place}: expected a label under {columns.label!r}. Received: {label!r}; "
            "fill in the label or remove the row."
        )
    label = None if label is None else str(label).strip()
    moments = () if columns.start is None else (_moment(place, start, end, label),)
    try:
        name = paths.short(media.strip())
    except ValueError as error:
        raise DataError(
            f"{place}: expected the path of an image or video under {columns.media!r}. "
            f"Received: {media!r} ({error}); correct the path."
        ) from None
    return Sample(
        id=name,
        media="",
        group="" if group is None else str(group).strip(),
        split=_split(place, split, columns.split),
        captions=_captions(place, text, columns.text),
        label=None if moments else label,
        moments=moments,
    )


def _moment(place: str, start: Any, end: Any, label: str | None) -> Moment:
    """Return a labeled part of a video with valid times."""
    try:
        first, last = float(start), float(end)
    except (TypeError, ValueError):
        first = last = math.nan
    if label is None or not 0 <= first < last < math.inf:
        raise DataError(
            f"{place}: expected a label with its start and a later end in seconds. "
            f"Received: start={start!r}, end={end!r}, label={label!r}; correct the row."
        )
    return Moment(first, last, label)


def _captions(place: str, text: Any, column: str | None) -> tuple[str, ...]:
    """Return the captions of a row: one text or a list of texts."""
    if column is None:
        return ()
    captions = text if isinstance(text, list) else [text]
    if not captions or any(
        not isinstance(caption, str) or not caption.strip() for caption in captions
    ):
        raise DataError(
            f"{place}: expected a sentence under {column!r}. Received: {text!r}; "
            "fill in the sentence or remove the row."
        )
    return tuple(caption.strip() for caption in captions)


def _split(place: str, value: Any, column: str | None) -> str:
    """Return the split of a row, or an empty string without a split column."""
    if column is None:
        return ""
    name = str(value).strip().lower()
    split = SPLIT_ALIASES.get(name, name)
    if split not in SPLITS:
        raise DataError(
            f"{place}: expected train, dev or test under {column!r}. Received: {value!r}; "
            "correct the row."
        )
    return split


def _merge(existing: Sample | None, sample: Sample, table: str) -> Sample:
    """Add the captions and moments of a row to the sample of its media file."""
    if existing is None:
        return sample
    for field in ("split", "group", "label"):
        before, after = getattr(existing, field), getattr(sample, field)
        if before != after:
            raise DataError(
                f"{table}: expected one {field} for {sample.id!r}. "
                f"Received: {before!r} and {after!r}; use the same value in all its rows."
            )
    return existing._replace(
        captions=existing.captions + sample.captions, moments=existing.moments + sample.moments
    )
