"""Calls of NumPy functions within compiled networks."""

import keras
import numpy as np
from keras import ops

from lrcn_seq.tasks._host_call import host_call


class RowSums(keras.Model):
    """A model that returns the sums of its rows, computed by NumPy."""

    def call(self, x):
        """Return the sums (B,) of the rows."""
        return host_call(lambda rows, scale: rows.sum(axis=1) * scale[0], x, ops.ones((1,)) * 2)


def test_a_numpy_function_is_called_in_a_compiled_network():
    """A compiled network returns the values of a NumPy function, as float32."""
    rows = np.arange(12, dtype="float32").reshape(4, 3)
    sums = RowSums().predict(rows, batch_size=3, verbose=0)
    assert sums.dtype == np.float32
    np.testing.assert_allclose(sums, 2 * rows.sum(axis=1))
