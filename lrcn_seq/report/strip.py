"""A clip as a strip of its frames."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PIL import Image

from lrcn_seq.data.media.image import StillImage
from lrcn_seq.errors import MediaError
from lrcn_seq.report import thumbnail
from lrcn_seq.report.markup import escape, paragraph

# A page of 40 clips stays under 1.5 MB.
MOST, SIDE, LIMIT = 8, 160, 3_200


def strip(frames: Sequence[Image.Image], name: str) -> str:
    """At most eight frames, evenly spread from the first to the last; they wrap where there is little room."""
    places = np.linspace(0, len(frames) - 1, min(len(frames), MOST)).round().astype(int)
    return f'<div class="strip">{"".join(_image(frames[place], f"{name}, frame {place + 1} of {len(frames)}") for place in places)}</div>'


def _image(frame: Image.Image, text: str) -> str:
    try:
        return f'<img src="{thumbnail.jpeg(StillImage(frame).decode(), side=SIDE, limit=LIMIT)}" alt="{escape(text)}" loading="lazy">'
    except MediaError as error:
        return paragraph(escape(error.reason), "missing")
