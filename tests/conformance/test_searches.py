"""Every registered search through its contract, over a small recurrent step."""

import keras
import numpy as np
import pytest
from keras import ops

from lrcn_seq.records import SPECIAL, Hypotheses, StepOutput
from lrcn_seq.registry import searches

V, U, LIMIT = 11, 6, 7
NAMES = searches.names()
SPECS = [{"type": name} for name in NAMES] + [
    {
        "type": "beam",
        "beams": 3,
        "best": 2,
        "length": "gnmt",
        "alpha": 0.9,
        "minimum_length": 2,
        "block_ngram": 2,
    },
    {"type": "sampling", "draws": 4, "inverse_temperature": 1.5, "top_k": 5, "top_p": 0.9},
    {"type": "greedy", "block_ngram": 2, "length": "none"},
]
WEIGHTS = [
    np.random.default_rng(seed).normal(size=size).astype("float32")
    for seed, size in enumerate([(V, U), (U, U), (U, V)])
]


class Writer(keras.Model):
    """A step with a state of several forms, searched."""

    def __init__(self, spec, form="tuple"):
        super().__init__()
        self.search, self.form = searches.build(spec), form
        self.embedding, self.kernel, self.output_words = (
            self.add_weight(shape=weight.shape, initializer="zeros") for weight in WEIGHTS
        )
        self.set_weights(WEIGHTS)
        self.built = True

    def call(self, memory):
        def step(word, state, memory):
            hidden, rest = self._opened(state, memory)
            hidden = ops.tanh(
                ops.matmul(hidden, self.kernel)
                + ops.take(self.embedding, word, axis=0)
                + memory["feature"]
            )
            return StepOutput(
                ops.matmul(hidden, self.output_words), None, self._closed(hidden, rest)
            )

        hidden = ops.zeros((ops.shape(memory)[0], U))
        return self.search(
            step,
            self._closed(hidden, ops.zeros((ops.shape(memory)[0],), "int32")),
            {"feature": memory, "none": None},
            special=SPECIAL,
            limit=LIMIT,
            seed=3,
        )

    def _opened(self, state, memory):
        if self.form == "empty":
            return ops.zeros_like(memory["feature"]), None
        return (state["h"][0], state["h"][1]) if self.form == "nested" else state

    def _closed(self, hidden, rest):
        if self.form == "empty":
            return ()
        rest = None if rest is None else rest + 1
        return {"h": [hidden, rest], "none": None} if self.form == "nested" else (hidden, rest)


def answers(model, features):
    return Hypotheses(*map(np.asarray, model.predict_on_batch(features)))


def features_of(rows, seed=0):
    return np.random.default_rng(seed).normal(size=(rows, U)).astype("float32")


@pytest.fixture(scope="module", params=SPECS, ids=str)
def model(request):
    """A compiled search of each kind."""
    return Writer(request.param)


def test_all_searches_are_here():
    """The scan finds the parts of the package."""
    assert set(NAMES) >= {"greedy", "beam", "sampling"}


def test_shapes_and_types(model):
    """words (B, K, L) and lengths (B, K) are int32, scores and log probabilities (B, K) float32."""
    words, scores, lengths, totals = answers(model, features_of(4))
    K = words.shape[1]
    assert words.shape == (4, K, LIMIT)
    assert scores.shape == lengths.shape == totals.shape == (4, K)
    assert (words.dtype, lengths.dtype, scores.dtype, totals.dtype) == (
        "int32",
        "int32",
        "float32",
        "float32",
    )


def test_promises(model):
    """Best first, distinct, only pad after the end, never pad, start or unknown before; −inf and length 0 where nothing is."""
    for seed in range(5):
        for words, scores, lengths, totals in zip(
            *answers(model, features_of(4, seed)), strict=True
        ):
            assert (scores[:-1] >= scores[1:]).all()
            assert ((scores == -np.inf) == (lengths == 0)).all()
            assert ((totals == -np.inf) == (lengths == 0)).all()
            assert (totals <= 0).all()
            kept = [
                sentence[:length].tolist()
                for sentence, length in zip(words, lengths, strict=True)
                if length
            ]
            assert kept
            assert len({tuple(sentence) for sentence in kept}) == len(kept)
            ended = {sentence[-1] == SPECIAL.end for sentence in kept}
            assert len(ended) == 1
            assert all(
                SPECIAL.end not in sentence[:-1]
                and not {SPECIAL.pad, SPECIAL.start, SPECIAL.unknown} & set(sentence)
                for sentence in kept
            )
            assert all(
                (sentence[length:] == SPECIAL.pad).all()
                for sentence, length in zip(words, lengths, strict=True)
            )


def test_batches_of_any_size(model):
    """One model takes batches of 4, 1 and 3 rows; a row's answer does not depend on the others, but where chance is drawn by place."""
    features = features_of(4)
    together = answers(model, features)
    assert answers(model, features[:1]).words.shape == (1, *together.words.shape[1:])
    if type(model.search).__name__ in ("Greedy", "Beam"):
        assert (answers(model, features[1:]).words == together.words[1:]).all()


@pytest.mark.skipif(
    keras.backend.backend() == "jax",
    reason="called directly, JAX compiles every operation by itself",
)
def test_compiled_equals_eager(model):
    """Called directly a search gives what the compiled model gives."""
    features = features_of(3)
    compiled, eager = answers(model, features), model(ops.convert_to_tensor(features))
    assert (np.asarray(ops.convert_to_numpy(eager.words)) == compiled.words).all()
    assert np.allclose(ops.convert_to_numpy(eager.scores), compiled.scores, atol=1e-5)


@pytest.mark.parametrize("form", ["nested", "empty"])
@pytest.mark.parametrize("name", NAMES)
def test_states_of_any_form(name, form):
    """Dicts and lists with None among the tensors do as well as a tuple; a step without a state works too."""
    found = answers(Writer({"type": name}, form), features_of(3))
    if form == "nested":
        assert (found.words == answers(Writer({"type": name}), features_of(3)).words).all()
    assert (found.lengths[:, 0] > 0).all()


@pytest.mark.parametrize("name", NAMES)
def test_half_precision_states_keep_their_type(name):
    """A state of 16 bits whose step computes in 32 stays 16 bits, as a loop must have it."""

    def step(word, state, memory):
        hidden = ops.tanh(ops.cast(state, "float32") + memory + ops.cast(word, "float32")[:, None])
        return StepOutput(
            ops.cast(ops.matmul(hidden, ops.convert_to_tensor(WEIGHTS[2])), "float16"), None, hidden
        )

    found = searches.build({"type": name})(
        step,
        ops.zeros((2, U), "float16"),
        ops.convert_to_tensor(features_of(2)),
        special=SPECIAL,
        limit=3,
    )
    assert np.isfinite(np.asarray(ops.convert_to_numpy(found.scores))[:, 0]).all()
