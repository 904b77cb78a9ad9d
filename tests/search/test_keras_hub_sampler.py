"""The samplers of KerasHub as searches."""

import keras
import numpy as np
import pytest
from keras import ops

from lrcn_seq.records import SPECIAL, StepOutput
from lrcn_seq.search.keras_hub_sampler import KerasHub

LOGITS = np.array([0.3, 0.1, 0.9, 2.0, 0.5, -1.0, 1.5, 0.0], "float32")
ROWS = 2000


class FirstWord(keras.Model):
    """A model that draws the first word of each row from LOGITS, with the seed of the row."""

    def __init__(self, **arguments):
        super().__init__()
        self.search = KerasHub(**arguments)

    def call(self, seeds):
        def step(word, state, memory):
            logits = ops.repeat(ops.convert_to_tensor(LOGITS)[None], word.shape[0], axis=0)
            return StepOutput(logits, None, state)

        found = self.search(step, (), seeds, special=SPECIAL, limit=1, seed=seeds)
        return found.words[:, 0, 0]


def first_words(seed=0, rows=ROWS, **arguments):
    """Return the first words of many rows."""
    seeds = np.random.default_rng(seed).integers(2**30, size=rows, dtype="int32")
    return np.asarray(FirstWord(**arguments).predict_on_batch(seeds))


def test_greedy_sampler_equals_greedy_search(search_table, random_table, check_contract):
    """KerasHub's greedy sampler and the greedy search give the same words."""
    table = random_table(0, rows=6)
    found = search_table({"type": "keras_hub", "sampler": "greedy"}, table, limit=6)
    check_contract(found, table)
    assert (found.words == search_table({"type": "greedy"}, table, limit=6).words).all()


@pytest.mark.parametrize(
    ("arguments", "kept", "sharpness"),
    [
        ({"sampler": "random"}, [2, 4, 5, 6, 7], 1),
        ({"sampler": "random", "temperature": 0.5}, [2, 4, 5, 6, 7], 2),
        ({"sampler": "random", "suppress_unknown": False}, [2, 3, 4, 5, 6, 7], 1),
        ({"sampler": "top_k", "k": 2}, [2, 6], 1),
        ({"sampler": "top_p", "p": 0.6}, [2, 6], 1),
        ({"sampler": "top_p", "p": 0.99, "k": 3}, [2, 4, 6], 1),
    ],
    ids=str,
)
def test_frequencies_equal_the_distribution(arguments, kept, sharpness):
    """Words drawn in 2,000 rows have the frequencies of the truncated softmax.

    The tolerance is 4.5 standard errors.
    """
    weights = np.where(np.isin(np.arange(8), kept), np.exp(sharpness * LOGITS.astype("float64")), 0)
    expected = weights / weights.sum()
    counts = np.bincount(first_words(**arguments), minlength=8) / ROWS
    assert (np.abs(counts - expected) <= 4.5 * np.sqrt(expected * (1 - expected) / ROWS)).all()


def test_equal_seeds_draw_equal_words():
    """KerasHub samplers with equal seeds draw equal words."""
    assert (first_words(3, 50, sampler="random") == first_words(3, 50, sampler="random")).all()


def test_other_seeds_draw_other_words():
    """KerasHub samplers with different seeds draw different words."""
    assert (first_words(3, 50, sampler="random") != first_words(4, 50, sampler="random")).any()


@pytest.mark.parametrize("sampler", ["random", "top_k", "top_p"])
def test_a_sentence_is_independent_of_its_batch(search_table, random_table, sampler):
    """KerasHub samplers draw the same sentence for a row in a batch of any size and order."""
    table, spec = random_table(6), {"type": "keras_hub", "sampler": sampler}
    together = search_table(spec, table, limit=6)
    assert (search_table(spec, table[::-1], limit=6).words == together.words[::-1]).all()
    assert (search_table(spec, table[2:], limit=6).words == together.words[2:]).all()


def test_positions_are_drawn_independently(search_table):
    """Words at consecutive positions are drawn independently."""
    table = np.where(np.arange(6) >= 4, 0.0, -np.inf) * np.ones((1, 7, 6, 6))
    spec = {"type": "keras_hub", "sampler": "random"}
    words = search_table(spec, table, limit=200).words[0, 0]
    assert 0.4 < (words[1:] == words[:-1]).mean() < 0.6
