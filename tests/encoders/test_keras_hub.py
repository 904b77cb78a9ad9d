"""Backbones of KerasHub, offline."""

import json

import numpy as np
import pytest
from keras import ops

from lrcn_seq.encoders.keras_hub import KerasHub
from lrcn_seq.errors import ArgumentError, DataError
from lrcn_seq.layers.packing import pack

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


def array(tensor):
    return ops.convert_to_numpy(tensor)


@pytest.fixture(scope="module")
def preset(tmp_path_factory):
    """The folder of a saved preset with an image converter, and its network."""
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
def test_by_class(backbone, arguments, grid):
    """A class with plain arguments gives a grid or tokens, or their mean."""
    full = KerasHub(backbone=backbone, arguments=arguments, size=32, output="grid")
    pooled = KerasHub(backbone=backbone, arguments=arguments, size=32)
    pooled.network.set_weights(full.network.get_weights())
    found = array(full(pack(PIXELS)).features)
    assert found.shape == grid
    assert np.allclose(
        array(pooled(pack(PIXELS)).features), found.mean(2, keepdims=True), atol=1e-5
    )


def test_preset_brings_scaling_size_and_weights(preset):
    """A preset gives its own size, resizing and scaling, and after `load_pretrained` its weights."""
    folder, network = preset
    encoder = KerasHub(preset=str(folder), output="grid")
    encoder.load_pretrained()
    assert encoder.preprocessing[:3] == (32, 32, "crop")
    expected = array(
        network(
            PIXELS.reshape(6, 32, 32, 3) * np.array([0.1, 0.2, 0.3], "float32")
            + np.array([1, 2, 3], "float32")
        )
    )
    assert np.allclose(
        array(encoder(pack(PIXELS)).features), expected.reshape(2, 3, 64, 8), atol=1e-4
    )


def test_resolved_needs_no_preset(preset):
    """What `resolved` says is plain JSON and builds the same encoder when the preset is gone."""
    folder, _ = preset
    first = KerasHub(preset=str(folder))
    again = KerasHub(preset="/gone/preset", **json.loads(json.dumps(first.resolved)))
    again.network.set_weights(first.network.get_weights())
    assert np.array_equal(array(first(pack(PIXELS)).features), array(again(pack(PIXELS)).features))


def test_train(preset):
    """`all` trains the network, `frozen` does not."""
    assert KerasHub(backbone="VGGBackbone", arguments=VGG, size=32).frozen
    assert not KerasHub(backbone="VGGBackbone", arguments=VGG, size=32, train="all").frozen


def test_unreachable_preset(monkeypatch):
    """A preset that cannot be fetched is one sentence that names the host."""
    import keras_hub

    def fail(*_, **__):
        raise ConnectionError(
            "HTTPSConnectionPool(host='models.example', port=443): Failed to resolve 'models.example' ([Errno -2] Name or service not known)"
        )

    monkeypatch.setattr(keras_hub.models.Backbone, "from_preset", fail)
    with pytest.raises(
        DataError,
        match=r"The KerasHub preset 'resnet_50_imagenet' could not be read from models.example",
    ):
        KerasHub(preset="resnet_50_imagenet")


def test_broken_preset(tmp_path):
    """A folder that holds no preset is one sentence with its path."""
    (tmp_path / "config.json").write_text("{")
    with pytest.raises(
        DataError,
        match=r"could not be read \(.*Check the network, or give the folder of a saved preset",
    ) as caught:
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
            "VGGBackbone cannot be built so",
        ),
    ],
)
def test_wrong_arguments(options, sentence):
    """A wrong argument is named, with what is known."""
    with pytest.raises(ArgumentError, match=sentence):
        KerasHub(**options)
