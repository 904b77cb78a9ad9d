"""Dropout whose random state is a variable of the model on every backend: exact resuming rests on it."""

from __future__ import annotations

import keras


def seeded_dropout(rate: float) -> keras.layers.Dropout:
    """Dropout for tensors (B, D). Without a noise shape Keras draws from the process's own generator on torch."""
    return keras.layers.Dropout(rate, noise_shape=(None, None))
