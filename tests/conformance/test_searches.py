"""The contract of searches, tested for every registered search with a small recurrent model."""

import keras
import numpy as np
import pytest
from keras import ops

from lrcn_seq.errors import SearchError
from lrcn_seq.records import SPECIAL, Hypotheses, StepOutput
from lrcn_seq.registry import searches

V, U, LIMIT = 11, 6, 7
NAMES = searches.names()
SPECS = [
    *({"type": name} for name in NAMES),
    {
        "type": "beam",
        "beams": 3,
        "best": 2,
        "length": "gnmt",
        "alpha": 0.9,
        "minimum_length": 2,
        "block_ngram": 2,
        "required": ["5 6"],
        "word_reward": 0.1,
        "repetition_penalty": 1.5,
    },
    {"type": "minimum_bayes_risk", "search": {"type": "sampling", "draws": 3}},
    {
        "type": "diverse_beam",
        "beams": 4,
        "groups": 4,
        "diversity": 1.0,
        "block_ngram": 2,
        "forbidden": ["6"],
        "required": ["7 8", "5"],
        "best": 2,
    },
    {"type": "sampling", "draws": 4, "inverse_temperature": 1.5, "top_k": 5, "top_p": 0.9},
    {"type": "greedy", "block_ngram": 2, "length": "none"},
    {
        "type": "sampling",
        "draws": 3,
        "min_p": 0.05,
        "typical_p": 0.9,
        "block_ngram": 2,
        "prefix": "4 5",
        "forbidden": ["6", "7 8"],
        "forbidden_endings": ["9"],
        "repeatable": ["5"],
    },
]
WEIGHTS = [
    np.random.default_rng(seed).normal(size=size).astype("float32")
    for seed, size in enumerate([(V, U), (U, U), (U, V)])
]


class RecurrentModel(keras.Model):
    """A small recurrent decoder with a search; `form` is the structure of the decoder state."""

    def __init__(self, spec, form="tuple"):
        super().__init__()
        self.search, self.form = searches.build(spec), form
        self.search.encode_texts(lambda text: [int(number) for number in text.split()])
        self.embedding, self.kernel, self.output_words = (
            self.add_weight(shape=weight.shape, initializer="zeros") for weight in WEIGHTS
        )
        self.set_weights(WEIGHTS)
        self.built = True

    def call(self, features):
        def step(word, state, memory):
            hidden, count = self._unpack(state, memory)
            embedded = ops.take(self.embedding, word, axis=0)
            hidden = ops.tanh(ops.matmul(hidden, self.kernel) + embedded + memory["features"])
            logits = ops.matmul(hidden, self.output_words)
            return StepOutput(logits, None, self._pack(hidden, count))

        B = ops.shape(features)[0]
        return self.search(
            step,
            self._pack(ops.zeros((B, U)), ops.zeros((B,), "int32")),
            {"features": features, "none": None},
            special=SPECIAL,
            limit=LIMIT,
            seed=3,
        )

    def _unpack(self, state, memory):
        if self.form == "empty":
            return ops.zeros_like(memory["features"]), None
        return (state["h"][0], state["h"][1]) if self.form == "nested" else state

    def _pack(self, hidden, count):
        if self.form == "empty":
            return ()
        count = count + 1
        return {"h": [hidden, count], "none": None} if self.form == "nested" else (hidden, count)


def search(model, features):
    """Return the hypotheses of a compiled search as NumPy arrays."""
    return Hypotheses(*map(np.asarray, model.predict_on_batch(features)))


def features_of(rows, seed=0):
    """Return normally distributed features (rows, U)."""
    return np.random.default_rng(seed).normal(size=(rows, U)).astype("float32")


@pytest.fixture(scope="module", params=SPECS, ids=str)
def model(request):
    """Return a compiled model for each search."""
    return RecurrentModel(request.param)


@pytest.fixture(scope="module")
def hypotheses(model):
    """Return the hypotheses (20, K) of a batch of 20 inputs."""
    return search(model, features_of(20))


def test_all_searches_of_the_package_are_tested():
    """Every search of the library is tested in this module."""
    names = {"greedy", "beam", "diverse_beam", "sampling", "keras_hub", "minimum_bayes_risk"}
    assert set(NAMES) >= names


@pytest.mark.jax
def test_shapes(hypotheses):
    """Hypotheses have words (B, K, L), and scores, lengths and log probabilities (B, K)."""
    words, scores, lengths, totals = hypotheses
    K = words.shape[1]
    assert words.shape == (20, K, LIMIT)
    assert scores.shape == lengths.shape == totals.shape == (20, K)


def test_dtypes(hypotheses):
    """Words and lengths are int32, scores and log probabilities float32."""
    assert [array.dtype for array in hypotheses] == ["int32", "float32", "int32", "float32"]


def test_hypotheses_are_sorted_by_score(hypotheses):
    """The hypotheses of an input are sorted by score; each input has at least one."""
    assert (hypotheses.scores[:, :-1] >= hypotheses.scores[:, 1:]).all()
    assert (hypotheses.lengths[:, 0] > 0).all()


def test_empty_places_have_score_minus_infinity(hypotheses):
    """An empty hypothesis has length 0, score −inf and log probability −inf."""
    empty = hypotheses.lengths == 0
    assert ((hypotheses.scores == -np.inf) == empty).all()
    assert ((hypotheses.log_probabilities == -np.inf) == empty).all()


def test_log_probabilities_are_not_positive(hypotheses):
    """Log probabilities of hypotheses are at most 0."""
    assert (hypotheses.log_probabilities <= 0).all()


def sentences_of(hypotheses):
    """Return the sentences of each input as tuples of IDs, without empty hypotheses."""
    return [
        [
            tuple(words[:length].tolist())
            for words, length in zip(row, lengths, strict=True)
            if length
        ]
        for row, lengths in zip(hypotheses.words, hypotheses.lengths, strict=True)
    ]


def test_hypotheses_of_a_row_are_distinct(hypotheses):
    """The hypotheses of an input are distinct sentences."""
    for sentences in sentences_of(hypotheses):
        assert len(set(sentences)) == len(sentences)


def test_unfinished_sentences_reach_the_limit(hypotheses):
    """A sentence without an end token has as many words as the limit allows."""
    for sentences in sentences_of(hypotheses):
        assert all(words[-1] == SPECIAL.end or len(words) == LIMIT for words in sentences)


def test_sentences_contain_no_special_words(hypotheses):
    """A sentence contains no pad, start or unknown token, and an end token only as last word."""
    for sentences in sentences_of(hypotheses):
        for words in sentences:
            assert not {SPECIAL.pad, SPECIAL.start, SPECIAL.unknown} & set(words)
            assert SPECIAL.end not in words[:-1]


@pytest.mark.jax
def test_sentences_are_padded(hypotheses):
    """Words after the end of a sentence are padding."""
    beyond = np.arange(LIMIT) >= hypotheses.lengths[:, :, None]
    assert (hypotheses.words[beyond] == SPECIAL.pad).all()


def test_one_model_accepts_batches_of_any_size(model):
    """One compiled search accepts batches of different sizes."""
    four, one = search(model, features_of(4)), search(model, features_of(1))
    assert one.words.shape == (1, *four.words.shape[1:])


@pytest.mark.jax
def test_rows_are_independent(model):
    """A search gives an input the same words alone, in another batch and in another order."""
    features = features_of(4)
    together = search(model, features).words
    assert (search(model, features[1:]).words == together[1:]).all()
    assert (search(model, features[::-1]).words == together[::-1]).all()
    assert (search(model, features[3:]).words == together[3:]).all()


@pytest.mark.jax
@pytest.mark.parametrize("at_limit", ["compete", "force"])
@pytest.mark.parametrize("name", ["greedy", "beam", "diverse_beam", "sampling"])
def test_only_forced_sentences_always_end(name, at_limit):
    """If end tokens are unlikely, a sentence ends only at the limit, with `at_limit: force`."""

    def step(word, state, memory):
        return StepOutput(memory, None, state)

    logits = np.zeros((2, V), "float32")
    logits[:, SPECIAL.end] = -1e9
    built = searches.build({"type": name, "at_limit": at_limit})
    found = built(step, (), ops.convert_to_tensor(logits), special=SPECIAL, limit=LIMIT)
    assert ops.convert_to_numpy(found.lengths)[:, 0].tolist() == [LIMIT] * 2
    last = ops.convert_to_numpy(found.words)[:, 0, -1]
    assert (last == SPECIAL.end).tolist() == [at_limit == "force"] * 2


@pytest.mark.parametrize("value", [np.nan, -np.inf, np.inf])
@pytest.mark.parametrize("name", NAMES)
def test_a_row_without_a_sentence_is_an_error(name, value):
    """Outside compiled models, logits of NaN, −inf or inf raise an error that names the row."""

    def step(word, state, memory):
        return StepOutput(memory, None, state)

    logits = np.zeros((3, V), "float32")
    logits[1] = value
    with pytest.raises(SearchError, match="row 1: expected a finite log probability"):
        searches.build({"type": name})(
            step, (), ops.convert_to_tensor(logits), special=SPECIAL, limit=LIMIT
        )


@pytest.mark.skipif(
    keras.backend.backend() == "jax", reason="an eager call on JAX compiles each operation alone"
)
def test_compiled_search_equals_eager_search(model):
    """An eager search gives the hypotheses of the compiled search."""
    features = features_of(3)
    compiled, eager = search(model, features), model(ops.convert_to_tensor(features))
    assert (ops.convert_to_numpy(eager.words) == compiled.words).all()
    assert np.allclose(ops.convert_to_numpy(eager.scores), compiled.scores, atol=1e-5)


@pytest.mark.parametrize("name", NAMES)
def test_state_may_be_nested(name):
    """A decoder state of nested dicts, lists and None gives the same words as a tuple."""
    nested = search(RecurrentModel({"type": name}, "nested"), features_of(3))
    flat = search(RecurrentModel({"type": name}), features_of(3))
    assert (nested.words == flat.words).all()


@pytest.mark.parametrize("name", NAMES)
def test_state_may_be_empty(name):
    """A search finds a sentence for each input even if the decoder has no state."""
    found = search(RecurrentModel({"type": name}, "empty"), features_of(3))
    assert (found.lengths[:, 0] > 0).all()


@pytest.mark.parametrize("name", NAMES)
def test_state_may_be_half_precision(name):
    """A search accepts a float16 state even if the decoder computes in float32."""

    def step(word, state, memory):
        hidden = ops.tanh(ops.cast(state, "float32") + memory + ops.cast(word, "float32")[:, None])
        logits = ops.matmul(hidden, ops.convert_to_tensor(WEIGHTS[2]))
        return StepOutput(ops.cast(logits, "float16"), None, hidden)

    state, memory = ops.zeros((2, U), "float16"), ops.convert_to_tensor(features_of(2))
    found = searches.build({"type": name})(step, state, memory, special=SPECIAL, limit=3)
    assert np.isfinite(ops.convert_to_numpy(found.scores)[:, 0]).all()
