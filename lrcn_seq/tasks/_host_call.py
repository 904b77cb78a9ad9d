"""A call of a NumPy function within a compiled network, on every backend."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
from keras import ops

from lrcn_seq.records import Tensor


def host_call(function: Callable[..., Any], *tensors: Tensor) -> Tensor:
    """Return a vector that a NumPy function computes, without gradient.

    Args:
        function: takes arrays and returns an array (B,).
        *tensors: the arguments of the function. The first one has B rows.

    Returns:
        The vector (B,), float32.
    """

    def call(*arrays: Any) -> np.ndarray:
        return np.asarray(function(*map(np.asarray, arrays)), np.float32)

    backend = keras.backend.backend()
    if backend == "tensorflow":
        import tensorflow as tf

        result = tf.numpy_function(call, tensors, tf.float32, stateful=False)
        return tf.reshape(result, (ops.shape(tensors[0])[0],))
    if backend == "jax":
        import jax

        shape = jax.ShapeDtypeStruct((tensors[0].shape[0],), np.float32)
        return jax.pure_callback(call, shape, *tensors)
    arrays = [ops.convert_to_numpy(tensor) for tensor in tensors]
    return ops.convert_to_tensor(call(*arrays))
