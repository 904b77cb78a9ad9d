"""Frames of animated PNG files of every depth and color type."""

import struct
import zlib

import numpy as np
import pytest

from lrcn_seq.data.media.animated_png import composed_frames, is_animated_png, png_size
from lrcn_seq.data.media.animation import AnimatedImage
from lrcn_seq.errors import MediaError
from tests.raw_images import COLOR, GRAY, PALETTE, chunk, png

WIDTH, HEIGHT = 11, 7
GRAY_ALPHA, COLOR_ALPHA = 4, 6
CHANNELS = {GRAY: 1, COLOR: 3, PALETTE: 1, GRAY_ALPHA: 2, COLOR_ALPHA: 4}
KINDS = [
    *((depth, GRAY) for depth in (1, 2, 4, 8, 16)),
    *((depth, PALETTE) for depth in (1, 2, 4, 8)),
    *((depth, color) for color in (COLOR, GRAY_ALPHA, COLOR_ALPHA) for depth in (8, 16)),
]
COLORS = np.random.default_rng(3).integers(0, 256, (256, 3))
OPACITIES = [0, 90, 255, 200]


def packed(samples: np.ndarray, depth: int) -> bytes:
    """Return compressed rows of samples (H, W, C)."""
    rows = samples.reshape(len(samples), -1, 1).astype(">u2" if depth == 16 else "u1")
    bits = np.unpackbits(rows.view("u1"), axis=2)[:, :, -depth:].reshape(len(rows), -1)
    return zlib.compress(b"".join(b"\0" + np.packbits(row).tobytes() for row in bits))


def animation(depth, color, frames, chunks=(), fallback=None) -> bytes:
    """Return an animated PNG of frames (samples, left, top, disposal, blending)."""
    parts = [(b"IHDR", struct.pack(">2I5B", WIDTH, HEIGHT, depth, color, 0, 0, 0)), *chunks]
    parts.append((b"acTL", struct.pack(">2I", len(frames), 0)))
    if fallback is not None:
        parts.append((b"IDAT", packed(fallback, depth)))
    for number, (samples, left, top, disposal, blending) in enumerate(frames):
        height, width = samples.shape[:2]
        values = (2 * number, width, height, left, top, 3, 10, disposal, blending)
        parts.append((b"fcTL", struct.pack(">5I2H2B", *values)))
        data, is_first = packed(samples, depth), number == 0 and fallback is None
        number_bytes = struct.pack(">I", 2 * number + 1)
        parts.append((b"IDAT", data) if is_first else (b"fdAT", number_bytes + data))
    body = b"".join(chunk(*part) for part in [*parts, (b"IEND", b"")])
    return b"\x89PNG\r\n\x1a\n" + body


def rgba(samples, depth, color, transparent) -> np.ndarray:
    """Return samples (H, W, C) as RGBA from 0 to 1."""
    result = np.ones((*samples.shape[:2], 4))
    if color == PALETTE:
        result[..., :3] = COLORS[samples[..., 0]] / 255
        opacities = np.array(OPACITIES + [255] * 252) if transparent else np.full(256, 255)
        result[..., 3] = opacities[samples[..., 0]] / 255
        return result
    scaled = samples / (2**depth - 1)
    if color in (GRAY_ALPHA, COLOR_ALPHA):
        result[..., :3], result[..., 3] = scaled[..., :-1], scaled[..., -1]
        return result
    result[..., :3] = scaled
    if transparent:
        result[..., 3] = (samples != transparent).any(-1)
    return result


def composed(frames, *kind) -> np.ndarray:
    """Return frames composed on white by the rules of the specification."""
    canvas, results = np.zeros((HEIGHT, WIDTH, 4)), []
    for number, (samples, left, top, disposal, blending) in enumerate(frames):
        before, source = canvas.copy(), rgba(samples, *kind)
        part = canvas[top : top + samples.shape[0], left : left + samples.shape[1]]
        alpha = source[..., 3:]
        if blending == 0:
            part[:] = source
        else:
            opacity = alpha + part[..., 3:] * (1 - alpha)
            weighted = source[..., :3] * alpha + part[..., :3] * part[..., 3:] * (1 - alpha)
            part[..., :3] = weighted / np.maximum(opacity, 1e-9)
            part[..., 3:] = opacity
        results.append(255 * (canvas[..., :3] * canvas[..., 3:] + 1 - canvas[..., 3:]))
        if disposal == 1 or (disposal == 2 and number == 0):
            part[:] = 0
        elif disposal == 2:
            canvas = before
    return np.array(results)


def random_frames(depth, color, seed):
    """Return random frames of a few colors, and the first of these colors."""
    random = np.random.default_rng(seed)
    values = random.integers(0, 2**depth, (4, CHANNELS[color]))
    if color == PALETTE:
        values = np.arange(4)[:, None] % 2**depth
    frames = []
    for number in range(5):
        width, height = (random.integers(1, limit + 1) for limit in (WIDTH, HEIGHT))
        width, height = (WIDTH, HEIGHT) if number == 0 else (width, height)
        left, top = random.integers(WIDTH - width + 1), random.integers(HEIGHT - height + 1)
        samples = values[random.integers(0, 4, (height, width))]
        frames.append((samples, left, top, random.integers(3), random.integers(2)))
    return frames, values[0].tolist()


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("has_transparency", [False, True])
@pytest.mark.parametrize(("depth", "color"), KINDS)
def test_frames_are_composed_as_specified(tmp_path, depth, color, has_transparency, seed):
    """Frames of every kind are composed by disposal, blending and transparency, on white."""
    frames, first = random_frames(depth, color, seed)
    transparent = first if has_transparency else None
    chunks = []
    if color == PALETTE:
        chunks.append((b"PLTE", COLORS[: 2**depth].astype(np.uint8).tobytes()))
    if transparent and color == PALETTE:
        chunks.append((b"tRNS", bytes(OPACITIES[: 2**depth])))
    elif transparent and color in (GRAY, COLOR):
        chunks.append((b"tRNS", struct.pack(f">{len(first)}H", *first)))
    fallback = np.zeros((HEIGHT, WIDTH, CHANNELS[color]), int) if seed % 2 else None
    (tmp_path / "a.png").write_bytes(animation(depth, color, frames, chunks, fallback))
    pixels = AnimatedImage(tmp_path / "a.png").frames(None)
    np.testing.assert_allclose(pixels, composed(frames, depth, color, transparent), atol=3)


def flat_frames(count: int = 3) -> list[tuple]:
    return [(np.full((HEIGHT, WIDTH, 1), 60 * n), 0, 0, 0, 0) for n in range(count)]


def test_frames_have_their_seconds():
    """The duration of a frame is a fraction of a second; a denominator of 0 means 100."""
    content = animation(8, GRAY, flat_frames())
    assert [seconds for _, seconds in composed_frames(content)] == [0.3] * 3
    old = struct.pack(">5I2H", 0, WIDTH, HEIGHT, 0, 0, 3, 10)
    place = content.index(old)
    changed = chunk(b"fcTL", old[:-4] + struct.pack(">2H2B", 7, 0, 0, 0))
    content = content[: place - 8] + changed + content[place - 8 + len(changed) :]
    assert [seconds for _, seconds in composed_frames(content)] == [0.07, 0.3, 0.3]


@pytest.mark.parametrize("cut", [1, 20, 60])
def test_missing_frames_are_an_error(tmp_path, cut):
    """A truncated animation raises MediaError, and its complete frames can be read."""
    path = tmp_path / "a.png"
    path.write_bytes(animation(8, GRAY, flat_frames())[:-cut])
    with pytest.raises(MediaError, match=r"expected 3 frames. Received: [12]"):
        AnimatedImage(path).times()
    assert AnimatedImage(path).frames(None, [0]).shape == (1, HEIGHT, WIDTH, 3)


def test_damaged_frames_are_an_error():
    """A frame with a wrong checksum, and one that exceeds the image, raise OSError."""
    content = animation(8, GRAY, flat_frames())
    place = content.rindex(b"fdAT") + 9
    with pytest.raises(OSError, match="damaged chunk"):
        list(composed_frames(content[:place] + b"\x99" + content[place + 1 :]))
    outside = (np.zeros((2, 2, 1), int), WIDTH - 1, 0, 0, 0)
    with pytest.raises(OSError, match="exceeds the image"):
        list(composed_frames(animation(8, GRAY, [*flat_frames(), outside])))


def test_damaged_metadata_does_not_hide_frames(tmp_path):
    """An animation whose metadata is damaged keeps all frames."""
    text = [(b"tEXt", b"key\0value")]
    content = animation(8, GRAY, flat_frames(), text).replace(b"value", b"other")
    (tmp_path / "a.png").write_bytes(content)
    assert AnimatedImage(tmp_path / "a.png").frames(None)[:, 0, 0, 0].tolist() == [0, 60, 120]


def test_only_animations_are_animated():
    """Only a PNG file with a count of frames before its pixels is an animation."""
    content = animation(8, GRAY, flat_frames())
    still = png((2, 3), 8, GRAY, [b"ab"] * 3)
    assert is_animated_png(content)
    assert png_size(content) == (WIDTH, HEIGHT)
    for other in (still, still[:-12] + chunk(b"acTL", b"\0\0\0\1\0\0\0\0"), b"text", b""):
        assert not is_animated_png(other)


def test_frames_are_turned_upright(tmp_path):
    """The EXIF orientation of a PNG file applies to all frames of its animation."""
    exif = b"MM\0\x2a\0\0\0\x08\0\1\x01\x12\0\3\0\0\0\1\0\6\0\0\0\0\0\0"
    frames = [(np.arange(HEIGHT * WIDTH).reshape(HEIGHT, WIDTH, 1), 0, 0, 0, 0)] * 2
    (tmp_path / "a.png").write_bytes(animation(8, GRAY, frames, [(b"eXIf", exif)]))
    turned = np.rot90(frames[0][0][..., 0], -1)
    for pixels in AnimatedImage(tmp_path / "a.png").frames(None):
        np.testing.assert_array_equal(pixels[..., 0], turned)
