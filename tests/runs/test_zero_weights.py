"""Layers whose weights start as zeros."""

import keras
import numpy as np
import pytest

from lrcn_seq.runs.zero_weights import zero_weights


def test_weights_are_zeros_within_the_context_only():
    """Layers built in the context have zeros for weights; layers built afterwards do not."""
    zeros, usual = keras.layers.Dense(3, kernel_initializer="ones"), keras.layers.Dense(3)
    with zero_weights():
        zeros.build((None, 2))
    usual.build((None, 2))
    assert [array.shape for array in zeros.get_weights()] == [(2, 3), (3,)]
    assert not any(array.any() for array in zeros.get_weights())
    assert np.all(usual.get_weights()[0] != 0)


def test_other_arguments_of_weights_are_kept():
    """Weights keep their dtype, their name and their `trainable` flag."""
    layer = keras.layers.Layer()
    with zero_weights():
        weight = layer.add_weight(shape=(2,), dtype="int32", trainable=False, name="count")
    assert (weight.dtype, weight.trainable, weight.name) == ("int32", False, "count")


@pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="variables of TensorFlow")
def test_variables_of_tensorflow_share_a_name():
    """Layers built in the context have TensorFlow variables of one name, and their own paths."""
    layers = [keras.layers.Dense(3, name=name) for name in ("first", "second")]
    with zero_weights():
        for layer in layers:
            layer.build((None, 2))
    kernels = [layer.kernel for layer in layers]
    assert [kernel.value.name for kernel in kernels] == ["weight:0", "weight:0"]
    assert [kernel.path for kernel in kernels] == ["first/kernel", "second/kernel"]
