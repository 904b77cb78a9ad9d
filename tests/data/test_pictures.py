"""Pictures as people have them: every kind gives the right pixels, every broken one its sentence."""

import io
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageOps

from lrcn_seq.data.pictures import fit, read_picture
from lrcn_seq.errors import MediaError
from lrcn_seq.records import Preprocessing

CORNERS = {"red": (4, 4), "green": (4, -4), "blue": (-4, 4), "white": (-4, -4)}
COLORS = {"red": (255, 0, 0), "green": (0, 255, 0), "blue": (0, 0, 255), "white": (255, 255, 255)}


def corners(image: Image.Image) -> dict[str, str]:
    """Which color stands in which corner."""
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
def test_every_exif_rotation_is_undone(tmp_path, pixels, orientation):
    """All eight orientations of a camera come out as Pillow's own transposition gives them."""
    exif = Image.Exif()
    exif[0x0112] = orientation
    path = save(
        Image.fromarray(pixels), tmp_path / "turned.jpg", exif=exif, quality=95, subsampling=0
    )
    with Image.open(path) as image:
        expected = np.asarray(ImageOps.exif_transpose(image).convert("RGB"))
    np.testing.assert_array_equal(np.asarray(read_picture(path)), expected)


def test_a_damaged_exif_block_does_not_hide_the_picture(tmp_path, pixels):
    """Pixels are readable even where EXIF is nonsense."""
    path = save(
        Image.fromarray(pixels),
        tmp_path / "exif.jpg",
        exif=b"Exif\x00\x00MM\x00\x2a\xff\xff\xff\xff",
    )
    assert corners(read_picture(path)) == UPRIGHT


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
def test_every_colored_kind_becomes_rgb(tmp_path, pixels, mode, name, options):
    """Modes and formats differ, the picture does not."""
    path = save(Image.fromarray(pixels).convert(mode), tmp_path / name, **options)
    assert corners(read_picture(path)) == UPRIGHT


def test_a_name_without_suffix_or_with_the_wrong_one_is_read_by_content(tmp_path, pixels):
    """What counts is what is in the file."""
    save(Image.fromarray(pixels), tmp_path / "ünïcode 写真.jpg", format="PNG")
    assert corners(read_picture(tmp_path / "ünïcode 写真.jpg")) == UPRIGHT


@pytest.mark.parametrize("mode", ["L", "LA", "1"])
def test_gray_pictures_become_rgb_with_equal_channels(tmp_path, mode):
    """Grayscale, with alpha or without, and black and white."""
    path = save(Image.new("L", (8, 8), 255).convert(mode), tmp_path / "gray.png")
    np.testing.assert_array_equal(np.asarray(read_picture(path)), np.full((8, 8, 3), 255))


def test_sixteen_bits_are_scaled_to_eight(tmp_path):
    """A 16-bit ramp becomes an 8-bit ramp, rounded; Pillow's own conversion would clip nearly all of it to white."""
    ramp = np.linspace(0, 65535, 256 * 4).astype(np.uint16).reshape(4, 256)
    for name in ("deep.png", "deep.tiff"):
        Image.fromarray(ramp).save(tmp_path / name)
        np.testing.assert_array_equal(
            np.asarray(read_picture(tmp_path / name))[:, :, 1], np.rint(ramp / 65535 * 255)
        )


def test_sixteen_bits_of_three_channels_are_scaled_to_eight(tmp_path):
    """A PNG of 16 bits a channel keeps its high bytes."""
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
        np.asarray(read_picture(tmp_path / "deep.png"))[0], [[0, 128, 255], [255, 0, 128]], atol=1
    )


def test_transparent_parts_lie_on_white(tmp_path):
    """Nothing is white, half black is gray, and a palette with a transparent color is treated alike."""
    clear = np.zeros((4, 6, 4), np.uint8)
    clear[:, 2:4, 3], clear[:, 4:, 3] = 128, 255
    path = save(Image.fromarray(clear), tmp_path / "clear.png")
    np.testing.assert_allclose(
        np.asarray(read_picture(path))[0, :, 0], [255, 255, 127, 127, 0, 0], atol=1
    )
    palette = Image.fromarray(np.array([[0, 1]], np.uint8)).convert("P")
    palette.save(tmp_path / "palette.png", transparency=0)
    np.testing.assert_array_equal(
        np.asarray(read_picture(tmp_path / "palette.png"))[0, 0], [255, 255, 255]
    )


@pytest.mark.parametrize("name", ["moving.gif", "moving.png", "moving.webp"])
def test_an_animation_gives_its_first_frame(tmp_path, name):
    """Animated GIF, PNG and WebP."""
    frames = [Image.new("RGB", (16, 16), color) for color in ("red", "blue")]
    frames[0].save(tmp_path / name, save_all=True, append_images=frames[1:], duration=100)
    red, _, blue = np.asarray(read_picture(tmp_path / name))[8, 8]
    assert red > 240
    assert blue < 15


def test_images_and_arrays_given_by_hand_are_read_like_files(pixels):
    """A PIL image, (H, W, 3), (H, W, 4), (H, W, 1), (H, W) and 16 bits."""
    np.testing.assert_array_equal(np.asarray(read_picture(pixels)), pixels)
    np.testing.assert_array_equal(
        np.asarray(read_picture(Image.fromarray(pixels).convert("RGBA"))), pixels
    )
    assert (
        np.asarray(read_picture(np.dstack([pixels, np.zeros_like(pixels[:, :, :1])]))).min() == 255
    )
    for gray in (pixels[:, :, 0], pixels[:, :, :1], pixels[:, :, 0].astype(np.uint16) * 257):
        np.testing.assert_array_equal(np.asarray(read_picture(gray))[:, :, 2], pixels[:, :, 0])


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
def test_an_array_that_is_no_picture_is_refused(array):
    """Floats have no known range; the sentence gives shape and type."""
    with pytest.raises(MediaError, match=r"expected pixels \(H, W, 3\) uint8. Received: shape="):
        read_picture(array)


def broken(folder: Path) -> dict[str, tuple[Path, str]]:
    """The table of bad pictures: a file, and a part of its sentence."""
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
        "text.jpg": (b"This is no picture.", "the file is none"),
        "page.jpg": (b"<!DOCTYPE html><title>404</title>", "the file is none"),
        "phone.heic": (b"\x00\x00\x00\x18ftypheic" + bytes(50), "HEIC; convert it"),
        "program.eps": (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", "the file is none"),
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


def test_every_broken_picture_has_its_sentence(tmp_path):
    """The error names the file, says what is wrong in one line, and leaves no other exception through."""
    table = broken(tmp_path)
    assert len(table) == 12
    for name, (path, sentence) in table.items():
        with pytest.raises(MediaError) as caught:
            read_picture(path)
        assert sentence in str(caught.value), name
        assert str(caught.value).startswith(str(path))
        assert "\n" not in str(caught.value)


def test_a_decompression_bomb_is_refused_by_its_header(tmp_path):
    """Pixels are bounded before anything is decoded: a picture of 400 megapixels, and one over the bound given."""
    header = struct.pack(">IIBBBBB", 20000, 20000, 8, 2, 0, 0, 0)
    bomb = tmp_path / "bomb.png"
    chunks = b"".join(
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        for name, data in [(b"IHDR", header), (b"IDAT", zlib.compress(b""))]
    )
    bomb.write_bytes(b"\x89PNG\r\n\x1a\n" + chunks)
    with pytest.raises(MediaError, match="expected fewer pixels"):
        read_picture(bomb)
    small = save(Image.new("RGB", (30, 20)), tmp_path / "small.png")
    with pytest.raises(MediaError, match=r"expected at most 599 pixels. Received: 30 × 20"):
        read_picture(small, pixels_limit=599)
    with pytest.raises(MediaError, match="expected at most 599 pixels"):
        read_picture(np.zeros((20, 30, 3), np.uint8), pixels_limit=599)
    assert read_picture(small, pixels_limit=600).size == (30, 20)


def test_an_unreadable_file_says_so(tmp_path, monkeypatch):
    """Permissions are named (simulated: the superuser may read everything)."""

    def refuse(*args, **kwargs):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Image, "open", refuse)
    with pytest.raises(MediaError, match="may not be read; check its permissions"):
        read_picture(tmp_path / "locked.jpg")


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_damage_anywhere_gives_pixels_or_a_sentence(tmp_path_factory, data):
    """Whatever bytes are changed, cut or put in, only MediaError comes out."""
    kind = data.draw(st.sampled_from(["JPEG", "PNG", "GIF", "TIFF", "WEBP", "BMP"]))
    whole = io.BytesIO()
    Image.fromarray(np.arange(12 * 12 * 3, dtype=np.uint8).reshape(12, 12, 3)).save(whole, kind)
    content = bytearray(whole.getvalue())
    for place in data.draw(st.lists(st.integers(0, len(content) - 1), max_size=4)):
        content[place] = data.draw(st.integers(0, 255))
    path = tmp_path_factory.mktemp("damage") / "x"
    path.write_bytes(bytes(content[: data.draw(st.integers(0, len(content)))]))
    try:
        assert read_picture(path, pixels_limit=10_000).mode == "RGB"
    except MediaError as error:
        assert str(path) in str(error)


def test_a_large_jpeg_decoded_at_a_fraction_looks_the_same():
    """Against the full decode: above 40 dB for a smooth picture, and no smaller than the size wanted."""
    y, x = np.mgrid[0:1200, 0:1600]
    waves = np.stack(
        [128 + 100 * np.sin(x / 40), 128 + 100 * np.cos(y / 30), 128 + 90 * np.sin((x + y) / 50)],
        axis=-1,
    ).astype(np.uint8)
    file = io.BytesIO()
    Image.fromarray(waves).save(file, "JPEG", quality=92)
    path = Path("unused")
    preprocessing = Preprocessing(96, 96)
    with pytest.MonkeyPatch.context() as patch:
        opened = Image.open
        patch.setattr(
            Image, "open", lambda _, formats: opened(io.BytesIO(file.getvalue()), formats=formats)
        )
        quick, full = read_picture(path, size=(96, 96)), read_picture(path)
    assert full.size == (1600, 1200)
    assert quick.size == (400, 300)
    error = np.mean((fit(quick, preprocessing).astype(float) - fit(full, preprocessing)) ** 2)
    assert 10 * np.log10(255**2 / error) > 40


def test_stretch_takes_the_whole_picture(pixels):
    """All four corners are kept whatever the aspect."""
    result = fit(Image.fromarray(pixels), Preprocessing(64, 20))
    assert result.shape == (64, 20, 3)
    assert result.dtype == np.uint8
    assert corners(Image.fromarray(result)) == UPRIGHT


def test_crop_takes_the_centre_and_keeps_proportions():
    """A centered square of the shorter side: equal to cutting it out and resizing it, but for the rim, which sees its neighbors."""
    noise = np.random.default_rng(1).integers(0, 256, (40, 100, 3), np.uint8)
    image = Image.fromarray(noise)
    expected = image.crop((30, 0, 70, 40)).resize((20, 20), Image.Resampling.BILINEAR)
    result = fit(image, Preprocessing(20, 20, resize="crop"))
    assert result.shape == (20, 20, 3)
    np.testing.assert_array_equal(result[:, 1:-1], np.asarray(expected)[:, 1:-1])


def test_pad_keeps_proportions_on_black():
    """A wide white picture gets equal black bars above and below."""
    result = fit(Image.new("RGB", (80, 40), "white"), Preprocessing(40, 40, resize="pad"))
    np.testing.assert_array_equal(result[:, 20, 0], [0] * 10 + [255] * 20 + [0] * 10)


@pytest.mark.parametrize("resize", ["stretch", "crop", "pad"])
@pytest.mark.parametrize("size", [(1, 1), (1, 900), (900, 1), (3, 2)])
def test_any_size_can_be_fitted(resize, size):
    """One pixel, a line, and tiny pictures."""
    result = fit(Image.new("RGB", size, (10, 20, 30)), Preprocessing(17, 31, resize=resize))
    assert result.shape == (17, 31, 3)
    assert (result == [10, 20, 30]).all(axis=-1).any()


def test_all_real_photographs_can_be_read(shared):
    """The 50 originals of Flickr8k and the 40 pictures of COCO."""
    paths = sorted(
        [
            *(shared / "flickr8k/images_original").glob("*.jpg"),
            *(shared / "coco/val2017").glob("*.jpg"),
        ]
    )
    assert len(paths) == 90
    for path in paths:
        assert fit(read_picture(path, size=(224, 224)), Preprocessing(224, 224)).std() > 5
