"""A loop over time that can be differentiated on every backend."""

from __future__ import annotations

from keras import ops


def unfold(body, carry, inputs):
    """(last carry, all carries (L, ...)) of carry = body(carry, input) over the first axis of one tensor (L, ...).

    `ops.while_loop` has no gradient on JAX, and `ops.scan` on TensorFlow collects only what looks like the carry and, where L is
    not known, runs over one tensor only: so carries are what is collected, and one tensor is what comes in.
    """

    def step(carry, given):
        carry = body(carry, given)
        return carry, carry

    return ops.scan(step, carry, inputs)
