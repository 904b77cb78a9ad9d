"""Images of the samples that a report shows as examples."""

from __future__ import annotations

import numpy as np
from PIL import Image

from lrcn_seq.data.media import MediaReader
from lrcn_seq.records import Preprocessing, ResizeRule, Sample
from lrcn_seq.tasks.base import Task

EXAMPLES = 12
"""Maximum number of examples of one kind, e.g. of the best captions."""
EXPLAINED = 2
"""Maximum number of examples of one kind with Grad-CAM."""
FRAMES = 6
"""Maximum number of frames shown for a clip."""
SIZE = Preprocessing(256, 256, resize="pad", interpolation="bicubic")


def example_images(task: Task, sample: Sample, *, resize: ResizeRule = "pad") -> list[Image.Image]:
    """Return the image of a sample, or frames spread over its clip.

    Args:
        task: the task, whose sampling selects the frames.
        sample: the sample.
        resize: the resize rule; an image with attention maps needs the rule of the encoder.

    Returns:
        One image, or up to 6 frames spread evenly over the sampled frames of the clip, or a gray
        image if the sample consists of vectors.
    """
    if not task.media.reads_pixels:
        return [Image.new("RGB", (SIZE.width, SIZE.height), "lightgray")]
    numbers = None
    if task.sampling:
        numbers = task.sampling.stream(task.media.times(sample.media))
        spread = np.linspace(0, len(numbers) - 1, FRAMES).round().astype(int)
        numbers = numbers[np.unique(spread)]
    preview = MediaReader(
        task.media.kind,
        SIZE._replace(resize=resize),
        pixels_limit=task.settings.data.pixels_limit,
    )
    frames = preview.frames(sample.media, numbers)
    return [Image.fromarray(frame) for frame in (frames if task.sampling else frames[:1])]
