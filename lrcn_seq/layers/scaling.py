"""Pixel scalings, applied in the compiled graph so that training and inference share them."""

from __future__ import annotations

from keras import ops

from lrcn_seq.errors import ArgumentError
from lrcn_seq.records import Tensor

CAFFE_MEAN_BGR = (103.939, 116.779, 123.68)
LRCN_MEAN_BGR = (103.939, 116.779, 128.68)
"""The mean of the released LRCN (sequence_input_layer.py), whose red value is a typographical
error."""
TORCH_MEAN = (0.485, 0.456, 0.406)
TORCH_DEVIATION = (0.229, 0.224, 0.225)


def scale(frames: Tensor, scaling: str) -> Tensor:
    """Return pixels in the value range that a pretrained network expects.

    Args:
        frames: pixels (..., 3) in RGB order from 0 to 255, of any dtype.
        scaling: `none` for 0 to 255; `unit` for 0 to 1; `tf` for −1 to 1; `caffe` for BGR minus
            the ImageNet mean; `torch` for `unit`, standardized by the ImageNet mean and standard
            deviation; `caffe_lrcn` for `caffe` with the red mean of the released LRCN, 128.68
            instead of 123.68; `flow` for optical flow, minus 128, so that no motion is 0.

    Returns:
        A float32 tensor of the same shape.

    Raises:
        ArgumentError: If the scaling is unknown.
    """
    pixels = ops.cast(frames, "float32")
    match scaling:
        case "none":
            return pixels
        case "unit":
            return pixels / 255.0
        case "tf":
            return pixels / 127.5 - 1.0
        case "caffe" | "caffe_lrcn":
            mean = CAFFE_MEAN_BGR if scaling == "caffe" else LRCN_MEAN_BGR
            return ops.flip(pixels, axis=-1) - ops.array(mean, "float32")
        case "flow":
            return pixels - 128.0
        case "torch":
            mean, deviation = (
                ops.array(TORCH_MEAN, "float32"),
                ops.array(TORCH_DEVIATION, "float32"),
            )
            return (pixels / 255.0 - mean) / deviation
    raise ArgumentError(
        "expected a scaling of none, unit, tf, caffe, torch, caffe_lrcn or flow. "
        f"Received: scaling={scaling!r}."
    )
