"""Every registered decoder through its contract."""

import json

import keras
import numpy as np
import pytest
from keras import ops

from lrcn_seq.decoders import FrameDecoder, WordDecoder, registry
from lrcn_seq.errors import ArgumentError
from lrcn_seq.records import Encoded
from lrcn_seq.registry import argument_problems

WORDS = {
    "lrcn": {"units": 6, "embedding": 5, "feature_units": 4},
    "lrcn first": {"layers": 1, "units": 6, "embedding": 5, "image": "first", "dropout": 0.3},
    "encoder_decoder": {
        "units": 6,
        "embedding": 5,
        "layers": 2,
        "dropout": 0.3,
        "feature_dropout": 0.3,
    },
    "s2vt": {"units": 6, "embedding": 5, "frame_units": 4, "dropout": 0.3, "feature_dropout": 0.3},
    "attention_lstm": {
        "units": 6,
        "embedding": 5,
        "attention": 4,
        "dropout": 0.3,
        "feature_dropout": 0.3,
    },
}
FRAMES = {
    "lstm_frames": {"units": 6, "feature_dropout": 0.3, "dropout": 0.3},
    "lstm_frames last": {
        "units": 6,
        "output": "last",
        "bidirectional": True,
        "layers": 2,
        "dense": 9,
    },
    "frame_mean": {"dense": 9, "dropout": 0.3},
    "frame_mean features": {"pool": "features"},
    "mlp": {"steps": 4, "units": 6, "dropout": 0.1},
}
V, C, B, S, R, D, L = 12, 7, 3, 4, 2, 8, 5
MASK = np.array([[1, 1, 1, 0], [1, 0, 0, 0], [1, 1, 1, 1]], bool)
RNG = np.random.default_rng(0)
FEATURES = RNG.normal(size=(B, S, R, D)).astype("float32") * MASK[:, :, None, None]
SENTENCES = RNG.integers(0, V, (B, L)).astype("int32")


@keras.saving.register_keras_serializable("tests")
class Reader(keras.Model):
    """A model that is one decoder over given features."""

    def __init__(self, decoder, **kwargs):
        super().__init__(**kwargs)
        self.decoder = decoder

    def build(self, given_shape):
        """By hand: on torch Keras cannot trace it."""
        features, mask, *words = given_shape
        self.decoder.build((features, mask), *words)

    def call(self, given, training=False):
        features, mask, *words = given
        return self.decoder(Encoded(features, mask), *words, training=training)

    def get_config(self):
        return {"decoder": keras.saving.serialize_keras_object(self.decoder)}

    @classmethod
    def from_config(cls, config):
        return cls(keras.saving.deserialize_keras_object(config["decoder"]))


def test_every_decoder_has_a_case():
    """No registered decoder is left out here."""
    assert len(registry.names()) >= 2
    assert {case.split()[0] for case in WORDS | FRAMES} == set(registry.names())


@pytest.fixture(params=WORDS | FRAMES)
def case(request):
    """(class, arguments, what the program derives)."""
    part = registry.get(request.param.split()[0])
    return (
        part,
        (WORDS | FRAMES)[request.param],
        {"vocabulary_size": V} if issubclass(part, WordDecoder) else {"classes": C},
    )


@pytest.fixture(params=WORDS)
def words_case(request):
    """(class, arguments) of a word decoder."""
    return registry.get(request.param.split()[0]), WORDS[request.param]


def given(decoder, rows=slice(None)):
    return (
        (FEATURES[rows], MASK[rows], SENTENCES[rows])
        if isinstance(decoder, WordDecoder)
        else (FEATURES[rows], MASK[rows])
    )


def logits(found):
    """Logits of either kind of decoder."""
    return ops.convert_to_numpy(
        ops.cast(found[0] if isinstance(found, (tuple, list)) else found, "float32")
    )


def tensors(tree):
    return keras.tree.map_structure(ops.convert_to_tensor, tree)


def test_arguments_are_plain_and_checked(case):
    """The arguments pass the check of a config, and their config is JSON that builds an equal part."""
    part, arguments, derived = case
    assert argument_problems(part, arguments, "decoder") == []
    assert set(part.derived) == set(derived)
    first = part(**arguments, **derived)
    config = json.loads(json.dumps(first.get_config()))
    assert (arguments | derived).items() <= config.items()
    assert part.from_config(config).get_config() == first.get_config()
    assert isinstance(first, (WordDecoder, FrameDecoder))


def test_saved_and_loaded_in_a_model(case, tmp_path):
    """In a model saved as .keras and loaded, it gives the same logits; compiled they equal those of an eager call."""
    part, arguments, derived = case
    model = Reader(part(**arguments, **derived))
    eager = logits(model(tensors(given(model.decoder))))
    compiled = logits(model.predict_on_batch(given(model.decoder)))
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    assert np.allclose(compiled, eager, atol=1e-5)
    assert np.allclose(logits(loaded(tensors(given(model.decoder)))), eager, atol=1e-6)


def test_padding_and_neighbors_do_not_matter(case):
    """A clip gives the same logits alone and in any order, whatever stands in its padding, however long it is padded."""
    part, arguments, derived = case
    model = Reader(part(**arguments, **derived))
    together = logits(model(tensors(given(model.decoder))))
    order = np.array([2, 0, 1])
    assert np.allclose(
        logits(model(tensors(given(model.decoder, order)))), together[order], atol=1e-5
    )
    noisy = (np.where(MASK[:, :, None, None], FEATURES, 9), *given(model.decoder)[1:])
    real = np.ones((B, together.shape[1]), bool) if together.shape[1] in {1, L} else MASK
    assert np.allclose(logits(model(tensors(noisy)))[real], together[real], atol=1e-5)
    alone = logits(
        model(tensors((FEATURES[:1, :3], MASK[:1, :3], *given(model.decoder, slice(1))[2:])))
    )
    assert np.allclose(alone[0], together[0, : alone.shape[1]], atol=1e-5)


@pytest.mark.parametrize("policy", ["mixed_bfloat16", "mixed_float16"])
def test_half_precision(case, policy):
    """Under a half-precision policy logits are float32, finite, and near those of float32."""
    part, arguments, derived = case
    plain, half = (Reader(part(**arguments, **derived, dtype=kind)) for kind in ("float32", policy))
    expected = logits(plain(tensors(given(plain.decoder))))
    half(tensors(given(half.decoder)))
    half.set_weights(plain.get_weights())
    found = half(tensors(given(half.decoder)))
    raw = found[0] if isinstance(found, (tuple, list)) else found
    assert keras.backend.standardize_dtype(raw.dtype) == "float32"
    assert np.isfinite(logits(found)).all()
    assert np.abs(logits(found) - expected).max() <= 0.05 * max(1, np.abs(expected).max())


def test_training_reaches_every_weight(case):
    """A training step changes every trainable weight."""
    part, arguments, derived = case
    model = Reader(part(**arguments, **derived))
    shape = logits(model(tensors(given(model.decoder)))).shape
    target = np.random.default_rng(1).normal(size=shape).astype("float32") * 10
    before = [ops.convert_to_numpy(w) for w in model.trainable_variables]
    loss = (
        keras.losses.MeanSquaredError()
        if isinstance(model.decoder, WordDecoder)
        else [keras.losses.MeanSquaredError(), None]
    )
    model.compile(optimizer=keras.optimizers.SGD(10.0), loss=loss)
    model.train_on_batch(
        given(model.decoder), target if isinstance(model.decoder, WordDecoder) else [target, None]
    )
    assert [
        w.path
        for old, w in zip(before, model.trainable_variables, strict=True)
        if np.array_equal(old, ops.convert_to_numpy(w))
    ] == []


def test_refuses_to_be_abstract():
    """A decoder without its methods cannot be made."""

    class Half(WordDecoder):
        def start(self, encoded, *, training=False): ...

    with pytest.raises(TypeError, match="abstract"):
        Half()


@pytest.mark.parametrize("name", FRAMES)
def test_streaming_equals_the_whole_clip(name):
    """Step after step, a causal decoder gives the logits of the clip so far from a state that does not grow; others refuse in a sentence."""
    decoder = registry.get(name.split()[0])(**FRAMES[name], classes=C)
    found, mask = decoder(Encoded(*tensors((FEATURES, MASK))))
    assert mask.shape == found.shape[:2]
    assert (
        ops.convert_to_numpy(mask).tolist()
        == (MASK if mask.shape[1] == S else MASK[:, :1]).tolist()
    )
    if not decoder.causal:
        for refused in (lambda: decoder.initial_state(B), lambda: decoder.step(FEATURES[:, 0], ())):
            with pytest.raises(
                ArgumentError,
                match=rf"Expected a causal decoder: {name.split()[0]}, as it is set up",
            ):
                refused()
        return
    state = decoder.initial_state(B)
    for step in range(S):
        before = [leaf.shape for leaf in keras.tree.flatten(state)]
        out, state = decoder.step(ops.convert_to_tensor(FEATURES[:, step]), state)
        assert [leaf.shape for leaf in keras.tree.flatten(state)] == before
        so_far = Encoded(*tensors((FEATURES[:, : step + 1], np.ones((B, step + 1), bool))))
        assert np.allclose(ops.convert_to_numpy(out), logits(decoder(so_far))[:, -1], atol=1e-5)


def test_loop_of_steps_equals_call(words_case):
    """A loop of `step` gives the logits of `call`; state and memory keep their structure, shapes and types."""
    part, arguments = words_case
    decoder = part(**arguments, vocabulary_size=V)
    encoded = Encoded(*tensors((FEATURES, MASK)))
    expected = logits(decoder(encoded, tensors(SENTENCES)))
    memory, state = decoder.start(encoded)

    def shapes(tree):
        return keras.tree.map_structure(
            lambda x: (tuple(x.shape), keras.backend.standardize_dtype(x.dtype)), tree
        )

    assert all(leaf.shape[0] == B for leaf in keras.tree.flatten((memory, state)))
    for place in range(L):
        out = decoder.step(ops.convert_to_tensor(SENTENCES[:, place]), state, memory)
        assert shapes(out.state) == shapes(state)
        assert out.attention is None or tuple(out.attention.shape) == (B, S * R)
        assert np.allclose(logits(out.logits), expected[:, place], atol=1e-5)
        state = out.state


@pytest.mark.parametrize("policy", ["mixed_bfloat16", "mixed_float16"])
def test_steps_in_half_precision(words_case, policy):
    """Outside of a call too, steps under a half-precision policy keep the types of the state and give float32 logits."""
    part, arguments = words_case
    decoder = part(**arguments, vocabulary_size=V, dtype=policy)
    encoded = Encoded(ops.cast(FEATURES, decoder.compute_dtype), ops.convert_to_tensor(MASK))
    decoder(encoded, tensors(SENTENCES))
    memory, state = decoder.start(encoded)
    out = decoder.step(ops.convert_to_tensor(SENTENCES[:, 0]), state, memory)
    assert [x.dtype for x in keras.tree.flatten(out.state)] == [
        x.dtype for x in keras.tree.flatten(state)
    ]
    assert keras.backend.standardize_dtype(out.logits.dtype) == "float32"


def test_projection_of_gathered_positions(words_case):
    """Projecting some positions of `hidden` gives the logits of these positions: the loss needs no others."""
    part, arguments = words_case
    decoder = part(**arguments, vocabulary_size=V)
    encoded = Encoded(*tensors((FEATURES, MASK)))
    expected = logits(decoder(encoded, tensors(SENTENCES)))
    hidden = ops.convert_to_numpy(decoder.hidden(encoded, tensors(SENTENCES)))
    assert np.allclose(
        logits(decoder.project(ops.convert_to_tensor(hidden[[0, 2], [1, 4]]))),
        expected[[0, 2], [1, 4]],
        atol=1e-5,
    )


def test_trains_on_its_own_words(words_case):
    """Scheduled sampling compiles, trains, and passes a gradient to every weight."""
    part, arguments = words_case

    class Sampler(Reader):
        def call(self, given, training=False):
            features, mask, words = given
            uniforms = ops.ones((L, B)) * 0.5
            return self.decoder.sampled(
                Encoded(features, mask),
                words,
                probability=0.7,
                uniforms=uniforms,
                training=training,
            )

    model = Sampler(part(**arguments, vocabulary_size=V))
    model(tensors((FEATURES, MASK, SENTENCES)))
    before = [ops.convert_to_numpy(w) for w in model.decoder.trainable_variables]
    model.compile(optimizer=keras.optimizers.SGD(10.0), loss=keras.losses.MeanSquaredError())
    model.train_on_batch(
        (FEATURES, MASK, SENTENCES),
        np.random.default_rng(1).normal(size=(B, L, V)).astype("float32") * 10,
    )
    assert [
        w.path
        for old, w in zip(before, model.decoder.trainable_variables, strict=True)
        if np.array_equal(old, ops.convert_to_numpy(w))
    ] == []


def test_lengths_need_no_retracing_on_tensorflow(words_case):
    """With open shapes one trace serves every batch size and length, and gradients flow."""
    if keras.backend.backend() != "tensorflow":
        pytest.skip("open shapes are TensorFlow's")
    import tensorflow as tf

    part, arguments = words_case
    decoder = part(**arguments, vocabulary_size=V)
    decoder(Encoded(*tensors((FEATURES, MASK))), tensors(SENTENCES))
    signature = [
        tf.TensorSpec((None, None, R, D)),
        tf.TensorSpec((None, None), tf.bool),
        tf.TensorSpec((None, None), tf.int32),
    ]

    @tf.function(input_signature=signature)
    def step(features, mask, words):
        with tf.GradientTape() as tape:
            loss = tf.reduce_sum(decoder(Encoded(features, mask), words, training=True) ** 2)
            loss += tf.reduce_sum(
                decoder.sampled(
                    Encoded(features, mask),
                    words,
                    probability=0.5,
                    uniforms=tf.cast(tf.transpose(words), "float32") * 0.1,
                    training=True,
                )
                ** 2
            )
        return [
            tf.convert_to_tensor(gradient)
            for gradient in tape.gradient(loss, decoder.trainable_variables)
        ]

    for rows, length in ((3, 5), (2, 3), (1, 1)):
        assert all(
            np.isfinite(gradient).all()
            for gradient in step(FEATURES[:rows], MASK[:rows], SENTENCES[:rows, :length])
        )
    assert step.experimental_get_tracing_count() == 1
