"""Differences of METEOR from the Java program, for every caption of four data sets.

    python tools/benchmarks/metrics_meteor.py DATA

DATA is the folder with coco/, flickr8k/, msvd/ and tacos/. Sentences whose
scores differ go to stderr.
"""

import sys
from pathlib import Path

import numpy as np
from metrics_data import SETS, Groups, each_against_the_next, parse_arguments
from pycocoevalcap.meteor.meteor import Meteor

from lrcn_seq import metrics
from lrcn_seq.metrics.ptb import tokenize

BATCH, LIMIT = 4000, 1e-6


def rows(groups: Groups) -> list[tuple[str, list[str]]]:
    """Return tokenized captions, each with up to four references of the same image or clip."""
    return list(each_against_the_next({name: tokenize(group) for name, group in groups.items()}))


def compare(jar: Meteor, part: list[tuple[str, list[str]]]) -> tuple[np.ndarray, float]:
    """Return the differences (I,) of the sentence scores and the difference of the corpus score."""
    hypotheses, references = (
        dict(enumerate(row[0] for row in part)),
        dict(enumerate(row[1] for row in part)),
    )
    value, sentences = jar.compute_score(
        references, {name: [text] for name, text in hypotheses.items()}
    )
    ours = metrics.meteor(hypotheses, references, tokenize="none")
    return np.abs(ours.table[:, 0] - sentences), abs(ours.value - value)


def main(data: Path) -> None:
    """Print a table of score differences, with a row per data set."""
    print(
        "| set | captions | largest sentence difference | largest difference of a corpus of 4,000 "
        "| sentences over 1e-6 |\n|---|---:|---:|---:|---:|"
    )
    jar = Meteor()
    for name, load in SETS.items():
        every = rows(load(data))
        parts = [
            compare(jar, every[start : start + BATCH]) for start in range(0, len(every), BATCH)
        ]
        differences = np.concatenate([own for own, _ in parts])
        over = np.flatnonzero(differences > LIMIT)
        print(
            f"| {name} | {len(every)} | {differences.max():.1e} "
            f"| {max(corpus for _, corpus in parts):.1e} | {len(over)} |",
            flush=True,
        )
        for place in over[:20].tolist():
            print(f"  {differences[place]:.1e}: {every[place]}", file=sys.stderr)


if __name__ == "__main__":
    main(*parse_arguments(__doc__))
