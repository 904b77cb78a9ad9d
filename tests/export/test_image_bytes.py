"""Decoding and resizing in TensorFlow, compared with Pillow."""

import keras
import numpy as np
import pytest
from PIL import Image

from lrcn_seq.data.media.image import StillImage
from lrcn_seq.export.image_bytes import KERNELS, decode_image, resize_image
from lrcn_seq.records import Preprocessing

pytestmark = pytest.mark.skipif(
    keras.backend.backend() != "tensorflow", reason="operations of TensorFlow"
)


def read(path, size, interpolation, crop):
    """Return the pixels of an image file, resized by TensorFlow."""
    import tensorflow as tf

    def function(content):
        return resize_image(decode_image(content, size), size, interpolation, crop=crop)

    compiled = tf.function(function, input_signature=[tf.TensorSpec((), "string")], autograph=False)
    return compiled(path.read_bytes()).numpy()


def expected(path, size, interpolation, crop):
    """Return the pixels of an image file, as the library reads it."""
    preprocessing = Preprocessing(*size, "crop" if crop else "stretch", interpolation)
    ((_, pixels),) = StillImage(path).existing_frames({0}, preprocessing)
    return pixels


@pytest.mark.parametrize("crop", [False, True])
@pytest.mark.parametrize("interpolation", sorted(KERNELS))
@pytest.mark.parametrize(("width", "height"), [(500, 375), (50, 40), (2600, 1700)])
def test_pixels_are_those_of_pillow(tmp_path, width, height, interpolation, crop):
    """Wide images, also large JPEG files, have the pixels of Pillow, up to single rounding."""
    noise = np.random.default_rng(0).integers(0, 256, (height // 9, width // 9, 3), np.uint8)
    image = Image.fromarray(noise).resize((width, height), Image.Resampling.BICUBIC)
    for suffix in ("jpg", "png"):
        path = tmp_path / f"image.{suffix}"
        image.save(path)
        received = read(path, (48, 64), interpolation, crop).astype(int)
        difference = np.abs(received - expected(path, (48, 64), interpolation, crop))
        assert difference.max() <= 1
        assert (difference > 0).mean() < 0.001


def test_real_photographs_have_the_pixels_of_pillow(shared):
    """Photographs have the pixels of Pillow; those of tall ones may differ by one level."""
    paths = sorted((shared / "flickr8k" / "images_original").glob("*.jpg"))[:12]
    assert len(paths) == 12
    for path in paths:
        received = read(path, (224, 224), "bilinear", False).astype(int)
        difference = np.abs(received - expected(path, (224, 224), "bilinear", False)).max()
        width, height = Image.open(path).size
        assert difference <= (1 if height > width else 0)
