"""The scope in which the variables of a model are constants."""

import keras
import numpy as np

from lrcn_seq.layers.frozen_scope import frozen_scope


def test_dropout_draws_the_same_mask_after_the_scope():
    """Seeds that a computation draws in the scope are drawn again after it."""
    layer = keras.layers.Dropout(0.5, seed=3)
    x = np.ones((4, 50), "float32")
    with frozen_scope(layer.variables):
        inside = np.asarray(layer(x, training=True))
    after, later = (np.asarray(layer(x, training=True)) for _ in range(2))
    np.testing.assert_array_equal(inside, after)
    assert not np.array_equal(after, later)


def test_variables_are_not_changed():
    """An update of a variable is visible in the scope, and discarded at its end."""
    variable = keras.Variable([1.0, 2.0])
    with frozen_scope([variable]):
        variable.assign([5.0, 6.0])
        np.testing.assert_array_equal(np.asarray(variable.value), [5, 6])
    np.testing.assert_array_equal(np.asarray(variable), [1, 2])
