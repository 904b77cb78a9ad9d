"""Our scores against pycocoevalcap's (with its Java tokenizer and METEOR), corpus and per sentence: the largest differences.

    python tools/benchmarks/metrics_equality.py DATA          # the folder with coco/ and flickr8k/
"""

import contextlib
import csv
import io
import json
import sys
from pathlib import Path

import numpy as np
from pycocoevalcap.bleu.bleu import Bleu
from pycocoevalcap.cider.cider import Cider
from pycocoevalcap.meteor.meteor import Meteor
from pycocoevalcap.rouge.rouge import Rouge
from pycocoevalcap.tokenizer.ptbtokenizer import PTBTokenizer

from lrcn_seq import metrics
from lrcn_seq.metrics.ptb import tokenize


def leave_one_out(groups: dict[str, list[str]]) -> tuple[dict[str, str], dict[str, list[str]]]:
    """The first caption of each image against the others."""
    return {name: group[0] for name, group in groups.items()}, {name: group[1:] for name, group in groups.items()}


def coco(data: Path) -> dict[str, list[str]]:
    groups: dict[str, list[str]] = {}
    for row in sorted(json.loads((data / "coco/annotations/captions_val2017.json").read_text())["annotations"], key=lambda row: row["id"]):
        groups.setdefault(str(row["image_id"]), []).append(row["caption"])
    return groups


def flickr8k(data: Path) -> dict[str, list[str]]:
    groups: dict[str, list[str]] = {}
    with (data / "flickr8k/captions.txt").open(newline="") as file:
        for row in csv.DictReader(file):
            groups.setdefault(row["image"], []).append(row["caption"])
    return groups


def compare(name: str, groups: dict[str, list[str]]) -> None:
    """Prints one row a metric."""
    hypotheses, references = leave_one_out(groups)
    tokens = {"refs": {n: [{"caption": text} for text in group] for n, group in references.items()}, "hyps": {n: [{"caption": text}] for n, text in hypotheses.items()}}
    theirs = {part: PTBTokenizer().tokenize(rows) for part, rows in tokens.items()}
    ours = tokenize(list(hypotheses.values())), tokenize([text for group in references.values() for text in group])
    their_texts = [[group[0] for group in theirs["hyps"].values()], [text for group in theirs["refs"].values() for text in group]]
    different = sum(a != b for mine, other in zip(ours, their_texts, strict=True) for a, b in zip(mine, other, strict=True))
    print(f"{name}: {len(hypotheses)} hypotheses, {len(ours[1])} references, {different} sentences tokenized differently")
    report = metrics.score(hypotheses, references, ("bleu", "rouge_l", "cider", "meteor"))
    with contextlib.redirect_stdout(io.StringIO()):
        results = [scorer.compute_score(theirs["refs"], theirs["hyps"]) for scorer in (Bleu(4), Rouge(), Cider(), Meteor())]
    corpus, sentences = [*results[0][0], *(r[0] for r in results[1:])], [*results[0][1], *(r[1] for r in results[1:])]
    table = np.array([list(row.values()) for row in report.sentences.values()])
    for column, (metric, value) in enumerate(report.values.items()):
        print(f"  {metric:8} {value:.12f}  corpus {abs(value - corpus[column]):.1e}  sentence {np.abs(table[:, column] - np.asarray(sentences[column])).max():.1e}")


if __name__ == "__main__":
    compare("COCO val2017, leave one out", coco(Path(sys.argv[1])))
    compare("Flickr8k, leave one out", flickr8k(Path(sys.argv[1])))
