"""CIDEr-D as a training reward: sentences per second with stored document frequencies.

    python tools/benchmarks/metrics_reward.py DATA

DATA is the folder with flickr8k/.
"""

import resource
import time
from pathlib import Path

import numpy as np
from metrics_data import flickr8k, leave_one_out, parse_arguments

from lrcn_seq import metrics
from lrcn_seq.metrics.ptb import tokenize

BATCHES = (64, 500, 5000)


def main(data: Path) -> None:
    """Print the mean reward, and the speed for three batch sizes."""
    hypotheses, references = leave_one_out(flickr8k(data))
    frequencies = metrics.document_frequencies(references)
    words = ["", "", "", "", *frequencies.words]
    numbers = {word: number for number, word in enumerate(words)}
    ids = [
        [[numbers[word] for word in text.split()] for text in tokenize(group)]
        for group in references.values()
    ]
    reward = metrics.CiderReward(ids, frequencies=frequencies, words=words)
    rows = [
        [numbers.get(word, 3) for word in text.split()]
        for text in tokenize(list(hypotheses.values()))
    ]
    sentences = np.zeros((len(rows), max(map(len, rows)) + 1), int)
    for place, row in enumerate(rows):
        sentences[place, : len(row)] = row
    value = reward(sentences, range(len(rows))).mean()
    print(
        f"mean {value:.6f}; metrics.cider {metrics.cider(hypotheses, references).value:.6f} "
        "(the reward gives all unknown words one id)"
    )
    generator = np.random.default_rng(0)
    for batch in BATCHES:
        chosen = [generator.integers(len(rows), size=batch) for _ in range(max(10000 // batch, 3))]
        start, processor = time.perf_counter(), time.process_time()
        for places in chosen:
            reward(sentences[places], places.tolist())
        count, wall = batch * len(chosen), time.perf_counter() - start
        cpu = time.process_time() - processor
        print(f"batch {batch}: {count / wall:,.0f} sentences/s, {count / cpu:,.0f} per CPU second")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(f"peak memory of this process: {peak / 1e3:.0f} MB")


if __name__ == "__main__":
    main(*parse_arguments(__doc__))
