"""COCO Captions, read with pycocotools (Chen et al. 2015, arXiv 1504.00325)."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from lrcn_seq.data.sources._source_files import list_files, read_text
from lrcn_seq.data.sources.base import (
    SPLITS,
    Source,
    check_shares,
    split_by_hash,
    validate_samples,
)
from lrcn_seq.errors import ArgumentError, DataError, shorten_names
from lrcn_seq.records import Sample, Seed, Share
from lrcn_seq.registry import sources

HELD_OUT = "held_out"


@sources.register
class Coco(Source):
    """Images of one or more annotation files.

    Images that are missing from their folder or have no caption are left out and counted in
    `notes`.

    Args:
        annotations: An annotation file such as `captions_val2017.json`, which is split by hash.
        images: The folder of its images.
        splits: In place of `annotations` and `images`, one pair of them per split:
            `{train: {annotations: …, images: …}, dev: {…}, test: {…}}`. The images of `held_out`
            are divided equally between dev and test by the hash of their IDs.
        dev: The share of a single file in dev, selected by the hash of the image IDs.
        test: The share of a single file in test, selected by the hash of the image IDs.
        seed: The seed of the hash.

    Raises:
        ArgumentError: If `annotations` and `images`, or `splits`, are incomplete or combined.
        DataError: If a file or folder is unusable.
    """

    def __init__(
        self,
        annotations: str | None = None,
        images: str | None = None,
        *,
        splits: dict[str, dict[str, str]] | None = None,
        dev: Share = 0.1,
        test: Share = 0.1,
        seed: Seed = 0,
    ):
        check_shares(dev, test)
        samples: list[Sample] = []
        self.notes = ()
        for part in _parts(annotations, images, splits, (dev, test)):
            read, notes = _read(part, seed)
            samples += read
            self.notes += notes
        self.samples = validate_samples(samples, "coco")


class _Part(NamedTuple):
    """An annotation file and the split of its images.

    `dev` and `test` are the shares of images moved to these splits by hash.
    """

    annotations: str
    images: str
    split: str
    dev: float = 0.0
    test: float = 0.0


def _parts(
    annotations: str | None,
    images: str | None,
    splits: dict[str, dict[str, str]] | None,
    shares: tuple[float, float],
) -> list[_Part]:
    """Return the annotation files that the arguments name."""
    if splits is None:
        if annotations is None or images is None:
            raise ArgumentError(
                "coco: expected `annotations` and `images`, or `splits`. "
                f"Received: annotations={annotations!r}, images={images!r}; give both."
            )
        return [_Part(annotations, images, "train", *shares)]
    if annotations or images:
        raise ArgumentError(
            "coco: expected `annotations` and `images`, or `splits`, not both. Received: "
            f"annotations={annotations!r}, images={images!r}, splits={splits!r}; remove one."
        )
    for name, files in splits.items():
        if name not in (*SPLITS, HELD_OUT) or set(files) != {"annotations", "images"}:
            raise ArgumentError(
                "coco.splits: expected train, dev, test or held_out, each with `annotations` and "
                f"`images`. Received: {name}={files!r}; correct this entry."
            )
    return [
        _Part(
            files["annotations"],
            files["images"],
            "dev" if name == HELD_OUT else name,
            test=0.5 if name == HELD_OUT else 0.0,
        )
        for name, files in splits.items()
    ]


def _read(part: _Part, seed: int) -> tuple[list[Sample], tuple[str, ...]]:
    """Return the usable images of an annotation file, and notes about the others."""
    coco = _load_annotations(part.annotations)
    files = list_files(part.images, "the images of COCO")
    samples, missing, without_caption = [], [], []
    for image in coco.imgs.values():
        name, file = str(image["id"]), image["file_name"]
        captions = tuple(entry["caption"].strip() for entry in coco.imgToAnns[image["id"]])
        if file not in files:
            missing.append(file)
        elif not captions:
            without_caption.append(file)
        else:
            split = split_by_hash(name, part.dev, part.test, seed)
            samples.append(
                Sample(
                    id=name,
                    media=str(Path(part.images) / file),
                    group=name,
                    split=part.split if split == "train" else split,
                    captions=captions,
                )
            )
    if not samples:
        raise DataError(
            f"{part.images}: expected images described in {part.annotations}. "
            f"Received: none of its {len(coco.imgs):,} images; check the two paths."
        )
    return samples, tuple(_notes(part.annotations, missing, without_caption))


def _load_annotations(path: str) -> Any:
    """Return the `pycocotools.coco.COCO` of a caption file, loaded without output to stdout.

    Raises:
        DataError: If the file is missing, is not JSON, or contains annotations without captions.
    """
    read_text(path, "a COCO annotation file")
    with contextlib.redirect_stdout(io.StringIO()):
        from pycocotools.coco import COCO

        try:
            coco = COCO(path)
        except (ValueError, KeyError, TypeError, AttributeError, AssertionError) as error:
            raise DataError(
                f"{path}: expected a COCO annotation file with images and annotations "
                f"({type(error).__name__}: {error})."
            ) from error
    if not coco.anns or any("caption" not in entry for entry in coco.anns.values()):
        raise DataError(
            f"{path}: expected captions. Received: {len(coco.anns):,} annotations, not all with a "
            "caption; use a file such as captions_val2017.json."
        )
    return coco


def _notes(annotations: str, missing: list[str], without_caption: list[str]) -> Iterator[str]:
    name = Path(annotations).name
    if missing:
        yield (
            f"{len(missing):,} images of {name} are not in the folder and were left out "
            f"({shorten_names(missing)})."
        )
    if without_caption:
        yield (
            f"{len(without_caption):,} images of {name} have no caption and were left out "
            f"({shorten_names(without_caption)})."
        )
