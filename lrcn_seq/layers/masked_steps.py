"""Skipping of masked steps anywhere in a clip.

Layers that read steps in order skip masked steps: a clip with the mask [1, 0, 1] gives the outputs
of a clip with only the first and the last step. The real steps are moved to the front, which
leaves a clip with padding at its end unchanged, and outputs are moved back to their steps.
"""

from __future__ import annotations

from keras import ops

from lrcn_seq.records import Tensor


def real_steps_first(x: Tensor, mask: Tensor) -> Tensor:
    """Return x (B, S, ...) with the real steps of each clip first, in order, then the other steps.

    Args:
        x: values of steps (B, S, ...).
        mask: (B, S), True for real steps.
    """
    return _take_steps(x, _order(mask))


def original_steps(x: Tensor, mask: Tensor) -> Tensor:
    """Return x with its steps in their original order, the inverse of `real_steps_first`.

    Args:
        x: values (B, S, ...) in the order of `real_steps_first`.
        mask: (B, S), True for real steps, in the original order.
    """
    return _take_steps(x, ops.argsort(_order(mask), axis=1))


def _order(mask: Tensor) -> Tensor:
    """Return the positions (B, S) of the real steps, then those of the other steps."""
    positions = ops.arange(ops.shape(mask)[1], dtype="int32")
    return ops.argsort(ops.where(mask, positions, positions + ops.shape(mask)[1]), axis=1)


def _take_steps(x: Tensor, order: Tensor) -> Tensor:
    """Return the steps of x (B, S, ...) at positions (B, S)."""
    batch, steps = ops.shape(order)
    rows = ops.cast(order, "int32") + steps * ops.arange(batch, dtype="int32")[:, None]
    return ops.take(ops.reshape(x, (batch * steps, *x.shape[2:])), rows, axis=0)
