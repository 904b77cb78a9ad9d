"""Time of a decoder's gradient if the captions of an image share what depends on it alone.

Decoders with attention project every region of an image. With `owner`, they do it once per image
instead of once per caption; the rival is the same decoder with the features of each image repeated
for its captions. Both alternate on 13 images of 9 × 9 regions with 1,280 features and five captions
of 12 words each. Runs on TensorFlow only.

    python tools/benchmarks/shared_clips.py [--rounds 8]
"""

import argparse
import time
from collections.abc import Callable
from statistics import median
from typing import Any

import numpy as np
import tensorflow as tf
from keras import ops

from lrcn_seq.decoders import registry
from lrcn_seq.records import Encoded
from lrcn_seq.tasks._caption_rows import select_clips

IMAGES, CAPTIONS, WORDS, VOCABULARY = 13, 5, 13, 2550
LSTM = {"units": 512, "embedding": 512, "feature_units": 512, "dropout": 0.3}
DECODERS: dict[str, dict[str, Any]] = {
    "transformer": {
        "units": 384,
        "layers": 2,
        "heads": 6,
        "intermediate_units": 1024,
        "dropout": 0.3,
        "words_limit": 20,
    },
    "attention_lstm": LSTM,
    "up_down": LSTM,
}


def gradient(decoder: Any, encoded: Encoded, words: Any, owner: Any) -> Callable[[], Any]:
    """Return a compiled function that computes the gradient of the mean cross-entropy.

    Args:
        decoder: a word decoder.
        encoded: features of the images, or of the captions if `owner` is None.
        words: (B, L) words.
        owner: (B,) index of the image of each caption, or None.
    """

    @tf.function
    def run() -> Any:
        with tf.GradientTape() as tape:
            logits = decoder(encoded, words, training=True, owner=owner)
            losses = ops.sparse_categorical_crossentropy(words, logits, from_logits=True)
            loss = ops.mean(losses)
        return tape.gradient(loss, decoder.trainable_variables)

    return run


def main() -> None:
    """Print the median times of both for each decoder, and their ratio."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=8)
    rounds = parser.parse_args().rounds
    random = np.random.default_rng(0)
    features = tf.constant(random.normal(size=(IMAGES, 1, 81, 1280)).astype("float32"))
    images = Encoded(features, tf.ones((IMAGES, 1), bool))
    owner = tf.repeat(tf.range(IMAGES), CAPTIONS)
    words = tf.constant(random.integers(1, VOCABULARY, (len(owner), WORDS)).astype("int32"))
    for name, arguments in DECODERS.items():
        decoder = registry.get(name)(vocabulary_size=VOCABULARY, **arguments)
        decoder(images, words[:IMAGES])
        systems = {
            "shared": gradient(decoder, images, words, owner),
            "repeated": gradient(decoder, select_clips(images, owner), words, None),
        }
        seconds: dict[str, list[float]] = {system: [] for system in systems}
        for round_ in range(rounds + 1):
            for system, run in systems.items():
                begin = time.perf_counter()
                run()
                if round_:  # the first call compiles
                    seconds[system].append(time.perf_counter() - begin)
        shared, repeated = median(seconds["shared"]), median(seconds["repeated"])
        print(
            f"{name:15} shared {shared:.3f} s, repeated {repeated:.3f} s: "
            f"{repeated / shared:.2f} times as fast"
        )


if __name__ == "__main__":
    main()
