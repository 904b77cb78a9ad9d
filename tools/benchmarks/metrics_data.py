"""Captions of public data sets by image or clip, for the benchmarks of metrics.

DATA is a folder with the subfolders coco, flickr8k, msvd and tacos.
"""

import argparse
import csv
import json
from collections.abc import Iterable, Iterator
from pathlib import Path

Groups = dict[str, list[str]]


def parse_arguments(description: str, *default: int) -> tuple[Path, ...]:
    """Parse the argument DATA and, if a default is given for it, the optional argument NUMBER."""
    parser = argparse.ArgumentParser(
        description=description, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("data", type=Path, metavar="DATA")
    if default:
        parser.add_argument("number", type=int, nargs="?", default=default[0], metavar="NUMBER")
    arguments = parser.parse_args()
    if not arguments.data.is_dir():
        parser.error(
            f"DATA: expected a folder. Received: {arguments.data}, which does not exist; "
            "download the data sets first."
        )
    return tuple(vars(arguments).values())


def coco(data: Path) -> Groups:
    """Return the captions of COCO val2017 by image, in the order of caption IDs."""
    path = data / "coco/annotations/captions_val2017.json"
    rows = json.loads(path.read_text(encoding="utf-8"))["annotations"]
    rows.sort(key=lambda row: row["id"])
    return grouped((str(row["image_id"]), row["caption"]) for row in rows)


def flickr8k(data: Path) -> Groups:
    """Return the captions of Flickr8k: five for each of the 8,091 images."""
    with (data / "flickr8k/captions.txt").open(newline="", encoding="utf-8") as file:
        return grouped((row["image"], row["caption"]) for row in csv.DictReader(file))


def msvd(data: Path) -> Groups:
    """Return the captions of the training clips of MSVD."""
    rows = json.loads((data / "msvd/training_label.json").read_text(encoding="utf-8"))
    return {str(number): row["caption"] for number, row in enumerate(rows)}


def tacos(data: Path) -> Groups:
    """Return all sentences of each TACoS video of all splits."""
    return {
        name: video["sentences"]
        for path in sorted((data / "tacos").glob("*.json"))
        for name, video in json.loads(path.read_text(encoding="utf-8")).items()
    }


SETS = {"COCO val2017": coco, "Flickr8k": flickr8k, "MSVD": msvd, "TACoS": tacos}


def grouped(pairs: Iterable[tuple[str, str]]) -> Groups:
    """Group pairs (ID, caption) as `{ID: [caption, …]}`."""
    groups: Groups = {}
    for name, caption in pairs:
        groups.setdefault(name, []).append(caption)
    return groups


def leave_one_out(groups: Groups) -> tuple[dict[str, str], Groups]:
    """Return the first caption of each image as the hypothesis, and the others as references."""
    return {name: group[0] for name, group in groups.items()}, {
        name: group[1:] for name, group in groups.items()
    }


def each_against_the_next(groups: Groups, most: int = 4) -> Iterator[tuple[str, list[str]]]:
    """Yield every caption as a hypothesis, with up to `most` others of its image as references."""
    for group in groups.values():
        for place, caption in enumerate(group):
            others = [
                group[(place + step) % len(group)] for step in range(1, min(most + 1, len(group)))
            ]
            if others:
                yield caption, others
