"""Networks of `keras.applications` with pooled features, a grid, or the output of any layer."""

from __future__ import annotations

import inspect
import re
import sys
import warnings
from collections.abc import Iterator
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any, Literal, NamedTuple

import keras
from keras import ops

from lrcn_seq.encoders._layer_names import layers_by_name
from lrcn_seq.encoders.base import ConvolutionalEncoder
from lrcn_seq.errors import ArgumentError, DataError, did_you_mean
from lrcn_seq.layers.pooling import feature_shape, pool_output
from lrcn_seq.layers.precision import built_under
from lrcn_seq.layers.scaling import TORCH_DEVIATION, scale
from lrcn_seq.layers.weight_checks import variable_problem
from lrcn_seq.records import PositiveNumber, Preprocessing, Scaling, Side, Tensor
from lrcn_seq.registry import encoders


class NetworkInput(NamedTuple):
    """The frame size and the pixel scaling that a network was trained with."""

    size: int
    scaling: Scaling


EFFICIENT_NET_SIZES = (224, 240, 260, 300, 380, 456, 528, 600)
GROUPS: tuple[tuple[Scaling, int, str], ...] = (
    ("none", 224, "ConvNeXtTiny ConvNeXtSmall ConvNeXtBase ConvNeXtLarge ConvNeXtXLarge"),
    ("none", 224, "MobileNetV3Large MobileNetV3Small"),
    ("torch", 224, "DenseNet121 DenseNet169 DenseNet201"),
    ("tf", 224, "MobileNet MobileNetV2 NASNetMobile ResNet50V2 ResNet101V2 ResNet152V2"),
    ("tf", 299, "InceptionResNetV2 InceptionV3 Xception"),
    ("tf", 331, "NASNetLarge"),
    ("caffe", 224, "ResNet50 ResNet101 ResNet152 VGG16 VGG19"),
    ("none", 384, "EfficientNetV2S"),
    ("none", 480, "EfficientNetV2M EfficientNetV2L"),
    *(("none", size, f"EfficientNetB{n}") for n, size in enumerate(EFFICIENT_NET_SIZES)),
    *(("none", size, f"EfficientNetV2B{n}") for n, size in enumerate(EFFICIENT_NET_SIZES[:4])),
)
MAP_OUTPUTS = frozenset({"pooled", "rows", "grid"})
"""Outputs of the last feature map; other values of `output` are names of layers."""
INPUTS = {
    name: NetworkInput(size, scaling)
    for scaling, size, names in GROUPS
    for name in names.split()
    if hasattr(keras.applications, name)
}
"""The input of each network; the scaling `none` means that the network scales its input itself."""

Network = Literal[
    "ConvNeXtBase",
    "ConvNeXtLarge",
    "ConvNeXtSmall",
    "ConvNeXtTiny",
    "ConvNeXtXLarge",
    "DenseNet121",
    "DenseNet169",
    "DenseNet201",
    "EfficientNetB0",
    "EfficientNetB1",
    "EfficientNetB2",
    "EfficientNetB3",
    "EfficientNetB4",
    "EfficientNetB5",
    "EfficientNetB6",
    "EfficientNetB7",
    "EfficientNetV2B0",
    "EfficientNetV2B1",
    "EfficientNetV2B2",
    "EfficientNetV2B3",
    "EfficientNetV2L",
    "EfficientNetV2M",
    "EfficientNetV2S",
    "InceptionResNetV2",
    "InceptionV3",
    "MobileNet",
    "MobileNetV2",
    "MobileNetV3Large",
    "MobileNetV3Small",
    "NASNetLarge",
    "NASNetMobile",
    "ResNet101",
    "ResNet101V2",
    "ResNet152",
    "ResNet152V2",
    "ResNet50",
    "ResNet50V2",
    "VGG16",
    "VGG19",
    "Xception",
]
"""Names of the networks in `GROUPS`, written out because a type cannot be computed."""


@encoders.register
class Applications(ConvolutionalEncoder):
    """A network of `keras.applications` for each frame. Features are (N, R, D).

    Args:
        network: Name of the network.
        weights: `none`, `imagenet` (which Keras downloads once), or the path of a weights file of
            Keras, with or without the classifier.
        output: `pooled` gives the mean over the last feature map (R = 1), `rows` the means of its
            upper, middle and lower third (R = 3), `grid` its regions. The name of a layer gives
            its vector, such as `fc2` of VGG-16 (D = 4096), or its feature map; `predictions` gives
            the scores before the softmax.
        train: `frozen`, `all`, or the name of the first layer to fine-tune. Batch normalization of
            frozen layers stays in inference mode.
        size: Height and width of the frames; by default those that the network was trained with.
        alpha: Width multiplier of a MobileNet.
        scaling: Pixel scaling instead of that of the network: `flow` for optical flow,
            `caffe_lrcn` for the mean of the released LRCN.

    Raises:
        ArgumentError: No network or layer has the given name, or the network cannot be built with
            these arguments.
    """

    def __init__(
        self,
        network: Network,
        *,
        weights: str = "none",
        output: str = "pooled",
        train: str = "frozen",
        size: Side | None = None,
        alpha: PositiveNumber = 1.0,
        scaling: Scaling | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if network not in INPUTS:
            raise ArgumentError(
                f"keras.applications has no network {network!r}.{did_you_mean(network, INPUTS)} "
                f"Received: network={network!r}; known: {', '.join(INPUTS)}."
            )
        self.architecture, self.alpha = network, float(alpha)
        self.pretrained, self.output_kind = weights, output
        self.size = size or INPUTS[network].size
        self.scaling = scaling or INPUTS[network].scaling
        convolutions = self._build_full(None, top=False)
        names = list(layers_by_name(convolutions))
        self.layer_name = names[-1] if output in MAP_OUTPUTS else output
        self.include_top = self.layer_name not in names
        full = self._build_full(None, top=True) if self.include_top else convolutions
        self.network = self._cut(full)
        self._freeze_before(train)

    @property
    def preprocessing(self) -> Preprocessing:
        """Frames stretched to size × size, with the scaling of the network or the given one."""
        return Preprocessing(self.size, self.size, scaling=self.scaling)

    @property
    def feature_shape(self) -> tuple[int, int] | None:
        """Shape (R, D) of the features, from the output of the network."""
        return feature_shape(self.network.output.shape, self.output_kind)

    def load_pretrained(self) -> None:
        """Load the weights specified by `weights`.

        Raises:
            ArgumentError: The weights do not fit the constructor arguments.
            DataError: The file is missing, broken or of another network, or the download fails.
        """
        if self.pretrained == "none":
            return
        source = (
            self._download()
            if self.pretrained == "imagenet"
            else self._read_file(Path(self.pretrained).expanduser())
        )
        self.network.set_weights(self._cut(source).get_weights())
        if self.architecture.startswith("EfficientNetB"):
            # Keras adds a layer that divides inputs only if Keras itself downloads the weights.
            variance = self._normalizations()[0].adapt_variance
            variance.assign(variance * ops.array(TORCH_DEVIATION, variance.dtype))

    @property
    def has_maps(self) -> bool:
        """Whether the output of the network is a feature map."""
        return len(self.network.output.shape) == 4

    def frame_maps(self, frames: Tensor, training: bool = False) -> Tensor:
        """Return the output (N, h, w, C) or (N, D) of the network for frames (N, H, W, 3)."""
        for layer in self._normalizations():
            # A resumed run assigns the variables from which the layer computes its constants.
            layer.finalize_state()
        return self.network(scale(frames, self.scaling), training=training and not self.frozen)

    def pool_maps(self, maps: Tensor, training: bool = False) -> Tensor:  # noqa: ARG002 - the interface
        """Return features (N, R, D) of the output of the network."""
        return pool_output(maps, self.output_kind)

    def _normalizations(self) -> list[keras.layers.Normalization]:
        return [
            layer for layer in self.network.layers if isinstance(layer, keras.layers.Normalization)
        ]

    def _build_full(
        self, weights: str | None, *, top: bool, size: int | None = None
    ) -> keras.Model:
        """Build the complete network with the dtype policy of this layer.

        Args:
            weights: `imagenet`, or None for random weights.
            top: Whether to include the classifier.
            size: Height and width of the frames; by default `self.size`.
        """
        function = getattr(keras.applications, self.architecture)
        size = size or self.size
        options = {}
        if "alpha" in inspect.signature(function).parameters:
            options["alpha"] = self.alpha
        elif self.alpha != 1.0:
            raise ArgumentError(
                f"Expected no alpha: {self.architecture} has one width only. Received: "
                f"alpha={self.alpha}; leave it out."
            )
        with built_under(self.dtype_policy):
            try:
                return function(
                    weights=weights,
                    include_top=top,
                    input_shape=(size, size, 3),
                    classifier_activation=None,
                    **options,
                )
            except ValueError as error:
                if weights is not None:
                    raise
                raise ArgumentError(
                    f"Expected arguments that fit {self.architecture}: {error} Received: "
                    f"size={size}, alpha={self.alpha}; change them."
                ) from error

    def _cut(self, full: keras.Model) -> keras.Model:
        """Return the part of a network up to the output layer, with shared weights."""
        layers = layers_by_name(full)
        if self.layer_name not in layers:
            raise ArgumentError(
                f"{self.architecture} has no layer {self.layer_name!r}."
                f"{did_you_mean(self.layer_name, layers)} Received: output={self.layer_name!r}; "
                "expected pooled, rows, grid or the name of a layer."
            )
        output = layers[self.layer_name].output
        if len(getattr(output, "shape", ())) not in (2, 4):
            raise ArgumentError(
                "Expected a layer that gives one vector or feature map. Received: "
                f"output={self.layer_name!r} of {self.architecture}; name another layer."
            )
        return keras.Model(full.input, output, name="network")

    def _freeze_before(self, train: str) -> None:
        """Freeze the layers before the layer named `train`."""
        layers = layers_by_name(self.network)
        if train not in {"frozen", "all", *layers}:
            raise ArgumentError(
                f"{self.architecture} has no layer {train!r}.{did_you_mean(train, layers)} "
                f"Received: train={train!r}; expected frozen, all or the first layer to fine-tune."
            )
        if train == "all":
            return
        for name, layer in layers.items():
            if name == train:
                return
            layer.trainable = False

    def _download(self) -> keras.Model:
        """Return the network with ImageNet weights."""
        try:
            # Keras prints its progress to stdout, which is reserved for the output of `--json`.
            with redirect_stdout(sys.stderr):
                return self._build_full("imagenet", top=self.include_top)
        except ValueError as error:
            raise ArgumentError(
                f"Expected arguments that fit the ImageNet weights of {self.architecture}: {error} "
                f"Received: size={self.size}, alpha={self.alpha}, output={self.output_kind!r}; "
                "change them, or give `weights: none`."
            ) from error
        except Exception as error:
            addresses = re.findall(r"https?://[^\s:]+", str(error))
            address = addresses[0] if addresses else "the host of Keras's weights"
            reason = str(error).rpartition(" -- ")[2]
            raise DataError(
                f"The ImageNet weights of {self.architecture} could not be fetched from {address} "
                f"({reason}). Check the network connection, or set encoder.weights to the path of "
                "a weights file or to none."
            ) from error

    def _read_file(self, path: Path) -> keras.Model:
        """Return the network with the weights of a file."""
        if not path.is_file():
            raise DataError(
                f"{path}: expected the weights of {self.architecture}; there is no such file. Set "
                "encoder.weights to the path of an existing file, imagenet or none."
            )
        reasons = []
        for network in self._file_candidates():
            try:
                with warnings.catch_warnings():
                    # Keras only warns when it skips a part of the file.
                    warnings.simplefilter("error", UserWarning)
                    network.load_weights(path)
            except Exception as error:  # h5py and Keras raise many exception types
                reasons.append(" ".join(str(error).split())[:200])
            else:
                if problem := variable_problem(network.weights):
                    raise DataError(
                        f"{path}: expected finite weights of {self.architecture}. Received: "
                        f"{problem}; the file is damaged. Fetch it again."
                    )
                return network
        raise DataError(
            f"{path}: expected weights of {self.architecture} with alpha={self.alpha}; the file is "
            f"broken or of another network ({reasons[0]}). For weights of another width, set "
            "encoder.alpha."
        )

    def _file_candidates(self) -> Iterator[keras.Model]:
        """Yield the networks that may fit a file of weights; the network in use comes first.

        A file may include the classifier even if this encoder does not. Such a file does not fit a
        ConvNeXt without the classifier, because its last layer then differs.
        """
        yield self._build_full(None, top=self.include_top)
        if self.include_top:
            return
        full = self._build_full(None, top=True, size=INPUTS[self.architecture].size)
        if self.layer_name in layers_by_name(full):
            yield full
