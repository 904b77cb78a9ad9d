"""Draw docs/images/demo_captions.png: test images of the captioning demo with their captions.

make demo
.venv/bin/python docs/images/demo_captions.py runs/demo
"""

from __future__ import annotations

import sys
import textwrap
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

import lrcn_seq
from lrcn_seq.records import Sample
from lrcn_seq.registry import sources

COUNT, COLUMNS, LINE = 6, 3, 30
WIDTH, SIDE, TEXT_HEIGHT, MARGIN = 300, 200, 50, 8
OUTPUT = Path(__file__).with_suffix(".png")


def draw(run: str) -> Image.Image:
    """Return a sheet of the first test images of the demo with the captions of a run."""
    task = lrcn_seq.load(run)
    source = sources.build(task.settings.data.source, place="data.source")
    samples = [sample for sample in source if sample.split == "test"][:COUNT]
    predictions = task.predict([sample.media.draw()[0] for sample in samples])
    return sheet(samples, [prediction.captions[0].text for prediction in predictions])


def sheet(samples: Sequence[Sample], captions: Sequence[str]) -> Image.Image:
    """Return a sheet of images in rows, each with its caption below."""
    height = SIDE + TEXT_HEIGHT
    page = Image.new("RGB", (COLUMNS * WIDTH, len(samples) // COLUMNS * height), "white")
    pen, font = ImageDraw.Draw(page), ImageFont.load_default(14)
    for number, (sample, caption) in enumerate(zip(samples, captions, strict=True)):
        left, top = number % COLUMNS * WIDTH, number // COLUMNS * height
        pixels = np.asarray(sample.media._replace(pixels=SIDE - 2 * MARGIN).draw()[0])
        page.paste(Image.fromarray(pixels), (left + (WIDTH - SIDE) // 2 + MARGIN, top + MARGIN))
        text = "\n".join(textwrap.wrap(caption, LINE))
        pen.multiline_text(
            (left + WIDTH // 2, top + SIDE), text, "black", font, anchor="ma", align="center"
        )
    return page


if __name__ == "__main__":
    draw(sys.argv[1]).save(OUTPUT, optimize=True)
