"""METEOR of every caption of four data sets against the jar, sentence by sentence: the largest difference, and every sentence that differs.

python tools/benchmarks/metrics_meteor.py DATA          # the folder with coco/, flickr8k/, msvd/ and tacos/
"""

import sys
from pathlib import Path

import numpy as np
from metrics_data import SETS, Groups, each_against_the_next, given
from pycocoevalcap.meteor.meteor import Meteor

from lrcn_seq import metrics
from lrcn_seq.metrics.ptb import tokenize

BATCH, LIMIT = 4000, 1e-6


def rows(groups: Groups) -> list[tuple[str, list[str]]]:
    """Tokenized captions, each with up to four others of its picture or clip."""
    return list(each_against_the_next({name: tokenize(group) for name, group in groups.items()}))


def compare(jar: Meteor, part: list[tuple[str, list[str]]]) -> tuple[np.ndarray, float]:
    """(I,) how much each sentence differs, and how much the corpus score."""
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
    print(
        "| set | captions | a sentence differs by at most | a corpus of 4,000 by at most | sentences over 1e-6 |\n|---|---:|---:|---:|---:|"
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
            f"| {name} | {len(every)} | {differences.max():.1e} | {max(corpus for _, corpus in parts):.1e} | {len(over)} |",
            flush=True,
        )
        for place in over[:20].tolist():
            print(f"  {differences[place]:.1e}: {every[place]}", file=sys.stderr)


if __name__ == "__main__":
    main(*given(__doc__))
