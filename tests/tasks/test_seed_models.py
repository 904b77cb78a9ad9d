"""The two seed models, against their layer lists written out under keras.layers.TimeDistributed."""

from pathlib import Path

import keras
import numpy as np
import pytest
from keras import layers, ops

import lrcn_seq
from lrcn_seq.layers.packing import pack

CONFIGS = Path(__file__).resolve().parents[2] / "configs" / "activity"
FRAMES, CLASSES = 3, 5


def blog():
    def conv(filters, side=3, **options):
        return layers.Conv2D(filters, side, activation="relu", **{"padding": "same", **options})

    def pool():
        return layers.MaxPooling2D((2, 2), strides=(2, 2))

    stem = [
        conv(32, 7, strides=(2, 2)),
        conv(32, padding="valid", kernel_initializer="he_normal"),
        pool(),
    ]
    return [
        *stem,
        conv(64),
        conv(64),
        pool(),
        conv(128),
        conv(128),
        pool(),
        conv(256),
        conv(256),
        pool(),
        layers.Flatten(),
    ], layers.LSTM(512)


def small():
    listed = []
    for filters, pool in ((16, 4), (32, 4), (64, 2), (64, 2)):
        listed += [
            layers.Conv2D(filters, (3, 3), padding="same", activation="relu"),
            layers.MaxPooling2D((pool, pool)),
        ]
    return [*listed, layers.Flatten()], layers.LSTM(32)


@pytest.mark.parametrize(
    ("config", "listed", "width"), [("blog_lrcn", blog, 1024), ("small_lrcn", small, 64)]
)
def test_the_config_is_the_layer_list(config, listed, width):
    """With the weights copied over, the distributions equal those of the list to 1e-5, and the parameters are as many."""
    ours = lrcn_seq.build(CONFIGS / f"{config}.yaml", labels=CLASSES)
    size = ours.encoder.size
    under, lstm = listed()
    head = [lstm, layers.Dense(CLASSES, activation="softmax")]
    theirs = keras.Sequential(
        [keras.Input((FRAMES, size, size, 3)), *map(layers.TimeDistributed, under), *head]
    )
    (stack,) = ours.decoder.stack
    theirs.set_weights(
        [
            *ours.encoder.network.get_weights(),
            *stack.get_weights(),
            *ours.decoder.labels.get_weights(),
        ]
    )
    pixels = np.random.default_rng(0).integers(0, 256, (2, FRAMES, size, size, 3)).astype("uint8")
    answers, mask = ours.probabilities(pack(pixels))
    assert answers.shape == (2, 1, CLASSES)
    assert mask.all()
    assert ours.encoder(pack(pixels)).features.shape[-1] == width
    np.testing.assert_allclose(
        answers[:, 0], ops.convert_to_numpy(theirs(pixels / np.float32(255))), atol=1e-5
    )
    assert sum(np.prod(weight.shape) for weight in ours.trainable_weights) == theirs.count_params()
