"""Dropout whose random state is a variable of the model on every backend: exact resuming rests on it."""

from __future__ import annotations

import keras


def seeded_dropout(rate: float, *, rank: int = 2) -> keras.layers.Dropout:
    """Dropout for tensors of this rank. Without a noise shape Keras draws from the process's own generator on torch."""
    return keras.layers.Dropout(rate, noise_shape=(None,) * rank)
