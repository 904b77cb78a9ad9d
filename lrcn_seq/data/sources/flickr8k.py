"""Flickr8k as it is found: the CSV of Kaggle or the original token file, and the official split lists.

The token file names one picture `2258277193_586949ec62.jpg.1`; no list and no folder has it, so it is left out and noted.

Hodosh, Young and Hockenmaier 2013, "Framing Image Description as a Ranking Task", JAIR 47.
"""

from __future__ import annotations

import csv
import re
from pathlib import Path

from lrcn_seq.data.sources._reading import names_in, read_text, shortened
from lrcn_seq.data.sources.base import SPLITS, Source, check_shares, checked, split_of
from lrcn_seq.errors import DataError
from lrcn_seq.records import NotNegative, Sample, Share
from lrcn_seq.registry import sources

LISTS = ("Flickr_8k.{}Images.txt", "{}.txt")
TOKEN_LINE = re.compile(r"(\S+)#\d+\t(.*)")


@sources.register
class Flickr8k(Source):
    """Photographs with five sentences each.

    Args:
        captions: `captions.txt` of Kaggle or `Flickr8k.token.txt`; Windows line ends are fine.
        images: the folder of pictures. Those that are not in it are left out, and `notes` says how many.
        lists: a folder with `Flickr_8k.trainImages.txt` (dev, test) or `train.txt` (dev, test); pictures in no list are left out.
            Without it, `dev` and `test` are shares of the pictures, chosen by the hash of their names.
    """

    def __init__(
        self,
        captions: str,
        images: str,
        *,
        lists: str | None = None,
        dev: Share = 0.1,
        test: Share = 0.1,
        seed: NotNegative = 0,
    ):
        check_shares(dev, test)
        sentences = read_captions(captions)
        splits = (
            _read_lists(lists)
            if lists
            else {name: split_of(name, dev, test, seed) for name in sentences}
        )
        present = names_in(images, "the pictures of Flickr8k")
        usable = [name for name in splits if name in sentences and name in present]
        self.notes = _notes(sentences, splits, present)
        if not usable:
            raise DataError(
                f"{images}: expected pictures named in {captions}{f' and listed in {lists}' if lists else ''}. Received: none of them among {len(present):,} files."
            )
        self.samples = checked(
            (
                Sample(name, str(Path(images) / name), name, splits[name], tuple(sentences[name]))
                for name in usable
            ),
            captions,
        )


def read_captions(path: str) -> dict[str, list[str]]:
    """Sentences by picture from either form of the file.

    Raises:
        DataError: neither form, or a line that does not fit.
    """
    text = read_text(path, "the captions of Flickr8k")
    first = text.partition("\n")[0]
    if TOKEN_LINE.fullmatch(first):
        pairs = _token_pairs(path, text)
    elif first.replace(" ", "").lower() == "image,caption":
        pairs = _table_pairs(path, text)
    else:
        raise DataError(
            f"{path}: expected 'image,caption' or lines 'name.jpg#0<tab>sentence'. Received: {first[:60]!r}."
        )
    sentences: dict[str, list[str]] = {}
    for name, sentence in pairs:
        sentences.setdefault(name, []).append(sentence.strip())
    return sentences


def _token_pairs(path: str, text: str) -> list[tuple[str, str]]:
    pairs = []
    for number, line in enumerate(text.split("\n"), start=1):
        match = TOKEN_LINE.fullmatch(line)
        if match:
            pairs.append((match[1], match[2]))
        elif line.strip():
            raise DataError(
                f"{path}, line {number}: expected 'name.jpg#0<tab>sentence'. Received: {line[:60]!r}."
            )
    return pairs


def _table_pairs(path: str, text: str) -> list[tuple[str, str]]:
    pairs = []
    for number, row in enumerate(csv.reader(text.split("\n")), start=1):
        if number == 1 or not row:
            continue
        if len(row) < 2:
            raise DataError(
                f"{path}, line {number}: expected 'image,caption'. Received: {row[0][:60]!r}."
            )
        # Kaggle's file quotes sentences that hold a comma; copies made with a plain split do not.
        pairs.append((row[0], ",".join(row[1:])))
    return pairs


def _read_lists(folder: str) -> dict[str, str]:
    splits: dict[str, str] = {}
    for split in SPLITS:
        path = next(
            (
                Path(folder) / form.format(split)
                for form in LISTS
                if (Path(folder) / form.format(split)).is_file()
            ),
            None,
        )
        if path is None:
            raise DataError(
                f"{folder}: expected a list of the {split} pictures, {' or '.join(form.format(split) for form in LISTS)}; there is none."
            )
        for name in read_text(path, f"a list of the {split} pictures").split():
            if splits.setdefault(name, split) != split:
                raise DataError(
                    f"{path}: expected every picture in one list. Received: {name!r} in {splits[name]} and {split}."
                )
    return splits


def _notes(
    sentences: dict[str, list[str]], splits: dict[str, str], present: set[str]
) -> tuple[str, ...]:
    losses = {
        "pictures with captions are in no list and left out": sentences.keys() - splits.keys(),
        "listed pictures have no captions and are left out": splits.keys() - sentences.keys(),
        "listed pictures with captions are not in the folder and left out": (
            splits.keys() & sentences.keys()
        )
        - present,
    }
    return tuple(
        f"{len(names):,} {what} ({shortened(names)})." for what, names in losses.items() if names
    )
