"""Largest differences between our scores and those of pycocoevalcap, from raw text.

    python tools/benchmarks/metrics_equality.py DATA

DATA is the folder with coco/ and flickr8k/. pycocoevalcap runs its Java tokenizer and METEOR.
"""

import contextlib
import io

import numpy as np
from metrics_data import Groups, coco, flickr8k, leave_one_out, parse_arguments
from pycocoevalcap.bleu.bleu import Bleu
from pycocoevalcap.cider.cider import Cider
from pycocoevalcap.meteor.meteor import Meteor
from pycocoevalcap.rouge.rouge import Rouge
from pycocoevalcap.tokenizer.ptbtokenizer import PTBTokenizer

from lrcn_seq import metrics


def rival(
    hypotheses: dict[str, str], references: Groups
) -> tuple[list[float], np.ndarray, metrics.Corpus]:
    """Return pycocoevalcap's seven corpus scores, sentence scores (I, 7) and tokenized text."""
    gts = PTBTokenizer().tokenize(
        {name: [{"caption": text} for text in group] for name, group in references.items()}
    )
    res = PTBTokenizer().tokenize({name: [{"caption": text}] for name, text in hypotheses.items()})
    with contextlib.redirect_stdout(io.StringIO()):
        (bleu, bleus), *rest = [
            scorer.compute_score(gts, res) for scorer in (Bleu(4), Rouge(), Cider(), Meteor())
        ]
    table = np.array([*bleus, *(sentences for _, sentences in rest)]).T
    return (
        [*bleu, *(value for value, _ in rest)],
        table,
        metrics.Corpus(
            list(res), [group[0] for group in res.values()], list(gts.values()), tokenize="ptb"
        ),
    )


def compare(name: str, groups: Groups) -> None:
    """Print a table of score differences, with a row per metric."""
    hypotheses, references = leave_one_out(groups)
    values, table, corpus = rival(hypotheses, references)
    ours = metrics.make_corpus(hypotheses, references)
    other = sum(a != b for a, b in zip(ours.in_order(), corpus.in_order(), strict=True))
    print(
        f"\n{name}: {len(ours)} hypotheses, {ours.reference_counts.sum()} references "
        f"({ours.reference_range()} each), {other} tokenized differently\n"
    )
    print(
        "| metric | pycocoevalcap | ours | corpus difference | largest sentence difference "
        "| sentences over 1e-12 |\n|---|---:|---:|---:|---:|---:|"
    )
    report = metrics.score(hypotheses, references, ("bleu", "rouge_l", "cider", "meteor"))
    own = np.array([list(row.values()) for row in report.sentences.values()])
    for column, (metric, value) in enumerate(report.values.items()):
        differences = np.abs(own[:, column] - table[:, column])
        over = int((differences > 1e-12).sum())
        print(
            f"| {metric} | {values[column]:.10f} | {value:.10f} "
            f"| {abs(value - values[column]):.1e} | {differences.max():.1e} | {over} |",
            flush=True,
        )


if __name__ == "__main__":
    (data,) = parse_arguments(__doc__)
    compare("COCO val2017, the first caption against the others", coco(data))
    compare("Flickr8k, the first caption against the others", flickr8k(data))
