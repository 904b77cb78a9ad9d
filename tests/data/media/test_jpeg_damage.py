"""Damaged JPEG data that libjpeg decodes to noise."""

import io

import numpy as np
import pytest
from PIL import Image

from lrcn_seq.data.media import jpeg_damage as module
from lrcn_seq.data.media.jpeg_damage import jpeg_damage


def texture(width: int = 320, height: int = 240) -> Image.Image:
    """Return an image with smooth and detailed parts."""
    y, x = np.mgrid[0:height, 0:width]
    waves = 128 + 60 * np.sin(x / 9) * np.cos(y / 13)
    noise = np.random.default_rng(0).normal(0, 12, (height, width, 3))
    return Image.fromarray((waves[:, :, None] + noise).clip(0, 255).astype(np.uint8))


def jpeg(image: Image.Image | None = None, **options) -> bytes:
    file = io.BytesIO()
    (image or texture()).save(file, "JPEG", **options)
    return file.getvalue()


def zeroed(content: bytes, start: float, count: int) -> bytes:
    """Return a file with `count` zero bytes from `start`, which is a fraction of its length."""
    place = int(len(content) * start)
    return content[:place] + bytes(count) + content[place + count :]


@pytest.mark.parametrize("options", [{}, {"progressive": True}, {"optimize": True}])
@pytest.mark.parametrize("start", [0.3, 0.5, 0.8])
def test_data_overwritten_with_zeros_is_found(options, start):
    """A kilobyte of zeros in JPEG data is reported as damage, although Pillow decodes the image."""
    content = zeroed(jpeg(**options), start, 1024)
    with Image.open(io.BytesIO(content)) as image:
        image.load()
    assert jpeg_damage(content)


def test_invalid_codes_are_found():
    """Zeros that form an invalid block, which FFmpeg detects, are reported as invalid codes."""
    assert jpeg_damage(zeroed(jpeg(), 0.4, 4096)) == "its data contains invalid codes"


def test_data_that_ends_early_is_found(monkeypatch):
    """A truncated JPEG with an end marker is reported as damaged, even if FFmpeg accepts it."""
    monkeypatch.setattr(module, "_has_invalid_codes", lambda content, segments: False)
    content = jpeg()
    damaged = content[: len(content) // 2] + b"\xff\xd9"
    assert jpeg_damage(damaged) == "its data ends early"


def test_zeros_that_take_fewer_codes_than_the_data_are_found(monkeypatch):
    """Zeros that decode to more blocks than they replaced are reported as damage."""
    monkeypatch.setattr(module, "_has_invalid_codes", lambda content, segments: False)
    canvas = Image.new("RGB", (640, 480), "white")
    canvas.paste(texture(640, 120))
    content = jpeg(canvas, optimize=True)
    damage = jpeg_damage(zeroed(content, 0.5, 512))
    assert damage == "its data was overwritten with zeros"


@pytest.mark.parametrize("count", [64, 512])
@pytest.mark.parametrize("options", [{}, {"restart_marker_rows": 1}, {"subsampling": 0}])
def test_short_spans_of_zeros_are_found(options, count):
    """A short span of zeros is reported as damage, wherever it starts."""
    content = jpeg(**options)
    for start in np.linspace(0.1, 0.9, 17):
        assert jpeg_damage(zeroed(content, start, count)), start


def test_lost_scans_are_found(monkeypatch):
    """A progressive image whose last scans are zeros is reported as damaged."""
    monkeypatch.setattr(module, "_has_invalid_codes", lambda content, segments: False)
    content = jpeg(progressive=True)
    for place in range(len(content) * 2 // 3, len(content) - 100, 997):
        assert jpeg_damage(content[:place] + bytes(len(content) - place - 2) + content[-2:])


def test_large_images_are_compared_at_a_fraction(monkeypatch):
    """No damage is reported for an intact image that is too large to decode in full size."""
    monkeypatch.setattr(module, "LARGE", 0)
    canvas = Image.new("RGB", (640, 480))
    canvas.paste(texture(640, 60))
    assert jpeg_damage(jpeg(canvas, progressive=True)) is None
    damaged = zeroed(jpeg(progressive=True), 0.4, 1024)
    assert jpeg_damage(damaged) == "its data was overwritten with zeros"


@pytest.mark.parametrize("value", [0, 128, 255])
@pytest.mark.parametrize("quality", [1, 60, 100])
@pytest.mark.parametrize(
    "options",
    [{"progressive": True}, {"optimize": True}, {"optimize": True, "restart_marker_rows": 1}],
)
def test_gradients_and_flat_parts_have_no_damage(options, quality, value):
    """No damage is reported for synthetic images, whose data contains long runs of zeros."""
    gradient = np.full((256, 384), value, np.uint8)
    gradient[:, :128] = np.arange(256)[:, None]
    for pixels in (gradient, np.full_like(gradient, value)):
        for mode in ("L", "RGB"):
            content = jpeg(Image.fromarray(pixels).convert(mode), quality=quality, **options)
            assert jpeg_damage(content) is None


@pytest.mark.parametrize("mode", ["RGB", "L", "CMYK"])
@pytest.mark.parametrize("size", [(1, 1), (7, 3), (9, 17), (64, 64), (1, 100)])
@pytest.mark.parametrize(
    "options",
    [
        {},
        {"quality": 5},
        {"quality": 100},
        {"progressive": True, "quality": 5},
        {"optimize": True},
        {"restart_marker_rows": 1},
        {"restart_marker_blocks": 3},
    ],
)
def test_intact_images_have_no_damage(mode, size, options):
    """No damage is reported for intact JPEG images of any size, color type and coding."""
    assert jpeg_damage(jpeg(texture().resize(size).convert(mode), **options)) is None


@pytest.mark.parametrize("options", [{}, {"progressive": True}, {"optimize": True}, {"quality": 5}])
def test_flat_images_have_no_damage(options):
    """No damage is reported for an image of one color, whose data may be zeros."""
    for mode in ("RGB", "L"):
        assert jpeg_damage(jpeg(Image.new(mode, (900, 700), "white"), **options)) is None


def test_bytes_before_the_end_marker_are_no_damage():
    """Extra bytes before the end marker, as some cameras write them, are not damage."""
    content = jpeg()
    assert jpeg_damage(content[:-2] + bytes(64) + content[-2:]) is None


def test_bytes_after_the_image_are_no_damage():
    """Bytes after the end marker, such as a video or a second image, are not damage."""
    for trailer in (b"trailer" * 100, bytes(100) + jpeg(texture(90, 90))):
        assert jpeg_damage(jpeg() + trailer) is None


def test_metadata_is_not_searched():
    """Damaged EXIF metadata and markers in a comment are not reported as damage of the image."""
    content = jpeg(exif=b"Exif\0\0MM\0\x2a\xff\xff\xff\xff", comment=b"\xff\xd9\0\0")
    assert jpeg_damage(content) is None


@pytest.mark.parametrize("content", [b"", b"\xff\xd8", b"\xff\xd8\xff\xda", b"text" * 9])
def test_other_files_have_no_damage(content):
    """No damage is reported for a file without image data, which the decoder refuses."""
    assert jpeg_damage(content) is None


def test_real_photographs_are_intact(shared):
    """No damage is reported for the real photographs of Flickr8k and COCO."""
    paths = [
        *(shared / "flickr8k/images_original").glob("*.jpg"),
        *(shared / "coco/val2017").glob("*.jpg"),
    ]
    assert len(paths) == 90
    assert [path.name for path in paths if jpeg_damage(path.read_bytes())] == []


@pytest.mark.parametrize("has_end", [True, False], ids=["end marker", "no end marker"])
@pytest.mark.parametrize("start", [0.3, 0.5, 0.9])
def test_a_tail_of_zeros_is_found(start, has_end):
    """Zeros up to the end, as an interrupted download leaves them, are reported as damage."""
    content = jpeg(quality=60)
    place = int(len(content) * start)
    content = content[:place] + bytes(len(content) - place - 2) + (b"\xff\xd9" if has_end else b"")
    try:
        with Image.open(io.BytesIO(content)) as image:
            image.load()
    except OSError:
        return  # Pillow itself refuses the image.
    assert jpeg_damage(content)


def test_zeros_between_the_data_and_the_end_are_no_damage():
    """Zeros that are not decoded, as some cameras write before the end marker, are harmless."""
    assert jpeg_damage(jpeg()[:-2] + bytes(500) + b"\xff\xd9") is None
