"""Text files, tables and folders that list samples."""

from __future__ import annotations

import csv
import io
import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from lrcn_seq.errors import DataError, did_you_mean

DELIMITERS = (",", "\t", ";")
JSON_LINES = (".jsonl", ".ndjson", ".json")

Row = dict[str, Any]
"""One row of a table: values by column name."""


def read_text(path: str | Path, what: str) -> str:
    r"""Return the text of a UTF-8 file without byte order mark and with `\n` line ends.

    Args:
        path: The file.
        what: The expected content, for messages.

    Raises:
        DataError: If the file is missing, a folder, unreadable or not UTF-8.
    """
    try:
        return Path(path).read_bytes().decode("utf-8-sig").replace("\r\n", "\n").replace("\r", "\n")
    except FileNotFoundError:
        place = "" if Path(path).is_absolute() else f" in {Path.cwd()}"
        raise DataError(f"{path}: expected {what}; there is no such file{place}.") from None
    except IsADirectoryError:
        raise DataError(
            f"{path}: expected {what}. Received: a folder; give the path of a file."
        ) from None
    except UnicodeDecodeError as error:
        raise DataError(
            f"{path}: expected {what} in UTF-8. Received: invalid bytes at position {error.start}; "
            "save the file as UTF-8."
        ) from None
    except OSError as error:
        raise DataError(
            f"{path}: expected {what} in a readable file. Received: {error.strerror or error}; "
            "check the permissions and the disk."
        ) from error


def read_table(path: str | Path, what: str) -> list[Row]:
    """Return the rows of a CSV or JSON Lines file.

    Args:
        path: A CSV file with a header, delimited by comma, tab or semicolon, or a JSON Lines file
            with one object per line.
        what: The expected content, for messages.

    Raises:
        DataError: If the file is unreadable, has no rows, or a row does not match the header.
    """
    text = read_text(path, what)
    json_lines = Path(path).suffix.lower() in JSON_LINES
    rows = _json_rows(path, text) if json_lines else _csv_rows(path, text)
    if not rows:
        raise DataError(
            f"{path}: expected {what} with at least one row. Received: none; add the rows."
        )
    return rows


def find_column(
    rows: Sequence[Row], name: str | None, defaults: Sequence[str], *, place: str, role: str
) -> str | None:
    """Return the name of the column with a role, or None if the table has none.

    Args:
        rows: The rows of the table.
        name: The configured name; None looks for the first of `defaults` in the table.
        defaults: The usual names of the column.
        place: The table that messages name.
        role: The content of the column, for messages.

    Raises:
        DataError: If the configured name is not a column.
    """
    columns = _columns(rows)
    if name is not None and name not in columns:
        raise DataError(
            f"{place}: expected a column {name!r} with the {role}."
            f"{did_you_mean(name, columns)} Received: columns {', '.join(columns)}."
        )
    return name or next((default for default in defaults if default in columns), None)


def require_column(
    rows: Sequence[Row], name: str | None, defaults: Sequence[str], *, place: str, role: str
) -> str:
    """Return the name of the column with a role.

    Takes the arguments of `find_column`.

    Raises:
        DataError: If the table has no such column.
    """
    column = find_column(rows, name, defaults, place=place, role=role)
    if column is None:
        raise DataError(
            f"{place}: expected a column with the {role}, named {' or '.join(defaults)}. "
            f"Received: columns {', '.join(_columns(rows))}; rename it or name it in the config."
        )
    return column


def list_files(folder: str | Path, what: str) -> set[str]:
    """Return the names of the files in a folder.

    Args:
        folder: The folder.
        what: The expected content, for messages.

    Raises:
        DataError: If the folder is missing or unreadable.
    """
    try:
        with os.scandir(folder) as entries:
            return {entry.name for entry in entries if not entry.is_dir()}
    except FileNotFoundError:
        raise DataError(
            f"{folder}: expected a folder with {what}; there is no such folder."
        ) from None
    except OSError as error:
        raise DataError(
            f"{folder}: expected a readable folder with {what}. "
            f"Received: {error.strerror or error}; check the path and its permissions."
        ) from error


def _columns(rows: Sequence[Row]) -> list[str]:
    """Return the column names of all rows in order of first occurrence."""
    return list(dict.fromkeys(name for row in rows for name in row))


def _json_rows(path: str | Path, text: str) -> list[Row]:
    rows = []
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except ValueError as error:
            raise DataError(
                f"{path}, line {number}: expected one JSON object per line ({error})."
            ) from None
        if not isinstance(row, dict):
            raise DataError(
                f"{path}, line {number}: expected a JSON object. "
                f"Received: {type(row).__name__}; write {{column: value, …}}."
            )
        rows.append(row)
    return rows


def _csv_rows(path: str | Path, text: str) -> list[Row]:
    header = text.partition("\n")[0]
    delimiter = max(DELIMITERS, key=header.count)
    reader = csv.DictReader(
        io.StringIO(text, newline=""), delimiter=delimiter, skipinitialspace=True, strict=True
    )
    rows: list[Row] = []
    try:
        for row in reader:
            # DictReader collects excess values under None and fills missing ones with None.
            if None in row or None in row.values():
                raise DataError(
                    f"{path}, line {reader.line_num}: expected {len(reader.fieldnames or ())} "
                    f"columns as in the header. Received: {'more' if None in row else 'fewer'}; "
                    f"quote every sentence that contains {delimiter!r}."
                )
            rows.append(row)
    except csv.Error as error:
        raise DataError(
            f"{path}, line {reader.reader.line_num}: expected a CSV row with closed quotes "
            f"({error})."
        ) from None
    return rows
