"""Diversity of the captions of an image, and the best of them, for several searches.

A run writes up to five captions for every sample of a split with each search. The table has CIDEr
of the first caption, CIDEr of the best of the five (the oracle: the caption with the highest CIDEr
of its own is chosen with the references), and the mean over images of the number of captions,
distinct-1 and distinct-2 of the captions of one image, and mBLEU-4 between them (lower is more
diverse; Vijayakumar et al. 2016, section 5, use distinct n-grams and the oracle as well).

    python tools/benchmarks/diversity.py RUN [--split test] [--limit N]
"""

import argparse
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

import lrcn_seq
from lrcn_seq.metrics import cider, health
from lrcn_seq.records import Sample
from lrcn_seq.runs.corpus import read_corpus
from lrcn_seq.runs.folder import Run
from lrcn_seq.runs.training_folder import resolve_paths
from lrcn_seq.tasks import SampleReader

CAPTIONS = 5
BEAM: dict[str, Any] = {"type": "beam", "beams": CAPTIONS, "length": "average"}
DIVERSE = BEAM | {"type": "diverse_beam", "groups": CAPTIONS}
SEARCHES: dict[str, dict[str, Any]] = {
    "beam": BEAM,
    "beam, 20 beams": BEAM | {"beams": 20},
    "diverse_beam, diversity 0.2": DIVERSE | {"diversity": 0.2},
    "diverse_beam, diversity 0.5": DIVERSE | {"diversity": 0.5},
    "diverse_beam, diversity 0.8": DIVERSE | {"diversity": 0.8},
    "sampling, temperature 0.7": {
        "type": "sampling",
        "draws": CAPTIONS,
        "temperature": 0.7,
        "best": CAPTIONS,
    },
}


def caption_lists(
    task: Any, reader: SampleReader, samples: Sequence[Sample], search: dict[str, Any]
) -> Iterator[list[str]]:
    """Yield the captions of each sample, best first."""
    for clips in reader.clips(samples, task.settings.evaluation.batch_size):
        for captions in task.captions(clips, search, best=CAPTIONS):
            yield [caption.text for caption in captions]


def figures(samples: Sequence[Sample], captions: Sequence[Sequence[str]]) -> list[float]:
    """Return CIDEr of the first and of the best captions, and the diversity within images."""
    references = {sample.id: list(sample.captions) for sample in samples}
    ranks = []
    for rank in range(CAPTIONS):
        texts = (row[min(rank, len(row) - 1)] for row in captions)
        score = cider(dict(zip(references, texts, strict=True)), references)
        rows = dict(zip(score.ids, score.table[:, -1], strict=True))
        ranks.append([rows[name] for name in references])
    within = [health(row) for row in captions]
    means = (
        np.mean([row.count for row in within]),
        np.mean([row.distinct_1 for row in within]),
        np.mean([row.distinct_2 for row in within]),
        np.mean([row.mbleu_4 for row in within if row.mbleu_4 is not None]),
    )
    return [float(np.mean(ranks[0])), float(np.max(ranks, axis=0).mean()), *map(float, means)]


def main() -> None:
    """Print a row for each search."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("run")
    parser.add_argument("--split", default="test")
    parser.add_argument("--limit", type=int)
    arguments = parser.parse_args()
    task: Any = lrcn_seq.load(arguments.run)
    task.settings = resolve_paths(Run(arguments.run), task.settings)
    corpus = read_corpus(task.settings, splits=[arguments.split])
    samples = corpus.splits[arguments.split][: arguments.limit]
    reader = SampleReader(task, corpus.contents)
    print(f"{len(samples)} samples of {arguments.split}")
    print(f"{'':28} CIDEr  oracle  captions  distinct-1  distinct-2  mBLEU-4")
    for name, search in SEARCHES.items():
        row = figures(samples, list(caption_lists(task, reader, samples, search)))
        template = "{:28} {:.3f}   {:.3f}      {:.2f}       {:.3f}       {:.3f}    {:.3f}"
        print(template.format(name, *row), flush=True)


if __name__ == "__main__":
    main()
