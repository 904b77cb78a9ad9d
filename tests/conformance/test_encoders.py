"""The contract of encoders, tested for every registered encoder."""

import copy
import json
import pickle

import keras
import numpy as np
import pytest
from keras import ops

from lrcn_seq.encoders import Encoder, registry
from lrcn_seq.errors import ArgumentError
from lrcn_seq.layers.packing import pack
from lrcn_seq.records import Clips, Preprocessing
from lrcn_seq.registry import argument_problems, constructor_of, signature

CASES = {
    "tiny_cnn": {"size": 16, "filters": 4, "blocks": 2},
    "blog_lrcn": {"size": 48},
    "small_lrcn": {},
    "conv3d": {"size": 16, "filters": 4, "blocks": 2},
    "conv3d with stride 2": {
        "size": 16,
        "filters": 4,
        "blocks": 2,
        "stride": 2,
        "output": "pooled",
    },
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
}
FURTHER_NETWORKS = {
    f"applications {network}": {"network": network, "alpha": 0.35, "size": 32, "train": "all"}
    for network in ("MobileNetV2", "MobileNetV3Small")
}
"""Networks with residual connections and with channel attention, whose tests take minutes."""
MASK = np.array([[True, True, True], [True, False, False], [True, True, False]])


@keras.saving.register_keras_serializable("tests")
class EncoderModel(keras.Model):
    """A Keras model that contains one encoder and outputs float32 features."""

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
    """Every registered encoder has a test case in this module."""
    assert len(registry.names()) >= 6
    assert {case.split()[0] for case in CASES} == set(registry.names())


@pytest.fixture(
    params=[*CASES, *(pytest.param(name, marks=pytest.mark.slow) for name in FURTHER_NETWORKS)]
)
def case(request):
    """Return the class and the arguments of each encoder."""
    arguments = {**CASES, **FURTHER_NETWORKS}[request.param]
    return registry.get(request.param.split()[0]), arguments


def clips(encoder, mask=MASK):
    """Return random clips that the encoder accepts."""
    rng, example = np.random.default_rng(0), encoder.example_input()
    shape = (*mask.shape, *example.shape[1:])
    if example.dtype == np.uint8:
        return pack(rng.integers(0, 256, shape, np.uint8), mask)
    return pack(rng.normal(size=shape).astype("float32"), mask)


def arrays(encoded):
    """Return features and mask as float32 arrays."""
    return [ops.convert_to_numpy(ops.cast(part, "float32")) for part in encoded]


def test_arguments_are_plain_and_checked(case):
    """Encoder arguments pass the config checks, and `get_config` restores an equal encoder."""
    part, arguments = case
    assert argument_problems(constructor_of(part), arguments, "encoder") == []
    first = part(**arguments)
    config = json.loads(json.dumps(first.get_config()))
    second = part.from_config(config)
    assert arguments.items() <= config.items()
    assert second.get_config() == first.get_config()
    assert [w.shape for w in second.weights] == [w.shape for w in first.weights]


@pytest.mark.jax
def test_features_and_mask(case):
    """Features are (B, S, R, D) in the compute dtype, and zero exactly where the mask is False."""
    part, arguments = case
    encoder = part(**arguments)
    encoded = encoder(clips(encoder))
    features, mask = arrays(encoded)
    assert mask.shape == features.shape[:2] == (3, -(-3 // encoder.stride))
    assert keras.backend.standardize_dtype(encoded.mask.dtype) == "bool"
    assert keras.backend.standardize_dtype(encoded.features.dtype) == encoder.compute_dtype
    assert not features[~mask.astype(bool)].any()
    assert np.abs(features[mask.astype(bool)]).max() > 0


def test_published_properties(case):
    """The public properties of an encoder are consistent with each other."""
    part, arguments = case
    encoder = part(**arguments)
    takes_vectors = encoder.takes == "vectors"
    assert isinstance(encoder, Encoder)
    assert encoder.takes in {"frames", "vectors"}
    assert (encoder.preprocessing is None) == takes_vectors
    assert (encoder.width is None) != takes_vectors
    assert encoder.preprocessing is None or isinstance(encoder.preprocessing, Preprocessing)
    assert encoder.frozen == (not encoder.trainable_variables)
    assert encoder.identity() == encoder.identity()


def test_stated_defaults_do_not_change_the_identity(case):
    """Stating default arguments, as a run does, does not change the identity of an encoder."""
    part, arguments = case
    defaults = {
        name: parameter.default
        for name, parameter in signature(part).items()
        if parameter.default is not parameter.empty
    }
    keras.utils.set_random_seed(1)
    identity = part(**arguments).identity()
    keras.utils.set_random_seed(1)
    assert part(**{**defaults, **arguments}).identity() == identity


def test_example_input_is_encoded(case):
    """The example input of an encoder gives a clip of one step."""
    part, arguments = case
    encoder = part(**arguments)
    _, mask = arrays(encoder(Clips(encoder.example_input(), np.zeros((1, 1), "int32"))))
    assert mask.tolist() == [[1.0]]


def test_feature_shape_is_that_of_the_features(case):
    """The feature shape of an encoder, if it is known without a call, is that of its features."""
    part, arguments = case
    encoder = part(**arguments)
    variables, shape = len(encoder.variables), encoder.feature_shape
    features, _ = arrays(encoder(clips(encoder)))
    if shape is not None:
        assert features.shape[2:] == shape
        assert len(encoder.variables) == variables


def test_features_come_from_the_feature_maps(case):
    """The features of the maps equal those of the clips; encoders without maps refuse."""
    part, arguments = case
    encoder = part(**arguments)
    batch = clips(encoder)
    expected, real = arrays(encoder(batch))
    if not encoder.has_maps:
        with pytest.raises(ArgumentError, match=r"feature maps\. Received: vectors"):
            encoder.clip_maps(batch)
        with pytest.raises(ArgumentError, match=r"feature maps\. Received: vectors"):
            encoder.encode_maps(np.zeros((1, 1, 2, 2, 3)), np.ones((1, 1)))
        return
    maps, mask = encoder.clip_maps(batch)
    features, found = arrays(encoder.encode_maps(maps, mask))
    assert maps.shape[:2] == expected.shape[:2]
    assert len(maps.shape) == 5
    assert np.array_equal(found, real)
    assert np.allclose(features, expected, atol=1e-5)


@pytest.mark.jax
def test_padding_and_neighbors_do_not_matter(case):
    """The features of a clip do not depend on the other clips of the batch or their order."""
    part, arguments = case
    encoder = part(**arguments)
    batch = clips(encoder)
    together, _ = arrays(encoder(batch))
    order = np.array([2, 0, 1])
    reordered, _ = arrays(encoder(Clips(batch.frames, batch.index[order])))
    single = Clips(batch.frames[batch.index[2, :2]], np.array([[0, 1]], "int32"))
    alone, _ = arrays(encoder(single))
    assert np.allclose(reordered, together[order], atol=1e-5)
    assert np.allclose(alone[0], together[2, : alone.shape[1]], atol=1e-5)


def test_stored_features_are_returned_unchanged(case):
    """Stored features (N, R, D) pass through an encoder unchanged."""
    part, arguments = case
    encoder = part(**arguments)
    features, mask = arrays(encoder(clips(encoder)))
    real = mask.astype(bool)
    if encoder.stride == 1:
        assert np.allclose(arrays(encoder(pack(features, real)))[0], features, atol=1e-6)


def test_saved_and_loaded_in_a_model(case, tmp_path):
    """A compiled encoder and one loaded from a .keras file give the same features."""
    part, arguments = case
    model = EncoderModel(part(**arguments))
    batch = clips(model.encoder)
    eager = arrays(model(batch))
    compiled = model.predict_on_batch(batch)
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    assert np.allclose(compiled[0], eager[0], atol=1e-4)
    assert np.array_equal(compiled[1], eager[1].astype(bool))
    assert np.allclose(arrays(loaded(batch))[0], eager[0], atol=1e-5)


def test_saved_and_loaded_in_a_functional_model(case, tmp_path):
    """A functional model of the encoder and one loaded from its file give the same features."""
    part, arguments = case
    encoder = part(**arguments)
    batch = clips(encoder)
    frames = keras.Input(batch.frames.shape[1:], dtype=str(batch.frames.dtype))
    index = keras.Input((None,), dtype="int32")
    model = keras.Model([frames, index], encoder(Clips(frames, index)))
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    expected = arrays(encoder(batch))
    for found in (model, loaded):
        outputs = arrays(found(list(batch)))
        assert np.allclose(outputs[0], expected[0], atol=1e-5)
        assert np.array_equal(outputs[1], expected[1])


def test_copied_and_pickled(case):
    """A deep copy and a pickled copy of a model of the encoder give the same features."""
    part, arguments = case
    model = EncoderModel(part(**arguments))
    batch = clips(model.encoder)
    expected = arrays(model(batch))[0]
    for other in (copy.deepcopy(model), pickle.loads(pickle.dumps(model))):
        assert np.allclose(arrays(other(batch))[0], expected, atol=1e-5)


def test_frames_may_be_missing_inside_a_clip(case):
    """Where a clip lacks a frame, its mask is False and its features are zero."""
    part, arguments = case
    encoder = part(**arguments)
    if encoder.stride > 1:
        pytest.skip("a step combines several frames")
    holes = np.array([[True, False, True], [False, True, True]])
    batch = clips(encoder, holes)
    features, mask = arrays(encoder(batch))
    assert np.array_equal(mask, holes)
    assert not features[~holes].any()
    if encoder.frame_wise:
        whole = arrays(encoder(Clips(batch.frames, np.array([[0, 1], [2, 3]], "int32"))))[0]
        assert np.allclose(features[holes], whole.reshape(4, *whole.shape[2:]), atol=1e-5)


def test_the_input_may_be_a_list(case):
    """Frames and index may be a list; an error names both if the index is missing."""
    part, arguments = case
    encoder = part(**arguments)
    batch = clips(encoder)
    assert np.array_equal(arrays(encoder(list(batch)))[0], arrays(encoder(batch))[0])
    with pytest.raises(ArgumentError, match=r"Expected clips as Clips\(frames, index\)"):
        encoder(batch.frames)


@pytest.mark.parametrize("policy", ["mixed_bfloat16", "mixed_float16"])
def test_half_precision(case, policy):
    """Half-precision features have the compute dtype and are close to float32 features."""
    part, arguments = case
    plain, half = part(**arguments), part(**arguments, dtype=policy)
    for old, new in zip(plain.weights, half.weights, strict=True):
        new.assign(old)
    encoded = half(clips(half))
    expected, found = arrays(plain(clips(plain)))[0], arrays(encoded)[0]
    # Random deep networks have features so small that float16 rounds them to zero.
    tolerance = 0.1 * np.abs(expected).max() + 1e-6
    assert keras.backend.standardize_dtype(encoded.features.dtype) == half.compute_dtype
    assert np.isfinite(found).all()
    assert np.abs(found - expected).max() <= tolerance


@pytest.mark.jax
def test_training_reaches_every_weight(case):
    """A training step changes every trainable weight of an encoder."""
    part, arguments = case
    model = EncoderModel(part(**arguments))
    batch = clips(model.encoder)
    target = np.random.default_rng(1).normal(size=arrays(model(batch))[0].shape)
    if model.encoder.frozen:
        return
    before = [ops.convert_to_numpy(w) for w in model.trainable_variables]
    losses = [keras.losses.MeanSquaredError(), None]
    model.compile(optimizer=keras.optimizers.SGD(100.0), loss=losses)
    model.train_on_batch(batch, [target.astype("float32"), None])
    unchanged = [
        w.path
        for old, w in zip(before, model.trainable_variables, strict=True)
        if np.array_equal(old, ops.convert_to_numpy(w))
    ]
    assert unchanged == []


@pytest.mark.slow
def test_every_network_of_keras_applications():
    """Every network of Keras Applications gives a grid of features at a small size.

    The network without its classifier keeps the order of the weights, so that a weights file
    with the classifier can be read.
    """
    from lrcn_seq.encoders.applications import INPUTS, Applications

    for name, (own, _) in INPUTS.items():
        size = own if name == "NASNetLarge" else 96
        encoder = Applications(name, size=size, output="grid")
        pixels = np.random.default_rng(0).integers(0, 256, (1, 1, size, size, 3)).astype("uint8")
        features = ops.convert_to_numpy(encoder(pack(pixels)).features)
        assert features.shape[:2] == (1, 1), name
        assert np.isfinite(features).all(), name
        if not name.startswith("ConvNeXt"):  # the last layer of ConvNeXt depends on the classifier
            cut = encoder._cut(encoder._build_full(None, top=True, size=own))
            weights, expected = (
                [(w.name, w.shape) for w in network.weights] for network in (cut, encoder.network)
            )
            assert weights == expected, name
        keras.backend.clear_session()
