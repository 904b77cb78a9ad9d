"""A race from raw text: BLEU, ROUGE-L, CIDEr and METEOR of 8,091 hypotheses with 4 references, ours and pycocoevalcap's in turn.

    python tools/benchmarks/metrics_speed.py DATA [ROUNDS]          # DATA is the folder with flickr8k/
"""

import contextlib
import io
import resource
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

from metrics_equality import flickr8k, leave_one_out
from pycocoevalcap.bleu.bleu import Bleu
from pycocoevalcap.cider.cider import Cider
from pycocoevalcap.meteor.meteor import Meteor
from pycocoevalcap.rouge.rouge import Rouge
from pycocoevalcap.tokenizer.ptbtokenizer import PTBTokenizer

from lrcn_seq import metrics


def seconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        work()
    return time.perf_counter() - start


def main(data: Path, rounds: int) -> None:
    hypotheses, references = leave_one_out(flickr8k(data))
    gts = {name: [{"caption": text} for text in group] for name, group in references.items()}
    res = {name: [{"caption": text}] for name, text in hypotheses.items()}

    def rival() -> None:
        refs, hyps = PTBTokenizer().tokenize(gts), PTBTokenizer().tokenize(res)
        for scorer in (Bleu(4), Rouge(), Cider()):
            scorer.compute_score(refs, hyps)

    refs, hyps = PTBTokenizer().tokenize(gts), PTBTokenizer().tokenize(res)
    races = {
        "BLEU + ROUGE-L + CIDEr, raw text": (rival, lambda: metrics.score(hypotheses, references)),
        "METEOR, tokenized": (
            lambda: Meteor().compute_score(refs, hyps),
            lambda: metrics.meteor({n: t[0] for n, t in hyps.items()}, refs, tokenize="none"),
        ),
    }
    print(f"METEOR, first use: {seconds(races['METEOR, tokenized'][1]):.1f} s")
    for name, (theirs, ours) in races.items():
        times = [(seconds(theirs), seconds(ours)) for _ in range(rounds)]
        slow, fast = (statistics.median(column) for column in zip(*times, strict=True))
        ratio = statistics.median(a / b for a, b in times)
        print(f"{name}: pycocoevalcap {slow:.2f} s, ours {fast:.2f} s, {ratio:.1f} times as fast (median of {rounds})")
    print(f"peak memory of this process: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3:.0f} MB")


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 3)
