"""Samples read from a table of media with captions or labels."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from lrcn_seq.csv_table import normalize_name
from lrcn_seq.data.sources._media_paths import MediaPaths, check_not_url
from lrcn_seq.data.sources._source_files import abbreviate
from lrcn_seq.data.sources._splits import join_groups
from lrcn_seq.data.sources._tables import Table, cell_text, read_table
from lrcn_seq.data.sources.base import SPLITS, validate_samples
from lrcn_seq.errors import DataError
from lrcn_seq.records import Moment, Sample

DEFAULT_NAMES = {
    "media": ("media", "image", "video", "file", "path", "file_name", "filename"),
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
    """The name of the column for each role, or None if the table has no such column.

    Attributes:
        text: The columns of captions; several if the table numbers them, as `caption1`, `caption2`.
    """

    media: str
    text: tuple[str, ...]
    label: str | None
    split: str | None
    group: str | None
    start: str | None
    end: str | None


class MediaFile(NamedTuple):
    """The merged rows of one media file.

    Attributes:
        sample: The sample of the first row.
        captions: The captions of all rows.
        moments: The moments of all rows.
    """

    sample: Sample
    captions: list[str]
    moments: list[Moment]


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
    content = read_table(table, f"a table of {' and '.join(required)}")
    columns = _find_columns(content, names, required)
    folder = Path(table).parent
    paths = MediaPaths(folder)
    files: dict[str, MediaFile] = {}
    for row in content.rows:
        place = content.place(row)
        sample = _read_row(place, row.values, columns, paths)
        file = files.setdefault(paths.location(sample.id), MediaFile(sample, [], []))
        _check_equal(place, file.sample, sample)
        file.captions.extend(sample.captions)
        file.moments.extend(sample.moments)
    samples = [
        file.sample._replace(
            media=str(folder / file.sample.id),
            group=file.sample.group or file.sample.id,
            captions=tuple(file.captions),
            moments=tuple(file.moments),
        )
        for file in files.values()
    ]
    return validate_samples(join_groups(samples), table)


def _find_columns(
    table: Table, names: Mapping[str, str | None], required: Sequence[str]
) -> Columns:
    """Return the columns of all roles."""

    def find(role: str) -> str | None:
        if role not in names:
            return None
        method = table.require_column if role in required else table.find_column
        return method(names[role], DEFAULT_NAMES[role], role)

    columns = Columns(
        media=table.require_column(names["media"], DEFAULT_NAMES["media"], "media"),
        text=_numbered_captions(table, names) or tuple(filter(None, [find("text")])),
        label=find("label"),
        split=find("split"),
        group=find("group"),
        start=find("start"),
        end=find("end"),
    )
    if (columns.start is None) != (columns.end is None):
        raise DataError(
            f"{table.path}: expected columns with the start and the end of labels. Received: "
            f"columns {', '.join(table.columns)}; add the missing column."
        )
    return columns


def _numbered_captions(table: Table, names: Mapping[str, str | None]) -> tuple[str, ...]:
    """Return the columns `caption1`, `caption2` and so on, unless a column is configured.

    A column `caption` without a number comes first.
    """
    if names.get("text", "") is not None:
        return ()
    for stem in DEFAULT_NAMES["text"]:
        matches = [
            (re.fullmatch(rf"{stem}(?:[ ._-]?(\d+))?", normalize_name(column)), column)
            for column in table.columns
        ]
        columns = sorted((int(match[1] or -1), column) for match, column in matches if match)
        if columns and columns[-1][0] >= 0:
            return tuple(column for _, column in columns)
    return ()


def _read_row(place: str, values: Mapping[str, Any], columns: Columns, paths: MediaPaths) -> Sample:
    """Return the sample of one row, with its normalized media path as ID."""

    def cell(column: str | None) -> Any:
        return None if column is None else values.get(column)

    label = cell_text(place, cell(columns.label), "label")
    if columns.label is not None and not label:
        raise DataError(
            f"{place}: expected a label under {columns.label!r}. "
            f"Received: {cell(columns.label)!r}; fill in the label or remove the row."
        )
    moments: tuple[Moment, ...] = ()
    if columns.start is not None:
        moments = (_moment(place, cell(columns.start), cell(columns.end), label),)
    return Sample(
        id=_media_name(place, cell(columns.media), columns.media, paths),
        media="",
        group=cell_text(place, cell(columns.group), "group"),
        split=_split(place, cell(columns.split), columns.split),
        captions=_captions(place, [cell(column) for column in columns.text], columns.text),
        label=None if moments else label or None,
        moments=moments,
    )


def _media_name(place: str, media: Any, column: str, paths: MediaPaths) -> str:
    """Return the normalized media path of a row."""
    if not isinstance(media, str) or not media.strip():
        raise DataError(
            f"{place}: expected the path of an image or video under {column!r}. "
            f"Received: {abbreviate(media)}; fill in the path or remove the row."
        )
    check_not_url(media, place)
    try:
        return paths.short(media)
    except ValueError as error:
        raise DataError(
            f"{place}: expected the path of an image or video under {column!r}. "
            f"Received: {media!r} ({error}); correct the path."
        ) from None


def _moment(place: str, start: Any, end: Any, label: str) -> Moment:
    """Return a labeled part of a video after checking its times."""
    try:
        first, last = float(start), float(end)
    except (TypeError, ValueError, OverflowError):
        first = last = math.nan
    if not label or not 0 <= first < last < math.inf:
        raise DataError(
            f"{place}: expected a label with its start and a later end in seconds. "
            f"Received: start={abbreviate(start)}, end={abbreviate(end)}, label={label or None!r}; "
            "correct the row."
        )
    return Moment(first, last, label)


def _captions(place: str, cells: Sequence[Any], columns: Sequence[str]) -> tuple[str, ...]:
    """Return the captions of a row: a text or a list of texts in each column.

    Of numbered columns, all but one may be empty.
    """
    filled = [cell for cell in cells if cell not in (None, "")] if len(cells) > 1 else cells
    captions = [text for cell in filled for text in (cell if isinstance(cell, list) else [cell])]
    valid = all(isinstance(text, str) and text.strip() for text in captions)
    if columns and not (captions and valid):
        raise DataError(
            f"{place}: expected a sentence under {' or '.join(map(repr, columns))}. "
            f"Received: {', '.join(f'{abbreviate(cell)}' for cell in cells)}; "
            "fill in the sentence or remove the row."
        )
    return tuple(text.strip() for text in captions)


def _split(place: str, value: Any, column: str | None) -> str:
    """Return the split of a row, or an empty string without a split column."""
    if column is None:
        return ""
    name = str(value).strip().lower()
    split = SPLIT_ALIASES.get(name, name)
    if split not in SPLITS:
        raise DataError(
            f"{place}: expected train, dev or test under {column!r}. "
            f"Received: {abbreviate(value)}; correct the row."
        )
    return split


def _check_equal(place: str, first: Sample, sample: Sample) -> None:
    """Raise DataError if two rows of one file differ in split, group or label."""
    for field in ("split", "group", "label"):
        before, after = getattr(first, field), getattr(sample, field)
        if before != after:
            raise DataError(
                f"{place}: expected one {field} for {sample.id!r}. "
                f"Received: {before!r} and {after!r}; use one value in all rows of the file."
            )
