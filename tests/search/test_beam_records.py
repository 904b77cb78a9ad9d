"""The order in which hypotheses fill the beams, and predictions of a part of the beams."""

import numpy as np
import pytest
from keras import ops

from lrcn_seq.search._beam_records import Predictions, fill_from_banks


def test_banks_are_filled_in_turn():
    """The best element of each bank comes first, then the second best of each bank."""
    totals = ops.convert_to_tensor([[-5.0, -1.0, -2.0, -3.0, -np.inf, -4.0]])
    banks = ops.convert_to_tensor([[2, 0, 0, 0, 1, 2]])
    priority, chosen = fill_from_banks(totals, banks, 3, 6)
    assert ops.convert_to_numpy(chosen).tolist() == [[1, 5, 2, 0, 3, 4]]
    assert ops.convert_to_numpy(priority).tolist() == [[0, -1, -2, -3, -4, -np.inf]]


@pytest.mark.parametrize("required", [None, np.arange(6).reshape(1, 6)], ids=["none", "states"])
def test_predictions_of_some_beams(required):
    """Predictions of beams 2 and 3 have the logits and states of these beams."""
    logits = np.random.default_rng(0).normal(size=(1, 6, 9))
    part = Predictions(ops.convert_to_tensor(logits), required, None).of_beams(2, 2)
    assert np.allclose(ops.convert_to_numpy(part.logits), logits[:, 2:4])
    if required is not None:
        assert ops.convert_to_numpy(part.required).tolist() == [[2, 3]]
