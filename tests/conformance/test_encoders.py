"""Every registered encoder through its contract."""

import json

import keras
import numpy as np
import pytest
from keras import ops

from lrcn_seq.encoders import Encoder, registry
from lrcn_seq.layers.packing import pack
from lrcn_seq.records import Clips, Preprocessing
from lrcn_seq.registry import argument_problems

ON_JAX = keras.backend.backend() == "jax"  # which compiles every single operation
CASES = {
    "tiny_cnn": {"size": 16, "filters": 4, "blocks": 2},
    "blog_lrcn": {"size": 48},
    "small_lrcn": {},
    "conv3d": {"size": 16, "filters": 4, "blocks": 2},
    "conv3d in twos": {"size": 16, "filters": 4, "blocks": 2, "stride": 2, "output": "pooled"},
    "vectors": {"width": 5},
    "keras_hub": {
        "backbone": "VGGBackbone",
        "arguments": {"stackwise_num_repeats": [1], "stackwise_num_filters": [4]},
        "size": 16,
        "train": "all",
    },
    "applications": {
        "network": "MobileNet",
        "alpha": 0.25,
        "size": 32,
        "output": "conv_pw_3_relu",
        "train": "all",
    },
    **(
        {}
        if ON_JAX
        else {
            f"applications {network}": {
                "network": network,
                "alpha": 0.35,
                "size": 32,
                "train": "all",
            }
            for network in ("MobileNetV2", "MobileNetV3Small")
        }
    ),
}
MASK = np.array([[True, True, True], [True, False, False], [True, True, False]])


@keras.saving.register_keras_serializable("tests")
class Holder(keras.Model):
    """A model that is one encoder and a sum over its features."""

    def __init__(self, encoder, **kwargs):
        super().__init__(**kwargs)
        self.encoder = encoder

    def call(self, clips, training=False):
        features, mask = self.encoder(Clips(*clips), training=training)
        return ops.cast(features, "float32"), mask

    def get_config(self):
        return {"encoder": keras.saving.serialize_keras_object(self.encoder)}

    @classmethod
    def from_config(cls, config):
        return cls(keras.saving.deserialize_keras_object(config["encoder"]))


def test_every_encoder_has_a_case():
    """No registered encoder is left out here."""
    assert len(registry.names()) >= 6
    assert {case.split()[0] for case in CASES} == set(registry.names())


@pytest.fixture(params=CASES)
def case(request):
    """(class, arguments)."""
    return registry.get(request.param.split()[0]), CASES[request.param]


def clips(encoder, mask=MASK):
    """Clips for an encoder, with the array (B, T, ...) they came from."""
    rng, given = np.random.default_rng(0), encoder.preprocessing
    x = (
        rng.normal(size=(3, 3, 5)).astype("float32")
        if given is None
        else rng.integers(0, 256, (3, 3, given.height, given.width, 3)).astype("uint8")
    )
    return pack(x, mask)


def arrays(encoded):
    return [ops.convert_to_numpy(ops.cast(part, "float32")) for part in encoded]


def test_arguments_are_plain_and_checked(case):
    """The arguments pass the check of a config, and their config is JSON that builds an equal part."""
    part, arguments = case
    assert argument_problems(part, arguments, "encoder") == []
    first = part(**arguments)
    config = json.loads(json.dumps(first.get_config()))
    again = part.from_config(config)
    assert arguments.items() <= config.items()
    assert again.get_config() == first.get_config()
    assert [w.shape for w in again.weights] == [w.shape for w in first.weights]


def test_contract(case):
    """Shapes, mask and published facts: features (B, S, R, D) in the compute type, zero where the mask is not True."""
    part, arguments = case
    encoder = part(**arguments)
    encoded = encoder(clips(encoder))
    features, mask = arrays(encoded)
    assert isinstance(encoder, Encoder)
    assert encoder.takes in {"frames", "vectors"}
    assert (encoder.preprocessing is None) == (encoder.takes == "vectors")
    assert encoder.preprocessing is None or isinstance(encoder.preprocessing, Preprocessing)
    assert encoder.frozen == (not encoder.trainable_variables)
    assert encoder.identity == encoder.identity
    assert mask.shape == features.shape[:2] == (3, -(-3 // encoder.stride))
    assert keras.backend.standardize_dtype(encoded.mask.dtype) == "bool"
    assert keras.backend.standardize_dtype(encoded.features.dtype) == encoder.compute_dtype
    assert not features[~mask.astype(bool)].any()
    assert np.abs(features[mask.astype(bool)]).max() > 0


def test_padding_and_neighbors_do_not_matter(case):
    """A clip gives the same features alone as in a batch with others, longer and shorter, in any order."""
    part, arguments = case
    encoder = part(**arguments)
    given = clips(encoder)
    together, _ = arrays(encoder(given))
    order = np.array([2, 0, 1])
    assert np.allclose(
        arrays(encoder(Clips(given.frames, given.index[order])))[0], together[order], atol=1e-5
    )
    alone = arrays(encoder(Clips(given.frames[given.index[2, :2]], np.array([[0, 1]], "int32"))))[0]
    assert np.allclose(alone[0], together[2, : alone.shape[1]], atol=1e-5)


def test_stored_features_pass(case):
    """Features that were stored, (N, R, D), come back to their places as they are."""
    part, arguments = case
    encoder = part(**arguments)
    features, mask = arrays(encoder(clips(encoder)))
    real = mask.astype(bool)
    if encoder.stride == 1:
        assert np.allclose(arrays(encoder(pack(features, real)))[0], features, atol=1e-6)


def test_saved_and_loaded_in_a_model(case, tmp_path):
    """In a model saved as .keras and loaded, it gives the same features; compiled they equal those of an eager call."""
    part, arguments = case
    model = Holder(part(**arguments))
    given = clips(model.encoder)
    eager = arrays(model(given))
    compiled = model.predict_on_batch(given)
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    assert np.allclose(compiled[0], eager[0], atol=1e-4)
    assert np.array_equal(compiled[1], eager[1].astype(bool))
    assert np.allclose(arrays(loaded(given))[0], eager[0], atol=1e-5)


@pytest.mark.parametrize("policy", ["mixed_bfloat16", "mixed_float16"])
def test_half_precision(case, policy):
    """Under a half-precision policy features have its type, are finite, and lie near those of float32."""
    part, arguments = case
    plain, half = part(**arguments), part(**arguments, dtype=policy)
    for old, new in zip(plain.weights, half.weights, strict=True):
        new.assign(old)
    encoded = half(clips(half))
    expected, found = arrays(plain(clips(plain)))[0], arrays(encoded)[0]
    assert keras.backend.standardize_dtype(encoded.features.dtype) == half.compute_dtype
    assert np.isfinite(found).all()
    assert (
        np.abs(found - expected).max() <= 0.1 * np.abs(expected).max() + 1e-6
    )  # deep networks start with features below float16


def test_training_reaches_every_weight(case):
    """A training step changes every trainable weight, and frozen ones not at all."""
    part, arguments = case
    model = Holder(part(**arguments))
    given = clips(model.encoder)
    features = arrays(model(given))[0]
    before = [ops.convert_to_numpy(w) for w in model.trainable_variables]
    model.compile(
        optimizer=keras.optimizers.SGD(100.0), loss=[keras.losses.MeanSquaredError(), None]
    )
    if before:
        model.train_on_batch(
            given, [np.random.default_rng(1).normal(size=features.shape).astype("float32"), None]
        )
    still = [
        w.path
        for old, w in zip(before, model.trainable_variables, strict=True)
        if np.array_equal(old, ops.convert_to_numpy(w))
    ]
    assert still == []


@pytest.mark.slow
def test_every_network_of_keras_applications():
    """Each network builds at a small size, gives its grid, and cuts a file with the classifier in the same order as one without."""
    from lrcn_seq.encoders.applications import INPUTS, Applications

    for name, (own, _) in INPUTS.items():
        size = own if name == "NASNetLarge" else 96
        encoder = Applications(name, size=size, output="grid")
        pixels = np.random.default_rng(0).integers(0, 256, (1, 1, size, size, 3)).astype("uint8")
        features = ops.convert_to_numpy(encoder(pack(pixels)).features)
        assert features.shape[:2] == (1, 1), name
        assert np.isfinite(features).all(), name
        if not name.startswith(
            "ConvNeXt"
        ):  # which ends with another layer when it has no classifier
            cut = encoder._cut(encoder._whole(None, top=True, size=own))
            assert [(w.name, w.shape) for w in cut.weights] == [
                (w.name, w.shape) for w in encoder.network.weights
            ], name
        keras.backend.clear_session()
