"""Files of hypotheses and references: COCO JSON, JSON by id, JSON lines, CSV, and plain text."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from lrcn_seq.errors import DataError, error_reason, translate_errors
from lrcn_seq.files import read_file
from lrcn_seq.metrics.scoring.caption_tables import (
    CAPTION_COLUMN,
    CaptionRows,
    is_caption_table,
    read_caption_table,
)
from lrcn_seq.text_encoding import decode_text

JSON_SUFFIXES = (".json", ".jsonl", ".ndjson")
STDIN = "-"
"""The path that stands for stdin."""
HYPOTHESES = (
    'COCO results [{"image_id": …, "caption": …}], JSON lines {"id": …, "caption": …}, '
    "the predictions.jsonl of a run, the --output of `lrcn caption` or `lrcn describe`, CSV with "
    "the columns id and caption, or text with one sentence per line"
)
REFERENCES = (
    'COCO annotations, a JSON object {id: [sentence, …]}, JSON lines {"id": …, "captions": […]}, '
    "CSV with the columns id and caption, or text with one sentence per line"
)
JSON_START = re.compile(r'\s*(?:\{\s*"|\[\s*["{\[]|[\[{]\s*\n)')
"""Matches the beginning of JSON; a sentence may begin with a bracket, too."""
FILE_CAPTION = re.compile(
    r"[^\s,]+\.(jpe?g|png|bmp|gif|webp|avi|mp4|mkv|mov|webm)(\.\d+)?(#\d+)?[,;|\s]",
    re.IGNORECASE,
)
"""Matches the beginning of a line with a file name and a caption, as in Flickr8k."""
NUMBERED = re.compile(r'"?\d+"?[,;|:]|\d+[.)]\s|\d{4,}\s')
"""Matches the beginning of a line with the number of an image."""


class Lines(dict[str, Any]):
    """The lines of text files, by line number from 1."""


class Files(dict[str, str]):
    """The sentences of media files, by path."""


class Pairs(list[tuple[str, Any]]):
    """The items of a JSON object in file order, including duplicate keys."""


def read_hypotheses(path: str | Path) -> dict[str, str]:
    """Read the hypotheses of one system.

    Args:
        path: the file, or `-` for stdin.

    Returns:
        The sentence of each id; the ids of a text file are line numbers from 1 (`Lines`). Rows of
        `lrcn caption`, and CSV tables with a column of files, have paths instead of ids (`Files`).

    Raises:
        DataError: the file is missing or of another format, an id occurs twice, or a sentence is
            not a string.
    """
    content = read_content(path)
    if isinstance(content, Pairs) and "results" in dict(content):  # from `lrcn caption --json`
        content = dict(content)["results"]
    hypotheses: dict[str, str] = {}
    rows: Iterable[tuple[object, object]]
    if isinstance(content, list) and all(isinstance(row, str) for row in content):
        hypotheses, rows = Lines(), enumerate(content, 1)
    elif isinstance(content, CaptionRows):
        hypotheses = Files() if content.names_files else hypotheses
        rows = table_rows(path, content)
    elif is_prediction_rows(content):
        hypotheses, rows = Files(), prediction_rows(path, content)
    elif isinstance(content, list) and all(isinstance(row, Pairs) for row in content):
        rows = (
            (
                field(row, ("image_id", "id"), path, HYPOTHESES),
                field(row, ("caption",), path, HYPOTHESES),
            )
            for row in content
        )
    else:
        raise format_error(path, HYPOTHESES, content)
    for name, sentence in rows:
        hypotheses[unique_id(hypotheses, name, path)] = checked_sentence(sentence, name, path)
    if not hypotheses:
        raise DataError(
            f"{path}: expected at least one hypothesis. Received: none; check the file."
        )
    return hypotheses


def table_rows(path: str | Path, table: CaptionRows) -> Iterator[tuple[str, str]]:
    """Yield each name of a CSV table with its only caption."""
    for name, captions in table:
        if len(captions) != 1:
            raise DataError(
                f"{path}: expected one caption in each row of hypotheses. Received: "
                f"{len(captions)} in the row of {name!r:.50}; correct the row."
            )
        yield name, captions[0]


def is_prediction_rows(content: object) -> bool:
    """Return whether JSON objects are rows that a prediction verb has written."""
    return (
        isinstance(content, list)
        and bool(content)
        and all(isinstance(row, Pairs) and row and row[0][0] == "file" for row in content)
    )


def prediction_rows(path: str | Path, rows: Iterable[Pairs]) -> Iterator[tuple[object, object]]:
    """Yield each file of the `--output` of `lrcn caption` or `lrcn describe` with its best caption.

    Raises:
        DataError: a row has an error, captions of windows, or labels.
    """
    for row in rows:
        values = dict(row)
        captions = values.get("captions")
        if isinstance(values.get("caption"), str):
            yield values["file"], values["caption"]
            continue
        if not isinstance(captions, list) or not captions or not isinstance(captions[0], Pairs):
            received = f"{values['file']!r:.80} with " + (
                f"the error {values['error']!r:.80}" if "error" in values else abbreviated(row)
            )
            raise DataError(
                f"{path}: expected the captions of each file. Received: {received}; repeat the "
                "call that wrote the file, without --window, or remove the row."
            )
        yield values["file"], field(captions[0], ("text",), path, HYPOTHESES)


def read_references(paths: Sequence[str | Path]) -> dict[str, list[str]]:
    """Read references from one or more files.

    In text files, line n of each file is a reference of id n. Files of other formats must not have
    an id in common.

    Returns:
        The references of each id; the ids of text files are line numbers from 1.

    Raises:
        DataError: as in `read_hypotheses`; or a list of references is empty, text files have
            different lengths, or text files are mixed with other formats.
    """
    contents = [(path, read_content(path)) for path in paths]
    is_text = [
        isinstance(content, list) and bool(content) and isinstance(content[0], str)
        for _, content in contents
    ]
    if any(is_text) and not all(is_text):
        raise DataError(
            f"{paths[is_text.index(True)]}: expected reference files of one kind. "
            f"Received: text, whereas {paths[is_text.index(False)]} is JSON."
        )
    if all(is_text):
        return references_by_line(contents)
    references: dict[str, list[str]] = {}
    for path, content in contents:
        for name, group in reference_groups(path, content):
            sentences = [checked_sentence(sentence, name, path) for sentence in group]
            references[unique_id(references, name, path)] = sentences
    if not references:
        raise DataError(
            f"{paths[0]}: expected at least one reference. Received: none; check the file."
        )
    return references


def references_by_line(contents: Sequence[tuple[str | Path, list[str]]]) -> dict[str, list[str]]:
    """Combine the lines of text files into references by line number.

    An empty line is a missing reference if another file has a reference in this line.
    """
    lengths = [len(lines) for _, lines in contents]
    if len(set(lengths)) > 1:
        raise DataError(
            f"{contents[-1][0]}: expected text files with equally many lines. "
            f"Received: {', '.join(map(str, lengths))} lines."
        )
    rows = zip(*(lines for _, lines in contents), strict=True)
    groups = ([line for line in row if line.strip()] or list(row) for row in rows)
    return Lines((str(number), group) for number, group in enumerate(groups, 1))


def reference_groups(path: str | Path, content: object) -> Iterator[tuple[object, list[object]]]:
    """Yield each id of a JSON or CSV file with its references."""
    if isinstance(content, CaptionRows):
        groups: dict[str, list[object]] = {}
        for name, captions in content:
            groups.setdefault(name, []).extend(captions)
        yield from ((name, checked_group(group, name, path)) for name, group in groups.items())
    elif isinstance(content, Pairs) and "annotations" in dict(content):
        rows = field(content, ("annotations",), path, REFERENCES)
        yield from annotation_groups(path, rows)
    elif isinstance(content, Pairs):
        yield from ((name, checked_group(group, name, path)) for name, group in content)
    elif isinstance(content, list) and content and all(isinstance(row, Pairs) for row in content):
        for row in content:
            name = field(row, ("image_id", "id", "file"), path, REFERENCES)
            yield name, checked_group(row_references(row, path), name, path)
    else:
        raise format_error(path, REFERENCES, content)


def row_references(row: Pairs, path: str | Path) -> object:
    """Return the references of a JSON object; raise DataError if its keys disagree on them."""
    values = dict(row)
    group = field(row, ("captions", "references"), path, REFERENCES)
    for key in ("references", "caption") if "captions" in values else ():
        if values.get(key) not in (None, group, *(group if isinstance(group, list) else ())):
            raise DataError(
                f"{path}: expected references under one key. Received: 'captions' and {key!r}, "
                "with different values; remove one of them."
            )
    return group


def annotation_groups(path: str | Path, rows: object) -> Iterator[tuple[object, list[object]]]:
    """Yield each image of a COCO annotation file with its captions."""
    if not isinstance(rows, list) or not all(isinstance(row, Pairs) for row in rows):
        raise format_error(path, REFERENCES, rows)
    groups: dict[str, list[object]] = {}
    for row in rows:
        name = checked_id(field(row, ("image_id",), path, REFERENCES), path)
        groups.setdefault(str(name), []).append(field(row, ("caption",), path, REFERENCES))
    yield from groups.items()


def read_content(path: str | Path) -> Any:
    """Read a file as a JSON value, JSON lines (`Pairs`), a table, or a list of text lines.

    The content decides, except that files with the extension of JSON or CSV are never text.
    """
    text = read_text(path)
    suffix, lines = Path(path).suffix.lower(), text.removesuffix("\n").split("\n")
    is_json = suffix in JSON_SUFFIXES
    if suffix in (".csv", ".tsv") or (not is_json and is_caption_table(text)):
        return read_caption_table(path, text)
    if is_json or JSON_START.match(text):
        return json_content(path, text, lines)
    check_sentences(path, lines)
    return [line.removesuffix("\r") for line in lines]


def json_content(path: str | Path, text: str, lines: Sequence[str]) -> Any:
    """Return the value of a JSON file, or the objects of JSON lines, whatever its extension."""
    suffix = Path(path).suffix.lower()
    if suffix not in (".jsonl", ".ndjson"):
        try:
            return json.loads(text, object_pairs_hook=Pairs)
        except (ValueError, RecursionError) as error:
            if len(lines) < 2 or (suffix == ".json" and not lines[0].rstrip().endswith("}")):
                reason = error_reason(error)
                raise DataError(f"{path}: expected JSON. Received: {reason}.") from None
    return [json_line(line, number, path) for number, line in enumerate(lines, 1) if line.strip()]


def check_sentences(path: str | Path, lines: Sequence[str]) -> None:
    """Raise DataError if the lines of a text are rows of a table instead of sentences."""
    filled = list(filter(str.strip, lines))
    if any(map(FILE_CAPTION.match, lines[:2])):
        received, line = "file names with captions", lines[min(1, len(lines) - 1)]
    elif filled and all("\t" in line.strip() for line in filled):
        received, line = "columns separated by tabs", filled[0]
    elif len(filled) > 1 and all(map(NUMBERED.match, filled)):
        received, line = "numbers with captions", filled[0]
    elif len(filled) > 1 and CAPTION_COLUMN.fullmatch(lines[0].strip().strip('"').casefold()):
        received, line = "the header of a table", lines[0]
    else:
        return
    raise DataError(
        f"{path}: expected text with one sentence per line. Received: {received} ({line!r:.50}); "
        "give the table a header with the columns id (or file) and caption, write JSON lines "
        '{"id": …, "captions": […]}, or keep only the sentences.'
    )


def read_text(path: str | Path) -> str:
    """Read a nonempty text file, or stdin for `-`; see `decode_text` for its encoding."""
    with translate_errors(
        lambda reason: DataError(f"{path}: expected a file that can be read. Received: {reason}.")
    ):
        content = sys.stdin.buffer.read() if path == STDIN else read_file(path)
    try:
        text = decode_text(content)
    except ValueError as error:
        raise DataError(f"{path}: expected text in UTF-8. Received: {error}.") from None
    if not text:
        raise DataError(f"{path}: expected sentences. Received: an empty file.")
    return text


def json_line(line: str, number: int, path: str | Path) -> Pairs:
    """Parse a line of a JSON lines file; the line must contain a JSON object."""
    try:
        value = json.loads(line, object_pairs_hook=Pairs)
    except json.JSONDecodeError as error:
        raise DataError(
            f"{path}, line {number}: expected a JSON object. "
            f"Received: {error.msg} (character {error.pos + 1})."
        ) from None
    except (ValueError, RecursionError) as error:
        raise DataError(
            f"{path}, line {number}: expected a JSON object. Received: {error_reason(error)}."
        ) from None
    if not isinstance(value, Pairs):
        raise DataError(f"{path}, line {number}: expected a JSON object. Received: {line[:60]!r}.")
    return value


def field(row: Pairs, names: Sequence[str], path: str | Path, expected: str) -> Any:
    """Return the value of the first key among `names` that a JSON object has."""
    values = dict(row)
    if len(values) < len(row):
        double = next(name for name, _ in row if sum(name == other for other, _ in row) > 1)
        raise DataError(
            f"{path}: expected each key of an object once. Received: {double!r} twice; remove one."
        )
    for name in names:
        if name in values:
            return values[name]
    raise DataError(
        f"{path}: expected {expected}. Received: an object with "
        f"{', '.join(map(str, values)) or 'nothing'}, without {' or '.join(names)}."
    )


def checked_group(group: object, name: object, path: str | Path) -> list[object]:
    """Return the references of an id; raise DataError unless they are a nonempty list."""
    if not isinstance(group, list) or isinstance(group, Pairs):
        raise DataError(
            f"{path}: expected a list of sentences for each id. "
            f"Received: {name}={abbreviated(group)}."
        )
    if not group:
        raise DataError(
            f"{path}: expected at least one reference for each id. Received: {name}=[]."
        )
    return group


def checked_sentence(sentence: object, name: object, path: str | Path) -> str:
    """Return a sentence; raise DataError unless it is a string."""
    if not isinstance(sentence, str):
        raise DataError(
            f"{path}: expected a sentence for each id. Received: {name}={abbreviated(sentence)}."
        )
    return sentence


def unique_id(rows: dict[str, Any], name: object, path: str | Path) -> str:
    """Return an id as a string; raise DataError if `rows` contains it."""
    if str(checked_id(name, path)) in rows:
        raise DataError(f"{path}: expected unique ids. Received: {name!r} twice.")
    return str(name)


def checked_id(name: object, path: str | Path) -> str | int:
    """Return an id; raise DataError unless it is a string or an integer."""
    if not isinstance(name, str | int) or isinstance(name, bool):
        raise DataError(
            f"{path}: expected ids that are strings or integers. Received: {name!r:.60}."
        )
    return name


def format_error(path: str | Path, expected: str, content: object) -> DataError:
    """Return the error for a file with an unexpected format."""
    return DataError(f"{path}: expected {expected}. Received: {abbreviated(content)}.")


def abbreviated(content: object) -> str:
    """Describe a JSON value briefly for messages."""
    if isinstance(content, Pairs):
        return f"an object with {', '.join(str(name) for name, _ in content[:4]) or 'nothing'}"
    return f"{content!r:.60}"
