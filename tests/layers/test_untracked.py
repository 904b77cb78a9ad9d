"""A wrapper that hides an object from Keras's attribute tracking."""

import keras
import pytest

from lrcn_seq.layers.untracked import Untracked


class Model(keras.Model):
    """A model with one layer and a given attribute."""

    def __init__(self, attribute):
        super().__init__()
        self.own = keras.layers.Dense(2)
        self.own.build((None, 3))
        self.attribute = attribute
        self.built = True


def other_layer():
    """Return a built layer with two weights."""
    layer = keras.layers.Dense(4)
    layer.build((None, 5))
    return layer


@pytest.mark.parametrize("wrap", [lambda layer: layer, lambda layer: {"a": [layer]}])
def test_keras_does_not_track_the_value(wrap):
    """A layer in the wrapper adds no weights to the model that stores the wrapper."""
    layer = other_layer()
    model = Model(Untracked(wrap(layer)))
    assert len(model.weights) == 2
    assert not any(sublayer is layer for sublayer in model._flatten_layers())
    assert len(Model(wrap(layer)).weights) == 4


def test_the_value_is_the_object_itself():
    """The wrapper stores the value itself, not a copy."""
    values = {}
    model = Model(Untracked(values))
    model.attribute.value["layer"] = other_layer()
    assert model.attribute.value is values
    assert type(values) is dict
    assert len(model.weights) == 2
