"""Predictions as HTML, for notebooks."""

from __future__ import annotations

from base64 import b64encode
from html import escape
from pathlib import Path
from typing import Any

IMAGE_TYPES = {".jpg": "jpeg", ".jpeg": "jpeg", ".png": "png", ".gif": "gif", ".webp": "webp"}
"""Types of images that browsers show, by suffix."""
IMAGE_BYTES = 8 << 20
"""Size of the largest image file that is shown in a notebook."""


def prediction_html(prediction: Any) -> str:
    """Return a prediction as HTML: the lines and, if the file is a small image, the image."""
    lines = [prediction.error] if prediction.error else prediction.lines()
    text = "<br>".join(escape(line) for line in lines)
    return f"<figure>{image_html(prediction.file)}<figcaption>{text}</figcaption></figure>"


def image_html(file: str) -> str:
    """Return the image of a file as HTML; "" if the file is too large or not an image."""
    path = Path(file)
    kind = IMAGE_TYPES.get(path.suffix.lower())
    if kind is None or not path.is_file() or path.stat().st_size > IMAGE_BYTES:
        return ""
    content = b64encode(path.read_bytes()).decode()
    return (
        f'<img alt="{escape(file)}" style="max-height: 15em" '
        f'src="data:image/{kind};base64,{content}">'
    )
