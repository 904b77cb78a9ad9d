"""CSV tables with a header, for samples and for captions."""

from __future__ import annotations

import csv
import io
import math
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

from lrcn_seq.errors import DataError

Column = TypeVar("Column")

DELIMITERS = (",", "\t", ";")
SEPARATOR_LINE = re.compile(r'"?sep=(.)"?\s*\n')
"""Matches a first line such as `sep=;`, with which spreadsheet programs state the delimiter."""
ROW_IN_CELL = re.compile(r"\n\s*(?:\d+|\S+\.\w*[A-Za-z]\w*)\s*[,;\t].*\w")
"""Matches a line of a cell that looks like a row of its own, after a quote that is not closed."""
LIST_TEXT = re.compile(r"""\[\s*['"].*['"]\s*\]|\(\s*['"].*['"],?\s*\)""", re.DOTALL)
"""Matches a list of texts that was written into a cell as one text."""
NOT_NAMES = frozenset(
    (
        *("#DIV/0!", "#N/A", "#N/A N/A", "#NA", "#NAME?", "#NULL!", "#NUM!", "#REF!", "#VALUE!"),
        *("-NaN", "-nan", "<NA>", "N/A", "NaN", "n/a", "nan"),
    )
)
"""Texts that programs write for errors and missing values, and that cannot be names of classes."""
MISSING = NOT_NAMES | {"", "NA", "NULL", "None", "null"}
"""Texts that stand for a missing value, in `pandas.read_csv` or as errors of spreadsheets."""


def open_csv_table(
    path: str | Path, text: str, *, quotes_rows: bool = False
) -> tuple[list[str], Iterator[tuple[int, list[str]]]]:
    """Parse a CSV table, delimited by comma, tab or semicolon; blank rows are skipped.

    Args:
        path: The file to name in messages.
        text: The text, with newlines as line ends.
        quotes_rows: Whether the message for a row that does not match the header quotes its first
            cell.

    Returns:
        The names of the columns, and an iterator over the rows: the line in which a row begins, and
        its cells, one for each column. Names and cells have no surrounding blanks.

    Raises:
        DataError: If two columns have the same name, or, while iterating, if a row is malformed or
            does not match the header.
    """
    stated = SEPARATOR_LINE.match(text)
    body = text[stated.end() :] if stated else text
    delimiter = stated[1] if stated else max(DELIMITERS, key=lambda one: _count_columns(body, one))
    records = csv_records(
        path,
        body,
        first_line=2 if stated else 1,
        delimiter=delimiter,
        skipinitialspace=True,
        strict=True,
    )
    filled = ((line, cells) for line, cells in records if any(map(str.strip, cells)))
    header = [name.strip() for name in next(filled, (0, []))[1]]
    check_columns(str(path), filter(None, header))
    return header, (
        (line, _row(f"{path}, line {line}", header, cells, delimiter, quoted=quotes_rows))
        for line, cells in filled
    )


def csv_records(
    path: str | Path, text: str, *, first_line: int = 1, **dialect: Any
) -> Iterator[tuple[int, list[str]]]:
    """Yield the cells of each record of a CSV text, with the line in which the record begins.

    Args:
        path: The file to name in messages.
        text: The text, with newlines as line ends.
        first_line: The line of the file with which the text begins.
        **dialect: Options of `csv.reader`.

    Raises:
        DataError: While iterating, if a record is malformed.
    """
    reader = csv.reader(io.StringIO(text, newline=""), **dialect)
    line = first_line
    try:
        for cells in reader:
            yield line, cells
            line = first_line + reader.line_num
    except csv.Error as error:
        raise DataError(
            f"{path}, line {line}: expected a CSV row with closed quotes ({error})."
        ) from None


def normalize_name(name: str) -> str:
    """Return a column name for comparisons: in lower case, without surrounding blanks."""
    return name.strip().casefold()


def check_columns(place: str, names: Iterable[str]) -> None:
    """Raise DataError if two columns have the same name, apart from case and blanks."""
    counts = Counter(map(normalize_name, names))
    name, count = max(counts.items(), key=lambda item: item[1], default=("", 0))
    if count > 1:
        raise DataError(
            f"{place}: expected columns of different names. Received: {count} columns named "
            f"{name!r}; rename all but one."
        )


def is_missing(value: Any) -> bool:
    """Return whether a cell has no value: None, NaN, or a text in `MISSING`."""
    if isinstance(value, float):
        return math.isnan(value)
    return value is None or (isinstance(value, str) and value in MISSING)


def distinct_columns(columns: Mapping[Column, Sequence[Any]]) -> list[Column]:
    """Return the columns that are not empty and have other values than all earlier ones.

    Args:
        columns: The cells of each column.
    """
    distinct: dict[Column, Sequence[Any]] = {}
    for column, cells in columns.items():
        if cells not in distinct.values() and not all(map(is_missing, cells)):
            distinct[column] = cells
    return list(distinct)


def _count_columns(text: str, delimiter: str) -> int:
    """Return the number of columns in the first row of a CSV text, after any blank rows."""
    lines = csv.reader(
        io.StringIO(text, newline=""), delimiter=delimiter, skipinitialspace=True, strict=True
    )
    try:
        return next((len(cells) for cells in lines if any(map(str.strip, cells))), 0)
    except csv.Error:
        return 0


def _row(
    place: str, header: list[str], cells: list[str], delimiter: str, *, quoted: bool
) -> list[str]:
    """Return the cells of a row; raise DataError unless it has one for each column."""
    width = len(header)
    if len(cells) < width or any(map(str.strip, cells[width:])):
        row = f" in the row of {cells[0]!r:.50}" if quoted else ""
        raise DataError(
            f"{place}: expected {width} columns as in the header. Received: {len(cells)}{row}; "
            f"quote every sentence that contains {delimiter!r}."
        )
    if any(map(ROW_IN_CELL.search, cells)):
        raise DataError(
            f"{place}: expected a row in each line. Received: a cell that contains the next row, "
            f"{max(cells, key=len)[:60]!r}; close the quote in this line."
        )
    values = [cell.strip() for cell in cells[:width]]
    if width > 1 and [value.strip("\ufeff") for value in values] == header:
        raise DataError(
            f"{place}: expected a row. Received: the header again, as in joined files; remove this "
            "line."
        )
    return values
