"""Text files, tables and folders as sources read them: every failure is one sentence."""

from __future__ import annotations

import csv
import io
import json
import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from lrcn_seq.errors import DataError, did_you_mean

DELIMITERS = (",", "\t", ";")


def read_text(path: str | Path, what: str) -> str:
    """A UTF-8 file, with or without byte order mark, line ends as \\n.

    Raises:
        DataError: missing, a folder, not readable, or not UTF-8.
    """
    try:
        return Path(path).read_bytes().decode("utf-8-sig").replace("\r\n", "\n").replace("\r", "\n")
    except FileNotFoundError:
        raise DataError(
            f"{path}: expected {what}; there is no such file{'' if Path(path).is_absolute() else f' in {Path.cwd()}'}."
        ) from None
    except IsADirectoryError:
        raise DataError(f"{path}: expected {what}. Received: a folder.") from None
    except UnicodeDecodeError as error:
        raise DataError(
            f"{path}: expected {what} in UTF-8. Received: other bytes at position {error.start}; save the file as UTF-8."
        ) from None
    except OSError as error:
        raise DataError(
            f"{path}: expected {what} that can be read ({error.strerror or error})."
        ) from error


def read_table(path: str | Path, what: str) -> list[dict[str, Any]]:
    """The rows of a CSV (comma, tab or semicolon; with a header) or of a JSONL file, by column.

    Raises:
        DataError: the file cannot be read, has no rows, or a row does not fit the header.
    """
    text = read_text(path, what)
    rows = (
        _json_rows(path, text)
        if Path(path).suffix.lower() in (".jsonl", ".ndjson", ".json")
        else _csv_rows(path, text)
    )
    if not rows:
        raise DataError(f"{path}: expected {what} with at least one row. Received: none.")
    return rows


def column(
    rows: Sequence[dict[str, Any]],
    named: str | None,
    usual: Sequence[str],
    *,
    place: str,
    role: str,
    required: bool = True,
) -> str | None:
    """The name of the column that plays a role: the one named, or the first usual name that the table has.

    Raises:
        DataError: there is none; the sentence lists the columns that exist.
    """
    known = list(dict.fromkeys(name for row in rows for name in row))
    if named is not None and named not in known:
        raise DataError(
            f"{place}: expected a column {named!r} with the {role}.{did_you_mean(named, known)} Received: columns {', '.join(known)}."
        )
    found = named or next((name for name in usual if name in known), None)
    if found is None and required:
        raise DataError(
            f"{place}: expected a column with the {role}, named {' or '.join(usual)}. Received: columns {', '.join(known)}; rename it or name it in the config."
        )
    return found


def names_in(folder: str | Path, what: str) -> set[str]:
    """The names of all files in a folder.

    Raises:
        DataError: no such folder.
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
            f"{folder}: expected a folder with {what} that can be read ({error.strerror or error})."
        ) from error


def shortened(names: Iterable[str], count: int = 3) -> str:
    """The first few names of many, for a message."""
    found = sorted(names)
    return ", ".join(found[:count]) + (", …" if len(found) > count else "")


def _json_rows(path: str | Path, text: str) -> list[dict[str, Any]]:
    rows = []
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except ValueError as error:
            raise DataError(
                f"{path}, line {number}: expected one JSON object a line ({error})."
            ) from None
        if not isinstance(row, dict):
            raise DataError(
                f"{path}, line {number}: expected a JSON object. Received: {type(row).__name__}."
            )
        rows.append(row)
    return rows


def _csv_rows(path: str | Path, text: str) -> list[dict[str, Any]]:
    head = text.partition("\n")[0]
    delimiter = max(DELIMITERS, key=head.count)
    reader = csv.DictReader(
        io.StringIO(text, newline=""), delimiter=delimiter, skipinitialspace=True, strict=True
    )
    rows = []
    try:
        for row in reader:
            if None in row or None in row.values():
                raise DataError(
                    f"{path}, line {reader.line_num}: expected {len(reader.fieldnames)} columns as in the header. "
                    f"Received: {'more' if None in row else 'fewer'}; put sentences that hold a {delimiter!r} in quotes."
                )
            rows.append(row)
    except csv.Error as error:
        raise DataError(
            f"{path}, line {reader.reader.line_num}: expected a CSV row, every quote closed ({error})."
        ) from None
    return rows
