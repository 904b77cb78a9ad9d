"""Operations on the rows of nested decoder states and memories."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import keras
from keras import ops

from lrcn_seq.errors import ArgumentError
from lrcn_seq.records import Tensor
from lrcn_seq.search.base import Tree


def batch_size(*trees: Tree) -> Any:
    """Return the batch size B, the first dimension of the first tensor; an integer if static.

    Raises:
        ArgumentError: If the trees contain no tensor.
    """
    for leaf in keras.tree.flatten(trees):
        if leaf is not None:
            return ops.shape(leaf)[0]
    raise ArgumentError(
        "expected a state or a memory with at least one tensor (B, ...). Received: no tensor; "
        "add any tensor with one row for each sample to the memory."
    )


def map_tensors(function: Callable[[Tensor], Tensor], tree: Tree) -> Tree:
    """Return the tree with `function` applied to every tensor; None stays None."""
    return keras.tree.map_structure(
        lambda leaf: None if leaf is None else function(ops.convert_to_tensor(leaf)), tree
    )


def repeat_rows(tree: Tree, times: int) -> Tree:
    """Return the tree with each row repeated consecutively: (B, ...) to (B·times, ...)."""

    def repeat(leaf: Tensor) -> Tensor:
        B, *rest = ops.shape(leaf)
        tiled = ops.tile(leaf[:, None], (1, times, *(1 for _ in rest)))
        return ops.reshape(tiled, (B * times, *rest))

    return tree if times == 1 else map_tensors(repeat, tree)


def gather_rows(tree: Tree, rows: Tensor) -> Tree:
    """Return the tree with the rows at the indices `rows` (N,) of every tensor."""
    return map_tensors(lambda leaf: ops.take(leaf, rows, axis=0), tree)


def match_pattern(tree: Tree, pattern: Tree) -> Tree:
    """Return the tensors of a tree in the structure, dtypes and shapes of a pattern."""
    return keras.tree.map_structure(
        lambda new, old: (
            None if old is None else ops.reshape(ops.cast(new, old.dtype), ops.shape(old))
        ),
        keras.tree.pack_sequence_as(pattern, keras.tree.flatten(tree)),
        pattern,
    )


def while_loop(
    condition: Callable[[Any], Tensor],
    body: Callable[[Any, Tree], tuple[Any, Tree]],
    carry: Any,
    state: Tree,
) -> Any:
    """Run `carry, state = body(carry, state)` while `condition(carry)` and return the carry.

    `ops.while_loop` requires loop variables that are tensors of constant dtype and shape, whereas
    the state may be empty, contain None, or be returned by the body in another dtype.
    """
    tensors = [leaf for leaf in keras.tree.flatten(state) if leaf is not None]

    def unpack(leaves: Iterable[Tensor]) -> Tree:
        leaves = iter(leaves)
        return keras.tree.map_structure(lambda leaf: None if leaf is None else next(leaves), state)

    def advance(carry: Any, leaves: Iterable[Tensor]) -> tuple[Any, tuple[Tensor, ...]]:
        carry, following = body(carry, unpack(leaves))
        matched = keras.tree.flatten(match_pattern(following, unpack(leaves)))
        return carry, tuple(leaf for leaf in matched if leaf is not None)

    return ops.while_loop(lambda carry, _: condition(carry), advance, (carry, tuple(tensors)))[0]
