"""Batch and time merged against keras.layers.TimeDistributed, in one run.

MobileNetV2 (width 0.35, 96×96, trained) under 16 frames of 4 clips, mean over time, softmax; same weights, same batch norm,
outputs compared in inference. "First step" is from the built model to the end of its first training step: tracing, compiling and computing.

    python tools/benchmarks/time_distributed.py [--steps 7] [--size 96] [--clips 4]
"""

import argparse
import time
from statistics import median

import keras
import numpy as np

from lrcn_seq.encoders.applications import Applications
from lrcn_seq.layers.packing import pack

FRAMES, CLASSES = 16, 10


class Merged(keras.Model):
    """The library's encoder under a classifier."""

    def __init__(self, size):
        super().__init__()
        self.encoder = Applications("MobileNetV2", alpha=0.35, size=size, train="all")
        self.classify = keras.layers.Dense(CLASSES)

    def call(self, clips, training=False):
        return self.classify(
            keras.ops.mean(self.encoder(clips, training=training).features[:, :, 0], axis=1)
        )


def distributed(size, frames):
    """What a user of Keras writes."""
    network = keras.applications.MobileNetV2(
        alpha=0.35, weights=None, include_top=False, pooling="avg", input_shape=(size, size, 3)
    )
    given = keras.Input((frames, size, size, 3))
    features = keras.layers.TimeDistributed(network)(given / 127.5 - 1.0)
    return keras.Model(given, keras.layers.Dense(CLASSES)(keras.ops.mean(features, axis=1)))


def race(model, x, y, steps):
    """Seconds to the end of the first training step, and the median of the others."""
    model.compile(
        optimizer=keras.optimizers.SGD(1e-3),
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    )
    seconds = []
    for _ in range(steps + 1):
        begin = time.perf_counter()
        model.train_on_batch(x, y)
        seconds.append(time.perf_counter() - begin)
    return seconds[0], seconds[1:]


def main():
    """Prints both sides and their ratios."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--steps", type=int, default=7)
    parser.add_argument("--size", type=int, default=96)
    parser.add_argument("--clips", type=int, default=4)
    options = parser.parse_args()
    random = np.random.default_rng(0)
    pixels = random.integers(0, 256, (options.clips, FRAMES, options.size, options.size, 3)).astype(
        "uint8"
    )
    clips, floats, labels = (
        pack(pixels),
        pixels.astype("float32"),
        random.integers(0, CLASSES, options.clips),
    )
    merged = Merged(options.size)
    expected = keras.ops.convert_to_numpy(merged(clips))
    start = merged.get_weights()
    results = {"merged": race(merged, clips, labels, options.steps)}
    for frames in (FRAMES, None):
        rival = distributed(options.size, frames)
        rival.set_weights(start)
        difference = (
            np.abs(keras.ops.convert_to_numpy(rival(floats)) - expected).max()
            / np.abs(expected).max()
        )
        print(
            f"TimeDistributed, T={frames}: outputs differ by {difference:.1e} of the largest (goal: at most 1e-5)"
        )
        results[f"TimeDistributed, T={frames}"] = race(rival, floats, labels, options.steps)
    for name, (first, others) in results.items():
        print(
            f"{name}: first step {first:.1f} s, then {median(others):.3f} s (of {min(others):.3f} to {max(others):.3f})"
        )
    (first, others), rival = results["merged"], results[f"TimeDistributed, T={FRAMES}"]
    print(
        f"first step {rival[0] / first:.1f} × sooner (goal: at least 8), steady step {median(rival[1]) / median(others):.2f} × faster (goal: at least 1.2)"
    )


if __name__ == "__main__":
    main()
