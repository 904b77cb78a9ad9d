"""Image backbones of KerasHub, by preset or by class."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

import keras
from keras import ops

from lrcn_seq.encoders.base import ConvolutionalEncoder
from lrcn_seq.errors import ArgumentError, DataError, did_you_mean
from lrcn_seq.layers.pooling import feature_shape, pool_output
from lrcn_seq.layers.precision import built_under
from lrcn_seq.layers.weight_checks import variable_problem
from lrcn_seq.records import Preprocessing, Side, Tensor
from lrcn_seq.registry import encoders


@encoders.register
class KerasHub(ConvolutionalEncoder):
    """A KerasHub backbone for each frame. Features are (N, R, D).

    Pixels x are scaled to x · scale + offset. Frame size, resize rule, scale and offset default to
    those of the preset.

    Args:
        preset: Name of a KerasHub preset, or a folder written by `save_to_preset`.
        backbone: Name of a backbone class, instead of the class of the preset.
        arguments: Constructor arguments of `backbone`.
        output: `grid` gives the regions of the last feature map, or all tokens of a transformer;
            `pooled` gives their mean (R = 1), and `rows` the means of the upper, middle and lower
            third of the feature map (R = 3).
        train: `frozen`, or `all` to fine-tune the backbone.
        size: Height and width of the frames.
        resize: Resize rule of the frames.
        scale: Factor of the pixels, one number or one per channel.
        offset: Offset of the pixels, one number or one per channel.

    Raises:
        ArgumentError: No preset or backbone is given, its name is unknown, the arguments do not
            fit it, or the backbone does not give one feature map or token sequence (for `rows`, a
            feature map).
        DataError: The preset cannot be read.
    """

    def __init__(
        self,
        *,
        preset: str = "",
        backbone: str = "",
        arguments: dict[str, Any] | None = None,
        output: Literal["pooled", "rows", "grid"] = "pooled",
        train: Literal["frozen", "all"] = "frozen",
        size: Side | None = None,
        resize: Literal["stretch", "crop", "pad"] | None = None,
        scale: list[float] | None = None,
        offset: list[float] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if not preset and not backbone:
            raise ArgumentError(
                "Expected a KerasHub preset or the name of a backbone class. Received: preset='', "
                "backbone=''; give one of them."
            )
        described: dict[str, Any] = {"backbone": backbone, "arguments": arguments}
        if not backbone:
            described = _describe_preset(preset)
        self.preset, self.output_kind = preset, output
        self.backbone, self.arguments = described["backbone"], described["arguments"] or {}
        self.size = size or described.get("size") or 224
        self.resize_rule = resize or described.get("resize", "stretch")
        self.scale = scale or described.get("scale", [1 / 255])
        self.offset = offset or described.get("offset", [0.0])
        with built_under(self.dtype_policy):
            self.network = _build_backbone(self.backbone, self.arguments)
        if output == "rows" and len(self.network.output.shape) != 4:
            raise ArgumentError(
                "Expected a backbone that gives a feature map, which has rows. Received: "
                f"output='rows' for {self.backbone}; choose pooled or grid."
            )
        self.network.trainable = train == "all"

    @property
    def preprocessing(self) -> Preprocessing:
        """Size and resize rule of the frames; the encoder scales the pixels itself."""
        return Preprocessing(self.size, self.size, resize=self.resize_rule)

    @property
    def resolved(self) -> dict[str, Any]:
        """Constructor arguments that build this encoder without its preset.

        They are saved with a run, so that loading the run does not download the preset.
        """
        return {
            "backbone": self.backbone,
            "arguments": self.arguments,
            "size": self.size,
            "resize": self.resize_rule,
            "scale": self.scale,
            "offset": self.offset,
        }

    @property
    def feature_shape(self) -> tuple[int, int] | None:
        """Shape (R, D) of the features, from the output of the network."""
        return feature_shape(self.network.output.shape, self.output_kind)

    def load_pretrained(self) -> None:
        """Load the weights of the preset, if there is one.

        Raises:
            DataError: The preset cannot be downloaded or is broken.
        """
        if not self.preset:
            return
        network = _load_preset(self.preset, load_weights=True)
        if problem := variable_problem(network.weights):
            raise DataError(
                f"{self.preset}: expected a preset with finite weights. Received: {problem}; the "
                "preset is damaged. Fetch it again."
            )
        self.network.set_weights(network.get_weights())

    @property
    def has_maps(self) -> bool:
        """Whether the output of the backbone is a feature map, instead of tokens."""
        return len(self.network.output.shape) == 4

    def frame_maps(self, frames: Tensor, training: bool = False) -> Tensor:
        """Return feature maps (N, h, w, C) or tokens (N, R, C) of frames (N, H, W, 3)."""
        scale, offset = ops.array(self.scale, "float32"), ops.array(self.offset, "float32")
        pixels = ops.cast(frames, "float32") * scale + offset
        return self.network(pixels, training=training and not self.frozen)

    def pool_maps(self, maps: Tensor, training: bool = False) -> Tensor:  # noqa: ARG002 - the interface
        """Return features (N, R, D) of feature maps or tokens."""
        return pool_output(maps, self.output_kind)


def _build_backbone(name: str, arguments: dict[str, Any]) -> keras.Model:
    """Return a new backbone with random weights; raise ArgumentError if it cannot be used."""
    import keras_hub

    known = [
        kind for kind in dir(keras_hub.models) if kind.endswith("Backbone") and kind != "Backbone"
    ]
    if name not in known:
        raise ArgumentError(
            f"KerasHub has no backbone class {name!r}.{did_you_mean(name, known)} Received: "
            f"backbone={name!r}."
        )
    try:
        network = getattr(keras_hub.models, name)(**arguments)
    except (TypeError, ValueError) as error:
        raise ArgumentError(
            f"Expected arguments that fit {name}: {error} Received: arguments={arguments!r}; "
            "change them."
        ) from error
    if len(getattr(network.output, "shape", ())) not in (3, 4):
        raise ArgumentError(
            "Expected a backbone that gives one feature map or token sequence. Received: "
            f"backbone={name!r}; choose another."
        )
    return network


def _describe_preset(preset: str) -> dict[str, Any]:
    """Return class, arguments, size, resize rule, scale and offset of a preset, without weights."""
    import keras_hub

    network = _load_preset(preset, load_weights=False)
    arguments = {
        name: value
        for name, value in network.get_config().items()
        if name not in {"name", "trainable", "dtype"}
    }
    described: dict[str, Any] = {"backbone": type(network).__name__, "arguments": arguments}
    try:
        converter = keras_hub.layers.ImageConverter.from_preset(preset)
    except (ValueError, FileNotFoundError):  # not every preset has an image converter
        return described
    crop, pad = converter.crop_to_aspect_ratio, converter.pad_to_aspect_ratio
    return {
        **described,
        "resize": "crop" if crop else "pad" if pad else "stretch",
        "size": converter.image_size and converter.image_size[0],
        "scale": _as_numbers(converter.scale, 1.0),
        "offset": _as_numbers(converter.offset, 0.0),
    }


def _as_numbers(value: float | Sequence[float] | None, default: float) -> list[float]:
    """Return a scale or offset as a list of one number, or of one number per channel."""
    if value is None:
        return [default]
    if isinstance(value, (list, tuple)):
        return [float(number) for number in value]
    return [float(value)]  # type: ignore[arg-type]  # a number, or a NumPy scalar


def _load_preset(preset: str, *, load_weights: bool) -> keras.Model:
    """Return the backbone of a preset.

    Raises:
        ArgumentError: No preset has this name.
        DataError: The preset cannot be downloaded or is broken.
    """
    import keras_hub

    presets = keras_hub.models.Backbone.presets
    if preset not in presets and "/" not in preset and not Path(preset).is_dir():
        raise ArgumentError(
            f"KerasHub has no preset {preset!r}.{did_you_mean(preset, presets)} Received: "
            f"preset={preset!r}; give a known name or the path of a folder."
        )
    try:
        return keras_hub.models.Backbone.from_preset(preset, load_weights=load_weights)
    except Exception as error:  # libraries raise many exception types
        host = next(iter(re.findall(r"host='([^']+)'", str(error))), "")
        origin = f" from {host}" if host else ""
        reason = str(error).rpartition(": ")[2].rstrip(")\"'") or "no reason given"
        raise DataError(
            f"The KerasHub preset {preset!r} could not be read{origin} ({type(error).__name__}: "
            f"{reason}). Check the network connection, or give the folder of a saved preset."
        ) from error
