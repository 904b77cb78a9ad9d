"""Networks of keras.applications as encoders."""

import inspect

import keras
import numpy as np
import pytest
from keras import ops

from lrcn_seq.encoders.applications import INPUTS, Applications
from lrcn_seq.errors import ArgumentError, DataError
from lrcn_seq.layers.packing import pack

PIXELS = np.random.default_rng(0).integers(0, 256, (2, 3, 64, 64, 3)).astype("uint8")
FLAT = PIXELS.reshape(6, 64, 64, 3).astype("float32")


def array(tensor):
    return ops.convert_to_numpy(tensor)


def small(**options):
    return Applications("MobileNetV2", **{"alpha": 0.35, "size": 64, **options})


def file(path, **options):
    """A file of random weights such as Keras's own, with batch norm that does something."""
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


def test_knows_every_network():
    """The table names exactly the networks of keras.applications."""
    known = {
        name
        for name in dir(keras.applications)
        if inspect.isfunction(getattr(keras.applications, name))
    }
    assert len(known) >= 30
    assert set(INPUTS) == known


def test_scaling_is_that_of_the_network():
    """For every network, the scaling in the table equals its module's own on every pixel value."""
    from lrcn_seq.layers.scaling import scale

    pixels = np.stack([np.arange(256)] * 3, -1)[None]
    for name, given in INPUTS.items():
        module = inspect.getmodule(inspect.unwrap(getattr(keras.applications, name)))
        expected = module.preprocess_input(pixels.astype("float32"))
        assert np.allclose(array(scale(pixels, given.scaling)), array(expected), atol=1e-4), name


def test_another_scaling_takes_the_place_of_the_networks_own():
    """Flow less 128 enters the network as it is; the encoder says so and is another one to the feature store."""
    own, other = small(), small(scaling="flow")
    other.network.set_weights(own.network.get_weights())
    assert (own.preprocessing.scaling, other.preprocessing.scaling) == ("tf", "flow")
    assert own.identity != other.identity
    expected = ops.mean(ops.reshape(other.network(FLAT - 128), (6, -1, 1280)), axis=1)
    assert np.allclose(
        array(other.encode_frames(PIXELS.reshape(6, 64, 64, 3)))[:, 0], array(expected), atol=1e-5
    )


@pytest.mark.parametrize("top", [True, False])
def test_file_gives_what_keras_gives(tmp_path, top):
    """A file with or without the classifier gives the features of the network that wrote it."""
    path = tmp_path / "w.weights.h5"
    written = file(path, include_top=top, input_shape=(224, 224, 3) if top else (64, 64, 3))
    encoder = small(weights=str(path), output="grid")
    encoder.load_pretrained()
    reference = keras.applications.MobileNetV2(
        alpha=0.35, weights=None, include_top=False, input_shape=(64, 64, 3)
    )
    reference.set_weights(written.get_weights()[: len(reference.weights)])
    expected = array(reference(FLAT / 127.5 - 1))
    assert np.allclose(
        array(encoder(pack(PIXELS)).features), expected.reshape(2, 3, 4, 1280), atol=1e-4
    )


def test_pooled_is_the_mean_of_the_grid():
    """`pooled` gives one region, the mean of the regions of `grid`."""
    grid, pooled = small(output="grid"), small(output="pooled")
    pooled.network.set_weights(grid.network.get_weights())
    expected = array(grid(pack(PIXELS)).features).mean(2, keepdims=True)
    assert np.allclose(array(pooled(pack(PIXELS)).features), expected, atol=1e-5)


@pytest.mark.parametrize(
    ("output", "shape"),
    [
        ("block_13_expand_relu", (2, 3, 16, 192)),
        ("global_average_pooling2d", (2, 3, 1, 1280)),
        ("predictions", (2, 3, 1, 1000)),
    ],
)
def test_output_at_any_layer(output, shape):
    """A layer's name gives its grid or vector, and those after the convolutions bring the classifier along."""
    assert small(output=output)(pack(PIXELS)).features.shape == shape


def test_predictions_come_before_the_softmax():
    """`predictions` gives scores, not probabilities."""
    scores = array(small(output="predictions")(pack(PIXELS)).features)
    assert not np.allclose(scores.sum(-1), 1, atol=1e-2)


def test_names_do_not_depend_on_the_process():
    """A layer that Keras numbers has one name however many networks were built before."""
    keras.layers.GlobalAveragePooling2D()
    assert [small(output="global_average_pooling2d").layer for _ in range(2)]


def test_frozen_has_no_trainable_weights_and_ignores_training():
    """Frozen, nothing is trainable and batch norm stays in inference mode during training."""
    encoder = small()
    before = [array(w) for w in encoder.weights]
    inference, training = (
        array(encoder(pack(PIXELS), training=mode).features) for mode in (False, True)
    )
    assert encoder.frozen
    assert not encoder.trainable_variables
    assert np.array_equal(inference, training)
    assert all(np.array_equal(a, array(b)) for a, b in zip(before, encoder.weights, strict=True))


def test_fine_tuning_starts_at_the_named_layer():
    """From the named layer on weights are trainable and batch norm learns; before it nothing changes in training."""
    encoder = small(train="block_16_expand")
    trainable = [w.path for w in encoder.trainable_variables]
    moving = {w.path: array(w) for w in encoder.non_trainable_variables if "moving_mean" in w.path}
    encoder(pack(PIXELS), training=True)
    changed = [
        w.path
        for w in encoder.non_trainable_variables
        if w.path in moving and not np.array_equal(array(w), moving[w.path])
    ]
    assert not encoder.frozen
    assert len(trainable) == 12
    assert all("block_16" in path or "Conv_1" in path for path in trainable)
    assert len(changed) == 4
    assert all("block_16" in path or "Conv_1" in path for path in changed)


def test_all_is_trainable():
    """`all` trains every weight but the moving statistics."""
    assert len(small(train="all").trainable_variables) == 156


def test_identity_is_that_of_weights_and_layer(tmp_path):
    """Equal weights and output give an equal identity, wherever the weights came from; others another."""
    one, two, grid = small(), small(train="all"), small(output="grid")
    assert one.identity != two.identity
    for other in (two, grid):
        other.network.set_weights(one.network.get_weights())
    assert one.identity == two.identity != grid.identity
    file(tmp_path / "w.weights.h5", include_top=False, input_shape=(64, 64, 3))
    loaded = small(weights=str(tmp_path / "w.weights.h5"))
    assert len({one.identity, loaded.identity, (loaded.load_pretrained(), loaded.identity)[1]}) == 3


def test_construction_reads_no_weights():
    """A saved run is rebuilt without its weight file: only `load_pretrained` looks for it."""
    encoder = small(weights="/nowhere/w.h5")
    with pytest.raises(DataError, match=r"there is no such file"):
        encoder.load_pretrained()


@pytest.mark.parametrize(
    "content",
    [b"", b"not weights", b"\x89HDF\r\n\x1a\n" + b"\0" * 64],
    ids=["empty", "text", "a header alone"],
)
def test_broken_file(tmp_path, content):
    """An empty, foreign or truncated file is refused in one sentence with its name."""
    path = tmp_path / "w.h5"
    path.write_bytes(content)
    with pytest.raises(
        DataError,
        match=r"w.h5: expected weights of MobileNetV2 with alpha=0.35; the file is broken or of another network",
    ) as caught:
        small(weights=str(path)).load_pretrained()
    assert "\n" not in str(caught.value)


def test_home_folder(tmp_path, monkeypatch):
    """`~` in the path of a file is the home folder."""
    monkeypatch.setenv("HOME", str(tmp_path))
    with pytest.raises(DataError, match=rf"{tmp_path}/w.h5: expected the weights"):
        small(weights="~/w.h5").load_pretrained()


@pytest.mark.parametrize("top", [True, False])
def test_convnext(tmp_path, top):
    """ConvNeXt, whose last layer has another name without its classifier, reads a file with or without it."""
    written = keras.applications.ConvNeXtTiny(
        weights=None, include_top=top, input_shape=(32, 32, 3)
    )
    written.save_weights(tmp_path / "w.weights.h5")
    encoder = Applications("ConvNeXtTiny", size=32, weights=str(tmp_path / "w.weights.h5"))
    encoder.load_pretrained()
    assert all(
        np.array_equal(old, new)
        for old, new in zip(written.get_weights(), encoder.network.get_weights(), strict=False)
    )


def test_convnext_of_the_old_format(tmp_path):
    """A file of the old format that holds ConvNeXt's classifier is refused in one sentence."""
    keras.applications.ConvNeXtTiny(weights=None, input_shape=(32, 32, 3)).save(tmp_path / "w.h5")
    with pytest.raises(DataError, match=r"w.h5: expected weights of ConvNeXtTiny"):
        Applications("ConvNeXtTiny", size=32, weights=str(tmp_path / "w.h5")).load_pretrained()


def test_file_of_another_network(tmp_path):
    """Weights of another width or network are refused."""
    path = tmp_path / "w.weights.h5"
    file(path, include_top=False, input_shape=(64, 64, 3))
    for network, alpha in (("MobileNetV2", 0.5), ("MobileNet", 0.25)):
        with pytest.raises(DataError, match=r"of another network"):
            Applications(network, weights=str(path), size=64, alpha=alpha).load_pretrained()


def test_download_that_fails(monkeypatch):
    """Without the network the sentence names what could not be reached, and nothing is printed on stdout."""

    def fail(*_, **__):
        raise OSError(
            "URL fetch failure on https://example.org/w.h5: None -- [Errno -2] Name or service not known"
        )

    monkeypatch.setattr("keras.src.utils.file_utils.get_file", fail)
    with pytest.raises(
        DataError,
        match=r"MobileNetV2 could not be fetched from https://example.org/w.h5 \(\[Errno -2\] Name or service not known\)",
    ):
        small(weights="imagenet").load_pretrained()


def test_efficientnet_of_the_download(monkeypatch, tmp_path):
    """EfficientNet scales its input once more when Keras downloads its weights, and so do we: features equal Keras's."""
    written = keras.applications.EfficientNetB0(
        weights=None, include_top=False, input_shape=(64, 64, 3)
    )
    rng = np.random.default_rng(4)
    written.set_weights(
        [
            np.abs(rng.normal(size=w.shape)) * 0.1 + (0.2 if "variance" in w.path else 0)
            if w.shape == (3,)
            else np.asarray(w)
            for w in written.weights
        ]
    )
    written.save_weights(tmp_path / "w.weights.h5")
    monkeypatch.setattr(
        "keras.src.utils.file_utils.get_file", lambda *_, **__: str(tmp_path / "w.weights.h5")
    )
    expected = array(
        keras.applications.EfficientNetB0(
            weights="imagenet", include_top=False, input_shape=(64, 64, 3)
        )(FLAT)
    )
    encoder = Applications("EfficientNetB0", size=64, weights="imagenet", output="grid")
    encoder.load_pretrained()
    assert np.allclose(
        array(encoder(pack(PIXELS)).features).reshape(expected.shape),
        expected,
        atol=1e-4 * np.abs(expected).max(),
    )
    restored = Applications("EfficientNetB0", size=64, weights="imagenet", output="grid")
    for old, new in zip(encoder.variables, restored.variables, strict=True):
        new.assign(old)
    assert np.allclose(
        array(restored(pack(PIXELS)).features).reshape(expected.shape),
        expected,
        atol=1e-4 * np.abs(expected).max(),
    )


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
            "InceptionV3 cannot be built so: Input size must be at least 75x75",
        ),
    ],
)
def test_wrong_arguments(options, sentence):
    """A wrong argument is named, with what is known."""
    with pytest.raises(ArgumentError, match=sentence):
        Applications(**{"size": 96, **options})


def test_real_weights_know_pictures(shared):
    """With the real ImageNet weights, two crops of one photograph are nearer to each other than to other photographs."""
    from PIL import Image

    paths = sorted((shared / "flickr8k" / "images_224").glob("*.jpg"))[:24]
    assert len(paths) == 24
    pictures = [Image.open(path).convert("RGB").resize((256, 256)) for path in paths]
    frames = np.stack(
        [
            [np.asarray(p.crop(box)) for box in ((0, 0, 224, 224), (32, 32, 256, 256))]
            for p in pictures
        ]
    )
    weights = next((shared / "weights").glob("*0.35_224_no_top.h5"))
    encoder = Applications("MobileNetV2", alpha=0.35, weights=str(weights))

    def found():
        features = array(encoder(pack(frames)).features)[:, :, 0]
        features = features - features.mean((0, 1))
        features /= np.linalg.norm(features, axis=-1, keepdims=True)
        return ((features[:, 0] @ features[:, 1].T).argmax(1) == np.arange(24)).sum()

    encoder.load_pretrained()
    assert found() >= 22
