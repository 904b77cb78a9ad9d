"""Tables that list samples: CSV, JSON Lines and arrays of JSON objects."""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from lrcn_seq.data.sources._source_files import abbreviate, check_text, parse_json, read_text
from lrcn_seq.errors import DataError, did_you_mean

DELIMITERS = (",", "\t", ";")
JSON_SUFFIXES = (".jsonl", ".ndjson", ".json")
SEPARATOR_LINE = re.compile(r'"?sep=(.)"?\s*\n')
"""Matches a first line such as `sep=;`, with which spreadsheet programs state the delimiter."""


class Row(NamedTuple):
    """One row of a table.

    Attributes:
        number: The line of the file in which the row begins, or the position of the row in a JSON
            array; both count from 1.
        values: The values by column name; texts have no surrounding blanks.
    """

    number: int
    values: dict[str, Any]


class Table(NamedTuple):
    """The content of a table.

    Attributes:
        path: The file.
        unit: Unit of `Row.number`: `line` of the file, or `entry` of a JSON array.
        columns: The column names as written, without surrounding blanks. No two names differ only
            in case.
        rows: The rows.
    """

    path: str
    unit: str
    columns: tuple[str, ...]
    rows: list[Row]

    def place(self, row: Row) -> str:
        """Return the place of a row, for messages."""
        return f"{self.path}, {self.unit} {row.number}"

    def find_column(self, name: str | None, defaults: Sequence[str], role: str) -> str | None:
        """Return the name of the column with a role, or None if the table has none.

        Comparisons of names ignore case and surrounding blanks.

        Args:
            name: The configured name, or None for the first of `defaults` that is a column.
            defaults: The usual names of the column.
            role: The content of the column, for messages.

        Raises:
            DataError: If the configured name is not a column.
        """
        by_name = {normalize_name(column): column for column in self.columns}
        if name is not None and normalize_name(name) not in by_name:
            raise DataError(
                f"{self.path}: expected a column {name!r} with the {role}."
                f"{did_you_mean(name, self.columns)} Received: columns {', '.join(self.columns)}."
            )
        names = defaults if name is None else [normalize_name(name)]
        return next((by_name[name] for name in names if name in by_name), None)

    def require_column(self, name: str | None, defaults: Sequence[str], role: str) -> str:
        """Return the name of the column with a role.

        Takes the arguments of `find_column`.

        Raises:
            DataError: If the table has no such column.
        """
        column = self.find_column(name, defaults, role)
        if column is None:
            raise DataError(
                f"{self.path}: expected a column with the {role}, named {' or '.join(defaults)}. "
                f"Received: columns {', '.join(self.columns)}; rename one or name it in the config."
            )
        return column


def read_table(path: str | Path, what: str) -> Table:
    """Read a table from a CSV or JSON file.

    Args:
        path: A CSV file with a header, delimited by comma, tab or semicolon; or, with a suffix such
            as `.jsonl` or `.json`, one JSON object per line or an array of JSON objects.
        what: The expected content, for messages.

    Raises:
        DataError: If the file is unreadable, has no rows, has two columns of one name, or has a row
            that does not match the header.
    """
    text = read_text(path, what)
    json_file = Path(path).suffix.lower() in JSON_SUFFIXES
    table = _json_table(str(path), text) if json_file else _csv_table(str(path), text)
    if not table.rows:
        raise DataError(
            f"{path}: expected {what} with at least one row. Received: none; add the rows."
        )
    return table


def cell_text(place: str, value: Any, role: str) -> str:
    """Return the value of a cell as text in Unicode NFC, or an empty text for None.

    Raises:
        DataError: If the value is a list or an object.
    """
    if isinstance(value, (list, dict)):
        raise DataError(
            f"{place}: expected a text or a number as {role}. Received: {abbreviate(value)}; "
            "correct the row."
        )
    return "" if value is None else unicodedata.normalize("NFC", str(value).strip())


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


def _csv_table(path: str, text: str) -> Table:
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
    _check_columns(path, filter(None, header))
    rows = [_csv_row(path, line, header, cells, delimiter) for line, cells in filled]
    return Table(path, "line", tuple(filter(None, header)), rows)


def _count_columns(text: str, delimiter: str) -> int:
    """Return the number of columns in the first row of a CSV text, after any blank rows."""
    lines = csv.reader(
        io.StringIO(text, newline=""), delimiter=delimiter, skipinitialspace=True, strict=True
    )
    try:
        return next((len(cells) for cells in lines if any(map(str.strip, cells))), 0)
    except csv.Error:
        return 0


def _csv_row(path: str, line: int, header: Sequence[str], cells: list[str], delimiter: str) -> Row:
    """Return a row with the values of its named columns."""
    if len(cells) < len(header) or any(map(str.strip, cells[len(header) :])):
        raise DataError(
            f"{path}, line {line}: expected {len(header)} columns as in the header. "
            f"Received: {len(cells)}; quote every sentence that contains {delimiter!r}."
        )
    pairs = zip(header, cells, strict=False)
    return Row(line, {name: cell.strip() for name, cell in pairs if name})


def _json_table(path: str, text: str) -> Table:
    objects = _json_array(text)
    unit = "line" if objects is None else "entry"
    numbered = _json_lines(path, text) if objects is None else enumerate(objects, start=1)
    spelling: dict[str, str] = {}
    rows = [_json_row(f"{path}, {unit} {n}", n, value, spelling) for n, value in numbered]
    return Table(path, unit, tuple(spelling.values()), rows)


def _json_array(text: str) -> list[Any] | None:
    """Return the values of a JSON array, or None if the text is not a JSON array."""
    if not text.lstrip().startswith("["):
        return None
    try:
        value = parse_json(text)
    except ValueError:
        return None
    return value if isinstance(value, list) else None


def _json_lines(path: str, text: str) -> Iterator[tuple[int, Any]]:
    """Yield the value of each line that is not blank, with the number of the line."""
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        try:
            yield number, parse_json(line)
        except ValueError as error:
            raise DataError(
                f"{path}, line {number}: expected one JSON object per line, or an array of objects "
                f"({error})."
            ) from None


def _json_row(place: str, number: int, value: Any, spelling: dict[str, str]) -> Row:
    """Return a row with column names as first spelled; `spelling` records the first spellings."""
    if not isinstance(value, dict):
        raise DataError(
            f"{place}: expected a JSON object. Received: {type(value).__name__}; "
            "write {column: value, …}."
        )
    _check_columns(place, value)
    for cell in value.values():
        for text in cell if isinstance(cell, list) else [cell]:
            if isinstance(text, str):
                check_text(text, place)
    values = {
        spelling.setdefault(normalize_name(name), name.strip()): (
            cell.strip() if isinstance(cell, str) else cell
        )
        for name, cell in value.items()
    }
    return Row(number, values)


def _check_columns(place: str, names: Iterable[str]) -> None:
    """Raise DataError if two columns have the same name, apart from case and blanks."""
    counts = Counter(map(normalize_name, names))
    name, count = max(counts.items(), key=lambda item: item[1], default=("", 0))
    if count > 1:
        raise DataError(
            f"{place}: expected columns of different names. Received: {count} columns named "
            f"{name!r}; rename all but one."
        )
