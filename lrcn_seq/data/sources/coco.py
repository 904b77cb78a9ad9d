"""COCO captions, read through pycocotools (Chen et al. 2015, arXiv 1504.00325)."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from lrcn_seq.data.sources._reading import names_in, read_text, shortened
from lrcn_seq.data.sources.base import SPLITS, Source, check_shares, checked, split_of
from lrcn_seq.errors import ArgumentError, DataError
from lrcn_seq.records import NotNegative, Sample, Share
from lrcn_seq.registry import sources

HELD_OUT = "held_out"


@sources.register
class Coco(Source):
    """Pictures of one or several annotation files.

    Args:
        annotations: a file such as `captions_val2017.json`, when one file is split by hash.
        images: the folder of its pictures. Those that are not in it are left out, and `notes` says how many.
        splits: instead of the two, `{train: {annotations: …, images: …}, dev: {…}, test: {…}}`. A file under `held_out`
            is halved into dev and test by the hash of its ids.
        dev, test: shares of the pictures, chosen by the hash of their ids, when one file is split.
    """

    def __init__(
        self,
        annotations: str | None = None,
        images: str | None = None,
        *,
        splits: dict[str, dict[str, str]] | None = None,
        dev: Share = 0.1,
        test: Share = 0.1,
        seed: NotNegative = 0,
    ):
        check_shares(dev, test)
        _check_form(annotations, images, splits)
        parts = splits or {"train": {"annotations": annotations, "images": images}}
        shares = {split: (split, 0.0, 0.0) for split in SPLITS} | {HELD_OUT: ("dev", 0.0, 0.5)}
        if not splits:
            shares["train"] = ("train", dev, test)
        self.notes, samples = (), []
        for name, files in parts.items():
            found, notes = _read(files["annotations"], files["images"], shares[name], seed)
            samples, self.notes = samples + found, self.notes + notes
        self.samples = checked(samples, "coco")


def load_annotations(path: str) -> Any:
    """A `pycocotools.coco.COCO` of a captions file, without its talk on stdout.

    Raises:
        DataError: the file is missing, is no JSON, or holds no captions.
    """
    read_text(path, "a COCO annotation file")
    with contextlib.redirect_stdout(io.StringIO()):
        from pycocotools.coco import COCO

        try:
            loaded = COCO(path)
        except (ValueError, KeyError, TypeError, AttributeError, AssertionError) as error:
            raise DataError(
                f"{path}: expected a COCO annotation file with images and annotations ({type(error).__name__}: {error})."
            ) from error
    if not loaded.anns or any("caption" not in annotation for annotation in loaded.anns.values()):
        raise DataError(
            f"{path}: expected captions (captions_*.json). Received: {len(loaded.anns):,} annotations, not all with a caption."
        )
    return loaded


def _check_form(
    annotations: str | None, images: str | None, splits: dict[str, dict[str, str]] | None
) -> None:
    if splits is None and (annotations is None or images is None):
        raise ArgumentError(
            f"coco: expected `annotations` and `images`, or `splits`. Received: annotations={annotations!r}, images={images!r}."
        )
    if splits is not None and (annotations or images):
        raise ArgumentError(
            f"coco: expected `annotations` and `images`, or `splits`, not both. Received: annotations={annotations!r}, images={images!r}, splits={splits!r}."
        )
    for name, files in (splits or {}).items():
        if name not in (*SPLITS, HELD_OUT) or set(files) != {"annotations", "images"}:
            raise ArgumentError(
                f"coco.splits: expected train, dev, test or held_out, each with `annotations` and `images`. Received: {name}={files!r}."
            )


def _read(
    annotations: str, images: str, share: tuple[str, float, float], seed: int
) -> tuple[list[Sample], tuple[str, ...]]:
    loaded, present = load_annotations(annotations), names_in(images, "the pictures of COCO")
    samples, missing, bare = [], [], []
    for image in loaded.imgs.values():
        captions = tuple(
            annotation["caption"].strip() for annotation in loaded.imgToAnns[image["id"]]
        )
        if image["file_name"] not in present:
            missing.append(image["file_name"])
        elif not captions:
            bare.append(image["file_name"])
        else:
            split = split_of(str(image["id"]), share[1], share[2], seed)
            samples.append(
                Sample(
                    str(image["id"]),
                    str(Path(images) / image["file_name"]),
                    str(image["id"]),
                    share[0] if split == "train" else split,
                    captions,
                )
            )
    if not samples:
        raise DataError(
            f"{images}: expected pictures that {annotations} describes. Received: none of its {len(loaded.imgs):,} pictures."
        )
    return samples, tuple(_notes(annotations, missing, bare))


def _notes(annotations: str, missing: list[str], bare: list[str]) -> Iterator[str]:
    name = Path(annotations).name
    if missing:
        yield f"{len(missing):,} pictures of {name} are not in the folder and left out ({shortened(missing)})."
    if bare:
        yield f"{len(bare):,} pictures of {name} have no caption and are left out ({shortened(bare)})."
