"""Flickr8k, from the Kaggle CSV file or the original token file, with the official splits.

The token file contains one image name, `2258277193_586949ec62.jpg.1`, that is in no list and has no
file. Such images are left out and counted in `notes`.

Hodosh, Young and Hockenmaier 2013, "Framing Image Description as a Ranking Task", JAIR 47.
"""

from __future__ import annotations

import re
from pathlib import Path

from lrcn_seq.csv_table import csv_records
from lrcn_seq.data.sources._source_files import list_files, read_text
from lrcn_seq.data.sources._splits import join_groups
from lrcn_seq.data.sources.base import (
    SPLITS,
    Source,
    check_shares,
    splits_by_hash,
    validate_samples,
)
from lrcn_seq.errors import DataError, shorten_names
from lrcn_seq.records import Sample, Seed, Share
from lrcn_seq.registry import sources

LIST_NAMES = ("Flickr_8k.{}Images.txt", "{}.txt")
TOKEN_LINE = re.compile(r"(\S+)#\d+\t(.*)")


@sources.register
class Flickr8k(Source):
    """Images with five captions each.

    Args:
        captions: `captions.txt` from Kaggle or the original `Flickr8k.token.txt`.
        images: The folder of images. Missing images are left out and counted in `notes`.
        lists: A folder with the lists `Flickr_8k.trainImages.txt`, `Flickr_8k.devImages.txt` and
            `Flickr_8k.testImages.txt`, or `train.txt`, `dev.txt` and `test.txt`. Images in no list
            are left out.
        dev: Without lists, the share of images in dev, selected by the hash of their names.
        test: Without lists, the share of images in test, selected by the hash of their names.
        seed: The seed of the hash.

    Raises:
        ArgumentError: If `dev` and `test` leave nothing for training.
        DataError: If a file or folder is unusable.
    """

    paths = ("captions", "images", "lists")

    def __init__(
        self,
        captions: str,
        images: str,
        *,
        lists: str | None = None,
        dev: Share = 0.1,
        test: Share = 0.1,
        seed: Seed = 0,
    ):
        check_shares(dev, test)
        sentences = read_captions(captions)
        splits = _read_lists(lists) if lists else dict.fromkeys(sentences, "")
        files = list_files(images, "the images of Flickr8k")
        usable = [name for name in splits if name in sentences and name in files]
        self.notes = _notes(sentences, splits, files)
        if not usable:
            listed = f" and listed in {lists}" if lists else ""
            raise DataError(
                f"{images}: expected images named in {captions}{listed}. "
                f"Received: none among {len(files):,} files; check the paths."
            )
        samples = [
            Sample(
                id=name,
                media=str(Path(images) / name),
                group=name,
                split=splits[name],
                captions=tuple(sentences[name]),
            )
            for name in usable
        ]
        samples = join_groups(samples)
        if not lists:
            drawn = splits_by_hash((sample.group for sample in samples), dev, test, seed)
            samples = [sample._replace(split=drawn[sample.group]) for sample in samples]
        self.samples = validate_samples(samples, captions)


def read_captions(path: str | Path) -> dict[str, list[str]]:
    """Return the captions of each image from either format of the caption file.

    Raises:
        DataError: If the file has another format or a malformed line.
    """
    text = read_text(path, "the captions of Flickr8k")
    first = text.partition("\n")[0]
    if TOKEN_LINE.fullmatch(first):
        pairs = _token_pairs(path, text)
    elif first.replace(" ", "").lower() == "image,caption":
        pairs = _csv_pairs(path, text)
    else:
        raise DataError(
            f"{path}: expected 'image,caption' or lines 'name.jpg#0<tab>sentence'. "
            f"Received: {first[:60]!r}; give captions.txt or Flickr8k.token.txt."
        )
    captions: dict[str, list[str]] = {}
    for name, caption in pairs:
        captions.setdefault(name, []).append(caption.strip())
    return captions


def _token_pairs(path: str | Path, text: str) -> list[tuple[str, str]]:
    """Return the (image, caption) pairs of the original token file."""
    pairs = []
    for number, line in enumerate(text.split("\n"), start=1):
        match = TOKEN_LINE.fullmatch(line)
        if match:
            pairs.append((match[1], match[2]))
        elif line.strip():
            raise DataError(
                f"{path}, line {number}: expected 'name.jpg#0<tab>sentence'. "
                f"Received: {line[:60]!r}; correct the line."
            )
    return pairs


def _csv_pairs(path: str | Path, text: str) -> list[tuple[str, str]]:
    """Return the (image, caption) pairs of the CSV file."""
    pairs = []
    for line, row in csv_records(path, text):
        # The Kaggle file quotes captions that contain commas; some copies do not.
        name, caption = (row or [""])[0], ",".join(row[1:])
        if "\n" in name + caption:
            raise DataError(
                f"{path}, line {line}: expected an image and a caption in one line. Received: a "
                f"quote that is not closed, in {'|'.join(row)[:60]!r}; close it."
            )
        if len(row) == 1 and name.strip():
            raise DataError(
                f"{path}, line {line}: expected 'image,caption'. Received: {name[:60]!r}; "
                "correct the line."
            )
        if line > 1 and (name + caption).strip():
            pairs.append((name.strip(), caption))
    return pairs


def _read_lists(folder: str) -> dict[str, str]:
    """Return the split of each listed image."""
    splits: dict[str, str] = {}
    for split in SPLITS:
        path = _find_list(folder, split)
        lines = read_text(path, f"a list of the {split} images").split("\n")
        for name in filter(None, map(str.strip, lines)):
            if splits.setdefault(name, split) != split:
                raise DataError(
                    f"{path}: expected every image in one list. Received: {name!r} in "
                    f"{splits[name]} and {split}; remove it from one of them."
                )
    return splits


def _find_list(folder: str, split: str) -> Path:
    """Return the list file of a split."""
    names = [name.format(split) for name in LIST_NAMES]
    for name in names:
        if (path := Path(folder) / name).is_file():
            return path
    raise DataError(
        f"{folder}: expected a list of the {split} images, {' or '.join(names)}; there is none."
    )


def _notes(
    captions: dict[str, list[str]], splits: dict[str, str], files: set[str]
) -> tuple[str, ...]:
    """Return a sentence for each kind of image that was left out."""
    with_captions, listed = captions.keys(), splits.keys()
    missing = {
        "images with captions are in no list and were left out": with_captions - listed,
        "listed images have no captions and were left out": listed - with_captions,
        "listed images with captions are not in the folder and were left out": (
            (listed & with_captions) - files
        ),
    }
    return tuple(
        f"{len(names):,} {reason} ({shorten_names(names)})."
        for reason, names in missing.items()
        if names
    )
