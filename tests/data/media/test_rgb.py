"""Images of every mode as 8-bit RGB."""

import io

import numpy as np
import pytest
from PIL import Image

from lrcn_seq.data.media import rgb
from lrcn_seq.data.media.rgb import to_rgb
from tests.raw_images import tiff

TWIN = np.linspace(0, 255, 64).round().astype(np.uint8).reshape(8, 8)
"""A gray ramp of 8 bits."""


def opened(content: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(content))
    image.load()
    return image


def gray(image: Image.Image) -> np.ndarray:
    """Return the gray values of an RGB image whose channels are equal."""
    pixels = np.asarray(to_rgb(image)).astype(int)
    assert (pixels == pixels[:, :, :1]).all()
    return pixels[:, :, 0]


@pytest.mark.parametrize(
    ("values", "options"),
    [
        (TWIN.astype("<u2") * 257, {}),
        (TWIN.astype(">u2") * 257, {}),
        (65535 - TWIN.astype("<u2") * 257, {"white_is_zero": True}),
        (255 - TWIN, {"white_is_zero": True}),
        ((TWIN.astype(int) * 4095 // 255).astype("<u2"), {"bits": 12}),
        ((TWIN.astype(int) * 257 - 32768).astype("<i2"), {}),
        ((TWIN.astype(int) * 257 - 32768).astype(">i2"), {}),
        (TWIN.astype("<i2"), {}),
        (TWIN.astype("<i2") * 128, {}),
        ((TWIN.astype(int) - 128).astype("i1"), {}),
        (TWIN.astype("<u4") * 0x01010101, {}),
        (TWIN.astype("<u4"), {}),
        (TWIN.astype("<i4") * 257, {}),
        ((TWIN.astype(np.int64) * 0x01010101 - 2**31).astype("<i4"), {}),
        ((TWIN.astype(np.int64) * 0x01010101 - 2**31).astype(">i4"), {}),
    ],
)
def test_gray_tiff_of_every_type_is_as_its_8_bit_twin(values, options):
    """An 8- to 32-bit gray TIFF, signed or inverted, becomes the same RGB as its 8-bit version."""
    np.testing.assert_allclose(gray(opened(tiff(values, **options))), TWIN, atol=1)


def test_compressed_negatives_are_inverted():
    """A compressed 16-bit TIFF in which zero is white is inverted."""
    file = io.BytesIO()
    Image.fromarray(65535 - TWIN.astype(np.uint16) * 257).save(
        file, "TIFF", compression="tiff_lzw", tiffinfo={262: 0}
    )
    image = opened(file.getvalue())
    assert image.tag_v2[262] == 0
    np.testing.assert_array_equal(gray(image), TWIN)


def test_gray_values_of_unknown_range_are_visible():
    """Signed gray values of a small range, as in CT images, are scaled to visible contrasts."""
    values = np.linspace(-1000, 3000, 64).astype("<i2").reshape(8, 8)
    levels = gray(opened(tiff(values)))
    assert levels.max() - levels.min() > 100
    assert (np.diff(levels.ravel()) >= 0).all()


def test_sixteen_bit_pgm_is_scaled():
    """The maximum value that a 16-bit PGM file states becomes white."""
    content = b"P5 2 1 65535\n" + bytes([0, 0, 0x80, 0x80])
    np.testing.assert_array_equal(gray(opened(content)), [[0, 128]])
    dark = b"P5 2 1 4095\n" + bytes([0x00, 0x10, 0x0F, 0xFF])
    np.testing.assert_array_equal(gray(opened(dark)), [[1, 255]])


def test_integer_images_in_memory_are_as_their_8_bit_twin():
    """A PIL image of 32-bit integers keeps the gray values of its 8-bit original."""
    np.testing.assert_array_equal(gray(Image.fromarray(TWIN).convert("I")), TWIN)


def test_floating_point_pixels_are_refused():
    """Floating-point pixels, whose range is unknown, raise a ValueError."""
    with pytest.raises(ValueError, match="Received: floating-point pixels of unknown range"):
        to_rgb(Image.new("F", (2, 2)))


@pytest.mark.parametrize(
    ("mode", "color", "expected"),
    [
        ("1", 1, (255, 255, 255)),
        ("L", 90, (90, 90, 90)),
        ("LA", (90, 0), (255, 255, 255)),
        ("LA", (90, 255), (90, 90, 90)),
        ("La", (0, 0), (255, 255, 255)),
        ("RGBA", (200, 0, 0, 0), (255, 255, 255)),
        ("RGBA", (200, 0, 0, 255), (200, 0, 0)),
        ("RGBa", (0, 0, 0, 0), (255, 255, 255)),
        ("CMYK", (0, 255, 255, 0), (255, 0, 0)),
        ("YCbCr", (255, 128, 128), (255, 255, 255)),
        ("HSV", (0, 255, 255), (255, 0, 0)),
        ("LAB", (255, 128, 128), (255, 255, 255)),
        ("I;16", 65535, (255, 255, 255)),
        ("I;16B", 65535, (255, 255, 255)),
    ],
)
def test_modes_become_rgb_on_white(mode, color, expected):
    """Every mode of Pillow becomes RGB, and transparent pixels are white."""
    pixels = np.asarray(to_rgb(Image.new(mode, (3, 2), color)))
    np.testing.assert_allclose(pixels, np.broadcast_to(expected, (2, 3, 3)), atol=2)


def test_palettes_with_transparency_are_composed_on_white():
    """A palette with one transparent color, or with an opacity per color, is shown on white."""
    image = Image.fromarray(np.array([[0, 1, 2]], np.uint8), "P")
    image.putpalette([10, 20, 30, 40, 50, 60, 0, 0, 0])
    for transparency, last in ((0, 0), (bytes([0, 255, 51]), 204)):
        image.info["transparency"] = transparency
        expected = [[[255] * 3, [40, 50, 60], [last] * 3]]
        np.testing.assert_array_equal(np.asarray(to_rgb(image)), expected)


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "P", "I;16", "LA", "1"])
@pytest.mark.parametrize("factor", [1, 4])
def test_bands_give_the_same_image(monkeypatch, mode, factor):
    """An image converted band by band equals the image converted at once."""
    noise = np.random.default_rng(0).integers(0, 256, (50, 37, 4), np.uint8)
    if mode == "I;16":
        image = Image.fromarray(noise[:, :, 0].astype(np.uint16) * 250)
    else:
        image = Image.fromarray(noise).convert("RGB" if mode == "P" else mode).convert(mode)
    if mode == "P":
        image.info["transparency"] = 3
    whole = to_rgb(image, factor=factor)
    monkeypatch.setattr(rgb, "BAND_PIXELS", 37 * 12)
    assert whole.size == (-(-37 // factor), -(-50 // factor))
    np.testing.assert_array_equal(np.asarray(to_rgb(image, factor=factor)), np.asarray(whole))


def test_reduction_is_the_mean_of_blocks():
    """A reduced pixel is the mean of a block of pixels."""
    noise = np.random.default_rng(1).integers(0, 256, (12, 16, 3), np.uint8)
    expected = noise.reshape(3, 4, 4, 4, 3).mean(axis=(1, 3))
    reduced = np.asarray(to_rgb(Image.fromarray(noise), factor=4))
    np.testing.assert_allclose(reduced, expected, atol=0.51)
