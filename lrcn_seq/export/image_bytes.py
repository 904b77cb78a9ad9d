"""Decoding and resizing of images as operations of TensorFlow, with the pixels of Pillow.

Pillow resizes 8-bit images with integer coefficients, first the rows and then the columns, and
rounds after each (`Resample.c`). Sums of such products are exact in float64.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

PRECISION = 2.0**22
"""Pillow's factor of coefficients."""
REDUCTION = 3
"""Multiple of the target size to which a large JPEG file is decoded; see `data.media.image`."""


def decode_image(content: Any, size: tuple[int, int]) -> Any:
    """Return the pixels (H, W, 3) uint8 of an encoded image, a JPEG perhaps at a smaller size.

    The scale of a JPEG is that of Pillow's `draft` for three times the larger side of `size`.

    Args:
        content: a scalar string tensor.
        size: the (height, width) to which the image is resized afterwards.
    """
    import tensorflow as tf

    def jpeg(ratio: int) -> Callable[[], Any]:
        return lambda: tf.io.decode_jpeg(
            content, channels=3, ratio=ratio, dct_method="INTEGER_ACCURATE"
        )

    def any_jpeg() -> Any:
        sides = tf.io.extract_jpeg_shape(content)[:2]
        scale = tf.reduce_min(sides) // (REDUCTION * max(size))
        power = tf.reduce_sum(tf.cast(scale >= tf.constant([2, 4, 8]), "int32"))
        return tf.switch_case(power, [jpeg(ratio) for ratio in (1, 2, 4, 8)])

    def other() -> Any:
        return tf.io.decode_image(content, channels=3, expand_animations=False)

    pixels = tf.cond(tf.io.is_jpeg(content), any_jpeg, other)
    pixels.set_shape((None, None, 3))
    return pixels


def resize_image(
    pixels: Any, size: tuple[int, int], interpolation: str, *, crop: bool = False
) -> Any:
    """Return pixels (H, W, 3) uint8, resized to (height, width) as by Pillow.

    Some versions of Pillow resize the columns of tall images first, so that single pixels differ by
    a few levels.

    Args:
        pixels: pixels (H, W, 3) uint8.
        size: the (height, width) of the result.
        interpolation: bilinear, bicubic or lanczos.
        crop: whether to cut off borders instead of distorting the image.
    """
    import tensorflow as tf

    x, lengths = tf.cast(pixels, "float64"), tf.unstack(tf.shape(pixels)[:2])
    extents = [tf.cast(length, "float64") for length in lengths]
    if crop:
        aspect = size[1] / size[0]
        height, width = extents
        extents = [tf.minimum(height, width / aspect), tf.minimum(width, height * aspect)]
    starts = [
        (tf.cast(length, "float64") - extent) / 2
        for length, extent in zip(lengths, extents, strict=True)
    ]
    support = KERNELS[interpolation][1]
    gaps, offsets = [], []
    for axis, (start, extent) in enumerate(zip(starts, extents, strict=True)):
        scale = extent / size[axis]
        gaps.append(tf.maximum(tf.cast(scale / REDUCTION, "int32"), 1))
        margin = (support - 0.5) * scale
        offsets.append(tf.cast(tf.maximum(tf.floor(start - margin), 0.0), "int32"))
        end = tf.cast(tf.math.ceil(start + extent + margin), "int32")
        x = tf.gather(x, tf.range(offsets[axis], tf.minimum(end, lengths[axis])), axis=axis)
    x = _reduce(x, gaps)
    for axis, equation in ((1, "ow,hwc->hoc"), (0, "oh,hwc->owc")):
        gap = tf.cast(gaps[axis], "float64")
        start = (starts[axis] - tf.cast(offsets[axis], "float64")) / gap
        part = start, extents[axis] / gap
        weights = _coefficients(tf.shape(x)[axis], size[axis], part, interpolation)
        x = tf.clip_by_value(tf.floor(tf.einsum(equation, weights, x) / PRECISION + 0.5), 0, 255)
    return tf.ensure_shape(tf.cast(x, "uint8"), (*size, 3))


def _reduce(x: Any, factors: list[Any]) -> Any:
    """Return pixels (H, W, 3) in which each block has its mean, rounded as by `Image.reduce`."""
    import tensorflow as tf

    sums, count = x, tf.ones((1, 1), "float64")
    for axis, equation in ((0, "hb,hwc->bwc"), (1, "wb,hwc->hbc")):
        length = tf.shape(x)[axis]
        block = tf.range(length) // factors[axis]
        members = tf.one_hot(block, -(-length // factors[axis]), dtype="float64")
        sums = tf.einsum(equation, members, sums)
        sizes = tf.reduce_sum(members, axis=0)
        count = count * (sizes[:, None] if axis == 0 else sizes[None])
    multiplier = tf.floor(2.0**24 / count)
    half = tf.floor(count / 2)
    return tf.floor((sums + half[:, :, None]) * multiplier[:, :, None] / 2.0**24)


def _coefficients(length: Any, size: int, part: tuple[Any, Any], interpolation: str) -> Any:
    """Return the integer coefficients (size, length) of one axis in float64, times `PRECISION`.

    Args:
        length: the number of pixels.
        size: the number of pixels of the result.
        part: the start and the length of the resized part, in pixels.
        interpolation: the name of the kernel.
    """
    import tensorflow as tf

    kernel, support = KERNELS[interpolation]
    start, extent = part
    scale = extent / size
    stretch = tf.maximum(scale, 1.0)
    center = start + (tf.range(size, dtype="float64") + 0.5)[:, None] * scale
    places = tf.cast(tf.range(length), "float64")[None]
    first = tf.maximum(tf.floor(center - support * stretch + 0.5), 0.0)
    last = tf.floor(center + support * stretch + 0.5)
    weights = kernel((places - center + 0.5) / stretch)
    weights = tf.where((places >= first) & (places < last), weights, 0.0)
    weights = weights / tf.reduce_sum(weights, axis=1, keepdims=True) * PRECISION
    return tf.sign(weights) * tf.floor(tf.abs(weights) + 0.5)


def _bilinear(x: Any) -> Any:
    import tensorflow as tf

    return tf.maximum(1.0 - tf.abs(x), 0.0)


def _bicubic(x: Any) -> Any:
    import tensorflow as tf

    x, a = tf.abs(x), -0.5
    near = ((a + 2.0) * x - (a + 3.0)) * x * x + 1.0
    far = (((x - 5.0) * x + 8.0) * x - 4.0) * a
    return tf.where(x < 1.0, near, tf.where(x < 2.0, far, 0.0))


def _lanczos(x: Any) -> Any:
    import tensorflow as tf

    def sinc(y: Any) -> Any:
        y = math.pi * y
        one = tf.ones_like(y)
        return tf.where(y == 0.0, one, tf.sin(y) / tf.where(y == 0.0, one, y))

    return tf.where((x >= -3.0) & (x < 3.0), sinc(x) * sinc(x / 3.0), tf.zeros_like(x))


KERNELS: Mapping[str, tuple[Callable[[Any], Any], float]] = {
    "bilinear": (_bilinear, 1.0),
    "bicubic": (_bicubic, 2.0),
    "lanczos": (_lanczos, 3.0),
}
"""The kernel of each interpolation, and the distance up to which it is not 0."""
