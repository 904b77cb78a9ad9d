"""The networks of blog_lrcn and small_lrcn compared with the same layers in plain Keras."""

from pathlib import Path

import keras
import numpy as np
import pytest
from keras import layers, ops

import lrcn_seq
from lrcn_seq.layers.packing import pack

CONFIGS = Path(__file__).resolve().parents[2] / "configs" / "activity"
FRAMES, CLASSES = 3, 5


def blog_lrcn():
    """Return the frame layers and the LSTM of blog_lrcn as Keras layers."""

    def conv(filters, side=3, **options):
        options = {"padding": "same", "activation": "relu", **options}
        return layers.Conv2D(filters, side, **options)

    def pool():
        return layers.MaxPooling2D((2, 2), strides=(2, 2))

    network = [
        conv(32, 7, strides=(2, 2)),
        conv(32, padding="valid", kernel_initializer="he_normal"),
        pool(),
    ]
    for filters in (64, 128, 256):
        network += [conv(filters), conv(filters), pool()]
    return [*network, layers.Flatten()], layers.LSTM(512)


def small_lrcn():
    """Return the frame layers and the LSTM of small_lrcn as Keras layers."""
    network = []
    for filters, side in ((16, 4), (32, 4), (64, 2), (64, 2)):
        network += [
            layers.Conv2D(filters, (3, 3), padding="same", activation="relu"),
            layers.MaxPooling2D((side, side)),
        ]
    return [*network, layers.Flatten()], layers.LSTM(32)


@pytest.mark.parametrize(
    ("config", "reference", "width"),
    [("blog_lrcn", blog_lrcn, 1024), ("small_lrcn", small_lrcn, 64)],
)
def test_a_config_equals_its_layer_list(config, reference, width):
    """A config gives the same probabilities as a plain Keras model with equal weights.

    The plain model applies its frame layers with `keras.layers.TimeDistributed`.
    """
    task = lrcn_seq.build(CONFIGS / f"{config}.yaml", labels=CLASSES)
    size = task.encoder.size
    frame_layers, lstm = reference()
    model = keras.Sequential(
        [
            keras.Input((FRAMES, size, size, 3)),
            *map(layers.TimeDistributed, frame_layers),
            lstm,
            layers.Dense(CLASSES, activation="softmax"),
        ]
    )
    (stack,) = task.decoder.stack
    parts = (task.encoder.network, stack, task.decoder.labels)
    model.set_weights([weight for part in parts for weight in part.get_weights()])
    pixels = np.random.default_rng(0).integers(0, 256, (2, FRAMES, size, size, 3)).astype("uint8")
    probabilities, mask = task.probabilities(pack(pixels))
    expected = ops.convert_to_numpy(model(pixels / np.float32(255)))
    assert probabilities.shape == (2, 1, CLASSES)
    assert mask.all()
    assert task.encoder(pack(pixels)).features.shape[-1] == width
    np.testing.assert_allclose(probabilities[:, 0], expected, atol=1e-5)
    count = sum(np.prod(weight.shape) for weight in task.trainable_weights)
    assert count == model.count_params()
