"""KerasHub's samplers behind the contract."""

import numpy as np
import pytest
from keras import ops

from lrcn_seq.records import SPECIAL, StepOutput
from lrcn_seq.search.keras_hub_sampler import KerasHub

LOGITS = np.array([0.3, 0.1, 0.9, 2.0, 0.5, -1.0, 1.5, 0.0], "float32")
ROWS = 5000


def first_words(seed=0, **arguments):
    def step(word, state, memory):
        return StepOutput(
            ops.repeat(ops.convert_to_tensor(LOGITS)[None], ROWS, axis=0), None, state
        )

    found = KerasHub(**arguments)(
        step, (), ops.zeros((ROWS, 1)), special=SPECIAL, limit=1, seed=seed
    )
    return np.asarray(ops.convert_to_numpy(found.words))[:, 0, 0]


def test_greedy_sampler_equals_greedy_search(over_table, table_of, check):
    """KerasHub's greedy sampler and this library's greedy search write the same words."""
    table = table_of(0, rows=6)
    found = over_table({"type": "keras_hub", "sampler": "greedy"}, table, limit=6)
    check(found, table)
    assert (found.words == over_table({"type": "greedy"}, table, limit=6).words).all()


@pytest.mark.parametrize(
    ("arguments", "kept", "sharpness"),
    [
        ({"sampler": "random"}, [2, 4, 5, 6, 7], 1),
        ({"sampler": "random", "temperature": 0.5}, [2, 4, 5, 6, 7], 2),
        ({"sampler": "top_k", "k": 2}, [2, 6], 1),
        ({"sampler": "top_p", "p": 0.6}, [2, 6], 1),
        ({"sampler": "top_p", "p": 0.99, "k": 3}, [2, 4, 6], 1),
    ],
    ids=str,
)
def test_words_come_as_often_as_their_probability(arguments, kept, sharpness):
    """Frequencies over 5,000 rows lie within 4.5 standard errors of the softmax over the words that the sampler keeps."""
    weights = np.where(np.isin(np.arange(8), kept), np.exp(sharpness * LOGITS.astype("float64")), 0)
    expected = weights / weights.sum()
    counts = np.bincount(first_words(**arguments), minlength=8) / ROWS
    assert (np.abs(counts - expected) <= 4.5 * np.sqrt(expected * (1 - expected) / ROWS)).all()


def test_only_the_seed_decides():
    """Equal seeds draw equally, others differ."""
    assert (first_words(3, sampler="random") == first_words(3, sampler="random")).all()
    assert (first_words(3, sampler="random") != first_words(4, sampler="random")).any()


def test_positions_draw_independently(over_table):
    """Words at different places of a sentence are not copies of one draw."""
    table = np.where(np.arange(6) >= 4, 0.0, -np.inf) * np.ones((50, 7, 6, 6))
    words = over_table({"type": "keras_hub", "sampler": "random"}, table, limit=6).words[:, 0]
    assert 0.4 < (words[:, 1:] == words[:, :-1]).mean() < 0.6
