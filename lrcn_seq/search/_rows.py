"""Nested states by rows: how many there are, each repeated, some taken."""

from __future__ import annotations

import keras
from keras import ops

from lrcn_seq.errors import ArgumentError


def row_count(*trees):
    """B, the first axis of the first tensor among nested structures; a number where it is known."""
    for leaf in keras.tree.flatten(trees):
        if leaf is not None:
            return ops.shape(leaf)[0]
    raise ArgumentError(
        "expected a state or a memory with at least one tensor (B, ...). Received: neither; put any tensor with one row for each sentence into the memory."
    )


def repeated(tree, times: int):
    """Each row `times` times in a row: (B, ...) to (B·times, ...)."""

    def copies(leaf):
        B, *rest = ops.shape(leaf)
        return ops.reshape(
            ops.tile(leaf[:, None], (1, times, *(1 for _ in rest))), (B * times, *rest)
        )

    return tree if times == 1 else mapped(copies, tree)


def taken(tree, rows):
    """The rows (N,) of every tensor."""
    return mapped(lambda leaf: ops.take(leaf, rows, axis=0), tree)


def alike(tree, pattern):
    """The tensors of a tree with the types and shapes of a pattern: a loop must hand on what it took."""
    return keras.tree.map_structure(
        lambda new, old: (
            None if old is None else ops.reshape(ops.cast(new, old.dtype), ops.shape(old))
        ),
        keras.tree.pack_sequence_as(pattern, keras.tree.flatten(tree)),
        pattern,
    )


def mapped(function, tree):
    """`function` of every tensor of a nested structure; None stays None."""
    return keras.tree.map_structure(
        lambda leaf: None if leaf is None else function(ops.convert_to_tensor(leaf)), tree
    )


def while_rows(condition, body, carry, state):
    """`carry, state = body(carry, state)` while `condition(carry)`; the state may be empty or have None in it."""
    tensors = [leaf for leaf in keras.tree.flatten(state) if leaf is not None]

    def unpacked(leaves):
        leaves = iter(leaves)
        return keras.tree.map_structure(lambda leaf: None if leaf is None else next(leaves), state)

    def advance(carry, leaves):
        carry, following = body(carry, unpacked(leaves))
        return carry, tuple(
            leaf
            for leaf in keras.tree.flatten(alike(following, unpacked(leaves)))
            if leaf is not None
        )

    return ops.while_loop(lambda carry, _: condition(carry), advance, (carry, tuple(tensors)))[0]
