"""Beam search against its floor and against KerasHub's BeamSampler, in one run.

One LSTM of 512 units, vocabulary 9,488, batch 50, beam 5, 20 words; no hypothesis ends, no constraints. The floor is 20 times
the two matrix products of a step, 250×1024 · 1024×2048 and 250×512 · 512×9488, float32, same backend and threads.

    KERAS_BACKEND=tensorflow python tools/benchmarks/beam.py [--rounds 9]
"""

import argparse
import statistics
import time

import keras
import numpy as np
from keras import ops
from keras_hub.samplers import BeamSampler

from lrcn_seq.records import SPECIAL, StepOutput
from lrcn_seq.search.beam import Beam

BATCH, BEAMS, V, UNITS, WORDS = 50, 5, 9488, 512, 20


class Captioner(keras.Model):
    """The step of an LSTM language model, searched in one of two ways."""

    def __init__(self, search):
        super().__init__()
        self.search = search
        draw = keras.initializers.RandomNormal(stddev=0.08, seed=1)
        self.embedding = self.add_weight(shape=(V, UNITS), initializer=draw)
        self.gates = self.add_weight(shape=(2 * UNITS, 4 * UNITS), initializer=draw)
        self.output_words = self.add_weight(shape=(UNITS, V), initializer=draw)
        self.never_ends = np.where(np.arange(V) == SPECIAL.end, -1e9, 0.0).astype("float32")
        self.built = True

    def step(self, word, state, _memory=None):
        """i, f, c̃, o = W [x, h]; c = f∘c + i∘c̃; h = o∘tanh c."""
        h, c = state
        i, f, g, o = ops.split(
            ops.matmul(
                ops.concatenate([ops.take(self.embedding, word, axis=0), h], axis=1), self.gates
            ),
            4,
            axis=1,
        )
        c = ops.sigmoid(f) * c + ops.sigmoid(i) * ops.tanh(g)
        h = ops.sigmoid(o) * ops.tanh(c)
        return StepOutput(ops.matmul(h, self.output_words) + self.never_ends, None, (h, c))

    def call(self, h):
        """The words of the best sentences, from initial states (B, U)."""
        return self.search(self, (h, ops.zeros_like(h)))


def ours(model, state):
    """This library."""
    found = Beam(beams=BEAMS, suppress_unknown=False)(
        model.step, state, (), special=SPECIAL, limit=WORDS
    )
    return found.words, found.scores


def kerashub(model, state):
    """KerasHub's sampler over the same step."""

    def following(prompt, cache, index):
        out = model.step(ops.take(prompt, index - 1, axis=1), cache)
        return out.logits, None, out.state

    prompt = ops.full((ops.shape(state[0])[0], WORDS + 1), SPECIAL.start, "int32")
    return BeamSampler(num_beams=BEAMS, return_all_beams=True)(
        following, prompt, cache=state, index=1, model=model
    )


def products():
    """The two products of a step, 20 times."""
    draw = np.random.default_rng(0).normal
    shapes = (
        (BATCH * BEAMS, 2 * UNITS),
        (2 * UNITS, 4 * UNITS),
        (BATCH * BEAMS, UNITS),
        (UNITS, V),
    )
    a, b, c, d = (
        ops.convert_to_tensor(draw(size=shape, scale=0.08).astype("float32")) for shape in shapes
    )

    def run():
        for _ in range(WORDS):
            ops.convert_to_numpy(ops.matmul(a, b)[0, 0])
            ops.convert_to_numpy(ops.matmul(c, d)[0, 0])

    return run


def main():
    """Prints medians and ratios of rounds that take turns."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=9)
    rounds = parser.parse_args().rounds
    start = np.random.default_rng(1).normal(size=(BATCH, UNITS)).astype("float32")
    models = {"beam": Captioner(ours), "KerasHub": Captioner(kerashub)}
    races = {
        "floor": products(),
        **{
            name: lambda model=model: model.predict_on_batch(start)
            for name, model in models.items()
        },
    }
    times = {name: [] for name in races}
    for turn in range(rounds + 1):
        for name, race in races.items():
            begin = time.perf_counter()
            race()
            times[name] += [time.perf_counter() - begin] if turn else []
    medians = {name: statistics.median(values) for name, values in times.items()}
    same = (
        np.asarray(models["beam"].predict_on_batch(start)[0])
        == np.asarray(models["KerasHub"].predict_on_batch(start)[0])[:, :, 1:]
    ).mean()
    print(
        f"{keras.backend.backend()}, {rounds} rounds: "
        + ", ".join(f"{name} {1000 * value:.0f} ms" for name, value in medians.items())
    )
    print(
        f"share of the floor {medians['floor'] / medians['beam']:.2f}; times as fast as KerasHub {medians['KerasHub'] / medians['beam']:.2f}; words equal {same:.3f}"
    )


if __name__ == "__main__":
    main()
