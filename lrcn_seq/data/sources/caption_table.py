"""A table of your own: media and sentences, as CSV or JSON lines."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from lrcn_seq.data.sources._reading import column, read_table
from lrcn_seq.data.sources.base import SPLITS, Source, check_shares, checked, split_of
from lrcn_seq.errors import DataError
from lrcn_seq.records import NotNegative, Sample, Share
from lrcn_seq.registry import sources

MEDIA = ("media", "image", "video", "file", "path")
TEXT = ("text", "caption", "captions", "sentence", "sentences")
ALIASES = {"val": "dev", "valid": "dev", "validation": "dev", "development": "dev", "training": "train", "testing": "test"}


@sources.register
class CaptionTable(Source):
    """Rows of media and sentence; several rows of one medium are one sample with several captions.

    Args:
        table: a CSV file with a header (comma, tab or semicolon), or JSON lines, where the text may be a list.
            Paths in it are absolute or relative to its folder.
        media, text, split, group: names of the columns. Without them the usual ones are looked for: media, image, video,
            file or path · text, caption(s) or sentence(s) · split (train, dev, test) · group (what must not be parted).
        dev, test: without a split column, shares of the groups, chosen by hash.
    """

    def __init__(
        self,
        table: str,
        *,
        media: str | None = None,
        text: str | None = None,
        split: str | None = None,
        group: str | None = None,
        dev: Share = 0.1,
        test: Share = 0.1,
        seed: NotNegative = 0,
    ):
        check_shares(dev, test)
        rows = read_table(table, "a table of media and text")
        names = [
            column(rows, media, MEDIA, place=table, role="media"),
            column(rows, text, TEXT, place=table, role="text"),
            column(rows, split, ("split",), place=table, role="split", required=False),
            column(rows, group, ("group",), place=table, role="group", required=False),
        ]
        merged: dict[str, Sample] = {}
        for number, row in enumerate(rows, start=1):
            sample = _sample(f"{table}, row {number}", row, names)
            merged[sample.id] = _joined(merged.get(sample.id), sample, table)
        self.samples = checked((_placed(sample, Path(table).parent, (dev, test, seed)) for sample in merged.values()), table)


def _sample(place: str, row: dict[str, Any], names: list[str | None]) -> Sample:
    media, text, split, group = (None if name is None else row.get(name) for name in names)
    if not isinstance(media, str) or not media.strip():
        raise DataError(f"{place}: expected the path of a picture or video under {names[0]!r}. Received: {media!r}.")
    sentences = text if isinstance(text, list) else [text]
    if not sentences or any(not isinstance(sentence, str) or not sentence.strip() for sentence in sentences):
        raise DataError(f"{place}: expected a sentence under {names[1]!r}. Received: {text!r}.")
    return Sample(media.strip(), None, str(group or media).strip(), _split(place, split, names[2]), tuple(sentence.strip() for sentence in sentences))


def _split(place: str, value: Any, name: str | None) -> str:
    if name is None:
        return ""
    split = ALIASES.get(str(value).strip().lower(), str(value).strip().lower())
    if split not in SPLITS:
        raise DataError(f"{place}: expected train, dev or test under {name!r}. Received: {value!r}.")
    return split


def _joined(known: Sample | None, sample: Sample, table: str) -> Sample:
    if known is None:
        return sample
    if (known.group, known.split) != (sample.group, sample.split):
        raise DataError(f"{table}: expected one split and one group for {sample.id!r}. Received: {known.split} {known.group!r} and {sample.split} {sample.group!r}.")
    return known._replace(captions=known.captions + sample.captions)


def _placed(sample: Sample, folder: Path, shares: tuple[float, float, int]) -> Sample:
    return sample._replace(media=str(folder / sample.id), split=sample.split or split_of(sample.group, *shares))
