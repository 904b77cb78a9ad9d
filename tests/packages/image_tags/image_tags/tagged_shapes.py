"""Built-in images of two shapes, tagged with their colors."""

from __future__ import annotations

from lrcn_seq.data.sources.base import Source
from lrcn_seq.data.sources.shapes import Shapes
from lrcn_seq.records import NotNegative, Sample


class TaggedShapes(Source):
    """Images of two shapes, tagged with the one or two colors of the shapes.

    Args:
        train: number of training images.
        dev: number of dev images.
        test: number of test images.
        pixels: height and width.
    """

    def __init__(
        self,
        train: NotNegative = 200,
        dev: NotNegative = 40,
        test: NotNegative = 40,
        pixels: NotNegative = 32,
    ):
        shapes = Shapes(train, dev, test=test, pixels=pixels)
        self.samples = [_tagged(sample) for sample in shapes]


def _tagged(sample: Sample) -> Sample:
    scene = sample.media.scene()
    colors = {scene.first.color, scene.second.color}
    return sample._replace(captions=(), targets=tuple(sorted(colors)))
