"""Training on clips of 4 to 16 frames against clips of 16: padding must cost nothing, in one run.

LRCN with MobileNetV2 (width 0.35, 224×224, trained) and LSTM 128, 8 clips a batch. Steps of both kinds take turns; the goal is at most
1.1 × the full step × real frames ÷ (B·T). With --size 96 what a step costs beside its frames, recurrence and optimizer, shows.

    python tools/benchmarks/ragged_clips.py [--steps 15] [--size 224] [--clips 8]
"""

import argparse
import time
from itertools import chain
from statistics import median

import keras
import numpy as np

import lrcn_seq
from lrcn_seq.config import validate
from lrcn_seq.layers.packing import pack
from lrcn_seq.records import LabeledBatch
from lrcn_seq.training.dataset import as_dataset

FRAMES, CLASSES = 16, 10


class Clock(keras.callbacks.Callback):
    """Seconds of each step."""

    def __init__(self):
        super().__init__()
        self.seconds = []

    def on_train_batch_begin(self, batch, logs=None):  # noqa: ARG002 - Keras gives them
        """Starts."""
        self.began = time.perf_counter()

    def on_train_batch_end(self, batch, logs=None):  # noqa: ARG002
        """Stops."""
        self.seconds.append(time.perf_counter() - self.began)


def batch_of(lengths: np.ndarray, size: int, random: np.random.Generator) -> LabeledBatch:
    """Clips of these lengths, real frames only."""
    pixels = random.integers(0, 256, (len(lengths), FRAMES, size, size, 3), "uint8")
    return LabeledBatch(
        pack(pixels, np.arange(FRAMES) < lengths[:, None]),
        np.zeros((len(lengths), 1), "int32"),
        np.ones(len(lengths), "float32"),
    )


def main() -> None:
    """Prints the medians and the ratio."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--steps", type=int, default=15)
    parser.add_argument("--size", type=int, default=224)
    parser.add_argument("--clips", type=int, default=8)
    options = parser.parse_args()
    encoder = {
        "type": "applications",
        "network": "MobileNetV2",
        "alpha": 0.35,
        "size": options.size,
        "train": "all",
    }
    data = {"source": {"type": "moving_shapes"}, "sampling": {"type": "every"}}
    decoder = {"type": "lstm_frames", "units": 128}
    task = lrcn_seq.build(
        validate(
            {"task": {"type": "activity"}, "data": data, "encoder": encoder, "decoder": decoder}
        ),
        labels=CLASSES,
    )
    task.compile(optimizer=keras.optimizers.Adam())
    random = np.random.default_rng(0)
    lengths = [random.integers(4, FRAMES + 1, options.clips) for _ in range(options.steps)]
    pairs = [
        (
            batch_of(np.full(options.clips, FRAMES), options.size, random),
            batch_of(several, options.size, random),
        )
        for several in lengths
    ]
    clock = Clock()
    task.fit(
        as_dataset(list(chain(pairs[0], pairs[0], *pairs))),
        steps_per_epoch=2 * options.steps + 4,
        verbose=0,
        shuffle=False,
        callbacks=[clock],
    )
    full, ragged = clock.seconds[4::2], clock.seconds[5::2]
    shares = [several.sum() / (options.clips * FRAMES) for several in lengths]
    ratio = median(
        seconds / (median(full) * share) for seconds, share in zip(ragged, shares, strict=True)
    )
    print(
        f"full clips {1000 * median(full):.0f} ms a step, ragged {1000 * median(ragged):.0f} ms with {median(shares):.0%} of the frames"
    )
    print(f"{ratio:.2f} × the full step × real frames ÷ (B·T) (goal: at most 1.1)")


if __name__ == "__main__":
    main()
