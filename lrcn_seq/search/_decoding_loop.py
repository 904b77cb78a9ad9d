"""The decoding loop of searches that extend one sentence per row."""

from __future__ import annotations

import math
from collections.abc import Callable

from keras import ops

from lrcn_seq.records import Special, Tensor
from lrcn_seq.search._state_tree import batch_size, while_loop
from lrcn_seq.search.base import Step, Tree

Choose = Callable[[Tensor, Tensor, Tensor], tuple[Tensor, Tensor]]
"""`choose(logits, words, position)` returns the next words (N,) and log probabilities (N,)."""

Carry = tuple[Tensor, Tensor, Tensor, Tensor]


def decode(
    choose: Choose, step: Step, state: Tree, memory: Tree, *, special: Special, limit: int
) -> tuple[Tensor, Tensor]:
    """Extend one sentence per row of the state, word by word, until all have ended.

    A sentence also ends when it has `limit` words.

    Args:
        choose: selects the next word from logits (N, V).
        step: the decoding step.
        state: initial decoder state, tensors (N, ...).
        memory: constant inputs of the step, tensors (N, ...).
        special: the special ids.
        limit: the largest number of words, including the end word.

    Returns:
        Words (N, limit) and log probabilities (N,), −inf for sentences with no possible word.
    """
    N = batch_size(state, memory)

    def body(carry: Carry, state: Tree) -> tuple[Carry, Tree]:
        position, word, total, words = carry
        out = step(word, state, memory)
        chosen, gain = choose(out.logits, words, position)
        gain = ops.where(ops.isfinite(gain), gain, -math.inf)
        active = (word != special.end) & ops.isfinite(total)
        word = ops.where(active, ops.cast(chosen, "int32"), special.end)
        written = (ops.arange(limit) == position) & active[:, None]
        total = total + ops.where(active, gain, 0.0)
        words = ops.where(written, word[:, None], words)
        return (position + 1, word, total, words), out.state

    def unfinished(carry: Carry) -> Tensor:
        position, word, total, _ = carry
        return (position < limit) & ops.any((word != special.end) & ops.isfinite(total))

    carry = (
        ops.zeros((), "int32"),
        ops.full((N,), special.start, "int32"),
        ops.zeros((N,), "float32"),
        ops.full((N, limit), special.pad, "int32"),
    )
    _, _, total, words = while_loop(unfinished, body, carry, state)
    return words, total
