"""Tables of captions in CSV, with a header that names an ID or a file and one or more captions."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from lrcn_seq.csv_table import (
    LIST_TEXT,
    MISSING,
    distinct_columns,
    normalize_name,
    open_csv_table,
)
from lrcn_seq.errors import DataError

ID_COLUMNS = ("image_id", "video_id", "id")
"""Columns of IDs; beside `image_id`, the column `id` counts annotations."""
FILE_COLUMNS = ("file", "file_name", "filename", "image", "video", "media", "path")
CAPTION_COLUMN = re.compile(r"(caption|text|sentence|hypothesis|prediction|reference)s?[ ._-]?\d*")
EXPECTED = (
    f"a table with a column of IDs ({', '.join(ID_COLUMNS)}) or files ({', '.join(FILE_COLUMNS)}) "
    "and a column caption, or caption1, caption2 and so on"
)


class CaptionRow(NamedTuple):
    """The captions of a row of a table.

    Attributes:
        name: The ID or file.
        captions: The captions; cells without text, or with a mark such as `NaN`, are left out.
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
    try:
        header, _ = open_csv_table("", text)
    except DataError:
        return False
    return len(header) > 1 and _name_column(header) is not None and bool(_caption_columns(header))


def read_caption_table(path: str | Path, text: str) -> CaptionRows:
    """Parse a table of captions.

    Args:
        path: The file to name in messages.
        text: The CSV text, delimited by comma, tab or semicolon.

    Raises:
        DataError: The header lacks a column, a row does not match the header, or several columns
            may contain the files or the captions.
    """
    header, lines = open_csv_table(path, text, quotes_rows=True)
    records = list(lines)
    column, columns = _name_column(header), _caption_columns(header)
    if column is None or not columns:
        raise DataError(
            f"{path}: expected {EXPECTED}. Received: columns {', '.join(header) or 'none'}; "
            "rename the columns."
        )
    _check_columns(str(path), header, [cells for _, cells in records])
    rows = CaptionRows()
    for line, cells in records:
        if not cells[column]:
            raise DataError(
                f"{path}, line {line}: expected a value under {header[column]!r} in each row. "
                "Received: none; fill in the value."
            )
        if listed := next((cells[n] for n in columns if LIST_TEXT.fullmatch(cells[n])), None):
            raise DataError(
                f"{path}, line {line}: expected one sentence in each cell. Received: a list as "
                f"text, {listed:.60}; write a row or a column caption1, caption2, … for each "
                "sentence."
            )
        rows.append(
            CaptionRow(cells[column], [cells[n] for n in columns if cells[n] not in MISSING])
        )
    rows.names_files = normalize_name(header[column]) in FILE_COLUMNS
    return rows


def _name_column(header: Sequence[str]) -> int | None:
    """Return the position of the column of IDs, or else of files, or None."""
    names = list(map(normalize_name, header))
    return next((names.index(name) for name in (*ID_COLUMNS, *FILE_COLUMNS) if name in names), None)


def _check_columns(place: str, header: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Raise DataError if columns of different usual names may have the same meaning.

    Columns without values, or with the values of another column, are ignored.
    """
    names = list(map(normalize_name, header))
    ids = {n: name for n, name in enumerate(names) if name in ID_COLUMNS and name != "id"}
    files = {n: name for n, name in enumerate(names) if name in FILE_COLUMNS}
    captions = {
        n: match[1] for n, name in enumerate(names) if (match := CAPTION_COLUMN.fullmatch(name))
    }
    for kinds in (ids, {} if set(names) & set(ID_COLUMNS) else files, captions):
        used = distinct_columns({n: [row[n] for row in rows] for n in kinds})
        if len({kinds[n] for n in used}) > 1:
            raise DataError(
                f"{place}: expected one column of IDs or files, and captions under one name. "
                f"Received: {' and '.join(repr(header[n]) for n in used)}, with different values; "
                "remove or rename all but one."
            )


def _caption_columns(header: Sequence[str]) -> list[int]:
    """Return the positions of the columns of captions."""
    return [n for n, name in enumerate(header) if CAPTION_COLUMN.fullmatch(normalize_name(name))]
