"""Thumbnails and attention maps that are embedded in the report."""

import base64
import io

import numpy as np
import pytest
from PIL import Image

from lrcn_seq.report import thumbnail


def decoded(url):
    return Image.open(io.BytesIO(base64.b64decode(url.partition(",")[2])))


@pytest.mark.parametrize("size", [(640, 480), (480, 640), (20, 30), (5000, 1), (1, 1)])
def test_thumbnail_keeps_proportions_and_limits(noise, size):
    """A thumbnail is a JPEG within the given size in pixels and bytes, and is never enlarged."""
    url = thumbnail.jpeg_url(noise(*size), side=256, limit=15_000)
    small = decoded(url)
    assert small.format == "JPEG"
    assert len(base64.b64decode(url.partition(",")[2])) <= 15_000
    assert max(small.size) <= min(256, max(size))
    ratio = small.width / small.height
    assert ratio == pytest.approx(size[0] / size[1], rel=0.02) or min(small.size) == 1


def test_thumbnail_of_a_plain_image_keeps_its_color():
    """A thumbnail keeps the color of a uniform image."""
    image = Image.new("RGB", (64, 64), (200, 30, 40))
    pixel = decoded(thumbnail.jpeg_url(image, side=256, limit=15_000)).getpixel((30, 30))
    assert np.abs(np.subtract(pixel, (200, 30, 40))).max() <= 3


def test_thumbnail_leaves_the_image_unchanged(noise):
    """Making a thumbnail does not modify the image."""
    image = noise(640, 480)
    thumbnail.jpeg_url(image, side=10, limit=1000)
    assert image.size == (640, 480)


@pytest.mark.parametrize("mode", ["L", "P", "RGBA", "CMYK", "1"])
def test_image_of_another_mode_is_converted(mode):
    """An image of another mode is converted to RGB for a thumbnail."""
    url = thumbnail.jpeg_url(Image.new(mode, (30, 20)), side=256, limit=15_000)
    assert decoded(url).mode == "RGB"


def test_image_tag_escapes_its_description():
    """The image tag escapes the alternative text."""
    html = thumbnail.image_tag(Image.new("RGB", (4, 4)), 'a "b" <c>', side=4, limit=1000)
    assert html.startswith('<img src="data:image/jpeg;base64,')
    assert 'alt="a &quot;b&quot; &lt;c&gt;"' in html


def test_attention_is_bright_where_its_weight_lies():
    """An attention map is brighter where weights are larger, and dark at NaN and infinity."""
    weights = np.array([[0.0, 0.2, np.nan], [0.4, np.inf, 0.1]])
    pixels = np.asarray(decoded(thumbnail.attention_url(weights)))
    assert pixels.shape == (2, 3, 4)
    assert pixels[1, 0].tolist() == [255, 190, 80, 55]
    assert [pixels[place].tolist() for place in [(0, 0), (0, 2), (1, 1)]] == [[10, 12, 24, 185]] * 3
    assert pixels[0, 1] == pytest.approx([132.5, 101, 52, 120], abs=0.5)


def test_uniform_attention_is_bright_everywhere():
    """The attention map of uniform weights is bright everywhere."""
    pixels = np.asarray(decoded(thumbnail.attention_url(np.full((2, 2), 0.25))))
    assert (pixels == [255, 190, 80, 55]).all()


def test_zero_attention_is_dark():
    """The attention map of zero weights is dark everywhere."""
    pixels = np.asarray(decoded(thumbnail.attention_url(np.zeros((2, 2)))))
    assert (pixels == [10, 12, 24, 185]).all()


def test_heat_map_runs_from_blue_to_red():
    """A heat map is a PNG with one pixel per weight, blue at 0 and red at the largest weight."""
    image = decoded(thumbnail.heat_url(np.array([[0.0, 3.0]])))
    assert (image.format, image.mode, image.size) == ("PNG", "RGBA", (2, 1))
    cold, hot = image.getpixel((0, 0)), image.getpixel((1, 0))
    assert cold[2] > cold[0]
    assert hot[0] > hot[2]


def test_maps_may_share_a_scale():
    """With a peak, maps are colored by the same scale, whatever their own largest weight is."""
    for url in (thumbnail.attention_url, thumbnail.heat_url):
        alone = np.asarray(decoded(url(np.array([[0.5, 1.0]]))))
        shared = np.asarray(decoded(url(np.array([[0.5]]), peak=1.0)))
        assert shared[0, 0].tolist() == alone[0, 0].tolist()
