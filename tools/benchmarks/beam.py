"""Time of beam search, compared with its lower bound and with the BeamSampler of KerasHub.

The model is one LSTM of 512 units with a vocabulary of 9,488 words. The batch size is 50, the beam
is 5, and captions have 20 words. No hypothesis ends early, and there are no constraints. The lower
bound is 20 times the two matrix products of a step, 250×1024 · 1024×2048 and 250×512 · 512×9488, in
float32 on the same backend and threads.

    KERAS_BACKEND=tensorflow python tools/benchmarks/beam.py [--rounds 9] [--options]

With --options, beam search with each of its options is compared with beam search without options
instead. The step then has attention weights over 49 regions, whose cost is part of all times.
"""

import argparse
import statistics
import time
from collections.abc import Callable
from functools import partial
from typing import Any

import keras
import numpy as np
from keras import ops
from keras_hub.samplers import BeamSampler

from lrcn_seq.records import SPECIAL, StepOutput, Tensor
from lrcn_seq.registry import searches
from lrcn_seq.search.beam import Beam

BATCH, BEAMS, V, UNITS, WORDS, REGIONS = 50, 5, 9488, 512, 20, 49
OPTIONS: dict[str, dict[str, Any]] = {
    "plain beam": {},
    "length: gnmt, word_reward": {"length": "gnmt", "word_reward": 0.1},
    "prefix": {"prefix": "70 80"},
    "forbidden, 10 phrases": {"forbidden": [f"{word} {word + 1}" for word in range(50, 60)]},
    "forbidden_endings, 10 words": {"forbidden_endings": [str(word) for word in range(50, 60)]},
    "block_ngram": {"block_ngram": 3},
    "repetition_penalty": {"repetition_penalty": 1.2},
    "coverage": {"coverage": 0.2},
    "required, 1 word": {"required": ["77"]},
    "required, 3 phrases": {"required": ["77 78", "99", "44 45 46"]},
    "diverse_beam, 5 groups": {"type": "diverse_beam", "groups": 5},
}
"""The arguments of the compared searches; words are written as ids."""


class Captioner(keras.Model):
    """An LSTM language model whose captions are found by a search function.

    Args:
        search: Function `(model, state)` that returns words and scores.
    """

    def __init__(self, search: Callable[..., Any]) -> None:
        super().__init__()
        self.search = search
        initializer = keras.initializers.RandomNormal(stddev=0.08, seed=1)
        self.embedding = self.add_weight(shape=(V, UNITS), initializer=initializer)
        self.gates = self.add_weight(shape=(2 * UNITS, 4 * UNITS), initializer=initializer)
        self.output_words = self.add_weight(shape=(UNITS, V), initializer=initializer)
        self.end_penalty = np.where(np.arange(V) == SPECIAL.end, -1e9, 0.0).astype("float32")
        self.built = True

    def step(self, word: Tensor, state: Any, _memory: Any = None) -> StepOutput:
        """Advance by one word: i, f, g, o = W [x, h]; c = f∘c + i∘g; h = o∘tanh c."""
        h, c = state
        inputs = ops.concatenate([ops.take(self.embedding, word, axis=0), h], axis=1)
        i, f, g, o = ops.split(ops.matmul(inputs, self.gates), 4, axis=1)
        c = ops.sigmoid(f) * c + ops.sigmoid(i) * ops.tanh(g)
        h = ops.sigmoid(o) * ops.tanh(c)
        attention = ops.softmax(h[:, :REGIONS])
        return StepOutput(ops.matmul(h, self.output_words) + self.end_penalty, attention, (h, c))

    def call(self, h: Tensor) -> Any:
        """Return the result of the search from initial states (B, U)."""
        return self.search(self, (h, ops.zeros_like(h)))


def search_ours(model: Captioner, state: Any) -> tuple[Tensor, Tensor]:
    """Return words and scores of the beam search of this library."""
    hypotheses = Beam(beams=BEAMS, suppress_unknown=False)(
        model.step, state, (), special=SPECIAL, limit=WORDS
    )
    return hypotheses.words, hypotheses.scores


def search_with(arguments: dict[str, Any]) -> Callable[..., tuple[Tensor, Tensor]]:
    """Return a function that searches with the given arguments."""
    search = searches.build({"type": "beam", "beams": BEAMS, **arguments})
    search.encode_texts(lambda text: [int(word) for word in text.split()])

    def run(model: Captioner, state: Any) -> tuple[Tensor, Tensor]:
        found = search(model.step, state, (), special=SPECIAL, limit=WORDS)
        return found.words, found.scores

    return run


def search_keras_hub(model: Captioner, state: Any) -> Any:
    """Return words and scores of the sampler of KerasHub with the same model step."""

    def next_token(prompt: Tensor, cache: Any, index: Tensor) -> tuple[Tensor, None, Any]:
        out = model.step(ops.take(prompt, index - 1, axis=1), cache)
        return out.logits, None, out.state

    prompt = ops.full((ops.shape(state[0])[0], WORDS + 1), SPECIAL.start, "int32")
    return BeamSampler(num_beams=BEAMS, return_all_beams=True)(
        next_token, prompt, cache=state, index=1, model=model
    )


def matrix_products() -> Callable[[], None]:
    """Return a function that computes the two matrix products of a decoding step 20 times."""
    normal = np.random.default_rng(0).normal
    shapes = (
        (BATCH * BEAMS, 2 * UNITS),
        (2 * UNITS, 4 * UNITS),
        (BATCH * BEAMS, UNITS),
        (UNITS, V),
    )
    a, b, c, d = (
        ops.convert_to_tensor(normal(size=shape, scale=0.08).astype("float32")) for shape in shapes
    )

    def run() -> None:
        for _ in range(WORDS):
            ops.convert_to_numpy(ops.matmul(a, b)[0, 0])
            ops.convert_to_numpy(ops.matmul(c, d)[0, 0])

    return run


def measure(contestants: dict[str, Callable[[], Any]], rounds: int) -> dict[str, float]:
    """Return the median seconds of each contestant over rounds that run all of them in turn."""
    seconds: dict[str, list[float]] = {name: [] for name in contestants}
    for number in range(rounds + 1):
        for name, run in contestants.items():
            begin = time.perf_counter()
            run()
            seconds[name] += [time.perf_counter() - begin] if number else []
    return {name: statistics.median(values) for name, values in seconds.items()}


def compare_options(rounds: int) -> None:
    """Print the median time of beam search with each option, and its ratio to plain beam search."""
    start = np.random.default_rng(1).normal(size=(BATCH, UNITS)).astype("float32")
    medians = measure(
        {
            name: partial(Captioner(search_with(arguments)).predict_on_batch, start)
            for name, arguments in OPTIONS.items()
        },
        rounds,
    )
    print(f"{keras.backend.backend()}, {rounds} rounds")
    for name, seconds in medians.items():
        print(f"{name:28} {1000 * seconds:6.0f} ms  {seconds / medians['plain beam']:5.2f} × plain")


def main() -> None:
    """Print median times and their ratios."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--options", action="store_true")
    options = parser.parse_args()
    if options.options:
        compare_options(options.rounds)
    else:
        compare_searches(options.rounds)


def compare_searches(rounds: int) -> None:
    """Print median times, their ratios, and the share of words that both searches agree on."""
    start = np.random.default_rng(1).normal(size=(BATCH, UNITS)).astype("float32")
    models = {"beam": Captioner(search_ours), "KerasHub": Captioner(search_keras_hub)}
    contestants = {"lower bound": matrix_products()}
    for name, model in models.items():
        contestants[name] = partial(model.predict_on_batch, start)
    medians = measure(contestants, rounds)
    words = [np.asarray(model.predict_on_batch(start)[0]) for model in models.values()]
    equal = (words[0] == words[1][:, :, 1:]).mean()
    print(
        f"{keras.backend.backend()}, {rounds} rounds: "
        + ", ".join(f"{name} {1000 * value:.0f} ms" for name, value in medians.items())
    )
    print(
        f"lower bound ÷ beam {medians['lower bound'] / medians['beam']:.2f}; "
        f"KerasHub ÷ beam {medians['KerasHub'] / medians['beam']:.2f}; equal words {equal:.3f}"
    )


if __name__ == "__main__":
    main()
