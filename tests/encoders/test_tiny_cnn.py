"""The CNN of the demo."""

import numpy as np
import pytest
from keras import ops

from lrcn_seq.encoders.tiny_cnn import TinyCnn
from lrcn_seq.layers.packing import pack

PIXELS = np.random.default_rng(0).integers(0, 256, (2, 3, 32, 32, 3)).astype("uint8")
MASK = np.array([[True, True, False], [True, False, False]])


@pytest.mark.parametrize(
    ("options", "shape"),
    [
        ({"blocks": 3, "filters": 4}, (2, 3, 16, 16)),
        ({"blocks": 2, "filters": 8, "output": "pooled"}, (2, 3, 1, 16)),
    ],
)
def test_shape(options, shape):
    """Regions and width follow from size, blocks and filters."""
    assert TinyCnn(size=32, **options)(pack(PIXELS)).features.shape == shape


def test_padding_is_not_in_the_statistics_of_batch_norm():
    """After a training step the moving statistics are those of the real frames alone, whatever stands in the padding."""

    def moving(pixels):
        encoder = TinyCnn(size=32, blocks=1, filters=4)
        encoder.network.layers[0].set_weights([np.random.default_rng(1).normal(size=(3, 3, 3, 4))])
        encoder(pack(pixels, MASK), training=True)
        return np.concatenate([ops.convert_to_numpy(w) for w in encoder.non_trainable_variables])

    noisy = np.where(MASK[:, :, None, None, None], PIXELS, 255 - PIXELS)
    assert np.array_equal(moving(PIXELS), moving(noisy))
    assert not np.allclose(moving(PIXELS)[:4], 0)


def test_coordinates_say_where_a_region_lies():
    """The last two features are row and column from −1 to 1; the others are what they are without."""
    plain, placed = (
        TinyCnn(size=32, blocks=3, filters=4),
        TinyCnn(size=32, blocks=3, filters=4, coordinates=True),
    )
    without = ops.convert_to_numpy(plain(pack(PIXELS)).features)
    placed(pack(PIXELS))
    placed.set_weights(plain.get_weights())
    features = ops.convert_to_numpy(placed(pack(PIXELS)).features)
    np.testing.assert_allclose(features[..., :-2], without, rtol=1e-6)
    thirds = np.array([-1, -1 / 3, 1 / 3, 1])
    for region in range(16):
        np.testing.assert_allclose(
            features[0, 0, region, -2:], [thirds[region // 4], thirds[region % 4]], rtol=1e-6
        )
