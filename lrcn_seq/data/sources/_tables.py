"""Samples out of a table of media with sentences or labels."""

from __future__ import annotations

import math
import os
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from lrcn_seq.data.sources._reading import column, read_table
from lrcn_seq.data.sources.base import SPLITS, checked
from lrcn_seq.errors import DataError
from lrcn_seq.records import Moment, Sample

USUAL = {
    "media": ("media", "image", "video", "file", "path"),
    "text": ("text", "caption", "captions", "sentence", "sentences"),
    "label": ("label", "class"),
    "split": ("split",),
    "group": ("group",),
    "start": ("start",),
    "end": ("end",),
}
ALIASES = {
    "val": "dev",
    "valid": "dev",
    "validation": "dev",
    "development": "dev",
    "training": "train",
    "testing": "test",
}


class Columns(NamedTuple):
    """The names of the columns of a table, None where it has none."""

    media: str | None
    text: str | None
    label: str | None
    split: str | None
    group: str | None
    start: str | None
    end: str | None


def read_samples(
    table: str, *, named: dict[str, str | None], needed: Sequence[str]
) -> list[Sample]:
    """The samples of a table, those of one medium joined; `split` is '' where the table does not say.

    Args:
        named: for each role that counts the name of its column, or None for the usual ones.
        needed: roles without which the table is refused.

    Raises:
        DataError: the table or a row of it is unusable.
    """
    rows = read_table(table, f"a table of {' and '.join(needed)}")
    found = {
        role: column(rows, name, USUAL[role], place=table, role=role, required=role in needed)
        for role, name in named.items()
    }
    columns = Columns(*(found.get(role) for role in Columns._fields))
    merged: dict[str, Sample] = {}
    folder = Path(table).parent
    names = _Names(folder)
    for number, row in enumerate(rows, start=1):
        sample = _sample(f"{table}, row {number}", row, columns, names)
        place = names.place(sample.id)
        merged[place] = _joined(merged.get(place), sample, table)
    return checked(
        (
            sample._replace(media=str(folder / sample.id), group=sample.group or sample.id)
            for sample in merged.values()
        ),
        table,
    )


def _sample(place: str, row: dict[str, Any], columns: Columns, names: _Names) -> Sample:
    media, text, label, split, group, start, end = (
        None if name is None else row.get(name) for name in columns
    )
    if not isinstance(media, str) or not media.strip():
        raise DataError(
            f"{place}: expected the path of a picture or video under {columns.media!r}. Received: {media!r}."
        )
    if columns.label is not None and (label is None or not str(label).strip()):
        raise DataError(f"{place}: expected a label under {columns.label!r}. Received: {label!r}.")
    label = None if label is None else str(label).strip()
    moments = () if columns.start is None else (_moment(place, start, end, label),)
    try:
        name = names.short(media.strip())
    except ValueError as error:
        raise DataError(
            f"{place}: expected the path of a picture or video under {columns.media!r}. Received: {media!r} ({error})."
        ) from None
    return Sample(
        name,
        None,
        "" if group is None else str(group).strip(),
        _split(place, split, columns.split),
        _sentences(place, text, columns.text),
        None if moments else label,
        moments,
    )


class _Names:
    """One file for one sample, however its path is written."""

    def __init__(self, folder: Path):
        self.folder, self.real = folder, cache(os.path.realpath)
        self.place, self.short = cache(self.place), cache(self.short)

    def place(self, media: str) -> str:
        """Where it lies, with no link on the way to it."""
        folder, name = os.path.split(self.folder / media)
        return f"{self.real(folder)}/{name}"

    def short(self, media: str) -> str:
        """Its path without detours, relative to the folder of the table where it lies in it."""
        path = os.path.normpath(media)
        inside = os.path.relpath(path, self.folder.absolute()) if Path(path).is_absolute() else path
        name = path if Path(inside).parts[:1] == (os.pardir,) else inside
        return (
            name if self.place(name) == self.place(media) else media
        )  # behind a link `..` leads elsewhere


def _moment(place: str, start: Any, end: Any, label: str | None) -> Moment:
    try:
        moment = Moment(float(start), float(end), label)
    except (TypeError, ValueError):
        moment = None
    if moment is None or not 0 <= moment.start < moment.end < math.inf or label is None:
        raise DataError(
            f"{place}: expected a label with its start and a later end in seconds. Received: start={start!r}, end={end!r}, label={label!r}."
        )
    return moment


def _sentences(place: str, text: Any, name: str | None) -> tuple[str, ...]:
    if name is None:
        return ()
    sentences = text if isinstance(text, list) else [text]
    if not sentences or any(
        not isinstance(sentence, str) or not sentence.strip() for sentence in sentences
    ):
        raise DataError(f"{place}: expected a sentence under {name!r}. Received: {text!r}.")
    return tuple(sentence.strip() for sentence in sentences)


def _split(place: str, value: Any, name: str | None) -> str:
    if name is None:
        return ""
    split = ALIASES.get(str(value).strip().lower(), str(value).strip().lower())
    if split not in SPLITS:
        raise DataError(
            f"{place}: expected train, dev or test under {name!r}. Received: {value!r}."
        )
    return split


def _joined(known: Sample | None, sample: Sample, table: str) -> Sample:
    if known is None:
        return sample
    for what in ("split", "group", "label"):
        if getattr(known, what) != getattr(sample, what):
            raise DataError(
                f"{table}: expected one {what} for {sample.id!r}. Received: {getattr(known, what)!r} and {getattr(sample, what)!r}."
            )
    return known._replace(
        captions=known.captions + sample.captions, moments=known.moments + sample.moments
    )
