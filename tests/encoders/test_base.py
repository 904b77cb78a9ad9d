"""The base class of encoders."""

import keras
import numpy as np
import pytest
from keras import ops

from lrcn_seq.data.samplings import registry as samplings
from lrcn_seq.encoders.base import Encoder
from lrcn_seq.encoders.conv3d import Conv3d
from lrcn_seq.encoders.tiny_cnn import TinyCnn
from lrcn_seq.encoders.vectors import Vectors
from lrcn_seq.records import Clips, Preprocessing
from lrcn_seq.registry import encoders
from tests.encoders.equations import array

RNG = np.random.default_rng(0)


class MeanColor(Encoder):
    """An encoder whose feature is the weighted mean color of a frame."""

    def __init__(self, *, train="frozen", weights="none", factor=1.0, **kwargs):
        super().__init__(**kwargs)
        self.scale = self.add_weight(shape=(3,), initializer="ones", trainable=train == "all")
        self.factor = factor

    @property
    def preprocessing(self):
        return Preprocessing(4, 6)

    def encode_frames(self, frames, training=False):
        mean = ops.mean(ops.cast(frames, self.compute_dtype), axis=(1, 2))
        return (self.factor * mean * self.scale)[:, None]


def test_features_return_to_their_steps():
    """The index places the features of packed frames at their steps, and padding is zero."""
    frames = RNG.integers(0, 256, (3, 4, 6, 3), np.uint8)
    index = np.array([[2, 0, -1], [0, 1, 2]], np.int32)
    features, mask = map(array, MeanColor()(Clips(frames, index)))
    means = frames.mean((1, 2))
    expected = [[means[2], means[0], np.zeros(3)], [means[0], means[1], means[2]]]
    assert np.allclose(features[:, :, 0], expected, atol=1e-3)
    assert mask.tolist() == [[True, True, False], [True, True, True]]


def test_stored_features_are_returned_unchanged():
    """Stored features (N, R, D) are not encoded again."""
    stored = RNG.normal(size=(2, 5, 7)).astype("float32")
    features, _ = MeanColor()(Clips(stored, np.array([[1, 0]], np.int32)))
    assert np.array_equal(array(features), stored[None, ::-1])


def test_overlapping_clips_share_their_frames():
    """Frames that overlapping clips share are encoded once."""
    frames = RNG.integers(0, 256, (40, 32, 32, 3), np.uint8)
    clips = np.stack(samplings.build({"type": "sliding"}).test(np.arange(40) / 25))
    encoder, batches = TinyCnn(size=32), []
    encode = encoder.encode_frames
    encoder.encode_frames = lambda packed, training=False: (
        batches.append(len(packed)) or encode(packed, training=training)
    )
    shared = encoder(Clips(frames, clips.astype(np.int32)))
    separate = encoder(
        Clips(frames[clips.reshape(-1)], np.arange(clips.size, dtype=np.int32).reshape(clips.shape))
    )
    np.testing.assert_allclose(array(shared.features), array(separate.features), atol=1e-6)
    assert array(shared.mask).all()
    assert batches == [40, 64]


@pytest.mark.parametrize(
    ("encoder", "shape", "dtype"),
    [(MeanColor, (1, 4, 6, 3), "uint8"), (lambda: Vectors(5), (1, 5), "float32")],
    ids=["frames", "vectors"],
)
def test_example_input_is_one_frame_or_vector(encoder, shape, dtype):
    """The example input is a zero frame of the encoder's size, or a zero vector of its width."""
    example = encoder().example_input()
    assert (example.shape, example.dtype) == (shape, dtype)
    assert not example.any()


def test_frozen():
    """An encoder is frozen if it has no trainable weights."""
    assert MeanColor().frozen
    assert not MeanColor(train="all").frozen


def test_frame_wise():
    """An encoder is frame-wise unless it overrides `call`."""
    assert MeanColor().frame_wise
    assert not Conv3d(size=4, blocks=1).frame_wise


def test_identity_covers_weight_values_and_arguments():
    """Weights, arguments and dtype change the identity of an encoder."""
    changed = MeanColor()
    changed.scale.assign([1.0, 1.0, 2.0])
    identities = {
        MeanColor().identity(),
        changed.identity(),
        MeanColor(factor=2.0).identity(),
        MeanColor(dtype="mixed_bfloat16").identity(),
    }
    assert len(identities) == 4


def test_identity_ignores_training_and_the_origin_of_weights():
    """The identity of an encoder ignores its name, `train` and the origin of its weights."""
    other = MeanColor(train="all", weights="imagenet", name="another")
    assert other.identity() == MeanColor().identity()


def test_identity_begins_with_the_name_of_the_part():
    """The identity of an encoder begins with the name of its part."""
    assert MeanColor().identity().startswith("test_base:")


def test_identity_has_the_name_of_an_entry_point(monkeypatch):
    """The identity of an encoder begins with its registered name, not with that of its file."""
    monkeypatch.setitem(encoders._parts, "mean_color", MeanColor)
    assert MeanColor().identity().startswith("mean_color:")


def test_identity_depends_on_the_file_of_a_user(monkeypatch):
    """Features of an encoder in a file of the user are not reused after the file has changed."""
    before = MeanColor().identity()
    monkeypatch.setattr(MeanColor, "__module__", "lrcn_seq_file_0123.test_base")
    assert MeanColor().identity().startswith("test_base0123:")
    assert MeanColor().identity() != before


def test_saving_weights_does_not_compute_the_identity(tmp_path, monkeypatch):
    """Keras reads all properties of a saved layer, but does not compute its identity."""
    model = keras.Sequential([MeanColor()])
    model.built = True
    monkeypatch.setattr("lrcn_seq.encoders.base.sha256", lambda: pytest.fail("identity computed"))
    model.save_weights(tmp_path / "color.weights.h5")
    with pytest.raises(pytest.fail.Exception):
        model.layers[0].identity()


def test_load_pretrained_does_nothing_by_default():
    """By default, `load_pretrained` keeps the weights of an encoder."""
    encoder = MeanColor()
    encoder.load_pretrained()
    assert array(encoder.scale).tolist() == [1, 1, 1]


def test_subclasses_are_registered_for_saved_models():
    """Saved models name an encoder `lrcn_seq>CLASS`, although its class has no decorator."""
    assert keras.saving.get_registered_name(TinyCnn) == "lrcn_seq>TinyCnn"
