"""Explanations as JSON objects: frames, overlays and their common scale."""

import base64
import io

import numpy as np
from PIL import Image

from lrcn_seq.report import Explanation
from lrcn_seq.report.heat_map import heat_pixels
from lrcn_seq.report.thumbnail import ATTENDED, UNATTENDED
from lrcn_seq.serving.explanations import explanation_row

FRAMES = np.full((8, 12, 16, 3), 200, "uint8")
MAPS = np.arange(2 * 8 * 2 * 3, dtype="float32").reshape(2, 8, 2, 3)


def pixels(url):
    """Return the pixels of an image as a `data:` URL."""
    kind, _, content = url.partition(";base64,")
    assert kind in ("data:image/png", "data:image/jpeg")
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(content))))


def test_a_clip_has_a_few_frames_with_an_overlay_for_each_word():
    """Six of eight frames are shown, with their times and the Grad-CAM of both words."""
    explanation = Explanation("a", "a b", ("a", "b"), MAPS, FRAMES, tuple(np.arange(8) / 2.0))
    row = explanation_row(explanation)
    steps = explanation.shown_steps
    assert (row["text"], row["words"], row["overlay"]) == ("a b", ["a", "b"], "Grad-CAM")
    assert row["times"] == [step / 2 for step in steps]
    assert len(row["frames"]) == len(steps) == 6
    assert row["peaks"] == [[5, 2.5 / 3, 0.75]] * 2
    assert np.abs(pixels(row["frames"][0]).astype(int) - 200).max() <= 2
    for word in range(2):
        for step, url in zip(steps, row["overlays"][word], strict=True):
            expected = heat_pixels(MAPS[word, step], float(MAPS[word, -1].max()))
            assert (pixels(url) == expected).all()


def test_attention_is_preferred():
    """The overlay of a decoder with attention is bright where the weight is largest."""
    weights = np.zeros((1, 1, 2, 3), "float32")
    weights[0, 0, 1, 2] = 0.5
    row = explanation_row(Explanation("a", "x", ("x",), MAPS[:1, :1], FRAMES[:1], (), weights))
    assert (row["overlay"], row["times"]) == ("attention", [])
    ((url,),) = row["overlays"]
    assert pixels(url)[1, 2].tolist() == ATTENDED.tolist()
    assert pixels(url)[0, 0].tolist() == UNATTENDED.tolist()
