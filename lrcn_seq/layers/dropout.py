"""Dropout whose random state is a variable of the model."""

from __future__ import annotations

import keras


def seeded_dropout(rate: float, *, rank: int = 2) -> keras.layers.Dropout:
    """Return a dropout layer whose random state is saved with the model, on every backend.

    An exact resume needs this state. Without a noise shape, Keras on PyTorch draws from the global
    generator of the process instead.

    Args:
        rate: the probability that an element is set to zero.
        rank: the number of dimensions of the inputs.

    Returns:
        A layer that draws each element independently.
    """
    return keras.layers.Dropout(rate, noise_shape=(None,) * rank)
