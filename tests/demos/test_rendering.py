"""Image files of generated samples."""

import numpy as np
from PIL import Image

from lrcn_seq.data.sources.moving_shapes import Film
from lrcn_seq.data.sources.shapes import Drawing
from lrcn_seq.demos.rendering import save_gif, save_png
from lrcn_seq.records import Sample


def test_png_is_the_image_at_a_larger_size(tmp_path):
    """A saved PNG is drawn at its larger size instead of being scaled up."""
    sample = Sample("test-1", Drawing(1, "test", 1, 48), "test-1", "test")
    path = save_png(sample, tmp_path)
    assert path == tmp_path / "test-1.png"
    np.testing.assert_array_equal(
        np.asarray(Image.open(path)), Drawing(1, "test", 1, 240).draw()[0]
    )


def test_gif_has_every_frame_of_the_clip(tmp_path):
    """The GIF of a clip shows each frame for a fifth of a second."""
    film = Film(1, "test", 1, 32, 3)
    path = save_gif(Sample("test-1", film, "test-1", "test"), tmp_path)
    with Image.open(path) as image:
        assert image.n_frames == len(film.draw())
        assert image.size == (240, 240)
        assert image.info["duration"] == 200
