"""The words that may come next, in a vocabulary of any size."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from keras import ops

from lrcn_seq.records import SPECIAL
from lrcn_seq.search._choice import Rules, candidates, completes_ngram, largest, normalized


def arrays(*tensors):
    return [np.asarray(ops.convert_to_numpy(tensor)) for tensor in tensors]


@settings(max_examples=25, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    V=st.sampled_from([7, 2047, 2048, 2053, 4096, 9488, 5003]),
    k=st.integers(1, 7),
    kind=st.sampled_from(["normal", "ties", "mostly -inf"]),
)
def test_largest_equals_sorting(seed, V, k, kind):
    """The k largest values and their places, for vocabularies that fold evenly, unevenly, or not at all."""
    generator = np.random.default_rng(seed)
    x = generator.normal(size=(3, V)).astype("float32")
    if kind == "ties":
        x = np.round(x)
    if kind == "mostly -inf":
        x[generator.random((3, V)) < 0.999] = -np.inf
    values, places = arrays(*largest(ops.convert_to_tensor(x), k))
    assert (values == -np.sort(-x, axis=1)[:, :k]).all()
    assert (np.take_along_axis(x, places, axis=1) == values).all()
    assert all(len(set(row)) == k for row in places)


@settings(max_examples=40, deadline=None)
@given(words=st.lists(st.integers(4, 7), min_size=0, max_size=9), n=st.integers(1, 5))
def test_repeated_ngrams_are_recognized(words, n):
    """A word is refused exactly where the sentence with it holds the same n words twice."""
    padded = np.zeros((1, 10), "int32")
    padded[0, : len(words)] = words
    (refused,) = arrays(
        completes_ngram(
            ops.convert_to_tensor([[4, 5, 6, 7]]), ops.convert_to_tensor(padded), len(words), n
        )
    )
    for word, answer in zip((4, 5, 6, 7), refused[0], strict=True):
        longer = [*words, word]
        grams = [tuple(longer[i : i + n]) for i in range(len(longer) - n + 1)]
        assert answer == (grams.count(tuple(longer[-n:])) > 1 and len(longer) >= n)


def test_forbidding_among_a_few_equals_a_mask_over_all():
    """Candidates under all rules equal the log softmax of the whole vocabulary, masked and sorted."""
    generator = np.random.default_rng(0)
    logits = generator.normal(size=(4, 3000), scale=3).astype("float32")
    logits[:, :4] += 12  # pad, start, end and unknown would win
    words = np.zeros((4, 8), "int32")
    words[:, :5] = [[10, 11, 10, 12, 10]] * 4
    logits[:, [11, 12, 13]] += 11
    rules = Rules(minimum_length=6, block_ngram=2)
    gains, ids = arrays(
        *candidates(
            ops.convert_to_tensor(logits),
            ops.convert_to_tensor(words),
            5,
            places=5,
            rules=rules,
            special=SPECIAL,
        )
    )
    exact = logits.astype("float64") - np.log(
        np.exp(logits.astype("float64")).sum(1, keepdims=True)
    )
    exact[:, [0, 1, 2, 3, 11, 12]] = -np.inf
    order = np.argsort(-gains, axis=1, kind="stable")[:, :5]
    assert (np.take_along_axis(ids, order, 1) == np.argsort(-exact, axis=1)[:, :5]).all()
    assert np.allclose(
        np.take_along_axis(gains, order, 1), -np.sort(-exact, axis=1)[:, :5], atol=1e-4
    )


def test_length_normalization_is_that_of_the_papers():
    """None is the sum, average divides by the length, GNMT by ((5 + length) / 6)^alpha."""
    total = ops.convert_to_tensor([-6.0])
    scores = [
        float(arrays(normalized(total, 3, kind=kind, alpha=0.6))[0][0])
        for kind in ("none", "average", "gnmt")
    ]
    assert np.allclose(scores, [-6.0, -2.0, -6.0 / (8 / 6) ** 0.6])
