"""Standardization compared with NumPy."""

import keras
import numpy as np
from keras import ops

from lrcn_seq.layers.standardization import Standardization
from tests.decoders.equations import array

D = 4
BATCHES = np.random.default_rng(0).normal(3, 2, size=(5, 8, D)).astype("float32")


def trained(layer, batches):
    """Return the layer after batches (M, B, D)."""
    if not layer.built:
        layer.build((None, D))
    for batch in batches:
        layer(ops.convert_to_tensor(batch), training=True)
    return layer


def test_statistics_of_one_batch():
    """After one batch, its features have the mean 0 and the mean squared length 1."""
    found = array(trained(Standardization(), BATCHES[:1])(BATCHES[0]))
    assert np.allclose(found.mean(0), 0, atol=1e-6)
    assert np.allclose((found**2).sum(1).mean(), 1, atol=1e-5)


def test_the_mean_is_that_of_all_batches():
    """The mean of the features is the mean over all batches so far."""
    layer = trained(Standardization(), BATCHES)
    assert np.allclose(array(layer.mean), BATCHES.mean((0, 1)), atol=1e-6)
    assert array(layer.batches) == 5


def test_statistics_become_a_moving_average():
    """After 1 / (1 - momentum) batches, new batches have the weight 1 - momentum."""
    layer = trained(Standardization(momentum=0.5), BATCHES)
    mean, square = BATCHES[0].mean(0), 0.0
    for number, batch in enumerate(BATCHES):
        rate = 1.0 if number == 0 else 0.5
        mean = mean + rate * (batch.mean(0) - mean)
        square = square + rate * (((batch - mean) ** 2).sum(1).mean() - square)
    assert np.allclose(array(layer.mean), mean, atol=1e-5)
    assert np.allclose(array(layer.square), square, rtol=1e-5)


def test_training_and_inference_use_the_same_statistics():
    """Right after a training batch, inference gives the same features for that batch."""
    layer = trained(Standardization(), BATCHES[:3])
    training = array(layer(BATCHES[3], training=True))
    assert np.allclose(array(layer(BATCHES[3])), training, atol=1e-6)


def test_inference_does_not_change_the_statistics():
    """Inference, and training of a frozen layer, leave the statistics unchanged."""
    layer = trained(Standardization(), BATCHES[:1])
    before = array(layer.mean)
    layer(BATCHES[1])
    layer.trainable = False
    layer(BATCHES[1], training=True)
    assert np.array_equal(array(layer.mean), before)


def test_constant_features_become_zero():
    """Features that are the same in all samples become 0."""
    layer = trained(Standardization(), np.ones((2, 8, D), "float32"))
    assert not array(layer(np.ones((8, D), "float32"))).any()


def test_statistics_are_saved(tmp_path):
    """A model that is saved and loaded keeps the statistics."""
    model = keras.Sequential([keras.Input((D,)), Standardization()])
    trained(model.layers[0], BATCHES)
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(
        tmp_path / "model.keras", custom_objects={"Standardization": Standardization}
    )
    assert np.allclose(array(loaded(BATCHES[0])), array(model(BATCHES[0])), atol=1e-6)
