"""Share of a self-critical training step that the products of the network take.

A step draws captions word by word, computes their reward on the host, and computes a gradient. The
rival is its lower bound: the same number of decoder steps with fixed words, the logits and the
gradient of captions of the same length, and the update of the weights; without draws, rewards or a
baseline. Both alternate on 12 images with five captions each, a vocabulary of 2,550 words and
references like those of Flickr8k. The goal is a lower bound of at least 70 % of the step.

    python tools/benchmarks/self_critical.py [--rounds 8]

Runs on TensorFlow only.
"""

import argparse
import time
from collections.abc import Callable
from statistics import median
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from keras import ops

import lrcn_seq
from lrcn_seq.config import validate
from lrcn_seq.layers.frozen_scope import frozen_scope
from lrcn_seq.layers.scan import scan
from lrcn_seq.metrics.scoring.caption_reward import CaptionReward
from lrcn_seq.records import Batch, Clips
from lrcn_seq.tasks._losses import word_losses
from lrcn_seq.tasks._self_critical import trim_padding

IMAGES, SAMPLES, WORDS, VOCABULARY, FEATURES = 12, 5, 20, 2550, 1280
DECODERS: dict[str, dict[str, Any]] = {
    "lrcn": {"type": "lrcn", "layers": 2, "factored": True, "units": 512, "embedding": 512},
    "transformer": {
        "type": "transformer",
        "units": 384,
        "layers": 2,
        "heads": 6,
        "intermediate_units": 1024,
    },
}


def build_task(decoder: dict[str, Any], random: np.random.Generator) -> Any:
    """Return a captioner with a self-critical objective and random references."""
    config = {
        "task": {"type": "captioning"},
        "data": {"source": {"type": "shapes"}, "words_limit": WORDS},
        "encoder": {"type": "vectors", "width": FEATURES},
        "decoder": {**decoder, "dropout": 0.2},
        "training": {"objective": {"type": "self_critical", "samples": SAMPLES}},
    }
    task: Any = lrcn_seq.build(validate(config), words=VOCABULARY)
    groups = [captions(random, 5) for _ in range(1000)]
    task.reward = CaptionReward({"cider": 1.0}, groups, [f"w{i}" for i in range(VOCABULARY)])
    task.build()
    return task


def captions(random: np.random.Generator, count: int) -> list[list[int]]:
    """Return captions of 8 to 15 words whose frequencies are those of Zipf."""
    weights = 1 / np.arange(1, VOCABULARY - 3)
    lengths = random.integers(8, 16, count)
    return [
        (4 + random.choice(VOCABULARY - 4, length, p=weights / weights.sum())).tolist()
        for length in lengths
    ]


def make_batch(random: np.random.Generator) -> Batch:
    """Return images with five references each."""
    frames = random.normal(size=(IMAGES, FEATURES)).astype("float32")
    words = np.zeros((IMAGES * 5, WORDS + 2), "int32")
    for row, caption in zip(words, captions(random, len(words)), strict=True):
        row[: len(caption) + 2] = [1, *caption, 2]
    clips = Clips(frames, np.arange(IMAGES, dtype="int32")[:, None])
    return Batch(clips, np.repeat(np.arange(IMAGES, dtype="int32"), 5), words)


def full_step(task: Any, optimizer: Any, batch: Batch) -> Callable[[], Any]:
    """Return a compiled training step, which returns the drawn words."""

    @tf.function
    def run() -> Any:
        with tf.GradientTape() as tape:
            drawn = task(batch, training=True)
            loss = task.compute_loss(x=batch, y_pred=drawn)
        optimizer.apply(tape.gradient(loss, task.trainable_variables))
        return drawn.words

    return run


def lower_bound(task: Any, optimizer: Any, batch: Batch, words: Any) -> Callable[[], Any]:
    """Return a compiled step with the same products of the network for given words (B, L)."""
    owner = np.repeat(np.arange(IMAGES, dtype="int32"), SAMPLES)
    steps = ops.zeros((WORDS + 1, len(owner)), "int32")
    inputs = ops.concatenate([ops.ones_like(words[:, :1]), words[:, :-1]], axis=1)

    @tf.function
    def run() -> None:
        decoder = task.decoder
        with tf.GradientTape() as tape:
            encoded = task.encoder(batch.clips, training=True)
            rows = type(encoded)(
                ops.take(encoded.features, owner, 0), ops.take(encoded.mask, owner, 0)
            )
            with frozen_scope(task.variables):
                memory, state = decoder.start(rows, training=True)

                def step(carry: Any, word: Any) -> Any:
                    state, _ = carry
                    out = decoder.step(word, state, memory)
                    return out.state, out.logits

                first = ops.zeros((len(owner), VOCABULARY))
                written = scan(step, (state, first), steps)[0]
            losses, mask = word_losses(decoder(rows, inputs, training=True), words)
            loss = ops.sum(losses * mask) + 0 * ops.sum(ops.stop_gradient(written[1]))
        optimizer.apply(tape.gradient(loss, task.trainable_variables))

    return run


def main() -> None:
    """Print the median times of both and their ratio for each decoder."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=8)
    rounds = parser.parse_args().rounds
    for name, decoder in DECODERS.items():
        random = np.random.default_rng(0)
        task, batch = build_task(decoder, random), make_batch(random)
        optimizer = keras.optimizers.Adam(1e-6)
        optimizer.build(task.trainable_variables)
        step = full_step(task, optimizer, batch)
        words = trim_padding(step())
        systems = {"step": step, "bound": lower_bound(task, optimizer, batch, words)}
        seconds: dict[str, list[float]] = {system: [] for system in systems}
        for round_ in range(rounds + 1):
            for system, run in systems.items():
                begin = time.perf_counter()
                run()
                if round_:  # the first call compiles
                    seconds[system].append(time.perf_counter() - begin)
        full, bound = median(seconds["step"]), median(seconds["bound"])
        print(
            f"{name:12} step {1000 * full:.0f} ms, products of the network {1000 * bound:.0f} ms: "
            f"{bound / full:.0%} of the step, captions of {words.shape[1]} words",
            flush=True,
        )


if __name__ == "__main__":
    main()
