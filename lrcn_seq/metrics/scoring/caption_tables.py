"""Tables of captions in CSV, with a header that names an ID or a file and one or more captions."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from lrcn_seq.errors import DataError

DELIMITERS = (",", "\t", ";")
ID_COLUMNS = ("image_id", "video_id", "id")
"""Columns of IDs; beside `image_id`, the column `id` counts annotations."""
FILE_COLUMNS = ("file", "file_name", "filename", "image", "video", "media", "path")
CAPTION_COLUMN = re.compile(
    r"(captions?|texts?|sentences?|hypothesis|prediction|references?)[ ._-]?\d*"
)
SEPARATOR_LINE = re.compile(r"\Asep=.\n")
"""The first line in which Excel names the delimiter."""
EXPECTED = (
    f"a table with a column of IDs ({', '.join(ID_COLUMNS)}) or files ({', '.join(FILE_COLUMNS)}) "
    "and a column caption, or caption1, caption2 and so on"
)


class CaptionRow(NamedTuple):
    """The captions of a row of a table.

    Attributes:
        name: The ID or file.
        captions: The captions; cells without text are left out.
    """

    name: str
    captions: list[str]


class CaptionRows(list[CaptionRow]):
    """The rows of a table of captions.

    Attributes:
        names_files: Whether the rows name files instead of IDs.
    """

    names_files: bool


def is_caption_table(text: str) -> bool:
    """Return whether the first line of a text is the header of a table of captions."""
    text = SEPARATOR_LINE.sub("", text)
    try:
        header = next(_records(text, _delimiter(text)), [])
    except csv.Error:
        return False
    return len(header) > 1 and _name_column(header) is not None and bool(_caption_columns(header))


def read_caption_table(path: str | Path, text: str) -> CaptionRows:
    """Parse a table of captions.

    Args:
        path: The file to name in messages.
        text: The CSV text, delimited by comma, tab or semicolon.

    Raises:
        DataError: The header lacks a column, or a row does not match the header.
    """
    text = SEPARATOR_LINE.sub("", text)
    try:
        header, *cells = [
            record for record in _records(text, _delimiter(text)) if any(map(str.strip, record))
        ] or [[]]
    except csv.Error as error:
        raise DataError(f"{path}: expected CSV with closed quotes. Received: {error}.") from None
    names = list(map(_normalize, header))
    if double := next((name for name in names if name and names.count(name) > 1), None):
        raise DataError(
            f"{path}: expected columns of different names. Received: {names.count(double)} columns "
            f"named {double!r}; rename all but one."
        )
    column, columns = _name_column(header), _caption_columns(header)
    if column is None or not columns:
        raise DataError(
            f"{path}: expected {EXPECTED}. Received: columns {', '.join(header) or 'none'}; "
            "rename the columns."
        )
    rows = CaptionRows(_row(path, record, header, column, columns) for record in cells)
    rows.names_files = _normalize(header[column]) in FILE_COLUMNS
    return rows


def _row(
    path: str | Path, record: list[str], header: list[str], column: int, columns: Sequence[int]
) -> CaptionRow:
    if len(record) < len(header) or any(map(str.strip, record[len(header) :])):
        raise DataError(
            f"{path}: expected {len(header)} columns in each row, as in the header. Received: "
            f"{len(record)} in the row of {record[0]!r:.50}; quote captions that contain the "
            "delimiter."
        )
    if not record[column].strip():
        raise DataError(
            f"{path}: expected a value under {header[column]!r} in each row. Received: none in the "
            f"row {', '.join(record)!r:.60}; fill in the value."
        )
    captions = [record[position].strip() for position in columns]
    return CaptionRow(record[column].strip(), [caption for caption in captions if caption])


def _records(text: str, delimiter: str) -> Iterator[list[str]]:
    return csv.reader(
        io.StringIO(text, newline=""), delimiter=delimiter, skipinitialspace=True, strict=True
    )


def _delimiter(text: str) -> str:
    """Return the most frequent delimiter of the first line."""
    return max(DELIMITERS, key=text.partition("\n")[0].count)


def _normalize(name: str) -> str:
    return name.strip().casefold()


def _name_column(header: Sequence[str]) -> int | None:
    """Return the position of the column of IDs, or else of files, or None."""
    names = list(map(_normalize, header))
    return next((names.index(name) for name in (*ID_COLUMNS, *FILE_COLUMNS) if name in names), None)


def _caption_columns(header: Sequence[str]) -> list[int]:
    """Return the positions of the columns of captions."""
    return [n for n, name in enumerate(header) if CAPTION_COLUMN.fullmatch(_normalize(name))]
