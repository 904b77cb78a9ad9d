"""The decoding loop that extends one sentence per row."""

import numpy as np
from keras import ops

from lrcn_seq.records import SPECIAL, StepOutput
from lrcn_seq.search._decoding_loop import decode

END = SPECIAL.end
SCRIPT = np.array([[4, END, 5, 5], [5, 4, 4, 5], [4, 4, END, 4]])


def run(gains, limit=4):
    """Decode the words of SCRIPT with given log probabilities (rows, positions)."""
    seen = []

    def step(word, state, memory):
        seen.append(ops.convert_to_numpy(word).tolist())
        return StepOutput(ops.zeros((3, 6)), None, state + 1)

    def choose(logits, words, position):
        place = int(position)
        return ops.convert_to_tensor(SCRIPT[:, place]), ops.convert_to_tensor(
            np.array(gains, "float32")[:, place]
        )

    words, total = decode(choose, step, ops.zeros((3,), "int32"), (), special=SPECIAL, limit=limit)
    return ops.convert_to_numpy(words), ops.convert_to_numpy(total), seen


def test_sentences_are_padded_after_the_end():
    """Words after the end word of a sentence are padding."""
    words, _, _ = run(np.full((3, 4), -1.0))
    assert words.tolist() == [[4, END, 0, 0], [5, 4, 4, 5], [4, 4, END, 0]]


def test_log_probabilities_stop_at_the_end():
    """The log probability of a sentence does not change after its end word."""
    _, total, _ = run(np.full((3, 4), -1.0))
    assert total.tolist() == [-2.0, -4.0, -3.0]


def test_a_sentence_without_an_allowed_word_has_log_probability_minus_infinity():
    """A row without an allowed word has log probability −inf and does not affect other rows."""
    gains = np.full((3, 4), -1.0)
    gains[1, 1] = -np.inf
    _, total, _ = run(gains)
    assert total.tolist() == [-2.0, -np.inf, -3.0]


def test_the_step_receives_the_last_words():
    """The first decoding step receives start words; finished rows keep receiving the end word."""
    _, _, seen = run(np.full((3, 4), -1.0))
    assert seen == [[1, 1, 1], [4, 5, 4], [END, 4, 4], [END, 4, END]]


def test_the_loop_stops_when_all_rows_have_ended():
    """The decoding loop stops when all rows have ended or have no allowed word."""
    gains = np.full((3, 4), -1.0)
    gains[1, 0] = -np.inf
    _, _, seen = run(gains)
    assert len(seen) == 3


def test_the_limit_cuts_sentences():
    """The word limit cuts unfinished sentences."""
    words, _, seen = run(np.full((3, 4), -1.0), limit=2)
    assert words.tolist() == [[4, END], [5, 4], [4, 4]]
    assert len(seen) == 2
