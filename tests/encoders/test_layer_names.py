"""Names of the layers of a network that do not depend on earlier networks."""

import keras
from keras.layers import Conv2D, GlobalAveragePooling2D

from lrcn_seq.encoders._layer_names import layers_by_name


def network():
    """Return a network with unnamed convolutions, a named one and an unnamed pooling layer."""
    return keras.Sequential(
        [
            keras.Input((4, 4, 3)),
            Conv2D(2, 3, padding="same"),
            Conv2D(2, 3, padding="same", name="conv2d_of_block_7"),
            Conv2D(2, 3, padding="same"),
            GlobalAveragePooling2D(),
        ]
    )


def test_numbers_start_anew_in_each_network():
    """The numbers in layer names start anew in each network."""
    expected = ["conv2d", "conv2d_of_block_7", "conv2d_1", "global_average_pooling2d"]
    first, second = network(), network()
    assert list(layers_by_name(first)) == list(layers_by_name(second)) == expected
    assert first.layers[0].name != second.layers[0].name


def test_layers_are_those_of_the_network():
    """Each layer name refers to its layer, in the order of the network."""
    net = network()
    assert list(layers_by_name(net).values()) == net.layers
