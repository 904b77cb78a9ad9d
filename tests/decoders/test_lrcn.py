"""The LSTM captioners of LRCN, against their equations in NumPy."""

import keras
import numpy as np
import pytest
from keras import ops

from lrcn_seq.decoders.lrcn import Lrcn
from lrcn_seq.records import Encoded

KINDS = {"1u": (1, False), "2u": (2, False), "2f": (2, True), "4f": (4, True)}
V, U, E, D = 11, 5, 4, 6
EXACT = (
    1e-12 if keras.backend.backend() == "tensorflow" else 1e-5
)  # Keras computes float64 in float32 on the others


def encoded(dtype="float64", batch=3):
    rng = np.random.default_rng(0)
    mask = np.array([[True, True, False], [True, False, False], [True, True, True]])[:batch]
    features = rng.normal(size=(batch, 3, 2, D)).astype(dtype)
    return Encoded(ops.convert_to_tensor(features), ops.convert_to_tensor(mask))


def words(batch=3, length=7):
    return np.random.default_rng(1).integers(0, V, (batch, length)).astype("int32")


def built(kind="2f", dtype="float64", **options):
    layers, factored = KINDS[kind]
    decoder = Lrcn(
        V, layers=layers, factored=factored, units=U, embedding=E, dtype=dtype, **options
    )
    decoder(encoded(dtype), words())
    rng = np.random.default_rng(2)
    for weight in decoder.weights:
        if str(weight.dtype).startswith("float"):
            weight.assign(rng.normal(size=weight.shape) * 0.5)
    return decoder


def array(tensor):
    return ops.convert_to_numpy(tensor)


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def lstm(x, state, weights, extra):
    """One step, gate by gate, from the equations of the paper."""
    (h, c), (kernel, recurrent, bias) = state, weights
    n = h.shape[-1]
    gate = [
        x @ kernel[:, k * n : (k + 1) * n]
        + h @ recurrent[:, k * n : (k + 1) * n]
        + bias[k * n : (k + 1) * n]
        + extra[:, k * n : (k + 1) * n]
        for k in range(4)
    ]
    i, f, o = sigmoid(gate[0]), sigmoid(gate[1]), sigmoid(gate[3])
    c = f * c + i * np.tanh(gate[2])
    return o * np.tanh(c), c


def oracle(decoder, kind, given, ids, first=False):
    """Logits (B, L, V) in NumPy, word by word."""
    features, mask = map(array, given)
    v = np.stack(
        [row[real].reshape(-1, D).mean(0) for row, real in zip(features, mask, strict=True)]
    )
    if decoder.feature is not None:
        v = v @ array(decoder.feature.kernel) + array(decoder.feature.bias)
    image, none = v @ array(decoder.image_gates.kernel), np.zeros((len(v), 4 * U))
    layers, factored = KINDS[kind]
    place = layers // 2 if factored else 0
    cells = [[np.zeros((len(v), U))] * 2 for _ in range(layers)]

    def climb(x, start, image):
        for index in range(start, layers):
            layer = decoder.stack[index]
            cells[index] = lstm(
                x,
                cells[index],
                map(array, (layer.kernel, layer.recurrent_kernel, layer.bias)),
                image if index == place else none,
            )
            x = cells[index][0]
        return x

    if first:
        climb(np.zeros((len(v), U if place else E)), place, image)
        image = none
    outputs = [climb(array(decoder.embed.embeddings)[word], 0, image) for word in ids.T]
    logits = np.stack(outputs, 1) @ array(decoder.output_words.kernel)
    return logits + array(decoder.output_words.bias) if decoder.output_words.use_bias else logits


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "options", [{}, {"image": "first"}, {"feature_units": 7, "output_bias": False}]
)
def test_equals_equations(kind, options):
    """The logits equal the paper's equations to 1e-12 in float64."""
    decoder = built(kind, **options)
    expected = oracle(decoder, kind, encoded(), words(), first=options.get("image") == "first")
    assert np.abs(array(decoder(encoded(), words())) - expected).max() < EXACT


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("image", ["every_step", "first"])
@pytest.mark.parametrize(("dtype", "tolerance"), [("float64", EXACT), ("float32", 1e-5)])
def test_step_equals_call(kind, image, dtype, tolerance):
    """A loop of steps gives the logits of the teacher-forced call, with attention absent."""
    decoder = built(kind, dtype=dtype, image=image)
    memory, state = decoder.start(encoded(dtype))
    expected = oracle(decoder, kind, encoded(dtype), words(), first=image == "first")
    for place, word in enumerate(words().T):
        out = decoder.step(ops.convert_to_tensor(word), state, memory)
        state = out.state
        assert out.attention is None
        assert np.allclose(array(out.logits), expected[:, place], rtol=tolerance, atol=tolerance)


def tensors(tree):
    return keras.tree.map_structure(ops.convert_to_tensor, tree)


def sampled(decoder, probability, uniforms, training=False):
    return array(
        decoder.sampled(
            encoded("float32"),
            tensors(words()),
            probability=probability,
            uniforms=tensors(uniforms.astype("float32")),
            training=training,
        )
    )


def test_sampled_without_sampling_equals_call():
    """At probability 0 scheduled sampling gives the teacher-forced logits."""
    decoder = built(dtype="float32")
    uniforms = np.zeros((7, 3))
    assert np.allclose(
        sampled(decoder, 0.0, uniforms), array(decoder(encoded("float32"), words())), atol=1e-5
    )


def test_sampled_feeds_own_words():
    """Where the uniform falls below the probability, the best word of the last step is fed instead of the given one."""
    decoder = built(dtype="float32")
    uniforms = np.random.default_rng(3).uniform(size=(7, 3))
    memory, state = decoder.start(encoded("float32"))
    fed, expected = words()[:, 0], []
    for place in range(7):
        out = decoder.step(ops.convert_to_tensor(fed), state, memory)
        state = out.state
        expected.append(array(out.logits))
        if place < 6:
            fed = np.where(
                uniforms[place + 1] < 0.5, expected[-1].argmax(-1), words()[:, place + 1]
            ).astype("int32")
    assert np.allclose(sampled(decoder, 0.5, uniforms), np.stack(expected, 1), atol=1e-5)


def test_dropout_is_one_function_of_memory():
    """In training the loop of steps still equals the call: the masks drawn by `start` hold for the whole sentence."""
    decoder = built(dtype="float32", dropout=0.5)
    keras.utils.set_random_seed(5)
    seeds = [weight for weight in decoder.variables if "seed" in weight.path]
    kept = [array(seed) for seed in seeds]
    expected = array(decoder(encoded("float32"), words(), training=True))
    for seed, value in zip(seeds, kept, strict=True):
        seed.assign(value)
    assert len(seeds) == 1
    assert np.allclose(sampled(decoder, 0.0, np.ones((7, 3)), training=True), expected, atol=1e-5)
    assert not np.allclose(array(decoder(encoded("float32"), words())), expected, atol=1e-2)
