"""A differentiable loop over time on every backend."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from keras import ops

from lrcn_seq.records import Tensor

Carry = Any
"""A nested structure of tensors."""


def scan(
    body: Callable[[Carry, Tensor], Carry], carry: Carry, inputs: Tensor
) -> tuple[Carry, Carry]:
    """Run `carry = body(carry, inputs[t])` over the first axis of `inputs`.

    This function uses `ops.scan`, because `ops.while_loop` has no gradient on JAX. On TensorFlow,
    the outputs of `ops.scan` must have the structure of the carry, and a dynamic length L requires
    a single input tensor. Therefore the outputs are the carries, and `inputs` is one tensor.

    Args:
        body: returns the next carry from the carry and one input (...).
        carry: the initial carry; `body` must keep its structure, shapes and dtypes.
        inputs: tensor (L, ...).

    Returns:
        The last carry, and the carries after every step with a leading axis L.
    """

    def step(carry: Carry, x: Tensor) -> tuple[Carry, Carry]:
        carry = body(carry, x)
        return carry, carry

    last, carries = ops.scan(step, carry, inputs)
    return last, carries
