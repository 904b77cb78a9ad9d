"""UCF-101 with its official split files (Soomro, Zamir and Shah 2012, arXiv 1212.0402)."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated

from annotated_types import Ge, Le

from lrcn_seq.data.sources._source_files import list_files, read_text
from lrcn_seq.data.sources._splits import assign_splits
from lrcn_seq.data.sources.base import Source, check_shares, validate_samples
from lrcn_seq.errors import DataError, shorten_names
from lrcn_seq.records import Sample, Seed, Share
from lrcn_seq.registry import sources

CLIP_NAME = re.compile(r"v_\w+_g\d+_c\d+\.avi")


@sources.register
class Ucf101(Source):
    """Clips of 101 actions; clips of one group show one scene and stay in one split.

    Args:
        videos: The folder that contains a folder per class, or all clips. Missing clips are left
            out and counted in `notes`.
        lists: The folder with `trainlist01.txt`, `testlist01.txt` and so on.
        split: The number of the official split.
        dev: The share of training clips in dev; the official lists have no dev split.
        seed: The seed of the selection of dev.
        stratify: Whether dev has the same class proportions as train. Otherwise, the hash of a
            group determines whether it is in dev, and `dev` is an expected share of groups.

    Raises:
        ArgumentError: If `dev` leaves nothing for training.
        DataError: If a list or the folder is unusable.
    """

    paths = ("videos", "lists")

    def __init__(
        self,
        videos: str,
        lists: str,
        *,
        split: Annotated[int, Ge(1), Le(3)] = 1,
        dev: Share = 0.1,
        seed: Seed = 0,
        stratify: bool = True,
    ):
        check_shares(dev, 0.0)
        listed = {
            name: part
            for part in ("train", "test")
            for name in _read_list(Path(lists) / f"{part}list{split:02d}.txt")
        }
        paths = _find_clips(videos)
        missing = [name for name in listed if Path(name).name not in paths]
        if missing:
            self.notes = (
                f"{len(missing):,} listed clips are not in the folder and were left out "
                f"({shorten_names(missing)}).",
            )
        if len(missing) == len(listed):
            raise DataError(
                f"{videos}: expected clips listed in {lists}. "
                f"Received: none of {len(listed):,}; check the two paths."
            )
        clips = [
            (_sample(paths[Path(name).name]), part)
            for name, part in listed.items()
            if Path(name).name in paths
        ]
        training = assign_splits(
            [sample for sample, part in clips if part == "train"],
            dev=dev,
            test=0.0,
            seed=seed,
            stratify=stratify,
            folds=None,
            fold=0,
        )
        split_of = {sample.id: sample.split for sample in training}
        self.samples = validate_samples(
            (sample._replace(split=split_of.get(sample.id, "test")) for sample, _ in clips), videos
        )


def _read_list(path: Path) -> list[str]:
    """Return the clips of an official list; training lists also have a class number per line."""
    names = [
        line.split()[0]
        for line in read_text(path, "an official list of UCF-101").split("\n")
        if line.strip()
    ]
    wrong = [name for name in names if not CLIP_NAME.fullmatch(Path(name).name)]
    if wrong or not names:
        raise DataError(
            f"{path}: expected lines such as 'Archery/v_Archery_g01_c01.avi'. "
            f"Received: {wrong[0] if wrong else 'none'!r}; use the lists of the data set."
        )
    return names


def _find_clips(videos: str) -> dict[str, Path]:
    """Return the path of each clip by file name; clips may be in class folders or in one folder.

    Raises:
        DataError: If two clips have the same name.
    """
    list_files(videos, "the clips of UCF-101")
    paths: dict[str, Path] = {}
    for path in sorted(Path(videos).rglob("*.avi")):
        if paths.setdefault(path.name, path) != path:
            raise DataError(
                f"{videos}: expected one file for each clip. Received: {paths[path.name]} and "
                f"{path}; keep one of them, or give the folder that contains it."
            )
    return paths


def _sample(path: Path) -> Sample:
    """Return the sample of a clip, without a split."""
    label, number, _ = path.name.removeprefix("v_").rsplit("_", 2)
    return Sample(path.name, str(path), group=f"{label}_{number}", split="", label=label)
