"""Pixel scalings, applied inside the compiled graph so that training and serving share them."""

from __future__ import annotations

from keras import ops

from lrcn_seq.errors import ArgumentError

CAFFE_MEAN_BGR = (103.939, 116.779, 123.68)
LRCN_MEAN_BGR = (
    103.939,
    116.779,
    128.68,
)  # a slip of the pen in the released LRCN (sequence_input_layer.py)
TORCH_MEAN = (0.485, 0.456, 0.406)
TORCH_DEVIATION = (0.229, 0.224, 0.225)


def scale(frames, scaling: str):
    """Pixels (..., 3) from 0 to 255, any type, to float32 as a network expects them.

    none: as they are · unit: 0 to 1 · tf: −1 to 1 · caffe: BGR less the ImageNet mean · torch: unit, then standardized ·
    caffe_lrcn: caffe with the mean of red that the released LRCN has, 128.68 for 123.68 · flow: less 128, so that what stands still is 0.

    Raises:
        ArgumentError: the scaling has another name.
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
            return (pixels / 255.0 - ops.array(TORCH_MEAN, "float32")) / ops.array(
                TORCH_DEVIATION, "float32"
            )
    raise ArgumentError(
        f"Expected a scaling of none, unit, tf, caffe, torch, caffe_lrcn or flow. Received: scaling={scaling!r}."
    )
