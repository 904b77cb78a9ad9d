"""A clip as a row of frames."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PIL import Image

from lrcn_seq.report.thumbnail import image_tag

# Number, side (pixels) and file size (bytes) of the frames: 40 clips take under 1.5 MB.
MAX_FRAMES, SIDE, LIMIT = 8, 160, 3_200


def filmstrip(frames: Sequence[Image.Image], name: str) -> str:
    """Return a row of at most eight frames of a clip, evenly spaced from first to last.

    Args:
        frames: RGB frames of the clip in order.
        name: name of the clip, for the alternative text of each frame.
    """
    count = len(frames)
    indices = np.linspace(0, count - 1, min(count, MAX_FRAMES)).round().astype(int)
    images = (
        image_tag(frames[i], f"{name}, frame {i + 1} of {count}", side=SIDE, limit=LIMIT)
        for i in indices
    )
    return f'<div class="strip">{"".join(images)}</div>'
