"""Training speed of the decoder `lrcn` (2f) and of PyTorch's nn.LSTM, on real caption lengths.

The model has two LSTM layers of 512 units, embeddings of width 512, a vocabulary of 9,000 words and
features of width 1280. It is trained with Adam on batches of 100 captions, in float32 on all cores.
Captions have the lengths of COCO val2017, from its annotation file or from the histogram below.
This library trains on TensorFlow through `fit` on the batches of `by_caption`. PyTorch trains on
random batches padded to their longest caption, and on the batches of this library.

The contestants run in separate processes and alternate. In each round, all train on the
same number of captions. The result is the number of real words per second.

    python tools/benchmarks/training_step.py [--annotations captions_val2017.json] [--rounds 5]
        [--batches 12]
"""

import argparse
import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

from lrcn_seq.data.batches.plan import by_caption

V, UNITS, FEATURE, BATCH = 9000, 512, 1280, 100
FIRST = 9
HISTOGRAM = (
    206, 4005, 5549, 5350, 3814, 2507, 1454, 851, 468, 276, 175, 111, 70, 45, 30, 24, 23, 14, 13, 8,
    1, 4, 2, 3, 1,
)  # fmt: skip
"""Number of captions of COCO val2017 with 9, 10, ... words, start and end included."""

Batch = tuple[np.ndarray, int]
"""Lengths of captions, and the length to which they are padded."""
Arrays = tuple[np.ndarray, np.ndarray]
"""Features (B, 1, D) and words (B, L)."""
Train = Callable[[Sequence[Any]], None]


def caption_lengths(path: str | None) -> np.ndarray:
    """Return the number of words of each caption, with start and end."""
    if path is None:
        return np.repeat(np.arange(FIRST, FIRST + len(HISTOGRAM)), HISTOGRAM)
    rows = json.loads(Path(path).read_text(encoding="utf-8"))["annotations"]
    return np.array([len(re.findall(r"\w+", row["caption"].lower())) + 2 for row in rows])


def plan_rounds(
    lengths: np.ndarray, options: argparse.Namespace
) -> list[tuple[list[Batch], list[Batch]]]:
    """Return the batches of each round, both those of `by_caption` and random ones."""
    random = np.random.default_rng(0)
    plan = [
        (lengths[step.rows], step.length)
        for step in by_caption(np.arange(len(lengths)), lengths, batch=BATCH, seed=0, epoch=0)
        if len(step.rows) == BATCH
    ]
    order = random.permutation(len(lengths))[: len(plan) * BATCH].reshape(-1, BATCH)
    rounds = []
    for _ in range(options.rounds + 1):
        chosen = random.choice(len(plan), options.batches, replace=False)
        at_random = [(lengths[order[i]], lengths[order[i]].max()) for i in chosen]
        rounds.append(([plan[i] for i in chosen], at_random))
    return rounds


def random_arrays(batch: Batch) -> Arrays:
    """Return random features and words of a batch."""
    real, length = batch
    random = np.random.default_rng(1)
    words = random.integers(4, V, (BATCH, length)).astype("int32")
    features = random.normal(size=(BATCH, 1, FEATURE)).astype("float32")
    return features, np.where(np.arange(length) < real[:, None], words, 0)


def ours() -> Train:
    """Return a function that trains the decoder of this library on batches."""
    import keras
    import tensorflow as tf

    from lrcn_seq.decoders.lrcn import Lrcn
    from lrcn_seq.records import Encoded
    from lrcn_seq.tasks import as_dataset
    from lrcn_seq.tasks._losses import word_loss

    class Captioner(keras.Model):
        def __init__(self) -> None:
            super().__init__()
            self.decoder = Lrcn(V, units=UNITS, embedding=UNITS)

        def call(self, inputs: Any, training: bool = False) -> Any:
            features, words = inputs
            mask = tf.ones_like(features[:, :, 0], tf.bool)
            encoded = Encoded(features[:, None], mask)
            return self.decoder(encoded, words[:, :-1], training=training)

        def compute_loss(
            self,
            x: Any = None,
            y: Any = None,  # noqa: ARG002 - Keras passes them
            y_pred: Any = None,
            sample_weight: Any = None,  # noqa: ARG002
            training: bool = True,  # noqa: ARG002
        ) -> Any:
            return word_loss(y_pred, x[1][:, 1:])

    model = Captioner()
    model.compile(optimizer=keras.optimizers.Adam(1e-3))

    def train(batches: Sequence[Any]) -> None:
        model.fit(as_dataset(batches), steps_per_epoch=len(batches), shuffle=False, verbose=0)

    return train


def pytorch() -> Train:
    """Return a function that trains a PyTorch model on batches."""
    import torch
    from torch import nn

    torch.set_num_threads(os.cpu_count() or 1)

    class Captioner(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.embed = nn.Embedding(V, UNITS)
            self.image = nn.Linear(FEATURE, UNITS)
            self.words = nn.Linear(UNITS, V)
            self.lstm = nn.LSTM(UNITS, UNITS, num_layers=2, batch_first=True)

        def forward(self, features: Any, words: Any) -> Any:
            return self.words(self.lstm(self.embed(words) + self.image(features))[0])

    model = Captioner()
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)

    def train(batches: Sequence[Any]) -> None:
        for features, ids in batches:
            words = torch.from_numpy(ids).long()
            optimizer.zero_grad()
            logits = model(torch.from_numpy(features), words[:, :-1])
            nn.functional.cross_entropy(
                logits.flatten(0, 1), words[:, 1:].flatten(), ignore_index=0
            ).backward()
            optimizer.step()

    return train


CONTESTANTS = {"ours": ours, "pytorch": pytorch}
RACES = {
    "ours, planned batches": ("ours", 0),
    "PyTorch, same batches": ("pytorch", 0),
    "PyTorch, random batches": ("pytorch", 1),
}
"""For each comparison, the contestant and its kind of batches (0 planned, 1 random)."""
GOALS = {"PyTorch, random batches": 1.4, "PyTorch, same batches": 0.9}


def serve(name: str, options: argparse.Namespace) -> None:
    """For each line of stdin, train on the batches of a round and print the seconds.

    A line contains the number of the round and the kind of batches.
    """
    train = CONTESTANTS[name]()
    rounds = plan_rounds(caption_lengths(options.annotations), options)
    for line in sys.stdin:
        number, kind = map(int, line.split())
        batches = [random_arrays(batch) for batch in rounds[number][kind]]
        begin = time.perf_counter()
        train(batches)
        print(f"time {time.perf_counter() - begin}", flush=True)


def start_processes() -> dict[str, subprocess.Popen[str]]:
    """Start a process for each contestant."""
    environment = {**os.environ, "KERAS_BACKEND": "tensorflow", "TF_CPP_MIN_LOG_LEVEL": "3"}
    command = [sys.executable, __file__, *sys.argv[1:], "--side"]
    pipe = subprocess.PIPE
    return {
        name: subprocess.Popen(
            [*command, name], stdin=pipe, stdout=pipe, text=True, env=environment
        )
        for name in CONTESTANTS
    }


def measure(process: subprocess.Popen[str], number: int, kind: int) -> float:
    """Return the seconds that a process takes to train on the batches of a round."""
    print(number, kind, file=process.stdin, flush=True)
    lines = iter(process.stdout or ())
    return next(float(line.split()[1]) for line in lines if line.startswith("time "))


def main() -> None:
    """Print the median speeds and their ratios."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--annotations")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--batches", type=int, default=24)
    parser.add_argument("--side", choices=CONTESTANTS, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.side:
        serve(options.side, options)
        return
    processes = start_processes()
    rounds = plan_rounds(caption_lengths(options.annotations), options)
    speeds: dict[str, list[float]] = {race: [] for race in RACES}
    for number, kinds in enumerate(rounds):
        for race, (name, kind) in RACES.items():
            seconds = measure(processes[name], number, kind)
            speeds[race].append(sum((real - 1).sum() for real, _ in kinds[kind]) / seconds)
    for process in processes.values():
        if process.stdin:
            process.stdin.close()
    speeds = {race: values[1:] for race, values in speeds.items()}  # the first round compiles
    for race, values in speeds.items():
        print(
            f"{race}: {median(values):,.0f} real words per second ({min(values):,.0f} to "
            f"{max(values):,.0f})"
        )
    for race, goal in GOALS.items():
        pairs = zip(speeds["ours, planned batches"], speeds[race], strict=True)
        print(f"ours ÷ {race}: {median(a / b for a, b in pairs):.2f} (goal: at least {goal})")


if __name__ == "__main__":
    main()
