"""Training of the decoder `lrcn` (2f) against PyTorch's nn.LSTM on real caption lengths, in one run.

Two LSTM of 512 units, embedding 512, vocabulary 9,000, feature 1280, batch 100, Adam, float32, all cores. Sentences have the lengths of
COCO val2017 (from its annotation file, otherwise from the histogram below). Ours trains on TensorFlow through `fit` on the
batches of `by_caption`; PyTorch trains on random batches padded to their longest, and on the very batches that ours gets.
Each side is a process of its own; they take turns, and a round is the same number of sentences for each. Real words a second count.

    python tools/benchmarks/training_step.py [--annotations captions_val2017.json] [--rounds 5] [--batches 12]
"""

import argparse
import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path
from statistics import median

import numpy as np

from lrcn_seq.data.batches.plan import by_caption

V, UNITS, FEATURE, BATCH = 9000, 512, 1280, 100
FIRST, HISTOGRAM = (
    9,
    (
        206,
        4005,
        5549,
        5350,
        3814,
        2507,
        1454,
        851,
        468,
        276,
        175,
        111,
        70,
        45,
        30,
        24,
        23,
        14,
        13,
        8,
        1,
        4,
        2,
        3,
        1,
    ),
)
"""Captions of COCO val2017 with 9, 10, ... words, start and end included."""


def lengths(path):
    """Words of each caption, with start and end."""
    if path is None:
        return np.repeat(np.arange(FIRST, FIRST + len(HISTOGRAM)), HISTOGRAM)
    rows = json.loads(Path(path).read_text(encoding="utf-8"))["annotations"]
    return np.array([len(re.findall(r"\w+", row["caption"].lower())) + 2 for row in rows])


def rounds_of(counts, options):
    """For each round, batches (lengths, padded length): by plan, and at random."""
    random = np.random.default_rng(0)
    plan = [
        (counts[step.rows], step.length)
        for step in by_caption(np.arange(len(counts)), counts, batch=BATCH, seed=0, epoch=0)
        if len(step.rows) == BATCH
    ]
    order = random.permutation(len(counts))[: len(plan) * BATCH].reshape(-1, BATCH)
    chosen = [
        random.choice(len(plan), options.batches, replace=False) for _ in range(options.rounds + 1)
    ]
    return [
        ([plan[i] for i in picks], [(counts[order[i]], counts[order[i]].max()) for i in picks])
        for picks in chosen
    ]


def arrays(batch):
    """Features (B, 1, D) and words (B, L) of a batch."""
    real, length = batch
    random = np.random.default_rng(1)
    words = random.integers(4, V, (BATCH, length)).astype("int32")
    return random.normal(size=(BATCH, 1, FEATURE)).astype("float32"), np.where(
        np.arange(length) < real[:, None], words, 0
    )


def ours():
    """A function that trains on batches."""
    import keras
    import tensorflow as tf

    from lrcn_seq.decoders.lrcn import Lrcn
    from lrcn_seq.records import Encoded
    from lrcn_seq.tasks._losses import word_loss
    from lrcn_seq.training.dataset import as_dataset

    class Captioner(keras.Model):
        def __init__(self):
            super().__init__()
            self.decoder = Lrcn(V, units=UNITS, embedding=UNITS)

        def call(self, given, training=False):
            features, words = given
            return self.decoder(
                Encoded(features[:, None], tf.ones_like(features[:, :, 0], tf.bool)),
                words[:, :-1],
                training=training,
            )

        def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):  # noqa: ARG002 - Keras gives them
            return word_loss(y_pred, x[1][:, 1:])

    model = Captioner()
    model.compile(optimizer=keras.optimizers.Adam(1e-3))

    def train(batches):
        model.fit(as_dataset(batches), steps_per_epoch=len(batches), shuffle=False, verbose=0)

    return train


def pytorch():
    """A function that trains on batches."""
    import torch
    from torch import nn

    torch.set_num_threads(os.cpu_count())

    class Captioner(nn.Module):
        def __init__(self):
            super().__init__()
            self.embed, self.image, self.words = (
                nn.Embedding(V, UNITS),
                nn.Linear(FEATURE, UNITS),
                nn.Linear(UNITS, V),
            )
            self.lstm = nn.LSTM(UNITS, UNITS, num_layers=2, batch_first=True)

        def forward(self, features, words):
            return self.words(self.lstm(self.embed(words) + self.image(features))[0])

    model = Captioner()
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)

    def train(batches):
        for features, ids in batches:
            words = torch.from_numpy(ids).long()
            optimizer.zero_grad()
            logits = model(torch.from_numpy(features), words[:, :-1])
            nn.functional.cross_entropy(
                logits.flatten(0, 1), words[:, 1:].flatten(), ignore_index=0
            ).backward()
            optimizer.step()

    return train


def work(side, options):
    """A process that trains on a round's batches whenever it is told to, and says how long it took."""
    train, rounds = (
        {"ours": ours, "pytorch": pytorch}[side](),
        rounds_of(lengths(options.annotations), options),
    )
    for line in sys.stdin:
        number, kind = map(int, line.split())
        batches = [arrays(batch) for batch in rounds[number][kind]]
        begin = time.perf_counter()
        train(batches)
        print(f"time {time.perf_counter() - begin}", flush=True)


def main():
    """Prints the medians and the ratios."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--annotations")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--batches", type=int, default=24)
    parser.add_argument("--side", choices=("ours", "pytorch"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.side:
        return work(options.side, options)
    environment = {**os.environ, "KERAS_BACKEND": "tensorflow", "TF_CPP_MIN_LOG_LEVEL": "3"}
    command = [sys.executable, __file__, *sys.argv[1:], "--side"]
    sides = {
        side: subprocess.Popen(
            [*command, side],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=environment,
        )
        for side in ("ours", "pytorch")
    }
    races = {
        "ours, by plan": ("ours", 0),
        "PyTorch, same batches": ("pytorch", 0),
        "PyTorch, random batches": ("pytorch", 1),
    }
    rounds, speeds = rounds_of(lengths(options.annotations), options), {race: [] for race in races}
    for number, kinds in enumerate(rounds):
        for race, (side, kind) in races.items():
            print(number, kind, file=sides[side].stdin, flush=True)
            seconds = next(
                float(line.split()[1]) for line in sides[side].stdout if line.startswith("time ")
            )
            speeds[race].append(sum((real - 1).sum() for real, _ in kinds[kind]) / seconds)
    for process in sides.values():
        process.stdin.close()
    speeds = {race: found[1:] for race, found in speeds.items()}  # the first round compiles
    for race, found in speeds.items():
        print(
            f"{race}: {median(found):,.0f} real words a second (of {min(found):,.0f} to {max(found):,.0f})"
        )
    for race, goal in (("PyTorch, random batches", 1.4), ("PyTorch, same batches", 0.9)):
        ratio = median(a / b for a, b in zip(speeds["ours, by plan"], speeds[race], strict=True))
        print(f"ours ÷ {race}: {ratio:.2f} (goal: at least {goal})")
    return None


if __name__ == "__main__":
    main()
