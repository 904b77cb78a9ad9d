"""A server of the captioning run, which the tests of a file share."""

import io

import pytest
from PIL import Image

from lrcn_seq.data.sources.moving_shapes import Film
from lrcn_seq.data.sources.shapes import Drawing
from lrcn_seq.serving.service import ServiceLimits
from tests.serving.loopback import local_server

LIMITS = ServiceLimits(max_batch=4, queue=8, max_bytes=1 << 20, max_pixels=1 << 20)


@pytest.fixture(scope="module")
def caption_server(smoke_run):
    """Return the service and a client of a server with a queue of 8 and batches of at most 4."""
    with local_server(smoke_run, LIMITS) as server:
        yield server


@pytest.fixture(scope="module")
def image() -> bytes:
    """Return an image of shapes as a PNG file."""
    return png(0)


def png(number: int) -> bytes:
    """Return an image of shapes as a PNG file."""
    file = io.BytesIO()
    Image.fromarray(Drawing(5, "test", number, 48).draw()[0]).save(file, "PNG")
    return file.getvalue()


@pytest.fixture
def clip(tmp_path):
    """Return the path of a GIF of moving shapes."""
    first, *rest = map(Image.fromarray, Film(0, "test", 0, 32, 12).draw())
    path = tmp_path / "clip.gif"
    first.save(path, save_all=True, append_images=rest, duration=100)
    return path
