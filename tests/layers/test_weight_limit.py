"""The bound on the number of weights of a network."""

import keras
import pytest

from lrcn_seq.errors import ArgumentError
from lrcn_seq.layers.weight_limit import limited_weights


def test_a_network_within_the_limit_is_built():
    """A network is built if its number of weights equals the limit."""
    with limited_weights(4 * 3 + 3):
        layer = keras.layers.Dense(3)
        layer.build((None, 4))
    assert layer.count_params() == 15


def test_weights_of_all_layers_are_counted():
    """The weights of all layers of a block are added up."""
    with limited_weights(29):
        keras.layers.Dense(3).build((None, 4))
        with pytest.raises(ArgumentError, match=r"at most 29 weights\. Received: 30 or more"):
            keras.layers.Dense(3).build((None, 4))


def test_a_huge_layer_is_refused_before_its_memory_is_allocated():
    """A layer of petabytes raises an ArgumentError instead of exhausting the memory."""
    with limited_weights(), pytest.raises(ArgumentError, match="in the layer dense"):
        keras.layers.Dense(10**9).build((None, 10**6))


def test_the_limit_ends_with_the_block():
    """After an error in the `with` block, layers are built without a limit."""
    with pytest.raises(ArgumentError), limited_weights(1):
        keras.layers.Dense(3).build((None, 4))
    keras.layers.Dense(3).build((None, 4))
