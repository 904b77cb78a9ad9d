"""Thumbnails embedded in the page as `data:` URLs."""

from __future__ import annotations

import base64
import io

import numpy as np
from PIL import Image

from lrcn_seq.report.heat_map import heat_pixels, relative_weights
from lrcn_seq.report.markup import escape

# Scale and JPEG quality, from fine to coarse; the first step within the size limit is used.
STEPS = ((1.0, 90), (1.0, 82), (1.0, 72), (1.0, 60), (0.75, 60), (0.5, 50), (0.25, 40))

# RGB color and opacity of the overlay at zero attention (dark) and at full attention (bright).
UNATTENDED, ATTENDED = np.array([10, 12, 24, 185.0]), np.array([255, 190, 80, 55.0])


def image_tag(image: Image.Image, description: str, *, side: int, limit: int) -> str:
    """Return an `img` element with an embedded thumbnail.

    Args:
        image: the image.
        description: alternative text, not escaped.
        side: longest side in pixels.
        limit: largest file size in bytes; only the lowest quality may exceed this size.
    """
    url = jpeg_url(image, side=side, limit=limit)
    return f'<img src="{url}" alt="{escape(description)}" loading="lazy">'


def jpeg_url(image: Image.Image, *, side: int, limit: int) -> str:
    """Return a thumbnail as the `data:` URL of a JPEG file; the arguments are as in `image_tag`."""
    for share, quality in STEPS:
        small = image.convert("RGB")
        small.thumbnail((max(1, round(side * share)),) * 2, Image.Resampling.LANCZOS)
        file = io.BytesIO()
        small.save(
            file, "JPEG", quality=quality, optimize=True, subsampling=0 if quality == 90 else 2
        )
        if file.tell() <= limit:
            break
    return _data_url("jpeg", file)


def attention_url(weights: np.ndarray, peak: float | None = None) -> str:
    """Return an attention map as the `data:` URL of a translucent PNG, to be laid over an image.

    Args:
        weights: attention (h, w), one pixel per weight. The largest weight is the brightest and 0
            the darkest, so that uniform attention is bright. NaN and infinity count as 0.
        peak: the weight that is the brightest; None for the largest of the map.
    """
    light = relative_weights(weights, peak)[..., None]
    return _png_url((UNATTENDED + light * (ATTENDED - UNATTENDED)).round().astype("uint8"))


def heat_url(weights: np.ndarray, peak: float | None = None) -> str:
    """Return a Grad-CAM map as the `data:` URL of a translucent PNG, from blue to red.

    Args:
        weights: map (h, w).
        peak: the weight that is red; None for the largest of the map.
    """
    return _png_url(heat_pixels(weights, peak))


def _png_url(pixels: np.ndarray) -> str:
    """Return RGBA pixels (h, w, 4) as the `data:` URL of a PNG file."""
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG", optimize=True)
    return _data_url("png", file)


def _data_url(kind: str, file: io.BytesIO) -> str:
    """Return the content of an image file as a `data:` URL."""
    return f"data:image/{kind};base64,{base64.b64encode(file.getvalue()).decode()}"
