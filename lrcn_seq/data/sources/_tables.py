"""Tables that list samples: CSV, JSON Lines and arrays of JSON objects."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from lrcn_seq.csv_table import check_columns, distinct_columns, normalize_name, open_csv_table
from lrcn_seq.data.sources._source_files import abbreviate, check_text, parse_json, read_text
from lrcn_seq.errors import DataError, did_you_mean

JSON_SUFFIXES = (".jsonl", ".ndjson", ".json")
JSON_START = re.compile(r'\s*(?:\{\s*"|\[\s*\{)')
"""Matches the beginning of JSON objects."""


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
            name: The configured name, or None for the usual names.
            defaults: The usual names of the column.
            role: The content of the column, for messages.

        Raises:
            DataError: If the configured name is not a column, or several columns have usual names
                and different values.
        """
        by_name = {normalize_name(column): column for column in self.columns}
        if name is not None and normalize_name(name) not in by_name:
            raise DataError(
                f"{self.path}: expected a column {name!r} with the {role}."
                f"{did_you_mean(name, self.columns)} Received: columns {', '.join(self.columns)}."
            )
        if name is not None:
            return by_name[normalize_name(name)]
        usual = [by_name[name] for name in dict.fromkeys(defaults) if name in by_name]
        columns = self.distinct_columns(usual)
        if len(columns) > 1:
            raise self.ambiguity(columns, role)
        return columns[0] if columns else None

    def distinct_columns(self, columns: Sequence[str]) -> list[str]:
        """Return the columns that are not empty and have other values than all earlier ones.

        If all are empty, the first one is returned.
        """
        if len(columns) < 2:
            return list(columns)
        cells = {column: [row.values.get(column) for row in self.rows] for column in columns}
        return distinct_columns(cells) or list(columns[:1])

    def ambiguity(self, columns: Sequence[str], role: str) -> DataError:
        """Return the error for several columns that may have the same role."""
        return DataError(
            f"{self.path}: expected one column with the {role}. Received: "
            f"{' and '.join(map(repr, columns))}, with different values; remove or rename all but "
            "one, or name one in the config."
        )

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
        path: A CSV file with a header, delimited by comma, tab or semicolon; or one JSON object per
            line or an array of JSON objects, as the suffix or the content shows.
        what: The expected content, for messages.

    Raises:
        DataError: If the file is unreadable, has no rows, has two columns of one name, or has a row
            that does not match the header.
    """
    text = read_text(path, what)
    json_file = Path(path).suffix.lower() in JSON_SUFFIXES or JSON_START.match(text)
    table = _json_table(str(path), text) if json_file else _csv_table(str(path), text)
    if not table.rows:
        raise DataError(
            f"{path}: expected {what} with at least one row. Received: none; add the rows."
        )
    return table


def cell_text(place: str, value: Any, role: str) -> str:
    """Return a cell as text in Unicode NFC; the text is empty for None, NaN and infinity.

    Whole numbers have no decimals, so that 1 and 1.0 are equal.

    Raises:
        DataError: If the value is a list or an object.
    """
    if isinstance(value, (list, dict)):
        raise DataError(
            f"{place}: expected a text or a number as {role}. Received: {abbreviate(value)}; "
            "correct the row."
        )
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if value is None or (isinstance(value, float) and not math.isfinite(value)):
        return ""
    return unicodedata.normalize("NFC", str(value).strip())


def _csv_table(path: str, text: str) -> Table:
    header, records = open_csv_table(path, text)
    rows = [
        Row(line, {name: cell for name, cell in zip(header, cells, strict=True) if name})
        for line, cells in records
    ]
    return Table(path, "line", tuple(filter(None, header)), rows)


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
    check_columns(place, value)
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
