"""Every network of `keras.applications` by name: pooled, as a grid, or read off at any layer."""

from __future__ import annotations

import inspect
import re
import sys
import warnings
from contextlib import redirect_stdout
from pathlib import Path
from typing import Literal, NamedTuple

import keras
from keras import ops

from lrcn_seq.encoders.base import Encoder
from lrcn_seq.errors import ArgumentError, DataError, did_you_mean
from lrcn_seq.layers.precision import built_under
from lrcn_seq.layers.scaling import TORCH_DEVIATION, scale
from lrcn_seq.records import Positive, PositiveNumber, Preprocessing, Scaling
from lrcn_seq.registry import encoders


class _Input(NamedTuple):
    size: int
    scaling: str


def _inputs() -> dict[str, _Input]:
    """Each network's own size and scaling (none: the network scales by itself)."""
    b_sizes = (224, 240, 260, 300, 380, 456, 528, 600)
    groups = {
        (
            "none",
            224,
        ): "ConvNeXtTiny ConvNeXtSmall ConvNeXtBase ConvNeXtLarge ConvNeXtXLarge MobileNetV3Large MobileNetV3Small",
        ("torch", 224): "DenseNet121 DenseNet169 DenseNet201",
        ("tf", 224): "MobileNet MobileNetV2 NASNetMobile ResNet50V2 ResNet101V2 ResNet152V2",
        ("tf", 299): "InceptionResNetV2 InceptionV3 Xception",
        ("tf", 331): "NASNetLarge",
        ("caffe", 224): "ResNet50 ResNet101 ResNet152 VGG16 VGG19",
        ("none", 384): "EfficientNetV2S",
        ("none", 480): "EfficientNetV2M EfficientNetV2L",
        **{("none", size, number): f"EfficientNetB{number}" for number, size in enumerate(b_sizes)},
        **{
            ("none", size, f"v{number}"): f"EfficientNetV2B{number}"
            for number, size in enumerate(b_sizes[:4])
        },
    }
    return {
        name: _Input(size, scaling)
        for (scaling, size, *_), names in groups.items()
        for name in names.split()
        if hasattr(keras.applications, name)
    }


INPUTS = _inputs()
Network = Literal[tuple(sorted(INPUTS))]


@encoders.register
class Applications(Encoder):
    """A network of `keras.applications`, its own scaling included; features (N, R, D).

    `output`: `pooled` (mean over the last grid, R = 1), `grid` (its regions), or the name of a layer: a vector such as VGG-16's
    `fc2` (D = 4096), or that layer's grid; `predictions` gives the scores before the softmax (the paper's fc8).
    `weights`: `none`, `imagenet` (downloaded once by Keras) or the path of a file that Keras wrote, with or without the classifier.
    `train`: `frozen`, `all`, or the name of the first layer that is fine-tuned; batch norm of frozen layers stays in inference mode.
    `alpha` is the width multiplier of the MobileNets. `size` is the side of the picture; without it the network's own.
    `scaling` takes the place of the network's own: `flow` for pictures of motion, `caffe_lrcn` for the mean of the released LRCN.
    """

    def __init__(
        self,
        network: Network,
        *,
        weights: str = "none",
        output: str = "pooled",
        train: str = "frozen",
        size: Positive | None = None,
        alpha: PositiveNumber = 1.0,
        scaling: Scaling | None = None,
        **kwargs,
    ):
        super().__init__(**kwargs)
        if network not in INPUTS:
            raise ArgumentError(
                f"keras.applications has no network {network!r}.{did_you_mean(network, INPUTS)} Received: network={network!r}; known: {', '.join(INPUTS)}."
            )
        self.architecture, self.pretrained, self.kind, self.alpha = (
            network,
            weights,
            output,
            float(alpha),
        )
        self.size, self.scaling = size or INPUTS[network].size, scaling or INPUTS[network].scaling
        bare = self._whole(None, top=False)
        names = list(_layers(bare))
        self.layer = names[-1] if output in {"pooled", "grid"} else output
        self.top = self.layer not in names
        self.network = self._cut(self._whole(None, top=True) if self.top else bare)
        self._train(train)

    @property
    def preprocessing(self) -> Preprocessing:
        """Stretched to size × size; the network's own scaling unless another was asked for."""
        return Preprocessing(self.size, self.size, scaling=self.scaling)

    def load_pretrained(self) -> None:
        """Loads what `weights` names.

        Raises:
            DataError: the file is missing, broken or of another network; the download failed.
        """
        if self.pretrained == "none":
            return
        source = (
            self._downloaded()
            if self.pretrained == "imagenet"
            else self._read(Path(self.pretrained).expanduser())
        )
        self.network.set_weights(self._cut(source).get_weights())
        if self.architecture.startswith("EfficientNetB"):
            # Keras adds this division as a layer, but only to networks that it fills from its own download.
            variance = next(
                layer
                for layer in self.network.layers
                if isinstance(layer, keras.layers.Normalization)
            ).adapt_variance
            variance.assign(variance * ops.array(TORCH_DEVIATION, variance.dtype))

    def encode_frames(self, frames, training: bool = False):
        """Pixels (N, H, W, 3) to features (N, R, D)."""
        for layer in self.network.layers:
            if isinstance(layer, keras.layers.Normalization):
                layer.finalize_state()  # its constants come from variables, which a resumed run assigns behind its back
        found = self.network(scale(frames, self.scaling), training=training and not self.frozen)
        if len(found.shape) == 2:
            return found[:, None, :]
        regions = ops.reshape(found, (-1, found.shape[1] * found.shape[2], found.shape[3]))
        return ops.mean(regions, axis=1, keepdims=True) if self.kind == "pooled" else regions

    def _whole(self, weights: str | None, *, top: bool, size: int | None = None) -> keras.Model:
        """The network as Keras builds it, under our precision."""
        function = getattr(keras.applications, self.architecture)
        size = size or self.size
        width = {"alpha": self.alpha} if "alpha" in inspect.signature(function).parameters else {}
        if not width and self.alpha != 1.0:
            raise ArgumentError(
                f"{self.architecture} has one width only. Received: alpha={self.alpha}; leave it out."
            )
        with built_under(self.dtype_policy):
            try:
                return function(
                    weights=weights,
                    include_top=top,
                    input_shape=(size, size, 3),
                    classifier_activation=None,
                    **width,
                )
            except ValueError as error:
                if weights is None:
                    raise ArgumentError(
                        f"{self.architecture} cannot be built so: {error} Received: size={size}, alpha={self.alpha}."
                    ) from error
                raise

    def _cut(self, whole: keras.Model) -> keras.Model:
        """The network up to the layer whose output is asked for."""
        layers = _layers(whole)
        if self.layer not in layers:
            raise ArgumentError(
                f"{self.architecture} has no layer {self.layer!r}.{did_you_mean(self.layer, layers)} Received: output={self.layer!r}; expected pooled, grid or the name of a layer."
            )
        found = layers[self.layer].output
        if not hasattr(found, "shape") or len(found.shape) not in (2, 4):
            raise ArgumentError(
                f"Expected a layer that gives one vector or grid a picture. Received: output={self.layer!r} of {self.architecture}; name another layer."
            )
        return keras.Model(whole.input, found, name="network")

    def _train(self, first: str) -> None:
        """Leaves trainable what comes from the layer `first` on."""
        layers = _layers(self.network)
        if first not in {"frozen", "all", *layers}:
            raise ArgumentError(
                f"{self.architecture} has no layer {first!r}.{did_you_mean(first, layers)} Received: train={first!r}; expected frozen, all or the first layer to fine-tune."
            )
        names = list(layers)
        start = {"frozen": len(names), "all": 0}.get(first)
        start = names.index(first) if start is None else start
        for name in names[:start]:
            layers[name].trainable = False

    def _downloaded(self) -> keras.Model:
        try:
            with redirect_stdout(
                sys.stderr
            ):  # Keras prints its progress where `--json` prints its object
                return self._whole("imagenet", top=self.top)
        except ValueError as error:
            raise ArgumentError(
                f"ImageNet weights of {self.architecture} do not fit these arguments: {error} Received: size={self.size}, alpha={self.alpha}, output={self.kind!r}."
            ) from error
        except Exception as error:
            address = next(
                iter(re.findall(r"https?://[^\s:]+", str(error))), "the host of Keras's weights"
            )
            reason = str(error).rpartition(" -- ")[2]
            raise DataError(
                f"The ImageNet weights of {self.architecture} could not be fetched from {address} ({reason}). Check the network, or give `weights: PATH` or `none`."
            ) from error

    def _read(self, path: Path) -> keras.Model:
        """The network with the weights of a file, which may hold the classifier though we leave it out."""
        if not path.is_file():
            raise DataError(
                f"{path}: expected the weights of {self.architecture}; there is no such file. Give `weights` an existing file, `imagenet` or `none`."
            )
        reasons = []
        for top in (True,) if self.top else (False, True):
            size = INPUTS[self.architecture].size if top and not self.top else self.size
            whole = self._whole(None, top=top, size=size)
            if self.layer not in _layers(whole):
                break  # ConvNeXt ends otherwise without its classifier, so a file with it holds no such layer
            try:
                with warnings.catch_warnings():
                    warnings.simplefilter(
                        "error", UserWarning
                    )  # so Keras says that it skipped a part of the file
                    whole.load_weights(path)
            except Exception as error:  # h5py and Keras raise many kinds
                reasons.append(" ".join(str(error).split())[:200])
            else:
                return whole
        raise DataError(
            f"{path}: expected weights of {self.architecture} with alpha={self.alpha}; the file is broken or of another network ({reasons[0]})."
        )


def _layers(network: keras.Model) -> dict[str, keras.layers.Layer]:
    """Layers by name. Names that Keras counts through the process start again at the class's own: `conv2d_95` is `conv2d_1` anywhere."""
    counted: dict[str, list[int]] = {}
    for layer in network.layers:
        base, number = _counted_name(layer)
        counted.setdefault(base, []).append(number)
    ranks = {base: sorted(numbers) for base, numbers in counted.items()}

    def name(layer: keras.layers.Layer) -> str:
        base, number = _counted_name(layer)
        rank = ranks[base].index(number)
        return layer.name if number < 0 else f"{base}_{rank}" if rank else base

    return {name(layer): layer for layer in network.layers}


def _counted_name(layer: keras.layers.Layer) -> tuple[str, int]:
    """The name without the number that Keras gave it, and the number; −1 for a name given by hand."""
    base = re.sub(r"(?<=.)(?=[A-Z][a-z])|(?<=[a-z])(?=[A-Z])", "_", type(layer).__name__).lower()
    match = re.fullmatch(rf"{base}(?:_(\d+))?", layer.name)
    return (base, int(match[1] or 0)) if match else (layer.name, -1)
