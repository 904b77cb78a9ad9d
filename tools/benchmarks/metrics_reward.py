"""CIDEr-D as a training reward: sentences of ids a second, with stored frequencies, and how the values compare with pycocoevalcap's.

python tools/benchmarks/metrics_reward.py DATA          # the folder with flickr8k/
"""

import resource
import time
from pathlib import Path

import numpy as np
from metrics_data import flickr8k, given, leave_one_out

from lrcn_seq import metrics
from lrcn_seq.metrics.ptb import tokenize

BATCHES = (64, 500, 5000)


def main(data: Path) -> None:
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
        f"mean {value:.6f}; metrics.cider {metrics.cider(hypotheses, references).value:.6f} (there unknown words differ from each other, here they are one id)"
    )
    generator = np.random.default_rng(0)
    for batch in BATCHES:
        chosen = [generator.integers(len(rows), size=batch) for _ in range(max(10000 // batch, 3))]
        start, processor = time.perf_counter(), time.process_time()
        for places in chosen:
            reward(sentences[places], places.tolist())
        count = batch * len(chosen)
        print(
            f"batch {batch}: {count / (time.perf_counter() - start):,.0f} sentences/s, {count / (time.process_time() - processor):,.0f} a second of processor"
        )
    print(
        f"peak memory of this process: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3:.0f} MB"
    )


if __name__ == "__main__":
    main(*given(__doc__))
