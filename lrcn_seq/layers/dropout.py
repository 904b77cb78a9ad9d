"""Dropout with its random state in a variable of the model."""

from __future__ import annotations

import keras


def seeded_dropout(rate: float, *, rank: int = 2) -> keras.layers.Dropout:
    """Return a dropout layer whose random state is saved with the model, on every backend.

    Bit-identical resuming requires this state. Without a noise shape, Keras on PyTorch uses
    the global random generator of the process instead. With the noise shape given here, elements
    are still dropped independently.

    Args:
        rate: the probability that an element is set to zero.
        rank: the number of dimensions of the inputs.
    """
    return keras.layers.Dropout(rate, noise_shape=(None,) * rank)
