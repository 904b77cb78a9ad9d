"""Pictures small enough to stand inside the page, as `data:` addresses."""

from __future__ import annotations

import base64
import io

import numpy as np
from PIL import Image

# From fine to coarse: (longest side, JPEG quality); the first that keeps the byte limit is taken.
STEPS = ((1.0, 90), (1.0, 82), (1.0, 72), (1.0, 60), (0.75, 60), (0.5, 50), (0.25, 40))

# Red, green, blue, opacity of no and of full attention: where nobody looked the picture lies in the dark.
UNSEEN, SEEN = np.array([10, 12, 24, 185.0]), np.array([255, 190, 80, 55.0])


def jpeg(picture: Image.Image, *, side: int, limit: int) -> str:
    """An RGB picture as JPEG of at most `side` pixels, and `limit` bytes as far as that can be had."""
    for share, quality in STEPS:
        small = picture.copy()
        small.thumbnail((max(1, round(side * share)),) * 2, Image.Resampling.LANCZOS)
        file = io.BytesIO()
        small.save(
            file, "JPEG", quality=quality, optimize=True, subsampling=0 if quality == 90 else 2
        )
        if file.tell() <= limit:
            break
    return _address("jpeg", file)


def heat(weights: np.ndarray) -> str:
    """Attention (h, w) as a picture to lie over another, one pixel a region: browsers smooth it when they enlarge it.

    The largest weight is full light and zero is dark, so that even attention looks even.
    """
    weights = np.nan_to_num(np.asarray(weights, "float64"), nan=0.0, posinf=0.0, neginf=0.0).clip(0)
    light = (weights / (weights.max(initial=0.0) or 1.0))[..., None]
    file = io.BytesIO()
    Image.fromarray((UNSEEN + light * (SEEN - UNSEEN)).round().astype("uint8")).save(
        file, "PNG", optimize=True
    )
    return _address("png", file)


def _address(kind: str, file: io.BytesIO) -> str:
    return f"data:image/{kind};base64,{base64.b64encode(file.getvalue()).decode()}"
