"""Time of a CNN over merged batch and time axes, compared with keras.layers.TimeDistributed.

A trained MobileNetV2 (width 0.35, 96×96) encodes 16 frames of each of 4 clips, followed by the mean
over time and a softmax. Weights and batch normalization are the same, and outputs are compared at
inference. The time of the first training step includes tracing and compiling.

    python tools/benchmarks/time_distributed.py [--steps 7] [--size 96] [--clips 4]
"""

import argparse
import time
from statistics import median

import keras
import numpy as np

from lrcn_seq.encoders.applications import Applications
from lrcn_seq.layers.packing import pack
from lrcn_seq.records import Clips, Tensor

FRAMES, CLASSES = 16, 10


class MergedModel(keras.Model):
    """The encoder of this library and a classifier of the mean feature."""

    def __init__(self, size: int) -> None:
        super().__init__()
        self.encoder = Applications("MobileNetV2", alpha=0.35, size=size, train="all")
        self.classifier = keras.layers.Dense(CLASSES)

    def call(self, clips: Clips, training: bool = False) -> Tensor:
        """Return logits (B, C)."""
        features = self.encoder(clips, training=training).features
        return self.classifier(keras.ops.mean(features[:, :, 0], axis=1))


def distributed_model(size: int, frames: int | None) -> keras.Model:
    """Return a model like `MergedModel`, but with TimeDistributed.

    Args:
        size: Height and width of the frames.
        frames: Number of frames T, or None for any number.
    """
    network = keras.applications.MobileNetV2(
        alpha=0.35, weights=None, include_top=False, pooling="avg", input_shape=(size, size, 3)
    )
    pixels = keras.Input((frames, size, size, 3))
    features = keras.layers.TimeDistributed(network)(pixels / 127.5 - 1.0)
    return keras.Model(pixels, keras.layers.Dense(CLASSES)(keras.ops.mean(features, axis=1)))


def measure(
    model: keras.Model, x: Clips | np.ndarray, y: np.ndarray, steps: int
) -> tuple[float, list[float]]:
    """Return the seconds of the first training step and of each following one."""
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


def main() -> None:
    """Print the times of both models and their ratios."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--steps", type=int, default=7)
    parser.add_argument("--size", type=int, default=96)
    parser.add_argument("--clips", type=int, default=4)
    options = parser.parse_args()
    random = np.random.default_rng(0)
    shape = (options.clips, FRAMES, options.size, options.size, 3)
    pixels = random.integers(0, 256, shape).astype("uint8")
    clips, floats = pack(pixels), pixels.astype("float32")
    labels = random.integers(0, CLASSES, options.clips)
    merged = MergedModel(options.size)
    expected = keras.ops.convert_to_numpy(merged(clips))
    weights = merged.get_weights()
    results = {"merged": measure(merged, clips, labels, options.steps)}
    for frames in (FRAMES, None):
        name = f"TimeDistributed, T={frames}"
        model = distributed_model(options.size, frames)
        model.set_weights(weights)
        difference = np.abs(keras.ops.convert_to_numpy(model(floats)) - expected).max()
        relative = difference / np.abs(expected).max()
        print(f"{name}: relative difference of outputs {relative:.1e} (goal: at most 1e-5)")
        results[name] = measure(model, floats, labels, options.steps)
    for name, (first, others) in results.items():
        print(
            f"{name}: first step {first:.1f} s, median step {median(others):.3f} s "
            f"({min(others):.3f} to {max(others):.3f})"
        )
    (first, others), (first_rival, others_rival) = (
        results[name] for name in ("merged", f"TimeDistributed, T={FRAMES}")
    )
    print(
        f"TimeDistributed ÷ merged: first step {first_rival / first:.1f} (goal: at least 8), "
        f"median step {median(others_rival) / median(others):.2f} (goal: at least 1.2)"
    )


if __name__ == "__main__":
    main()
