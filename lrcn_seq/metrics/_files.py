"""Hypotheses and references in files: COCO's JSON, JSON by id, JSON lines, and plain text."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from lrcn_seq.errors import DataError

HYPOTHESES = 'COCO results [{"image_id": …, "caption": …}], JSON lines {"id": …, "caption": …}, or text with a sentence a line'
REFERENCES = 'COCO annotations, a JSON object {id: [sentence, …]}, JSON lines {"id": …, "captions": […]}, or text with a sentence a line'


# How lists of files with captions begin (Flickr8k has them): they look like plain text, and would be scored as such.
LISTED = re.compile(
    r"[^\s,]+\.(jpe?g|png|bmp|gif|webp|avi|mp4|mkv|mov|webm)(\.\d+)?(#\d+)?[,\t]", re.IGNORECASE
)


class Lines(dict):
    """What a text file held, by the number of the line, from 1."""


class Pairs(list):
    """The items of a JSON object as they stand in the file, a double key included."""


def read_hypotheses(path: str | Path) -> dict[str, str]:
    """`{id: sentence}`; the lines of a text file are numbered from 1.

    Raises:
        DataError: the file is missing, something else, has an id twice, or a sentence that is none.
    """
    content = read(path)
    if isinstance(content, list) and all(isinstance(row, str) for row in content):
        rows: Iterable[tuple[Any, Any]] = enumerate(content, 1)
    elif isinstance(content, list) and all(isinstance(row, Pairs) for row in content):
        rows = (
            (
                field(row, ("image_id", "id"), path, HYPOTHESES),
                field(row, ("caption",), path, HYPOTHESES),
            )
            for row in content
        )
    else:
        raise wrong(path, HYPOTHESES, content)
    found: dict[str, str] = Lines() if isinstance(rows, enumerate) else {}
    for name, sentence in rows:
        found[new_id(found, name, path)] = checked(sentence, name, path)
    if not found:
        raise DataError(f"{path}: expected at least one hypothesis. Received: none.")
    return found


def read_references(paths: Sequence[str | Path]) -> dict[str, list[str]]:
    """`{id: [sentence, …]}`. Several text files give a reference a line each; several files of other kinds must not share ids.

    Raises:
        DataError: as `read_hypotheses`; also for an empty list, text files of different lengths, or text among other kinds.
    """
    contents = [(path, read(path)) for path in paths]
    texts = [
        isinstance(content, list) and bool(content) and isinstance(content[0], str)
        for _, content in contents
    ]
    if any(texts) and not all(texts):
        raise DataError(
            f"{paths[texts.index(True)]}: expected reference files of one kind. Received: text beside JSON ({paths[texts.index(False)]})."
        )
    if all(texts):
        return by_line(contents)
    found: dict[str, list[str]] = {}
    for path, content in contents:
        for name, group in groups(path, content):
            found[new_id(found, name, path)] = [checked(sentence, name, path) for sentence in group]
    if not found:
        raise DataError(f"{paths[0]}: expected at least one reference. Received: none.")
    return found


def by_line(contents: Sequence[tuple[str | Path, list[str]]]) -> dict[str, list[str]]:
    """The references of text files, line by line."""
    lengths = [len(lines) for _, lines in contents]
    if len(set(lengths)) > 1:
        raise DataError(
            f"{contents[-1][0]}: expected text files with equally many lines. Received: {', '.join(map(str, lengths))} lines."
        )
    return Lines(
        (str(number), list(group))
        for number, group in enumerate(zip(*(lines for _, lines in contents), strict=True), 1)
    )


def groups(path: str | Path, content: Any) -> Iterator[tuple[Any, list[Any]]]:
    """Each id with its sentences."""
    if isinstance(content, Pairs) and "annotations" in dict(content):
        yield from annotations(path, dict(content)["annotations"])
    elif isinstance(content, Pairs):
        yield from ((name, listed(group, name, path)) for name, group in content)
    elif isinstance(content, list) and content and all(isinstance(row, Pairs) for row in content):
        for row in content:
            name = field(row, ("id",), path, REFERENCES)
            yield name, listed(field(row, ("captions",), path, REFERENCES), name, path)
    else:
        raise wrong(path, REFERENCES, content)


def annotations(path: str | Path, rows: Any) -> Iterator[tuple[Any, list[Any]]]:
    """The captions of a COCO annotation file, image by image."""
    if not isinstance(rows, list) or not all(isinstance(row, Pairs) for row in rows):
        raise wrong(path, REFERENCES, rows)
    found: dict[Any, list[Any]] = {}
    for row in rows:
        found.setdefault(
            str(valid_id(field(row, ("image_id",), path, REFERENCES), path)), []
        ).append(field(row, ("caption",), path, REFERENCES))
    yield from found.items()


def read(path: str | Path) -> Any:
    """A file's JSON value, its list of JSON lines, or its list of lines. The ending decides, where it is known, and otherwise the first sign."""
    try:
        text = Path(path).read_text(encoding="utf-8-sig")
    except OSError as error:
        raise DataError(
            f"{path}: expected a file that can be read. Received: {error.strerror}."
        ) from None
    except UnicodeDecodeError as error:
        raise DataError(
            f"{path}: expected text in UTF-8. Received: {error.reason} at byte {error.start}."
        ) from None
    if not text:
        raise DataError(f"{path}: expected sentences. Received: an empty file.")
    suffix, lines = Path(path).suffix.lower(), text.removesuffix("\n").split("\n")
    if suffix in (".csv", ".tsv"):
        raise DataError(
            f'{path}: expected JSON, or text with a sentence a line. Received: a table; write it as JSON lines {{"id": …, "caption": …}}, references {{"id": …, "captions": […]}}.'
        )
    looks_json = text.lstrip()[:1] in ("{", "[")
    if suffix == ".json" or (looks_json and suffix not in (".jsonl", ".ndjson", ".txt")):
        try:
            return json.loads(text, object_pairs_hook=Pairs)
        except (ValueError, RecursionError) as error:
            if suffix == ".json" or len(lines) < 2:
                raise DataError(f"{path}: expected JSON. Received: {error}.") from None
    if suffix in (".jsonl", ".ndjson") or (looks_json and suffix != ".txt"):
        return [
            json_line(line, number, path) for number, line in enumerate(lines, 1) if line.strip()
        ]
    if any(map(LISTED.match, lines[:2])):
        raise DataError(
            f'{path}: expected text with a sentence a line. Received: files with captions ({lines[min(1, len(lines) - 1)]!r:.50}); write them as JSON lines {{"id": …, "captions": […]}}.'
        )
    return [line.removesuffix("\r") for line in lines]


def json_line(line: str, number: int, path: str | Path) -> Pairs:
    """One object of a file of JSON lines."""
    try:
        value = json.loads(line, object_pairs_hook=Pairs)
    except json.JSONDecodeError as error:
        raise DataError(
            f"{path}, line {number}: expected a JSON object. Received: {error.msg} (character {error.pos + 1})."
        ) from None
    except (ValueError, RecursionError) as error:
        raise DataError(
            f"{path}, line {number}: expected a JSON object. Received: {error}."
        ) from None
    if not isinstance(value, Pairs):
        raise DataError(f"{path}, line {number}: expected a JSON object. Received: {line[:60]!r}.")
    return value


def field(row: Pairs, names: Sequence[str], path: str | Path, expected: str) -> Any:
    """The value of the first of some keys."""
    values = dict(row)
    for name in names:
        if name in values:
            return values[name]
    raise DataError(
        f"{path}: expected {expected}. Received: a row with {', '.join(map(str, values)) or 'nothing'}, without {' or '.join(names)}."
    )


def listed(group: Any, name: Any, path: str | Path) -> list[Any]:
    """The sentences of an id: a list that is not empty."""
    if not isinstance(group, list) or isinstance(group, Pairs):
        raise DataError(
            f"{path}: expected a list of sentences for each id. Received: {name}={described(group)}."
        )
    if not group:
        raise DataError(
            f"{path}: expected at least one reference for each id. Received: {name}=[]."
        )
    return group


def checked(sentence: Any, name: Any, path: str | Path) -> str:
    """A sentence is a string."""
    if not isinstance(sentence, str):
        raise DataError(
            f"{path}: expected a sentence for each id. Received: {name}={described(sentence)}."
        )
    return sentence


def new_id(found: dict[str, Any], name: Any, path: str | Path) -> str:
    """An id as a string, which must not have been there before."""
    if str(valid_id(name, path)) in found:
        raise DataError(f"{path}: expected every id once. Received: {name!r} twice.")
    return str(name)


def valid_id(name: Any, path: str | Path) -> Any:
    """An id is a string or a whole number."""
    if not isinstance(name, str | int) or isinstance(name, bool):
        raise DataError(
            f"{path}: expected ids that are strings or whole numbers. Received: {name!r:.60}."
        )
    return name


def wrong(path: str | Path, expected: str, content: Any) -> DataError:
    """The error of a file that holds something else."""
    return DataError(f"{path}: expected {expected}. Received: {described(content)}.")


def described(content: Any) -> str:
    """What a JSON value is."""
    return (
        f"an object with {', '.join(str(name) for name, _ in content[:4]) or 'nothing'}"
        if isinstance(content, Pairs)
        else f"{content!r:.60}"
    )
