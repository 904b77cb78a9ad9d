"""Speed of BLEU, ROUGE-L, CIDEr and METEOR here and in pycocoevalcap, on 8,091 hypotheses.

    python tools/benchmarks/metrics_speed.py DATA [ROUNDS]

DATA is the folder with flickr8k/. Each hypothesis has 4 references. The benchmark prints wall time
and CPU time, including that of Java. The CPU time depends less on other programs.
"""

import contextlib
import io
import os
import statistics
import time
from collections.abc import Callable
from pathlib import Path

from metrics_data import flickr8k, leave_one_out, parse_arguments
from pycocoevalcap.bleu.bleu import Bleu
from pycocoevalcap.cider.cider import Cider
from pycocoevalcap.meteor.meteor import Meteor
from pycocoevalcap.rouge.rouge import Rouge
from pycocoevalcap.tokenizer.ptbtokenizer import PTBTokenizer

from lrcn_seq import metrics


def seconds(work: Callable[[], object]) -> tuple[float, float]:
    """Return the wall time and the CPU time of a function call."""
    start, before = time.perf_counter(), os.times()
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        work()
    return time.perf_counter() - start, sum(os.times()[:4]) - sum(before[:4])


def races(data: Path) -> dict[str, tuple[Callable[[], object], Callable[[], object]]]:
    """Return, for each comparison, the function of pycocoevalcap and that of this library."""
    hypotheses, references = leave_one_out(flickr8k(data))
    gts = {name: [{"caption": text} for text in group] for name, group in references.items()}
    res = {name: [{"caption": text}] for name, text in hypotheses.items()}

    def tokenized() -> tuple[dict[str, list[str]], dict[str, list[str]]]:
        return PTBTokenizer().tokenize(gts), PTBTokenizer().tokenize(res)

    def rival() -> None:
        tokens = tokenized()
        for scorer in (Bleu(4), Rouge(), Cider()):
            scorer.compute_score(*tokens)

    refs, hyps = tokenized()
    single = {name: group[0] for name, group in hyps.items()}
    return {
        "BLEU + ROUGE-L + CIDEr, raw text": (rival, lambda: metrics.score(hypotheses, references)),
        "METEOR, tokenized": (
            lambda: Meteor().compute_score(refs, hyps),
            lambda: metrics.meteor(single, refs, tokenize="none"),
        ),
    }


def main(data: Path, rounds: int) -> None:
    """Print a table of median times, with a row per comparison."""
    print(
        "| comparison | pycocoevalcap | ours | times as fast | CPU seconds | times as fast |\n"
        "|---|---:|---:|---:|---:|---:|"
    )
    for name, (theirs, ours) in races(data).items():
        seconds(ours)
        times = [(*seconds(theirs), *seconds(ours)) for _ in range(rounds)]
        slow, slow_cpu, fast, fast_cpu = (
            statistics.median(column) for column in zip(*times, strict=True)
        )
        ratio, cpu_ratio = (
            statistics.median(row[0] / row[2] for row in times),
            statistics.median(row[1] / row[3] for row in times),
        )
        print(
            f"| {name} | {slow:.2f} s | {fast:.2f} s | {ratio:.1f} "
            f"| {slow_cpu:.2f} / {fast_cpu:.2f} | {cpu_ratio:.1f} |",
            flush=True,
        )


if __name__ == "__main__":
    main(*parse_arguments(__doc__, 5))
