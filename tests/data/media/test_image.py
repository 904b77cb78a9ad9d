"""Decoding of every kind of image, and the errors for broken images."""

import io
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageOps

from lrcn_seq.data.media import image
from lrcn_seq.data.media.content_index import ContentIndex
from lrcn_seq.data.media.image import LARGE, TRANSPOSITIONS, StillImage, fit
from lrcn_seq.errors import MediaError
from lrcn_seq.records import Preprocessing
from tests.raw_images import COLOR, png

CORNERS = {"red": (4, 4), "green": (4, -4), "blue": (-4, 4), "white": (-4, -4)}
COLORS = {"red": (255, 0, 0), "green": (0, 255, 0), "blue": (0, 0, 255), "white": (255, 255, 255)}


def corners(image: Image.Image) -> dict[str, str]:
    """Return the name of the color nearest to each corner of an image."""
    pixels = np.asarray(image).astype(int)
    nearest = {
        place: min(COLORS, key=lambda color: np.abs(pixels[at] - COLORS[color]).sum())
        for place, at in CORNERS.items()
    }
    assert image.mode == "RGB"
    return nearest


UPRIGHT = {name: name for name in COLORS}


def save(image: Image.Image, path: Path, **options) -> Path:
    image.save(path, **options)
    return path


@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_orientations_are_undone(tmp_path, pixels, orientation):
    """An image with any EXIF orientation is turned upright, as Pillow does."""
    exif = Image.Exif()
    exif[0x0112] = orientation
    path = save(
        Image.fromarray(pixels), tmp_path / "turned.jpg", exif=exif, quality=95, subsampling=0
    )
    with Image.open(path) as image:
        expected = np.asarray(ImageOps.exif_transpose(image).convert("RGB"))
    np.testing.assert_array_equal(np.asarray(StillImage(path).decode()), expected)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("name", ["a.png", "a.tiff", "lzw.tiff", "a.webp", "a.jpg", "a.avif"])
def test_orientations_of_every_format_are_undone(tmp_path, pixels, name, orientation):
    """An image of every format is turned upright exactly once."""
    undone = {5: 5, 6: 8, 7: 7, 8: 6}.get(orientation, orientation)
    exif = Image.Exif()
    exif[0x0112] = orientation
    operation = TRANSPOSITIONS.get(undone)
    turned = Image.fromarray(pixels)
    turned = turned if operation is None else turned.transpose(operation)
    options = {"compression": "tiff_lzw"} if name.startswith("lzw") else {}
    quality = {"quality": 95} if name[-3:] in ("jpg", "vif") else {"lossless": True}
    path = save(turned, tmp_path / name, exif=exif, **options, **quality)
    assert corners(StillImage(path).decode()) == UPRIGHT
    assert StillImage(path).decode().size == Image.fromarray(pixels).size


def test_a_damaged_exif_block_is_ignored(tmp_path, pixels):
    """An image with invalid EXIF data is decoded."""
    path = save(
        Image.fromarray(pixels),
        tmp_path / "exif.jpg",
        exif=b"Exif\x00\x00MM\x00\x2a\xff\xff\xff\xff",
    )
    assert corners(StillImage(path).decode()) == UPRIGHT


@pytest.mark.parametrize(
    ("mode", "name", "options"),
    [
        ("RGB", "a.png", {}),
        ("RGB", "a.bmp", {}),
        ("RGB", "a.gif", {}),
        ("RGB", "a.webp", {"lossless": True}),
        ("RGB", "a.tiff", {"compression": "tiff_lzw"}),
        ("RGB", "a.ppm", {}),
        ("RGB", "progressive.jpg", {"progressive": True, "quality": 95}),
        ("CMYK", "a.jpg", {"quality": 95}),
        ("CMYK", "a.tiff", {}),
        ("YCbCr", "a.jpg", {"quality": 95}),
        ("P", "a.png", {}),
        ("P", "a.gif", {}),
        ("RGBA", "a.png", {}),
    ],
)
def test_color_images_of_every_format_become_rgb(tmp_path, pixels, mode, name, options):
    """Color images of every mode and format become RGB."""
    path = save(Image.fromarray(pixels).convert(mode), tmp_path / name, **options)
    assert corners(StillImage(path).decode()) == UPRIGHT


def test_the_format_is_detected_by_content(tmp_path, pixels):
    """The format is detected by content, so a PNG named .jpg is read."""
    save(Image.fromarray(pixels), tmp_path / "ünïcode 写真.jpg", format="PNG")
    assert corners(StillImage(tmp_path / "ünïcode 写真.jpg").decode()) == UPRIGHT


@pytest.mark.parametrize("mode", ["L", "LA", "1"])
def test_grayscale_becomes_rgb_with_equal_channels(tmp_path, mode):
    """A white image in gray or black-and-white, with or without alpha, becomes white RGB."""
    path = save(Image.new("L", (8, 8), 255).convert(mode), tmp_path / "gray.png")
    np.testing.assert_array_equal(np.asarray(StillImage(path).decode()), np.full((8, 8, 3), 255))


def test_sixteen_bits_are_scaled_to_eight(tmp_path):
    """16-bit gray values are scaled to 8 bits and rounded, whereas Pillow clips them."""
    ramp = np.linspace(0, 65535, 256 * 4).astype(np.uint16).reshape(4, 256)
    for name in ("deep.png", "deep.tiff"):
        Image.fromarray(ramp).save(tmp_path / name)
        np.testing.assert_array_equal(
            np.asarray(StillImage(tmp_path / name).decode())[:, :, 1], np.rint(ramp / 65535 * 255)
        )


def test_sixteen_bits_of_three_channels_are_scaled_to_eight(tmp_path):
    """A PNG of 16 bits per channel keeps its high bytes."""
    rows = b"".join(
        b"\x00" + struct.pack(">6H", 0, 32768, 65535, 65535, 0, 32768) for _ in range(2)
    )
    chunks = [
        (b"IHDR", struct.pack(">IIBBBBB", 2, 2, 16, 2, 0, 0, 0)),
        (b"IDAT", zlib.compress(rows)),
        (b"IEND", b""),
    ]
    body = b"".join(
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        for name, data in chunks
    )
    (tmp_path / "deep.png").write_bytes(b"\x89PNG\r\n\x1a\n" + body)
    np.testing.assert_allclose(
        np.asarray(StillImage(tmp_path / "deep.png").decode())[0],
        [[0, 128, 255], [255, 0, 128]],
        atol=1,
    )


def test_transparent_parts_are_composed_on_white(tmp_path):
    """Transparent pixels, including those of palettes, are composed on white."""
    clear = np.zeros((4, 6, 4), np.uint8)
    clear[:, 2:4, 3], clear[:, 4:, 3] = 128, 255
    path = save(Image.fromarray(clear), tmp_path / "clear.png")
    np.testing.assert_allclose(
        np.asarray(StillImage(path).decode())[0, :, 0], [255, 255, 127, 127, 0, 0], atol=1
    )
    palette = Image.fromarray(np.array([[0, 1]], np.uint8)).convert("P")
    palette.save(tmp_path / "palette.png", transparency=0)
    np.testing.assert_array_equal(
        np.asarray(StillImage(tmp_path / "palette.png").decode())[0, 0], [255, 255, 255]
    )


@pytest.mark.parametrize("name", ["moving.gif", "moving.png", "moving.webp"])
def test_an_animation_is_read_as_its_first_frame(tmp_path, name):
    """Animated GIF, PNG and WebP give their first frame."""
    frames = [Image.new("RGB", (16, 16), color) for color in ("red", "blue")]
    frames[0].save(tmp_path / name, save_all=True, append_images=frames[1:], duration=100)
    red, _, blue = np.asarray(StillImage(tmp_path / name).decode())[8, 8]
    assert red > 240
    assert blue < 15


def test_pil_images_and_arrays_are_read(pixels):
    """PIL images, uint8 arrays of every accepted shape and uint16 arrays are decoded."""
    np.testing.assert_array_equal(np.asarray(StillImage(pixels).decode()), pixels)
    np.testing.assert_array_equal(
        np.asarray(StillImage(Image.fromarray(pixels).convert("RGBA")).decode()), pixels
    )
    assert (
        np.asarray(StillImage(np.dstack([pixels, np.zeros_like(pixels[:, :, :1])])).decode()).min()
        == 255
    )
    for gray in (pixels[:, :, 0], pixels[:, :, :1], pixels[:, :, 0].astype(np.uint16) * 257):
        np.testing.assert_array_equal(
            np.asarray(StillImage(gray).decode())[:, :, 2], pixels[:, :, 0]
        )


@pytest.mark.parametrize(
    "array",
    [
        np.zeros((4, 4, 3)),
        np.zeros((4, 4, 2), np.uint8),
        np.zeros((0, 4, 3), np.uint8),
        np.zeros(4, np.uint8),
        np.zeros((4, 4, 3), np.uint16),
    ],
)
def test_an_array_that_is_no_image_is_refused(array):
    """The error for an array that is not an image gives its shape and dtype."""
    with pytest.raises(MediaError, match=r"expected pixels \(H, W, 3\) uint8. Received: shape="):
        StillImage(array).decode()


def broken(folder: Path) -> dict[str, tuple[Path, str]]:
    """Return broken images by name, each with a part of the expected error message."""
    noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8)
    whole = io.BytesIO()
    Image.fromarray(noise).save(whole, "JPEG")
    png = io.BytesIO()
    Image.fromarray(noise).save(png, "PNG")
    contents = {
        "truncated.jpg": (whole.getvalue()[:900], "damaged or cut short"),
        "truncated.png": (png.getvalue()[:900], "damaged or cut short"),
        "garbled.png": (
            png.getvalue()[:41] + b"\0" * 400 + png.getvalue()[441:],
            "damaged or cut short",
        ),
        "header-only.jpg": (whole.getvalue()[:20], "its header is damaged"),
        "empty.jpg": (b"", "the file is empty"),
        "text.jpg": (b"This is no image.", "the file is not an image"),
        "page.jpg": (b"<!DOCTYPE html><title>404</title>", "the file is not an image"),
        "phone.heic": (b"\x00\x00\x00\x18ftypheic" + bytes(50), "HEIC; convert it"),
        "program.eps": (
            b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n",
            "the file is not an image",
        ),
    }
    table = {
        "folder": (folder, "Received: a folder"),
        "missing.jpg": (folder / "missing.jpg", "there is no such file"),
    }
    for name, (content, sentence) in contents.items():
        (folder / name).write_bytes(content)
        table[name] = (folder / name, sentence)
    Image.new("F", (4, 4), 0.5).save(folder / "floats.tiff")
    return table | {"floats.tiff": (folder / "floats.tiff", "floating-point pixels")}


def test_broken_images_raise_a_media_error_with_a_reason(tmp_path):
    """The error for a broken image names the file and the reason in one line."""
    table = broken(tmp_path)
    assert len(table) == 12
    for name, (path, sentence) in table.items():
        with pytest.raises(MediaError) as caught:
            StillImage(path).decode()
        assert sentence in str(caught.value), name
        assert str(caught.value).startswith(str(path))
        assert "\n" not in str(caught.value)


def test_the_pixels_limit_is_checked_before_decoding(tmp_path):
    """An image with more pixels than the default or given limit raises a MediaError."""
    header = struct.pack(">IIBBBBB", 20000, 20000, 8, 2, 0, 0, 0)
    bomb = tmp_path / "bomb.png"
    chunks = b"".join(
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        for name, data in [(b"IHDR", header), (b"IDAT", zlib.compress(b""))]
    )
    bomb.write_bytes(b"\x89PNG\r\n\x1a\n" + chunks)
    with pytest.raises(MediaError, match=r"at most 100,000,000 pixels. Received: 20000 × 20000;"):
        StillImage(bomb).decode()
    small = save(Image.new("RGB", (30, 20)), tmp_path / "small.png")
    with pytest.raises(MediaError, match=r"expected at most 599 pixels. Received: 30 × 20"):
        StillImage(small, pixels_limit=599).decode()
    with pytest.raises(MediaError, match="expected at most 599 pixels"):
        StillImage(np.zeros((20, 30, 3), np.uint8), pixels_limit=599).decode()
    assert StillImage(small, pixels_limit=600).decode().size == (30, 20)


@pytest.mark.parametrize("name", ["a.png", "a.webp", "a.tiff", "lzw.tiff", "a.jpg", "a.gif"])
def test_the_limit_of_pillow_does_not_matter(tmp_path, monkeypatch, name):
    """An image above the pixel limit of Pillow is read, and that limit is left unchanged."""
    path = save(Image.new("RGB", (30, 20)), tmp_path / name)
    given = Image.open(path)
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 9)
    for source in (path, given):
        assert StillImage(source, pixels_limit=600).decode().size == (30, 20)
        with pytest.raises(MediaError, match=r"expected at most 599 pixels. Received: 30 × 20"):
            StillImage(source, pixels_limit=599).decode()
    assert Image.MAX_IMAGE_PIXELS == 9


def test_the_limit_holds_for_the_content_of_an_icon(tmp_path):
    """The pixel limit applies to the image in an icon, even if the icon states a smaller size."""
    bomb = png((9000, 8000), 8, COLOR, [])
    directory = struct.pack("<3H4B2H2I", 0, 1, 1, 8, 8, 0, 0, 1, 32, len(bomb), 22)
    (tmp_path / "a.ico").write_bytes(directory + bomb)
    with pytest.raises(MediaError, match=r"expected at most 999 pixels. Received: 9000 × 8000"):
        StillImage(tmp_path / "a.ico", pixels_limit=999).decode()


@pytest.mark.parametrize("size", [(0, 0), (0, 5), (5, 0)])
def test_an_image_without_pixels_is_refused(size):
    """A PIL image of width or height 0 raises a MediaError."""
    with pytest.raises(MediaError, match=f"Received: {size[0]} × {size[1]} pixels"):
        StillImage(Image.new("RGB", size)).frames(Preprocessing(8, 8))


def test_a_damaged_jpeg_that_decodes_is_refused(tmp_path):
    """A JPEG with zeros in its data raises MediaError, unless `checked` is set for decoding."""
    noise = np.random.default_rng(0).integers(0, 256, (120, 160, 3), np.uint8)
    path = save(Image.fromarray(noise), tmp_path / "a.jpg")
    content = path.read_bytes()
    path.write_bytes(content[:4000] + bytes(2000) + content[6000:])
    for read in (
        StillImage(path).decode,
        StillImage(path).times,
        StillImage(path, checked=True).times,
        lambda: StillImage(path).frames(Preprocessing(8, 8)),
    ):
        with pytest.raises(MediaError, match=r"expected an intact JPEG image. Received: a damaged"):
            read()
    assert StillImage(path, checked=True).decode().size == (160, 120)


def test_a_png_with_a_tail_of_zeros_is_refused(tmp_path):
    """A PNG with zeros in its data raises MediaError, even if the zeros decode to pixels."""
    pixels = np.zeros((64, 64, 3), np.uint8)
    pixels[:32] = np.random.default_rng(0).integers(0, 256, (32, 64, 3))
    path = save(Image.fromarray(pixels), tmp_path / "a.png", compress_level=0)
    content = path.read_bytes()
    path.write_bytes(content[:3000] + bytes(500) + content[3500:])
    with pytest.raises(MediaError, match="damaged chunk"):
        StillImage(path).decode()


def test_metadata_does_not_make_a_png_unreadable(tmp_path):
    """A PNG with long or damaged metadata is decoded."""
    chunks = [
        (b"zTXt", b"k\0\0" + zlib.compress(b"a" * 3_000_000)),
        (b"iCCP", b"k\0\0" + zlib.compress(b"a" * 3_000_000)),
        (b"iCCP", b""),
        (b"gAMA", b"\0"),
        (b"eXIf", b"\xff" * 9),
    ]
    for part in chunks:
        (tmp_path / "a.png").write_bytes(png((2, 1), 8, COLOR, [bytes(range(6))], [part]))
        pixels = np.asarray(StillImage(tmp_path / "a.png").decode())
        assert pixels.ravel().tolist() == list(range(6))


@pytest.mark.parametrize("name", ["a.png", "a.tiff", "a.bmp", "a.jp2", "a.gif"])
def test_a_large_image_is_reduced_before_it_is_converted(tmp_path, monkeypatch, name):
    """A large image is decoded at a reduced size and resized to nearly the same pixels."""
    y, x = np.mgrid[0:450, 0:600]
    waves = (128 + 100 * np.sin(x / 40) * np.cos(y / 30)).astype(np.uint8)
    path = save(Image.fromarray(waves), tmp_path / name)
    size = Preprocessing(24, 24)
    expected = fit(StillImage(path).decode(), size).astype(float)
    assert StillImage(path).decode((24, 24)).size == (600, 450)
    monkeypatch.setattr(image, "LARGE", 600 * 450)
    small = StillImage(path).decode((24, 24))
    assert 72 <= small.height <= 113
    np.testing.assert_allclose(fit(small, size), expected, atol=6)
    assert LARGE > 10_000_000


def test_of_several_pages_the_first_is_read(tmp_path):
    """The first image of a TIFF or MPO and the largest image of an icon are read."""
    red, blue = Image.new("RGB", (32, 32), "red"), Image.new("RGB", (32, 32), "blue")
    for name in ("a.tiff", "a.mpo"):
        path = save(red, tmp_path / name, save_all=True, append_images=[blue])
        assert np.asarray(StillImage(path).decode())[5, 5, 0] > 240
    path = save(red, tmp_path / "a.ico", sizes=[(16, 16), (32, 32)])
    assert StillImage(path).decode().size == (32, 32)


def test_a_permission_error_is_a_media_error(tmp_path, monkeypatch):
    """The error for an unreadable file suggests checking its permissions."""

    def refuse(*args, **kwargs):
        raise PermissionError(13, "Permission denied")

    (tmp_path / "locked.jpg").write_bytes(b"")
    monkeypatch.setattr(Image, "open", refuse)
    with pytest.raises(MediaError, match="cannot be read; check its permissions"):
        StillImage(tmp_path / "locked.jpg").decode()


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_random_damage_raises_only_media_errors(tmp_path_factory, data):
    """Files with changed or missing bytes are decoded or raise MediaError."""
    kind = data.draw(st.sampled_from(["JPEG", "PNG", "GIF", "TIFF", "WEBP", "BMP"]))
    whole = io.BytesIO()
    Image.fromarray(np.arange(12 * 12 * 3, dtype=np.uint8).reshape(12, 12, 3)).save(whole, kind)
    content = bytearray(whole.getvalue())
    for place in data.draw(st.lists(st.integers(0, len(content) - 1), max_size=4)):
        content[place] = data.draw(st.integers(0, 255))
    path = tmp_path_factory.mktemp("damage") / "x"
    path.write_bytes(bytes(content[: data.draw(st.integers(0, len(content)))]))
    try:
        assert StillImage(path, pixels_limit=10_000).decode().mode == "RGB"
    except MediaError as error:
        assert str(path) in str(error)


def test_a_large_jpeg_is_decoded_at_a_fraction_without_visible_loss(tmp_path):
    """A JPEG decoded at a fraction of its size has a PSNR above 40 dB."""
    y, x = np.mgrid[0:1200, 0:1600]
    waves = np.stack(
        [128 + 100 * np.sin(x / 40), 128 + 100 * np.cos(y / 30), 128 + 90 * np.sin((x + y) / 50)],
        axis=-1,
    ).astype(np.uint8)
    path = save(Image.fromarray(waves), tmp_path / "waves.jpg", quality=92)
    preprocessing = Preprocessing(96, 96)
    quick, full = StillImage(path).decode((96, 96)), StillImage(path).decode()
    assert full.size == (1600, 1200)
    assert quick.size == (400, 300)
    error = np.mean((fit(quick, preprocessing).astype(float) - fit(full, preprocessing)) ** 2)
    assert 10 * np.log10(255**2 / error) > 40


@pytest.mark.parametrize(
    ("side", "decoded"), [(299, 299), (599, 599), (600, 300), (799, 400), (1200, 300)]
)
def test_a_jpeg_is_decoded_at_no_less_than_three_times_the_wanted_size(tmp_path, side, decoded):
    """A JPEG is decoded at the smallest scale that is at least three times the requested size."""
    path = save(Image.new("RGB", (side, side), "red"), tmp_path / "a.jpg")
    assert StillImage(path).decode((100, 100)).size == (decoded, decoded)
    assert StillImage(path).decode((20, 100)).size == (decoded, decoded)


def test_frames_of_an_image_are_one_frame_of_the_wanted_size(photos):
    """`frames` returns an image as one frame of the requested size."""
    frames = StillImage(photos[7]).frames(Preprocessing(16, 24))
    assert frames.shape == (1, 16, 24, 3)
    np.testing.assert_allclose(frames, 70, atol=1)


def test_an_image_has_one_frame_at_time_zero(photos):
    """An image has one frame at time 0, and any other frame number is refused."""
    assert StillImage(photos[0]).times().tolist() == [0.0]
    with pytest.raises(MediaError, match=r"expected a frame number 1 \(from 0\)"):
        StillImage(photos[0]).frames(Preprocessing(8, 8), [0, 1])


def test_frame_zero_is_read_by_its_number():
    """Frame 0 of an image is returned as often as it is requested."""
    frames = StillImage(np.full((4, 4, 3), 70, np.uint8)).frames(Preprocessing(8, 8), [0, 0])
    assert frames.shape == (2, 8, 8, 3)
    assert (frames == 70).all()


def test_the_hash_of_an_array_depends_on_pixels_and_shape():
    """The content hash of an array depends on its pixels and its shape."""
    flat = np.zeros((2, 8, 3), np.uint8)
    hashes = [
        StillImage(pixels).content_hash(ContentIndex())
        for pixels in (flat, flat.copy(), flat.reshape(4, 4, 3), Image.fromarray(flat))
    ]
    assert hashes[0] == hashes[1] == hashes[3] != hashes[2]


def test_the_hash_of_an_image_in_memory_depends_on_its_palette():
    """PIL images with equal indices and different palettes have different content hashes."""
    hashes = []
    for color in (1, 200):
        indices = Image.new("P", (2, 2))
        indices.putpalette([color, 0, 0])
        hashes.append(StillImage(indices).content_hash(ContentIndex()))
    assert hashes[0] != hashes[1]


def test_a_folder_has_no_hash_as_an_image(tmp_path):
    """The error for a folder in place of an image says that it is a folder."""
    with pytest.raises(MediaError, match=r"expected an image. Received: a folder"):
        StillImage(tmp_path).content_hash(ContentIndex())


def test_stretch_keeps_the_whole_image(pixels):
    """Stretching an image keeps all of its corners."""
    result = fit(Image.fromarray(pixels), Preprocessing(64, 20))
    assert result.shape == (64, 20, 3)
    assert result.dtype == np.uint8
    assert corners(Image.fromarray(result)) == UPRIGHT


def test_crop_keeps_the_center_and_the_aspect():
    """Cropping an image gives the same pixels as resizing its central square."""
    noise = np.random.default_rng(1).integers(0, 256, (40, 100, 3), np.uint8)
    image = Image.fromarray(noise)
    expected = image.crop((30, 0, 70, 40)).resize((20, 20), Image.Resampling.BILINEAR)
    result = fit(image, Preprocessing(20, 20, resize="crop"))
    assert result.shape == (20, 20, 3)
    np.testing.assert_array_equal(result[:, 1:-1], np.asarray(expected)[:, 1:-1])


def test_pad_keeps_the_aspect_on_black():
    """Padding a wide image adds equal black bars above and below."""
    result = fit(Image.new("RGB", (80, 40), "white"), Preprocessing(40, 40, resize="pad"))
    np.testing.assert_array_equal(result[:, 20, 0], [0] * 10 + [255] * 20 + [0] * 10)


@pytest.mark.parametrize("resize", ["stretch", "crop", "pad"])
@pytest.mark.parametrize("size", [(1, 1), (1, 900), (900, 1), (3, 2)])
def test_images_of_any_size_are_resized(resize, size):
    """Images of any size, including single pixels and lines, are resized."""
    result = fit(Image.new("RGB", size, (10, 20, 30)), Preprocessing(17, 31, resize=resize))
    assert result.shape == (17, 31, 3)
    assert (result == [10, 20, 30]).all(axis=-1).any()


def test_real_photographs_are_read(shared):
    """The 90 real photographs of Flickr8k and COCO are decoded."""
    paths = sorted(
        [
            *(shared / "flickr8k/images_original").glob("*.jpg"),
            *(shared / "coco/val2017").glob("*.jpg"),
        ]
    )
    assert len(paths) == 90
    for path in paths:
        assert fit(StillImage(path).decode((224, 224)), Preprocessing(224, 224)).std() > 5
