"""Time of training steps on clips of 4 to 16 frames, compared with clips of 16 frames.

The benchmark checks that padding costs no time. The model is LRCN with a trained MobileNetV2 (width
0.35, 224×224) and an LSTM of 128 units, on 8 clips per batch. Steps of both kinds alternate. The
goal is a step time of at most 1.1 × that of full clips × real frames ÷ (B·T). With --size 96, the
costs of recurrence and optimizer become visible beside that of the CNN.

    python tools/benchmarks/ragged_clips.py [--steps 15] [--size 224] [--clips 8]
"""

import argparse
import time
from itertools import chain
from statistics import median
from typing import Any

import keras
import numpy as np

import lrcn_seq
from lrcn_seq.config import validate
from lrcn_seq.layers.packing import pack
from lrcn_seq.records import LabeledBatch
from lrcn_seq.tasks import as_dataset

FRAMES, CLASSES = 16, 10


class StepTimer(keras.callbacks.Callback):
    """Callback that measures the seconds of each training step."""

    def __init__(self) -> None:
        super().__init__()
        self.seconds: list[float] = []

    def on_train_batch_begin(self, batch: int, logs: Any = None) -> None:  # noqa: ARG002 - Keras passes them
        """Start the timer."""
        self.begin = time.perf_counter()

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:  # noqa: ARG002
        """Stop the timer."""
        self.seconds.append(time.perf_counter() - self.begin)


def build_task(size: int) -> keras.Model:
    """Return the compiled activity recognition task for frames of `size` × `size` pixels."""
    config = {
        "task": {"type": "activity"},
        "data": {"source": {"type": "moving_shapes"}, "sampling": {"type": "every"}},
        "encoder": {
            "type": "applications",
            "network": "MobileNetV2",
            "alpha": 0.35,
            "size": size,
            "train": "all",
        },
        "decoder": {"type": "lstm_frames", "units": 128},
    }
    task = lrcn_seq.build(validate(config), labels=CLASSES)
    task.compile(optimizer=keras.optimizers.Adam())
    return task


def random_batch(lengths: np.ndarray, size: int, random: np.random.Generator) -> LabeledBatch:
    """Return a batch of random clips of the given lengths, without padding frames."""
    pixels = random.integers(0, 256, (len(lengths), FRAMES, size, size, 3), "uint8")
    return LabeledBatch(
        pack(pixels, np.arange(FRAMES) < lengths[:, None]),
        np.zeros((len(lengths), 1), "int32"),
        np.ones(len(lengths), "float32"),
    )


def main() -> None:
    """Print the median step times and their ratio."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--steps", type=int, default=15)
    parser.add_argument("--size", type=int, default=224)
    parser.add_argument("--clips", type=int, default=8)
    options = parser.parse_args()
    task = build_task(options.size)
    random = np.random.default_rng(0)
    full_lengths = np.full(options.clips, FRAMES)
    lengths = [random.integers(4, FRAMES + 1, options.clips) for _ in range(options.steps)]
    pairs = [
        tuple(random_batch(kind, options.size, random) for kind in (full_lengths, ragged))
        for ragged in lengths
    ]
    batches: list[Any] = list(chain(pairs[0], pairs[0], *pairs))
    timer = StepTimer()
    task.fit(
        as_dataset(batches),
        steps_per_epoch=2 * options.steps + 4,
        verbose=0,
        shuffle=False,
        callbacks=[timer],
    )
    full, ragged = timer.seconds[4::2], timer.seconds[5::2]
    shares = [real.sum() / (options.clips * FRAMES) for real in lengths]
    ratio = median(
        seconds / (median(full) * share) for seconds, share in zip(ragged, shares, strict=True)
    )
    print(
        f"full clips {1000 * median(full):.0f} ms per step, ragged clips "
        f"{1000 * median(ragged):.0f} ms per step with {median(shares):.0%} of the frames"
    )
    print(f"{ratio:.2f} × the full step × real frames ÷ (B·T) (goal: at most 1.1)")


if __name__ == "__main__":
    main()
