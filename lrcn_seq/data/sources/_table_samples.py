"""Samples read from a table of media with captions or labels."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from lrcn_seq.csv_table import LIST_TEXT, NOT_NAMES, is_missing, normalize_name
from lrcn_seq.data.sources._media_paths import MediaPaths, check_not_url
from lrcn_seq.data.sources._source_files import abbreviate
from lrcn_seq.data.sources._splits import join_groups
from lrcn_seq.data.sources._tables import (
    Table,
    cell_text,
    read_table,
)
from lrcn_seq.data.sources.base import SPLITS, validate_samples
from lrcn_seq.errors import DataError, shorten_names
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
CAPTION_COLUMN = re.compile(r"(text|caption|sentence)s?[ ._-]?(\d*)")
"""Matches the usual names of columns of captions, with an optional number."""
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
        text: The columns of captions, such as `caption` or `caption1` and `caption2`.
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


class TableSamples(NamedTuple):
    """The samples of a table, and sentences about unused columns and overlapping labels."""

    samples: list[Sample]
    notes: tuple[str, ...]


def read_samples(
    table: str, *, names: dict[str, str | None], required: Sequence[str]
) -> TableSamples:
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
    valid = validate_samples(join_groups(samples), table)
    return TableSamples(valid, (*_column_notes(content, columns, names), *_overlap_note(valid)))


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
        text=_caption_columns(table, names, required),
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


def _caption_columns(
    table: Table, names: Mapping[str, str | None], required: Sequence[str]
) -> tuple[str, ...]:
    """Return the columns of captions: the configured one, or all forms of one usual name.

    The forms of a name are the singular, the plural, and either with a number: `caption`,
    `captions`, `caption1`, `caption2`. Columns without a number come first.

    Raises:
        DataError: If columns of several usual names, such as `caption` and `text`, have different
            values, or a configured or required column is missing.
    """
    if "text" not in names:
        return ()
    matches = {
        column: match
        for column in table.columns
        if names["text"] is None and (match := CAPTION_COLUMN.fullmatch(normalize_name(column)))
    }
    if not matches:
        method = table.require_column if "text" in required else table.find_column
        return tuple(filter(None, [method(names["text"], DEFAULT_NAMES["text"], "text")]))
    columns = sorted(matches, key=lambda column: (int(matches[column][2] or -1), column))
    distinct = table.distinct_columns(columns)
    names_found = {matches[column][1] for column in distinct}
    if len(names_found) > 1:
        raise table.ambiguity(distinct, "text")
    return tuple(column for column in columns if matches[column][1] in names_found)


def _column_notes(table: Table, columns: Columns, names: Mapping[str, str | None]) -> Iterator[str]:
    """Yield sentences about columns that are not used; index columns of pandas are ignored."""
    used = {columns.media, *columns.text, *columns[2:]}
    unused = [
        column
        for column in table.columns
        if column not in used and not normalize_name(column).startswith("unnamed:")
    ]
    if unused:
        yield f"Columns of {Path(table.path).name} that are not used: {shorten_names(unused)}."
    for column in unused if columns.split is None and "split" in names else ():
        if all(split_name(row.values.get(column)) in SPLITS for row in table.rows):
            yield (
                f"The column {column} contains names of splits but is not used; set "
                f"data.source.split={column} to use it."
            )


def _overlap_note(samples: Sequence[Sample]) -> Iterator[str]:
    """Yield a sentence about videos in which parts with different labels overlap, if any."""
    names = [sample.id for sample in samples if _has_overlap(sample.moments)]
    if names:
        yield (
            f"Videos with overlapping parts of different labels: {len(names):,} "
            f"({shorten_names(names)}); where parts overlap, the label of the later row counts."
        )


def _has_overlap(moments: Sequence[Moment]) -> bool:
    """Return whether moments with different labels overlap."""
    ends: dict[str, float] = {}
    for moment in sorted(moments, key=lambda moment: moment.start):
        if any(end > moment.start for label, end in ends.items() if label != moment.label):
            return True
        ends[moment.label] = max(moment.end, ends.get(moment.label, 0))
    return False


def _read_row(place: str, values: Mapping[str, Any], columns: Columns, paths: MediaPaths) -> Sample:
    """Return the sample of one row, with its normalized media path as ID."""

    def cell(column: str | None) -> Any:
        return None if column is None else values.get(column)

    label = cell_text(place, cell(columns.label), "label")
    group = cell_text(place, cell(columns.group), "group")
    if columns.label is not None and (not label or label in NOT_NAMES):
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
        group="" if is_missing(group) else group,
        split=_split(place, cell(columns.split), columns.split),
        captions=_captions(place, [cell(column) for column in columns.text], columns.text),
        label=None if moments else label or None,
        moments=moments,
    )


def _media_name(place: str, media: Any, column: str, paths: MediaPaths) -> str:
    """Return the normalized media path of a row."""
    if not isinstance(media, str) or is_missing(media):
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
        first, last = (math.nan if isinstance(time, bool) else float(time) for time in (start, end))
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

    Of several columns, all but one may be empty.
    """
    filled = [cell for cell in cells if not is_missing(cell)]
    captions = [text for cell in filled for text in (cell if isinstance(cell, list) else [cell])]
    valid = all(isinstance(text, str) and not is_missing(text.strip()) for text in captions)
    if valid and any(map(LIST_TEXT.fullmatch, captions)):
        raise DataError(
            f"{place}: expected one sentence in each cell. Received: a list as text, "
            f"{abbreviate(captions[0])}; write a row or a column caption1, caption2, … for each "
            "sentence, or write the table as JSON Lines."
        )
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
    split = split_name(value)
    if split not in SPLITS:
        raise DataError(
            f"{place}: expected train, dev or test under {column!r}. "
            f"Received: {abbreviate(value)}; correct the row."
        )
    return split


def split_name(value: Any) -> str:
    """Return the name of a split in lower case, with aliases replaced."""
    name = str(value).strip().lower()
    return SPLIT_ALIASES.get(name, name)


def _check_equal(place: str, first: Sample, sample: Sample) -> None:
    """Raise DataError if two rows of one file differ in split, group or label."""
    for field in ("split", "group", "label"):
        before, after = getattr(first, field), getattr(sample, field)
        if before != after:
            raise DataError(
                f"{place}: expected one {field} for {sample.id!r}. "
                f"Received: {before!r} and {after!r}; use one value in all rows of the file."
            )
