"""Networks of keras.applications as encoders."""

import inspect

import keras
import numpy as np
import pytest

from lrcn_seq.encoders.applications import INPUTS, Applications
from lrcn_seq.errors import ArgumentError, DataError
from lrcn_seq.layers.packing import pack
from lrcn_seq.layers.scaling import scale
from tests.encoders.equations import array

PIXELS = np.random.default_rng(0).integers(0, 256, (2, 3, 64, 64, 3)).astype("uint8")
PACKED = PIXELS.reshape(6, 64, 64, 3).astype("float32")


def small(**options):
    """Return the smallest MobileNetV2 with frames of 64×64 pixels."""
    return Applications("MobileNetV2", **{"alpha": 0.35, "size": 64, **options})


def features(encoder, training=False):
    """Return features (B, T, R, D) as an array."""
    return array(encoder(pack(PIXELS), training=training).features)


def write_weights(path, **options):
    """Write random weights of MobileNetV2, including batch statistics, and return the network."""
    network = keras.applications.MobileNetV2(alpha=0.35, weights=None, **options)
    rng = np.random.default_rng(3)
    network.set_weights(
        [
            np.abs(rng.normal(size=w.shape)) * 0.2 + 0.5
            if "variance" in w.path
            else rng.normal(size=w.shape) * 0.3
            for w in network.weights
        ]
    )
    network.save_weights(path)
    return network


def test_inputs_cover_every_network():
    """The table of inputs has exactly the networks of keras.applications."""
    networks = {
        name
        for name in dir(keras.applications)
        if inspect.isfunction(getattr(keras.applications, name))
    }
    assert len(networks) >= 30
    assert set(INPUTS) == networks


@pytest.mark.parametrize("name", INPUTS)
def test_scaling_is_that_of_the_network(name):
    """The scaling of each network equals its `preprocess_input` for every pixel value."""
    pixels = np.stack([np.arange(256)] * 3, -1)[None]
    module = inspect.getmodule(inspect.unwrap(getattr(keras.applications, name)))
    expected = array(module.preprocess_input(pixels.astype("float32")))
    assert np.allclose(array(scale(pixels, INPUTS[name].scaling)), expected, atol=1e-4)


def test_preprocessing_is_that_of_the_network():
    """By default, frames have the size and scaling with which the network was trained."""
    assert Applications("MobileNetV2").preprocessing[:2] == (224, 224)
    assert small().preprocessing[:2] == (64, 64)
    assert small().preprocessing.scaling == "tf"


def test_given_scaling_replaces_that_of_the_network():
    """`scaling: flow` replaces the scaling of the network and changes the encoder's identity."""
    default, flow = small(), small(scaling="flow")
    flow.network.set_weights(default.network.get_weights())
    expected = array(flow.network(PACKED - 128)).mean((1, 2)).reshape(2, 3, 1, 1280)
    assert flow.preprocessing.scaling == "flow"
    assert np.allclose(features(flow), expected, atol=1e-5)
    assert default.identity() != flow.identity()


@pytest.mark.parametrize("top", [True, False])
def test_weights_file_gives_the_features_of_its_network(tmp_path, top):
    """A weights file with or without the classifier gives the features of its network."""
    path = tmp_path / "w.weights.h5"
    shape = (224, 224, 3) if top else (64, 64, 3)
    written = write_weights(path, include_top=top, input_shape=shape)
    encoder = small(weights=str(path), output="grid")
    encoder.load_pretrained()
    reference = keras.applications.MobileNetV2(
        alpha=0.35, weights=None, include_top=False, input_shape=(64, 64, 3)
    )
    reference.set_weights(written.get_weights()[: len(reference.weights)])
    expected = array(reference(PACKED / 127.5 - 1))
    assert np.allclose(features(encoder), expected.reshape(2, 3, 4, 1280), atol=1e-4)


def test_pooled_is_the_mean_of_the_grid():
    """With `output: pooled`, the feature of a frame is the mean over the regions of `grid`."""
    grid, pooled = small(output="grid"), small(output="pooled")
    pooled.network.set_weights(grid.network.get_weights())
    assert np.allclose(features(pooled), features(grid).mean(2, keepdims=True), atol=1e-5)


def test_rows_are_means_of_the_grid():
    """With `output: rows`, the features of a frame are the means of three bands of `grid`."""
    grid, rows = small(output="grid"), small(output="rows")
    rows.network.set_weights(grid.network.get_weights())
    maps = features(grid).reshape(2, 3, 2, 2, 1280)
    expected = [maps[:, :, band].mean((2, 3)) for band in (slice(1), slice(2), slice(1, 2))]
    assert np.allclose(features(rows), np.stack(expected, 2), atol=1e-5)


@pytest.mark.parametrize(
    ("output", "shape"),
    [
        ("block_13_expand_relu", (2, 3, 16, 192)),
        ("global_average_pooling2d", (2, 3, 1, 1280)),
        ("predictions", (2, 3, 1, 1000)),
    ],
)
def test_output_of_any_layer(output, shape):
    """The output of any layer can be selected by the name of the layer."""
    assert features(small(output=output)).shape == shape


def test_predictions_are_scores():
    """The output `predictions` gives the scores of the classes before the softmax."""
    scores = features(small(output="predictions"))
    assert not np.allclose(scores.sum(-1), 1, atol=1e-2)


def test_layer_names_do_not_depend_on_other_networks():
    """Layer names do not depend on networks that were built before."""
    keras.layers.GlobalAveragePooling2D()
    for _ in range(2):
        encoder = small(output="global_average_pooling2d")
        assert isinstance(encoder.network.layers[-1], keras.layers.GlobalAveragePooling2D)


def test_frozen_encoder_ignores_training():
    """A frozen encoder has no trainable weights and keeps batch normalization in inference mode."""
    encoder = small()
    before = [array(w) for w in encoder.weights]
    assert encoder.frozen
    assert np.array_equal(features(encoder), features(encoder, training=True))
    assert all(np.array_equal(a, array(b)) for a, b in zip(before, encoder.weights, strict=True))


def test_fine_tuning_starts_at_the_named_layer():
    """Fine-tuning changes weights and batch statistics only from the named layer on."""
    encoder = small(train="block_16_expand")
    trainable = [w.path for w in encoder.trainable_variables]
    moving = {w.path: array(w) for w in encoder.non_trainable_variables if "moving_mean" in w.path}
    features(encoder, training=True)
    changed = [
        w.path
        for w in encoder.non_trainable_variables
        if w.path in moving and not np.array_equal(array(w), moving[w.path])
    ]
    assert not encoder.frozen
    assert (len(trainable), len(changed)) == (12, 4)
    assert all("block_16" in path or "Conv_1" in path for path in trainable + changed)


def test_all_trains_every_weight():
    """With `train: all`, every weight except the moving statistics is trained."""
    encoder = small(train="all")
    fixed = [w.path for w in encoder.non_trainable_variables if "seed" not in w.path]
    assert len(encoder.trainable_variables) == 156
    assert all("moving_" in path for path in fixed)


def test_identity_depends_on_weights_and_output_only():
    """The identity of an encoder depends on its weights and output, but not on `train`."""
    first, trained, grid = small(), small(train="all"), small(output="grid")
    assert first.identity() != trained.identity()
    for other in (trained, grid):
        other.network.set_weights(first.network.get_weights())
    assert first.identity() == trained.identity()
    assert first.identity() != grid.identity()


def test_loaded_weights_change_the_identity(tmp_path):
    """Loading pretrained weights changes the identity of an encoder."""
    path = tmp_path / "w.weights.h5"
    write_weights(path, include_top=False, input_shape=(64, 64, 3))
    encoder = small(weights=str(path))
    before = encoder.identity()
    encoder.load_pretrained()
    assert encoder.identity() != before


def test_the_constructor_reads_no_weights():
    """The constructor of an encoder does not read the weights file; `load_pretrained` does."""
    encoder = small(weights="/nowhere/w.h5")
    with pytest.raises(DataError, match=r"there is no such file"):
        encoder.load_pretrained()


@pytest.mark.parametrize(
    "content",
    [b"", b"not weights", b"\x89HDF\r\n\x1a\n" + b"\0" * 64],
    ids=["empty", "text", "header"],
)
def test_broken_weights_file(tmp_path, content):
    """A broken weights file raises a one-line error that names the file."""
    path = tmp_path / "w.h5"
    path.write_bytes(content)
    message = r"w.h5: expected weights of MobileNetV2 with alpha=0.35; the file is broken or of"
    with pytest.raises(DataError, match=message) as caught:
        small(weights=str(path)).load_pretrained()
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("value", [np.nan, 1e20])
def test_absurd_weights_of_a_file(tmp_path, value):
    """A weights file with an implausible value raises an error that names the variable."""
    path = tmp_path / "w.weights.h5"
    written = keras.applications.MobileNetV2(
        weights=None, include_top=False, input_shape=(64, 64, 3), alpha=0.35
    )
    kernel = written.layers[1].kernel
    kernel.assign(np.full(kernel.shape, value))
    written.save_weights(path)
    with pytest.raises(
        DataError, match=r"w\.weights\.h5: expected finite .*Received: Conv1/kernel"
    ):
        small(weights=str(path)).load_pretrained()


def test_home_folder_in_a_path(tmp_path, monkeypatch):
    """The path of a weights file may begin with `~` for the home folder."""
    monkeypatch.setenv("HOME", str(tmp_path))
    with pytest.raises(DataError, match=rf"{tmp_path}/w.h5: expected the weights"):
        small(weights="~/w.h5").load_pretrained()


@pytest.mark.parametrize("top", [True, False])
def test_convnext_file(tmp_path, top):
    """A weights file of ConvNeXt is read with and without the classifier."""
    written = keras.applications.ConvNeXtTiny(
        weights=None, include_top=top, input_shape=(32, 32, 3)
    )
    written.save_weights(tmp_path / "w.weights.h5")
    encoder = Applications("ConvNeXtTiny", size=32, weights=str(tmp_path / "w.weights.h5"))
    encoder.load_pretrained()
    pairs = zip(written.get_weights(), encoder.network.get_weights(), strict=False)
    assert all(np.array_equal(old, new) for old, new in pairs)


def test_convnext_file_of_the_old_format(tmp_path):
    """A ConvNeXt file of the old format with the classifier raises a DataError."""
    keras.applications.ConvNeXtTiny(weights=None, input_shape=(32, 32, 3)).save(tmp_path / "w.h5")
    with pytest.raises(DataError, match=r"w.h5: expected weights of ConvNeXtTiny"):
        Applications("ConvNeXtTiny", size=32, weights=str(tmp_path / "w.h5")).load_pretrained()


@pytest.mark.parametrize(("network", "alpha"), [("MobileNetV2", 0.5), ("MobileNet", 0.25)])
def test_weights_file_of_another_network(tmp_path, network, alpha):
    """A weights file of another network, or of another width, raises a DataError."""
    path = tmp_path / "w.weights.h5"
    write_weights(path, include_top=False, input_shape=(64, 64, 3))
    with pytest.raises(DataError, match=r"of another network"):
        Applications(network, weights=str(path), size=64, alpha=alpha).load_pretrained()


def test_download_failure(monkeypatch):
    """A failed download raises an error that names the address and the reason."""

    def fail(*_, **__):
        raise OSError(
            "URL fetch failure on https://example.org/w.h5: None -- "
            "[Errno -2] Name or service not known"
        )

    monkeypatch.setattr("keras.src.utils.file_utils.get_file", fail)
    message = (
        r"MobileNetV2 could not be fetched from https://example.org/w.h5 "
        r"\(\[Errno -2\] Name or service not known\)"
    )
    with pytest.raises(DataError, match=message):
        small(weights="imagenet").load_pretrained()


def test_download_prints_nothing_on_stdout(monkeypatch, capsys):
    """The progress of a download goes to stderr, since stdout is for results."""

    def fail(*_, **__):
        print("Downloading data")
        raise OSError("no network")

    monkeypatch.setattr("keras.src.utils.file_utils.get_file", fail)
    with pytest.raises(DataError):
        small(weights="imagenet").load_pretrained()
    assert capsys.readouterr() == ("", "Downloading data\n")


@pytest.fixture
def efficient_net_download(monkeypatch, tmp_path):
    """Replace the download of EfficientNetB0 by a file with random normalization constants."""
    network = keras.applications.EfficientNetB0(
        weights=None, include_top=False, input_shape=(64, 64, 3)
    )
    rng = np.random.default_rng(4)
    network.set_weights(
        [
            np.abs(rng.normal(size=w.shape)) * 0.1 + (0.2 if "variance" in w.path else 0)
            if w.shape == (3,)
            else np.asarray(w)
            for w in network.weights
        ]
    )
    network.save_weights(tmp_path / "w.weights.h5")
    monkeypatch.setattr(
        "keras.src.utils.file_utils.get_file", lambda *_, **__: str(tmp_path / "w.weights.h5")
    )


@pytest.mark.usefixtures("efficient_net_download")
def test_downloaded_efficient_net_equals_keras():
    """EfficientNet with ImageNet weights gives the features of Keras, which scales inputs twice.

    A copy of the variables, as in a resumed run, gives the same features.
    """
    reference = keras.applications.EfficientNetB0(
        weights="imagenet", include_top=False, input_shape=(64, 64, 3)
    )
    expected = array(reference(PACKED)).reshape(2, 3, 4, 1280)
    tolerance = 1e-4 * np.abs(expected).max()
    encoder, copy = (
        Applications("EfficientNetB0", size=64, weights="imagenet", output="grid") for _ in range(2)
    )
    encoder.load_pretrained()
    for old, new in zip(encoder.variables, copy.variables, strict=True):
        new.assign(old)
    assert np.allclose(features(encoder), expected, atol=tolerance)
    assert np.allclose(features(copy), expected, atol=tolerance)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"network": "MobilNetV2"}, "Did you mean 'MobileNetV2'"),
        (
            {"network": "MobileNetV2", "output": "block_13_expand_rel"},
            "Did you mean 'block_13_expand_relu'",
        ),
        (
            {"network": "MobileNetV2", "train": "block_99"},
            "expected frozen, all or the first layer to fine-tune",
        ),
        ({"network": "VGG16", "alpha": 0.5}, "VGG16 has one width only"),
        (
            {"network": "InceptionV3", "size": 32},
            "Expected arguments that fit InceptionV3: Input size must be at least 75x75",
        ),
    ],
)
def test_wrong_arguments(options, sentence):
    """A wrong argument raises an error that names the argument and the expected values."""
    with pytest.raises(ArgumentError, match=sentence):
        Applications(**{"size": 96, **options})


def test_pretrained_features_recognize_photographs(shared):
    """With ImageNet weights, the features of a crop are closest to those of the same photograph."""
    from PIL import Image

    paths = sorted((shared / "flickr8k" / "images_224").glob("*.jpg"))[:24]
    assert len(paths) == 24
    images = [Image.open(path).convert("RGB").resize((256, 256)) for path in paths]
    boxes = ((0, 0, 224, 224), (32, 32, 256, 256))
    crops = np.stack([[np.asarray(image.crop(box)) for box in boxes] for image in images])
    weights = next((shared / "weights").glob("*0.35_224_no_top.h5"))
    encoder = Applications("MobileNetV2", alpha=0.35, weights=str(weights))
    encoder.load_pretrained()
    vectors = array(encoder(pack(crops)).features)[:, :, 0]
    vectors = vectors - vectors.mean((0, 1))
    vectors /= np.linalg.norm(vectors, axis=-1, keepdims=True)
    nearest = (vectors[:, 0] @ vectors[:, 1].T).argmax(1)
    assert (nearest == np.arange(24)).sum() >= 22
