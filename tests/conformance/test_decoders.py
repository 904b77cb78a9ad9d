"""The contract of decoders, tested for every registered decoder."""

import copy
import json
import pickle

import keras
import numpy as np
import pytest
from keras import ops

from lrcn_seq.decoders import FrameDecoder, WordDecoder, registry
from lrcn_seq.errors import ArgumentError
from lrcn_seq.records import Encoded
from lrcn_seq.registry import argument_problems, constructor_of

WORD_DECODERS = {
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
    "attention_lstm with a reader": {"units": 6, "embedding": 5, "attention": 4, "reader": 3},
    "adaptive_attention": {
        "units": 6,
        "embedding": 5,
        "attention": 4,
        "dropout": 0.3,
        "feature_dropout": 0.3,
    },
    "attention_on_attention": {
        "units": 6,
        "embedding": 5,
        "heads": 2,
        "refine_layers": 1,
        "dropout": 0.3,
        "feature_dropout": 0.3,
    },
    "up_down": {
        "units": 6,
        "embedding": 5,
        "attention": 4,
        "hierarchical": True,
        "dropout": 0.3,
        "feature_dropout": 0.3,
    },
    "transformer": {
        "units": 6,
        "layers": 1,
        "heads": 2,
        "intermediate_units": 7,
        "dropout": 0.3,
        "feature_dropout": 0.3,
    },
}
FRAME_DECODERS = {
    "lstm_frames": {"units": 6, "feature_dropout": 0.3, "dropout": 0.3},
    "lstm_frames last": {
        "units": 6,
        "output": "last",
        "bidirectional": True,
        "layers": 2,
        "dense": 9,
    },
    "lstm_frames bidirectional": {"units": 6, "bidirectional": True},
    "frame_mean": {"dense": 9, "dropout": 0.3},
    "frame_mean features": {"pool": "features"},
    "mlp": {"steps": 4, "units": 6, "dropout": 0.1},
    "frame_statistics": {"dense": 9, "dropout": 0.3},
    "frame_statistics difference": {"statistics": ["difference"], "standardize": False},
    "attention_pooling": {"attention": 5, "dropout": 0.3},
    "temporal_convolution": {"filters": 6, "feature_dropout": 0.3, "dropout": 0.3},
    "temporal_convolution causal": {"filters": 6, "causal": True},
    "lstm_differences": {"units": 6, "feature_dropout": 0.3},
    "lstm_differences last": {"units": 6, "difference": "signed", "output": "last"},
    "lstm_differences bidirectional": {"units": 6, "bidirectional": True},
}
V, C, B, S, R, D, L = 12, 7, 3, 4, 2, 8, 5
DERIVED = {"vocabulary_size": V, "classes": C, "words_limit": L - 1}
MASK = np.array([[1, 1, 1, 0], [1, 0, 0, 0], [1, 1, 1, 1]], bool)
HOLES = np.array([[1, 0, 1, 1], [0, 0, 1, 0], [1, 1, 0, 1]], bool)
RNG = np.random.default_rng(0)
FEATURES = RNG.normal(size=(B, S, R, D)).astype("float32") * MASK[:, :, None, None]
WORDS = RNG.integers(0, V, (B, L)).astype("int32")


@keras.saving.register_keras_serializable("tests")
class DecoderModel(keras.Model):
    """A Keras model that contains one decoder."""

    def __init__(self, decoder, **kwargs):
        super().__init__(**kwargs)
        self.decoder = decoder

    def build(self, inputs_shape):
        """Build the decoder explicitly, because Keras cannot trace it on PyTorch."""
        features, mask, *words = inputs_shape
        self.decoder.build((features, mask), *words)

    def call(self, inputs, training=False):
        features, mask, *words = inputs
        return self.decoder(Encoded(features, mask), *words, training=training)

    def get_config(self):
        return {"decoder": keras.saving.serialize_keras_object(self.decoder)}

    @classmethod
    def from_config(cls, config):
        return cls(keras.saving.deserialize_keras_object(config["decoder"]))


@pytest.fixture(scope="module", autouse=True)
def _unoptimized_graphs():
    """Do not optimize the graphs of TensorFlow, most of which run once."""
    if keras.backend.backend() != "tensorflow":
        yield
        return
    import tensorflow as tf

    tf.config.optimizer.set_experimental_options({"disable_meta_optimizer": True})
    yield
    tf.config.optimizer.set_experimental_options({"disable_meta_optimizer": False})


def test_every_decoder_has_a_case():
    """Every registered decoder has a test case in this module."""
    assert len(registry.names()) >= 2
    assert {case.split()[0] for case in WORD_DECODERS | FRAME_DECODERS} == set(registry.names())


@pytest.fixture(params=WORD_DECODERS | FRAME_DECODERS)
def case(request):
    """Return the class, the arguments and the derived arguments of each decoder."""
    part = registry.get(request.param.split()[0])
    return (
        part,
        (WORD_DECODERS | FRAME_DECODERS)[request.param],
        {name: DERIVED[name] for name in part.derived},
    )


@pytest.fixture(params=WORD_DECODERS)
def words_case(request):
    """Return the class and the arguments of each word decoder."""
    return registry.get(request.param.split()[0]), WORD_DECODERS[request.param]


def inputs(decoder, rows=slice(None)):
    """Return features, mask and, for a word decoder, words."""
    words = (WORDS[rows],) if isinstance(decoder, WordDecoder) else ()
    return FEATURES[rows], MASK[rows], *words


def logits(outputs):
    """Return the logits of a decoder's outputs as float32."""
    return ops.convert_to_numpy(ops.cast(logits_tensor(outputs), "float32"))


def logits_tensor(outputs):
    """Return the logits of a decoder's outputs without the mask."""
    return outputs[0] if isinstance(outputs, (tuple, list)) else outputs


def tensors(tree):
    """Return a structure of arrays as tensors."""
    return keras.tree.map_structure(ops.convert_to_tensor, tree)


def test_arguments_are_plain_and_checked(case):
    """Arguments of a decoder pass the config checks, and `get_config` restores an equal decoder."""
    part, arguments, derived = case
    assert argument_problems(constructor_of(part), arguments, "decoder") == []
    size = "vocabulary_size" if issubclass(part, WordDecoder) else "classes"
    assert size in part.derived
    first = part(**arguments, **derived)
    config = json.loads(json.dumps(first.get_config()))
    assert (arguments | derived).items() <= config.items()
    assert part.from_config(config).get_config() == first.get_config()
    assert isinstance(first, (WordDecoder, FrameDecoder))


@pytest.mark.parametrize(
    "name", [name for name in WORD_DECODERS if registry.get(name.split()[0]).shares_clips]
)
def test_captions_share_what_depends_on_their_clip(name):
    """With `owner`, logits and steps equal those of the features repeated for each caption."""
    part = registry.get(name.split()[0])
    decoder = part(**WORD_DECODERS[name], **{name: DERIVED[name] for name in part.derived})
    owner = np.array([2, 0, 0, 1, 2], "int32")
    words = RNG.integers(0, V, (len(owner), L)).astype("int32")
    repeated = logits(decoder(Encoded(FEATURES[owner], MASK[owner]), words))
    shared = Encoded(*tensors((FEATURES, MASK)))
    np.testing.assert_allclose(logits(decoder(shared, words, owner=owner)), repeated, atol=1e-5)
    memory, state = decoder.start(shared, owner=ops.convert_to_tensor(owner))
    for index, column in enumerate(words.T):
        out = decoder.step(ops.convert_to_tensor(column), state, memory)
        state = out.state
        np.testing.assert_allclose(logits(out.logits), repeated[:, index], atol=1e-5)


def test_saved_and_loaded_in_a_model(case, tmp_path):
    """A compiled decoder and one loaded from a .keras file give the same logits."""
    part, arguments, derived = case
    model = DecoderModel(part(**arguments, **derived))
    eager = logits(model(tensors(inputs(model.decoder))))
    compiled = logits(model.predict_on_batch(inputs(model.decoder)))
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    assert np.allclose(compiled, eager, atol=1e-5)
    assert np.allclose(logits(loaded(tensors(inputs(model.decoder)))), eager, atol=1e-6)


def test_saved_and_loaded_in_a_functional_model(case, tmp_path):
    """A functional model of the decoder and one loaded from its file give the same logits."""
    part, arguments, derived = case
    decoder = part(**arguments, **derived)
    features, mask = keras.Input((None, R, D)), keras.Input((None,), dtype="bool")
    words = [keras.Input((None,), dtype="int32")] * issubclass(part, WordDecoder)
    model = keras.Model([features, mask, *words], decoder(Encoded(features, mask), *words))
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    expected = logits(decoder(Encoded(*tensors((FEATURES, MASK))), *tensors(inputs(decoder)[2:])))
    for found in (model, loaded):
        assert np.allclose(logits(found(tensors(list(inputs(decoder))))), expected, atol=1e-6)


def test_copied_and_pickled(case):
    """A deep copy and a pickled copy of a model of the decoder give the same logits."""
    part, arguments, derived = case
    model = DecoderModel(part(**arguments, **derived))
    expected = logits(model(tensors(inputs(model.decoder))))
    for other in (copy.deepcopy(model), pickle.loads(pickle.dumps(model))):
        assert np.allclose(logits(other(tensors(inputs(other.decoder)))), expected, atol=1e-6)


def test_hidden_steps_are_skipped(case):
    """A clip with masked steps gives the same logits as a clip of only the other steps."""
    part, arguments, derived = case
    decoder = part(**arguments, **derived)
    words = WORDS if issubclass(part, WordDecoder) else None
    features = np.where(HOLES[:, :, None, None], RNG.normal(size=(B, S, R, D)), 9).astype("float32")

    def run(features, mask, rows):
        given = () if words is None else (tensors(words[rows]),)
        return logits(decoder(Encoded(*tensors((features, mask))), *given))

    together = run(features, HOLES, slice(None))
    assert together.shape[1] in {1, L, S}
    for row, real in enumerate(HOLES):
        clip = features[row : row + 1, real]
        alone = run(clip, np.ones(clip.shape[:2], bool), slice(row, row + 1))[0]
        found = together[row, real] if together.shape[1] == S else together[row]
        assert np.allclose(found, alone, atol=1e-5)


def test_the_input_may_be_a_list(case):
    """Features and mask may be a list or tuple; an error names the tensors if one is missing."""
    part, arguments, derived = case
    decoder = part(**arguments, **derived)
    features, mask, *words = tensors(list(inputs(decoder)))
    expected = logits(decoder(Encoded(features, mask), *words))
    assert np.array_equal(logits(decoder([features, mask], *words)), expected)
    named = dict(zip(["words"], words, strict=False))
    assert np.array_equal(logits(decoder(encoded=(features, mask), **named)), expected)
    with pytest.raises(ArgumentError, match=r"Expected encoded as Encoded\(features, mask\)"):
        decoder(features, *words)


@pytest.mark.jax
def test_padding_and_neighbors_do_not_matter(case):
    """The logits of a clip do not depend on the other clips, their order, or padding."""
    part, arguments, derived = case
    model = DecoderModel(part(**arguments, **derived))
    together = logits(model(tensors(inputs(model.decoder))))
    order = np.array([2, 0, 1])
    reordered = logits(model(tensors(inputs(model.decoder, order))))
    assert np.allclose(reordered, together[order], atol=1e-5)
    other_padding = np.where(MASK[:, :, None, None], FEATURES, 9)
    noisy = logits(model(tensors((other_padding, *inputs(model.decoder)[1:]))))
    real = np.ones((B, together.shape[1]), bool) if together.shape[1] in {1, L} else MASK
    assert np.allclose(noisy[real], together[real], atol=1e-5)
    words = inputs(model.decoder, slice(1))[2:]
    alone = logits(model(tensors((FEATURES[:1, :3], MASK[:1, :3], *words))))
    assert np.allclose(alone[0], together[0, : alone.shape[1]], atol=1e-5)


@pytest.mark.parametrize("policy", ["mixed_bfloat16", "mixed_float16"])
def test_half_precision(case, policy):
    """Logits of a half-precision decoder are float32 and close to those of a float32 decoder."""
    part, arguments, derived = case
    plain, half = (
        DecoderModel(part(**arguments, **derived, dtype=kind)) for kind in ("float32", policy)
    )
    expected = logits(plain(tensors(inputs(plain.decoder))))
    half(tensors(inputs(half.decoder)))
    half.set_weights(plain.get_weights())
    outputs = half(tensors(inputs(half.decoder)))
    assert keras.backend.standardize_dtype(logits_tensor(outputs).dtype) == "float32"
    assert np.isfinite(logits(outputs)).all()
    assert np.abs(logits(outputs) - expected).max() <= 0.05 * max(1, np.abs(expected).max())


@pytest.mark.jax
def test_training_reaches_every_weight(case):
    """A training step changes every trainable weight of a decoder."""
    part, arguments, derived = case
    model = DecoderModel(part(**arguments, **derived))
    shape = logits(model(tensors(inputs(model.decoder)))).shape
    target = np.random.default_rng(1).normal(size=shape).astype("float32") * 10
    before = [ops.convert_to_numpy(w) for w in model.trainable_variables]
    loss = (
        keras.losses.MeanSquaredError()
        if isinstance(model.decoder, WordDecoder)
        else [keras.losses.MeanSquaredError(), None]
    )
    model.compile(optimizer=keras.optimizers.SGD(10.0), loss=loss)
    model.train_on_batch(
        inputs(model.decoder), target if isinstance(model.decoder, WordDecoder) else [target, None]
    )
    assert [
        w.path
        for old, w in zip(before, model.trainable_variables, strict=True)
        if np.array_equal(old, ops.convert_to_numpy(w))
    ] == []


def test_incomplete_decoder():
    """A decoder without the methods of its contract cannot be constructed."""

    class Incomplete(WordDecoder):
        def start(self, encoded, *, training=False): ...

    with pytest.raises(TypeError, match="abstract"):
        Incomplete()


def frame_decoder(name):
    """Return the frame decoder of a test case."""
    return registry.get(name.split()[0])(**FRAME_DECODERS[name], classes=C)


CAUSAL = [
    name
    for name, arguments in FRAME_DECODERS.items()
    if name not in {"mlp", "temporal_convolution"} and not arguments.get("bidirectional")
]


@pytest.mark.parametrize("name", FRAME_DECODERS)
def test_mask_of_frame_decoders(name):
    """A frame decoder returns the mask of the features, or True for its one output per clip."""
    decoder = frame_decoder(name)
    outputs, mask = decoder(Encoded(*tensors((FEATURES, MASK))))
    expected = MASK if decoder.every_step else MASK[:, :1]
    assert outputs.shape == (*expected.shape, C)
    assert np.array_equal(ops.convert_to_numpy(mask), expected)


@pytest.mark.parametrize("name", FRAME_DECODERS)
def test_causal(name):
    """Frame decoders are causal without a perceptron, centered convolutions, or backward LSTMs."""
    assert frame_decoder(name).causal == (name in CAUSAL)


@pytest.mark.jax
@pytest.mark.parametrize("name", CAUSAL)
def test_streaming_equals_the_clip_up_to_a_step(name):
    """Streaming gives at each step the logits of the clip so far, with a state of fixed size."""
    decoder = frame_decoder(name)
    decoder(Encoded(*tensors((FEATURES, MASK))))
    state = decoder.initial_state(B)
    for step in range(S):
        before = [leaf.shape for leaf in keras.tree.flatten(state)]
        out, state = decoder.step(ops.convert_to_tensor(FEATURES[:, step]), state)
        assert [leaf.shape for leaf in keras.tree.flatten(state)] == before
        clip = Encoded(*tensors((FEATURES[:, : step + 1], np.ones((B, step + 1), bool))))
        assert np.allclose(ops.convert_to_numpy(out), logits(decoder(clip))[:, -1], atol=1e-5)


@pytest.mark.parametrize("name", sorted(set(FRAME_DECODERS) - set(CAUSAL)))
def test_a_decoder_that_is_not_causal_does_not_stream(name):
    """Streaming with a non-causal decoder raises an error that names the decoder."""
    decoder = frame_decoder(name)
    message = rf"Expected a causal decoder: {name.split()[0]} with these arguments needs"
    for call in (lambda: decoder.initial_state(B), lambda: decoder.step(FEATURES[:, 0], ())):
        with pytest.raises(ArgumentError, match=message):
            call()


@pytest.mark.jax
def test_loop_of_steps_equals_call(words_case):
    """A loop over `step` gives the logits of `call` and keeps the structure of the state."""
    part, arguments = words_case
    decoder = part(**arguments, vocabulary_size=V)
    encoded = Encoded(*tensors((FEATURES, MASK)))
    expected = logits(decoder(encoded, tensors(WORDS)))
    memory, state = decoder.start(encoded)

    def shapes(tree):
        return keras.tree.map_structure(
            lambda x: (tuple(x.shape), keras.backend.standardize_dtype(x.dtype)), tree
        )

    assert all(leaf.shape[0] == B for leaf in keras.tree.flatten((memory, state)))
    for place in range(L):
        out = decoder.step(ops.convert_to_tensor(WORDS[:, place]), state, memory)
        assert shapes(out.state) == shapes(state)
        assert out.attention is None or tuple(out.attention.shape) == (B, S * R)
        assert np.allclose(logits(out.logits), expected[:, place], atol=1e-5)
        state = out.state


@pytest.mark.parametrize("policy", ["mixed_bfloat16", "mixed_float16"])
def test_steps_in_half_precision(words_case, policy):
    """A half-precision decoder's `step` keeps the state's dtypes and gives float32 logits."""
    part, arguments = words_case
    decoder = part(**arguments, vocabulary_size=V, dtype=policy)
    encoded = Encoded(ops.cast(FEATURES, decoder.compute_dtype), ops.convert_to_tensor(MASK))
    decoder(encoded, tensors(WORDS))
    memory, state = decoder.start(encoded)
    out = decoder.step(ops.convert_to_tensor(WORDS[:, 0]), state, memory)
    assert [x.dtype for x in keras.tree.flatten(out.state)] == [
        x.dtype for x in keras.tree.flatten(state)
    ]
    assert keras.backend.standardize_dtype(out.logits.dtype) == "float32"


def test_projection_of_gathered_positions(words_case):
    """`project` gives the logits of selected positions of `hidden`."""
    part, arguments = words_case
    decoder = part(**arguments, vocabulary_size=V)
    encoded = Encoded(*tensors((FEATURES, MASK)))
    expected = logits(decoder(encoded, tensors(WORDS)))
    hidden = ops.convert_to_numpy(decoder.hidden(encoded, tensors(WORDS)))
    gathered = logits(decoder.project(ops.convert_to_tensor(hidden[[0, 2], [1, 4]])))
    assert np.allclose(gathered, expected[[0, 2], [1, 4]], atol=1e-5)


def test_scheduled_sampling_trains_every_weight(words_case):
    """A model with scheduled sampling compiles, and a training step changes every weight."""
    part, arguments = words_case

    class Sampler(DecoderModel):
        def call(self, inputs, training=False):
            features, mask, words = inputs
            uniforms = ops.ones((L, B)) * 0.5
            return self.decoder.sampled(
                Encoded(features, mask),
                words,
                probability=0.7,
                uniforms=uniforms,
                training=training,
            )

    model = Sampler(part(**arguments, vocabulary_size=V))
    model(tensors((FEATURES, MASK, WORDS)))
    before = [ops.convert_to_numpy(w) for w in model.decoder.trainable_variables]
    model.compile(optimizer=keras.optimizers.SGD(10.0), loss=keras.losses.MeanSquaredError())
    model.train_on_batch(
        (FEATURES, MASK, WORDS),
        np.random.default_rng(1).normal(size=(B, L, V)).astype("float32") * 10,
    )
    assert [
        w.path
        for old, w in zip(before, model.decoder.trainable_variables, strict=True)
        if np.array_equal(old, ops.convert_to_numpy(w))
    ] == []


def test_lengths_need_no_retracing_on_tensorflow(words_case):
    """On TensorFlow, one trace of a decoder serves every batch size and length."""
    if keras.backend.backend() != "tensorflow":
        pytest.skip("only TensorFlow traces unknown sizes")
    import tensorflow as tf

    part, arguments = words_case
    decoder = part(**arguments, vocabulary_size=V)
    decoder(Encoded(*tensors((FEATURES, MASK))), tensors(WORDS))
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
            for gradient in step(FEATURES[:rows], MASK[:rows], WORDS[:rows, :length])
        )
    assert step.experimental_get_tracing_count() == 1
