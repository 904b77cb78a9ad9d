"""Captions of real data sets by picture or clip, for the races and comparisons of metrics. DATA has the folders coco, flickr8k, msvd and tacos."""

import argparse
import csv
import json
from collections.abc import Iterable, Iterator
from pathlib import Path

Groups = dict[str, list[str]]


def given(about: str, *number: int) -> tuple[Path, ...]:
    """The folder of data from the command line, and the number after it where a race takes one (its default is given here)."""
    parser = argparse.ArgumentParser(
        description=about, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("data", type=Path, metavar="DATA")
    if number:
        parser.add_argument("number", type=int, nargs="?", default=number[0], metavar="NUMBER")
    found = parser.parse_args()
    if not found.data.is_dir():
        parser.error(f"{found.data}: expected the folder of data; there is no such folder.")
    return tuple(vars(found).values())


def coco(data: Path) -> Groups:
    """The captions of val2017, in the order of their ids."""
    rows = sorted(
        json.loads((data / "coco/annotations/captions_val2017.json").read_text(encoding="utf-8"))[
            "annotations"
        ],
        key=lambda row: row["id"],
    )
    return grouped((str(row["image_id"]), row["caption"]) for row in rows)


def flickr8k(data: Path) -> Groups:
    """All 8,091 pictures, five captions each."""
    with (data / "flickr8k/captions.txt").open(newline="", encoding="utf-8") as file:
        return grouped((row["image"], row["caption"]) for row in csv.DictReader(file))


def msvd(data: Path) -> Groups:
    """The captions of the training clips."""
    return {
        str(number): row["caption"]
        for number, row in enumerate(
            json.loads((data / "msvd/training_label.json").read_text(encoding="utf-8"))
        )
    }


def tacos(data: Path) -> Groups:
    """All sentences of each video, of all splits."""
    return {
        name: video["sentences"]
        for path in sorted((data / "tacos").glob("*.json"))
        for name, video in json.loads(path.read_text(encoding="utf-8")).items()
    }


SETS = {"COCO val2017": coco, "Flickr8k": flickr8k, "MSVD": msvd, "TACoS": tacos}


def grouped(pairs: Iterable[tuple[str, str]]) -> Groups:
    """`{id: [caption, …]}`."""
    groups: Groups = {}
    for name, caption in pairs:
        groups.setdefault(name, []).append(caption)
    return groups


def leave_one_out(groups: Groups) -> tuple[dict[str, str], Groups]:
    """The first caption of each picture against the others."""
    return {name: group[0] for name, group in groups.items()}, {
        name: group[1:] for name, group in groups.items()
    }


def each_against_the_next(groups: Groups, most: int = 4) -> Iterator[tuple[str, list[str]]]:
    """Every caption once as the hypothesis, with up to `most` others of its picture as references."""
    for group in groups.values():
        for place, caption in enumerate(group):
            others = [
                group[(place + step) % len(group)] for step in range(1, min(most + 1, len(group)))
            ]
            if others:
                yield caption, others
