"""UCF-101 with its official split files (Soomro, Zamir and Shah 2012, arXiv 1212.0402)."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated

from annotated_types import Ge, Le

from lrcn_seq.data.sources._reading import names_in, read_text, shortened
from lrcn_seq.data.sources.base import Source, check_shares, checked, split_of
from lrcn_seq.errors import DataError
from lrcn_seq.records import NotNegative, Sample, Share
from lrcn_seq.registry import sources

NAME = re.compile(r"v_(\w+)_(g\d+)_c\d+\.avi")


@sources.register
class Ucf101(Source):
    """Clips of 101 actions. Clips of one group show one scene and stay together.

    Args:
        videos: the folder with a folder for each class, or with all clips. Clips that are not there are left out and noted.
        lists: the folder with `trainlist01.txt`, `testlist01.txt` and so on.
        split: which of the three.
        dev: share of the training groups that is held back, chosen by hash; the official lists have no dev.
    """

    def __init__(
        self,
        videos: str,
        lists: str,
        *,
        split: Annotated[int, Ge(1), Le(3)] = 1,
        dev: Share = 0.1,
        seed: NotNegative = 0,
    ):
        check_shares(dev, 0.0)
        listed = {
            name: part
            for part in ("train", "test")
            for name in _names(Path(lists) / f"{part}list{split:02d}.txt")
        }
        paths = _files(videos)
        missing = [name for name in listed if Path(name).name not in paths]
        self.notes = (
            (
                f"{len(missing):,} listed clips are not in the folder and left out ({shortened(missing)}).",
            )
            if missing
            else ()
        )
        if len(missing) == len(listed):
            raise DataError(
                f"{videos}: expected clips listed in {lists}. Received: none of {len(listed):,}."
            )
        present = (
            (Path(name).name, part) for name, part in listed.items() if Path(name).name in paths
        )
        self.samples = checked(
            (_sample(name, paths[name], part, (dev, seed)) for name, part in present), videos
        )


def _names(path: Path) -> list[str]:
    """The clips of a list; training lists give the number of the class behind each."""
    names = [
        line.split()[0]
        for line in read_text(path, "an official list of UCF-101").split("\n")
        if line.strip()
    ]
    wrong = [name for name in names if not NAME.fullmatch(Path(name).name)]
    if wrong or not names:
        raise DataError(
            f"{path}: expected lines such as 'Archery/v_Archery_g01_c01.avi'. Received: {wrong[0] if wrong else 'none'!r}."
        )
    return names


def _files(videos: str) -> dict[str, Path]:
    """All clips by name, in folders of classes or all in one."""
    names_in(videos, "the clips of UCF-101")
    return {path.name: path for path in Path(videos).rglob("*.avi")}


def _sample(name: str, path: Path, part: str, shares: tuple[float, int]) -> Sample:
    label, group = NAME.fullmatch(name).groups()
    home = f"{label}_{group}"
    split = split_of(home, shares[0], 0.0, shares[1]) if part == "train" else "test"
    return Sample(name, str(path), home, split, label=label)
