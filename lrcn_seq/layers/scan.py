"""A differentiable loop over time on every backend."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import keras
from keras import ops

from lrcn_seq.records import Tensor

Carry = Any
"""A nested structure of tensors."""

_unrolled: ContextVar[bool] = ContextVar("unrolled", default=False)


def scan(
    body: Callable[[Carry, Tensor], Carry], carry: Carry, inputs: Tensor
) -> tuple[Carry, Carry]:
    """Run `carry = body(carry, inputs[t])` over the first axis of `inputs`.

    This function uses `ops.scan`, because `ops.while_loop` has no gradient on JAX. On TensorFlow,
    the outputs of `ops.scan` must have the structure of the carry, and a dynamic length L requires
    a single input tensor. Therefore the outputs are the carries, and `inputs` is one tensor.
    Within `unrolled_scans`, a loop of known length becomes a sequence of operations.

    Args:
        body: returns the next carry from the carry and one input (...).
        carry: the initial carry; `body` must keep its structure, shapes and dtypes.
        inputs: tensor (L, ...).

    Returns:
        The last carry, and the carries after every step with a leading axis L.
    """

    if _unrolled.get() and inputs.shape[0] is not None:
        return _unrolled_scan(body, carry, inputs)

    def step(carry: Carry, x: Tensor) -> tuple[Carry, Carry]:
        carry = body(carry, x)
        return carry, carry

    last, carries = ops.scan(step, carry, inputs)
    return last, carries


@contextmanager
def unrolled_scans() -> Iterator[None]:
    """Unroll the loops of `scan` within the context, for converters that do not support them."""
    token = _unrolled.set(True)
    try:
        yield
    finally:
        _unrolled.reset(token)


def _unrolled_scan(
    body: Callable[[Carry, Tensor], Carry], carry: Carry, inputs: Tensor
) -> tuple[Carry, Carry]:
    """Return the results of `scan` without a loop."""
    carries = []
    for x in ops.unstack(inputs):
        carry = body(carry, x)
        carries.append(carry)
    return carry, keras.tree.map_structure(lambda *steps: ops.stack(steps), *carries)
