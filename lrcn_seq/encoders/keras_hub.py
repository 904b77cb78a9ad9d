"""Every image backbone of KerasHub, by preset or by class."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Literal

import keras
from keras import ops

from lrcn_seq.encoders.base import Encoder
from lrcn_seq.errors import ArgumentError, DataError, did_you_mean
from lrcn_seq.layers.precision import built_under
from lrcn_seq.records import Positive, Preprocessing
from lrcn_seq.registry import encoders


@encoders.register
class KerasHub(Encoder):
    """A KerasHub backbone under every frame; features (N, R, D).

    Either `preset`, a name that KerasHub knows or a folder that `save_to_preset` wrote: then size, scaling and resizing are the preset's own;
    or `backbone`, the name of a class, with its `arguments`. `resolved` names class and arguments of a preset, so that a
    saved run is built again without fetching anything.
    `output`: `pooled` (mean, R = 1) or `grid` (the regions of the last map, or all tokens of a transformer). `train`: `frozen` or `all`.
    Pixels enter as x · scale + offset, for all channels or for each.
    """

    def __init__(
        self,
        *,
        preset: str = "",
        backbone: str = "",
        arguments: dict[str, Any] | None = None,
        output: Literal["pooled", "grid"] = "pooled",
        train: Literal["frozen", "all"] = "frozen",
        size: Positive | None = None,
        resize: Literal["stretch", "crop", "pad"] | None = None,
        scale: list[float] | None = None,
        offset: list[float] | None = None,
        **kwargs,
    ):
        super().__init__(**kwargs)
        if not preset and not backbone:
            raise ArgumentError(
                "Expected a KerasHub preset or the name of a backbone class. Received: preset='', backbone=''; give one of them."
            )
        self.preset, self.pooled = preset, output == "pooled"
        found = {} if backbone else _described(preset)
        self.backbone, self.arguments = (
            backbone or found["backbone"],
            arguments if backbone else found["arguments"],
        )
        self.size = size or found.get("size") or 224
        self.resize_rule = resize or found.get("resize", "stretch")
        self.scale, self.offset = (
            scale or found.get("scale", [1 / 255]),
            offset or found.get("offset", [0.0]),
        )
        with built_under(self.dtype_policy):
            self.network = _built(self.backbone, self.arguments or {})
        if not hasattr(self.network.output, "shape") or len(self.network.output.shape) not in (
            3,
            4,
        ):
            raise ArgumentError(
                f"Expected a backbone that gives one grid or row of tokens. Received: backbone={self.backbone!r}; choose another."
            )
        self.network.trainable = train == "all"

    @property
    def preprocessing(self) -> Preprocessing:
        """Size and resizing; pixels are scaled by `scale` and `offset`."""
        return Preprocessing(self.size, self.size, resize=self.resize_rule)

    @property
    def resolved(self) -> dict[str, Any]:
        """What the preset stands for: the class, its arguments, and how pixels reach it."""
        return {
            "backbone": self.backbone,
            "arguments": self.arguments or {},
            "size": self.size,
            "resize": self.resize_rule,
            "scale": self.scale,
            "offset": self.offset,
        }

    def load_pretrained(self) -> None:
        """Loads the weights of the preset, if one is named.

        Raises:
            DataError: it cannot be fetched, or is broken.
        """
        if self.preset:
            self.network.set_weights(_fetched(self.preset, load_weights=True).get_weights())

    def encode_frames(self, frames, training: bool = False):
        """Pixels (N, H, W, 3) to features (N, R, D)."""
        pixels = ops.cast(frames, "float32") * ops.array(self.scale, "float32") + ops.array(
            self.offset, "float32"
        )
        found = self.network(pixels, training=training and not self.frozen)
        regions = (
            found
            if len(found.shape) == 3
            else ops.reshape(found, (-1, found.shape[1] * found.shape[2], found.shape[3]))
        )
        return ops.mean(regions, axis=1, keepdims=True) if self.pooled else regions


def _built(name: str, arguments: dict[str, Any]) -> keras.Model:
    import keras_hub

    known = [
        kind for kind in dir(keras_hub.models) if kind.endswith("Backbone") and kind != "Backbone"
    ]
    if name not in known:
        raise ArgumentError(
            f"KerasHub has no backbone class {name!r}.{did_you_mean(name, known)} Received: backbone={name!r}."
        )
    try:
        return getattr(keras_hub.models, name)(**arguments)
    except (TypeError, ValueError) as error:
        raise ArgumentError(
            f"{name} cannot be built so: {error} Received: arguments={arguments!r}."
        ) from error


def _described(preset: str) -> dict[str, Any]:
    """The class, arguments, size, resizing and scaling of a preset, its weights not fetched."""
    import keras_hub

    network = _fetched(preset, load_weights=False)
    arguments = {
        name: value
        for name, value in network.get_config().items()
        if name not in {"name", "trainable", "dtype"}
    }
    found = {"backbone": type(network).__name__, "arguments": arguments}
    try:
        converter = keras_hub.layers.ImageConverter.from_preset(preset)
    except (ValueError, FileNotFoundError):  # a preset may come without
        return found
    rule = (
        "crop"
        if converter.crop_to_aspect_ratio
        else "pad"
        if converter.pad_to_aspect_ratio
        else "stretch"
    )
    return {
        **found,
        "resize": rule,
        "size": converter.image_size and converter.image_size[0],
        "scale": _numbers(converter.scale, 1.0),
        "offset": _numbers(converter.offset, 0.0),
    }


def _numbers(value: Any, default: float) -> list[float]:
    if value is None:
        return [default]
    return (
        [float(number) for number in value] if isinstance(value, (list, tuple)) else [float(value)]
    )


def _fetched(preset: str, *, load_weights: bool) -> keras.Model:
    import keras_hub

    presets = keras_hub.models.Backbone.presets
    if preset not in presets and "/" not in preset and not Path(preset).is_dir():
        raise ArgumentError(
            f"KerasHub has no preset {preset!r}.{did_you_mean(preset, presets)} Received: preset={preset!r}; a folder is given by its path."
        )
    try:
        return keras_hub.models.Backbone.from_preset(preset, load_weights=load_weights)
    except Exception as error:  # requests, kagglehub, h5py and Keras each raise their own
        host = next(iter(re.findall(r"host='([^']+)'", str(error))), "")
        place = f" from {host}" if host else ""
        reason = str(error).rpartition(": ")[2].rstrip(")\"'") or "no reason given"
        raise DataError(
            f"The KerasHub preset {preset!r} could not be read{place} ({type(error).__name__}: {reason}). Check the network, or give the folder of a saved preset."
        ) from error
