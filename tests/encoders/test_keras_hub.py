"""Encoders from backbones of KerasHub, tested without network access."""

import json

import numpy as np
import pytest

from lrcn_seq.encoders.keras_hub import KerasHub
from lrcn_seq.errors import ArgumentError, DataError
from lrcn_seq.layers.packing import pack
from tests.encoders.equations import array

VGG = {"stackwise_num_repeats": [1, 1], "stackwise_num_filters": [4, 8]}
VIT = {
    "image_shape": [32, 32, 3],
    "patch_size": [16, 16],
    "num_layers": 1,
    "num_heads": 2,
    "hidden_dim": 8,
    "mlp_dim": 8,
}
PIXELS = np.random.default_rng(0).integers(0, 256, (2, 3, 32, 32, 3)).astype("uint8")


def features(encoder):
    """Return features (B, T, R, D) as an array."""
    return array(encoder(pack(PIXELS)).features)


@pytest.fixture(scope="module")
def preset(tmp_path_factory):
    """Save a preset with an image converter and return its folder and network."""
    import keras_hub

    folder = tmp_path_factory.mktemp("preset")
    network = keras_hub.models.VGGBackbone(**VGG)
    network.save_to_preset(str(folder))
    keras_hub.layers.ImageConverter(
        image_size=(32, 32),
        scale=[0.1, 0.2, 0.3],
        offset=[1.0, 2.0, 3.0],
        crop_to_aspect_ratio=True,
    ).save_to_preset(str(folder))
    return folder, network


@pytest.mark.parametrize(
    ("backbone", "arguments", "grid"),
    [("VGGBackbone", VGG, (2, 3, 64, 8)), ("ViTBackbone", VIT, (2, 3, 5, 8))],
)
def test_backbone_class(backbone, arguments, grid):
    """An encoder of a backbone class gives a grid of features or, by default, their mean."""
    full = KerasHub(backbone=backbone, arguments=arguments, size=32, output="grid")
    pooled = KerasHub(backbone=backbone, arguments=arguments, size=32)
    pooled.network.set_weights(full.network.get_weights())
    assert features(full).shape == grid
    assert np.allclose(features(pooled), features(full).mean(2, keepdims=True), atol=1e-5)


def test_rows_of_a_feature_map():
    """With `output: rows`, features are the means of three bands of the feature map."""
    full = KerasHub(backbone="VGGBackbone", arguments=VGG, size=32, output="grid")
    rows = KerasHub(backbone="VGGBackbone", arguments=VGG, size=32, output="rows")
    rows.network.set_weights(full.network.get_weights())
    maps = features(full).reshape(2, 3, 8, 8, 8)
    expected = [maps[:, :, band].mean((2, 3)) for band in (slice(3), slice(2, 6), slice(5, 8))]
    assert np.allclose(features(rows), np.stack(expected, 2), atol=1e-5)


def test_tokens_have_no_rows():
    """A transformer with `output: rows` raises an error that names it."""
    with pytest.raises(ArgumentError, match="Received: output='rows' for ViTBackbone"):
        KerasHub(backbone="ViTBackbone", arguments=VIT, size=32, output="rows")


def test_pixels_are_scaled_to_0_to_1_by_default():
    """A backbone without a preset reads pixels scaled to the range from 0 to 1."""
    encoder = KerasHub(backbone="VGGBackbone", arguments=VGG, size=32, output="grid")
    expected = array(encoder.network(PIXELS[0].astype("float32") / 255))
    assert np.allclose(features(encoder)[0], expected.reshape(3, 64, 8), atol=1e-5)


def test_preset_gives_preprocessing_and_weights(preset):
    """A preset determines size, resize rule, scaling and weights of the encoder."""
    folder, network = preset
    encoder = KerasHub(preset=str(folder), output="grid")
    encoder.load_pretrained()
    scale, offset = np.array([0.1, 0.2, 0.3], "float32"), np.array([1, 2, 3], "float32")
    expected = array(network(PIXELS.reshape(6, 32, 32, 3) * scale + offset))
    assert encoder.preprocessing[:3] == (32, 32, "crop")
    assert np.allclose(features(encoder), expected.reshape(2, 3, 64, 8), atol=1e-4)


def test_absurd_weights_of_a_preset(tmp_path):
    """A preset with a weight that is not finite raises an error that names the variable."""
    import keras_hub

    network = keras_hub.models.VGGBackbone(**VGG)
    network.weights[0].assign(np.full(network.weights[0].shape, np.nan))
    network.save_to_preset(str(tmp_path))
    with pytest.raises(
        DataError, match=r"expected a preset with finite weights\. Received: .*kernel"
    ):
        KerasHub(preset=str(tmp_path), size=32).load_pretrained()


def test_arguments_replace_those_of_the_preset(preset):
    """Arguments for size, resize rule, scale and offset take precedence over the preset."""
    folder, _ = preset
    given = {"size": 64, "resize": "pad", "scale": [0.5], "offset": [4.0]}
    encoder = KerasHub(preset=str(folder), **given)
    assert {name: encoder.resolved[name] for name in given} == given


def test_resolved_arguments_need_no_preset(preset):
    """The resolved arguments are JSON that builds the same encoder without the preset."""
    folder, _ = preset
    first = KerasHub(preset=str(folder))
    second = KerasHub(preset="/gone/preset", **json.loads(json.dumps(first.resolved)))
    second.network.set_weights(first.network.get_weights())
    assert np.array_equal(features(first), features(second))


def test_train():
    """The network of a backbone is trained with `train: all` and frozen by default."""
    assert KerasHub(backbone="VGGBackbone", arguments=VGG, size=32).frozen
    assert not KerasHub(backbone="VGGBackbone", arguments=VGG, size=32, train="all").frozen


def test_unreachable_preset(monkeypatch):
    """A preset that cannot be fetched raises a one-line error that names the host."""
    import keras_hub

    def fail(*_, **__):
        raise ConnectionError(
            "HTTPSConnectionPool(host='models.example', port=443): Failed to resolve "
            "'models.example' ([Errno -2] Name or service not known)"
        )

    monkeypatch.setattr(keras_hub.models.Backbone, "from_preset", fail)
    message = r"The KerasHub preset 'resnet_50_imagenet' could not be read from models.example"
    with pytest.raises(DataError, match=message):
        KerasHub(preset="resnet_50_imagenet")


def test_broken_preset(tmp_path):
    """A folder without a valid preset raises a one-line error with its path."""
    (tmp_path / "config.json").write_text("{")
    message = rf"'{tmp_path}' could not be read \(.*Check the network connection, or give"
    with pytest.raises(DataError, match=message) as caught:
        KerasHub(preset=str(tmp_path))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({}, "give one of them"),
        ({"preset": "resnet_50_imagent"}, "Did you mean 'resnet_50_imagenet'"),
        ({"backbone": "VGBackbone"}, "Did you mean 'VGGBackbone'"),
        (
            {"backbone": "VGGBackbone", "arguments": {"filters": 3}},
            "Expected arguments that fit VGGBackbone: .* Received: arguments={'filters': 3}",
        ),
    ],
)
def test_wrong_arguments(options, sentence):
    """A wrong argument raises an error that names the argument and suggests a known value."""
    with pytest.raises(ArgumentError, match=sentence):
        KerasHub(**options)
