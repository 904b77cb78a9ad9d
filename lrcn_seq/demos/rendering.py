"""Save generated samples as image and video files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from PIL import Image

from lrcn_seq.records import Sample

PIXELS = 240
"""Height and width of the saved images; images for training are smaller."""
FRAME_MILLISECONDS = 200


def save_png(sample: Sample, folder: Path) -> Path:
    """Save a generated image as PNG and return its path."""
    path = folder / f"{sample.id}.png"
    _frames(sample)[0].save(path)
    return path


def save_gif(sample: Sample, folder: Path) -> Path:
    """Save a generated clip as GIF and return its path."""
    path = folder / f"{sample.id}.gif"
    first, *rest = _frames(sample)
    first.save(path, save_all=True, append_images=rest, duration=FRAME_MILLISECONDS, loop=0)
    return path


def _frames(sample: Sample) -> list[Image.Image]:
    """Draw the frames of a sample at the size of the saved images."""
    drawing: Any = sample.media
    return [Image.fromarray(frame) for frame in drawing._replace(pixels=PIXELS).draw()]
