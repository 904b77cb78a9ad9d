"""Recognition of image files, and the properties that are read from their headers."""

import io
import os
import zlib

import numpy as np
import pytest
from PIL import Image

from lrcn_seq.data.media.image_file import (
    check_png,
    icon_size,
    is_still_image,
    jpeg2000_reductions,
    no_pillow_limit,
    png_chunks,
    without_png_metadata,
)
from tests.raw_images import COLOR, PALETTE, png


@pytest.mark.parametrize(
    ("name", "format_"),
    [
        ("a.jfif", "JPEG"),
        ("a.JPE", "JPEG"),
        ("a.jp2", "JPEG2000"),
        ("a.png", "PNG"),
        ("a", "JPEG"),
        ("a.bin", "TIFF"),
        ("a.mp", "WEBP"),
    ],
)
def test_images_of_any_name_are_images(tmp_path, name, format_):
    """An image is recognized by its suffix, or by its content if the suffix is unknown."""
    Image.new("RGB", (8, 8)).save(tmp_path / name, format_)
    assert is_still_image(tmp_path / name)


@pytest.mark.parametrize(
    ("name", "format_"), [("a.mp4", "JPEG"), ("a.mjpeg", "JPEG"), ("a.gif", "GIF"), ("a", "GIF")]
)
def test_names_of_videos_and_gif_are_no_still_images(tmp_path, name, format_):
    """A GIF file, and an image file with the suffix of a video, are not still images."""
    Image.new("RGB", (8, 8)).save(tmp_path / name, format_)
    assert not is_still_image(tmp_path / name)


def test_other_files_are_no_images(tmp_path):
    """A text file, a folder, a FIFO and a missing file, all without a suffix, are not images."""
    (tmp_path / "text").write_text("P5 is a format, and Python a language.")
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "fifo")
    for name in ("text", "folder", "fifo", "missing", "x" * 5000):
        assert not is_still_image(tmp_path / name)


def test_the_size_of_an_icon_is_that_of_its_content(tmp_path):
    """The size of an icon is read from its image, even if its directory states another size."""
    for options in ({"bitmap_format": "png"}, {"bitmap_format": "bmp"}):
        file = io.BytesIO()
        Image.new("RGBA", (48, 32)).save(file, "ICO", sizes=[(48, 32)], **options)
        content = bytearray(file.getvalue())
        content[6] = 16
        assert icon_size(io.BytesIO(content)) == (48, 32)
    assert icon_size(io.BytesIO(b"no icon")) is None


@pytest.mark.parametrize("levels", [1, 3, 6])
def test_reductions_of_jpeg_2000_are_those_of_its_header(levels):
    """A JPEG 2000 image with n resolutions can be halved n − 1 times."""
    file = io.BytesIO()
    Image.new("RGB", (128, 128)).save(file, "JPEG2000", num_resolutions=levels)
    assert jpeg2000_reductions(file) == levels - 1
    assert jpeg2000_reductions(io.BytesIO(b"no image")) == 0


def test_metadata_of_png_is_left_out():
    """A PNG file without its metadata has the same pixels."""
    metadata = [(b"zTXt", b"k\0\0" + zlib.compress(b"a" * 3_000_000)), (b"gAMA", b"\0")]
    content = png((2, 1), 8, COLOR, [bytes(range(6))], metadata)
    essential = without_png_metadata(io.BytesIO(content))
    with Image.open(essential) as image:
        assert np.asarray(image).ravel().tolist() == list(range(6))
    assert without_png_metadata(io.BytesIO(b"no image")) is None


@pytest.mark.parametrize("name", [b"PLTE", b"tRNS", b"IDAT"])
def test_damaged_png_pixels_are_found(name):
    """A wrong checksum raises OSError in a chunk that determines pixels, and only there."""
    chunks = [(b"PLTE", b"abcdef"), (b"tRNS", b"gh"), (b"tEXt", b"key\0value")]
    content = png((2, 1), 8, PALETTE, [b"\0\1"], chunks)
    check_png(io.BytesIO(content.replace(b"value", b"other")))
    assert dict(png_chunks(content, ()))[b"tRNS"] == b"gh"
    place = content.index(name) + 5
    damaged = content[:place] + b"\x99" + content[place + 1 :]
    with pytest.raises(OSError, match="damaged chunk at byte"):
        check_png(io.BytesIO(damaged))


def test_the_limit_of_pillow_is_restored(monkeypatch):
    """The pixel limit of Pillow is restored after an error."""
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 17)
    with pytest.raises(KeyError), no_pillow_limit():
        assert Image.MAX_IMAGE_PIXELS is None
        raise KeyError
    assert Image.MAX_IMAGE_PIXELS == 17
