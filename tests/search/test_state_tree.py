"""Nested decoder states: repeating rows, gathering rows and loops."""

import keras
import numpy as np
import pytest
from keras import ops

from lrcn_seq.errors import ArgumentError
from lrcn_seq.search._state_tree import (
    batch_size,
    gather_rows,
    match_pattern,
    repeat_rows,
    while_loop,
)


def tree():
    """Return a nested decoder state of two rows."""
    return {"h": [ops.convert_to_tensor([[1.0, 2.0], [3.0, 4.0]]), None], "n": (np.array([5, 6]),)}


def lists(tree):
    """Return the tensors of a nested state as lists."""
    return [
        None if leaf is None else ops.convert_to_numpy(leaf).tolist()
        for leaf in keras.tree.flatten(tree)
    ]


def test_batch_size_is_that_of_the_first_tensor():
    """The batch size is that of the first tensor; empty trees and None are skipped."""
    assert batch_size((), None, tree()) == 2


@pytest.mark.parametrize("trees", [((), None), ({"a": None}, [])])
def test_batch_size_needs_a_tensor(trees):
    """States without any tensor raise an ArgumentError."""
    with pytest.raises(ArgumentError, match="at least one tensor"):
        batch_size(*trees)


def test_repeat_rows_repeats_each_row_consecutively():
    """`repeat_rows` repeats each row consecutively and keeps None."""
    h, none, n = lists(repeat_rows(tree(), 2))
    assert h == [[1, 2], [1, 2], [3, 4], [3, 4]]
    assert none is None
    assert n == [5, 5, 6, 6]


def test_gather_rows_selects_the_same_rows_of_every_tensor():
    """`gather_rows` selects the same rows of every tensor and keeps None."""
    h, none, n = lists(gather_rows(tree(), ops.convert_to_tensor([1, 1, 0])))
    assert h == [[3, 4], [3, 4], [1, 2]]
    assert none is None
    assert n == [6, 6, 5]


def test_match_pattern_restores_dtype_and_structure():
    """`match_pattern` converts a state to the structure and the dtypes of the pattern."""
    pattern = [ops.zeros((2,), "float16"), None]
    matched = match_pattern((ops.convert_to_tensor([1.0, 2.0]), None), pattern)
    assert isinstance(matched, list)
    assert keras.backend.standardize_dtype(matched[0].dtype) == "float16"
    assert lists(matched) == [[1, 2], None]


def test_while_loop_carries_a_nested_state():
    """`while_loop` carries a nested state with None and restores its dtypes."""

    def body(carry, state):
        count, total = carry
        half = state["x"][0]
        total = total + ops.cast(half, "float32")
        return (count + 1, total), {"x": [ops.cast(half, "float32") * 2, None]}

    count, total = while_loop(
        lambda carry: carry[0] < 3,
        body,
        (ops.zeros((), "int32"), ops.zeros((2,), "float32")),
        {"x": [ops.convert_to_tensor(np.array([1.0, 3.0], "float16")), None]},
    )
    assert int(count) == 3
    assert lists(total) == [[1 + 2 + 4, 3 + 6 + 12]]


def test_while_loop_accepts_an_empty_state():
    """`while_loop` accepts an empty state."""
    count = while_loop(
        lambda count: count < 2, lambda count, state: (count + 1, state), ops.zeros((), "int32"), ()
    )
    assert int(count) == 2
