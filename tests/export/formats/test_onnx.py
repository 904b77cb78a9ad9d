"""ONNX artifacts."""

import keras
import numpy as np
import pytest

import lrcn_seq
from lrcn_seq.export.formats.onnx import OPSET, convert_select, quantize_weights, to_integers
from tests.export.isolation import run_script

pytest.importorskip("tf2onnx")
pytestmark = pytest.mark.skipif(
    keras.backend.backend() != "tensorflow", reason="a format that TensorFlow writes"
)
REFUSED = ("tensorflow", "jax")


@pytest.mark.parametrize("dtype", ["float32", "bool", "int32"])
def test_a_choice_of_infinite_values_has_no_nan(dtype):
    """`where` keeps infinite values, which tf2onnx alone would turn into NaN, and booleans."""
    import onnxruntime
    import tensorflow as tf
    import tf2onnx

    first = np.array([-np.inf, 2.0, 3.0] if dtype == "float32" else [0, 1, 1]).astype(dtype)
    second = np.array([1.0, -np.inf, 4.0] if dtype == "float32" else [1, 0, 1]).astype(dtype)
    types = [tf.TensorSpec((3,), "bool"), *[tf.TensorSpec((3,), dtype)] * 2]
    model, _ = tf2onnx.convert.from_function(
        tf.function(tf.where, input_signature=types),
        input_signature=types,
        custom_op_handlers={"SelectV2": (convert_select, [])},
    )
    session = onnxruntime.InferenceSession(model.SerializeToString())
    condition = np.array([True, False, True])
    names = [one.name for one in session.get_inputs()]
    (received,) = session.run(None, dict(zip(names, (condition, first, second), strict=True)))
    np.testing.assert_array_equal(received, np.where(condition, first, second))
    assert received.dtype == first.dtype


def test_integers_have_the_values_of_weights():
    """Weights of 8 bits differ from the weights by at most half a step of their channel."""
    weights = np.random.default_rng(0).normal(size=(3, 20, 5)).astype("float32")
    weights[..., 2] = 0
    integers, scales = to_integers(weights)
    assert (integers.dtype, integers.shape, scales.shape) == ("int8", (3, 20, 5), (5,))
    assert np.abs(integers).max() == 127
    assert (np.abs(integers * scales - weights) <= scales / 2 + 1e-6).all()


def test_large_weights_of_a_model_are_quantized():
    """Large weights become integers, also if a loop uses them; the product stays close."""
    import onnxruntime
    from onnx import TensorProto, helper, numpy_helper

    random = np.random.default_rng(0)
    weights = random.normal(size=(64, 32)).astype("float32")
    x = random.normal(size=(2, 64)).astype("float32")
    model = helper.make_model(
        helper.make_graph(
            [helper.make_node("MatMul", ["x", "w"], ["y"]), helper.make_node("Add", "yb", "z")],
            "product",
            [helper.make_tensor_value_info("x", TensorProto.FLOAT, (2, 64))],
            [helper.make_tensor_value_info("z", TensorProto.FLOAT, (2, 32))],
            [
                numpy_helper.from_array(weights, "w"),
                numpy_helper.from_array(np.ones(32, "float32"), "b"),
            ],
        ),
        opset_imports=[helper.make_opsetid("", OPSET)],
        ir_version=9,
    )
    before = model.ByteSize()
    quantize_weights(model)
    assert model.ByteSize() < 0.4 * before
    (received,) = onnxruntime.InferenceSession(model.SerializeToString()).run(None, {"x": x})
    np.testing.assert_allclose(received, x @ weights + 1, atol=0.3)
    assert not np.array_equal(received, x @ weights + 1)


@pytest.mark.slow
@pytest.mark.parametrize(
    "search",
    [
        {"type": "greedy"},
        {"type": "beam", "beams": 3, "block_ngram": 2},
        {"type": "diverse_beam", "beams": 4, "groups": 2},
    ],
    ids=lambda search: search["type"],
)
def test_a_captioner_with_each_search(export, smoke_run, photos, search):
    """Without TensorFlow, `run.py` prints the captions of the run, for any batch size."""
    made = export(smoke_run, format="onnx", search=search)
    assert made.artifact["inputs"][0]["shape"] == [None, 32, 32, 3]
    found = lrcn_seq.load(smoke_run).predict([*map(str, photos)], search=search)
    lines = run_script(made.folder, photos, refused=REFUSED)
    assert [line.partition("\t")[2] for line in lines] == [one.captions[0].text for one in found]


@pytest.mark.slow
def test_a_describer_of_clips(export, description_run, clips):
    """Recurrent encoders of clips are unrolled to a fixed number of frames."""
    made = export(description_run, format="onnx", frames=6)
    assert made.artifact["inputs"][0]["shape"] == [None, 6, 32, 32, 3]
    found = lrcn_seq.load(description_run).predict([*map(str, clips)])
    lines = run_script(made.folder, clips, refused=REFUSED)
    assert [line.partition("\t")[2] for line in lines] == [one.captions[0].text for one in found]


@pytest.mark.slow
def test_weights_of_8_bits(export, smoke_run, photos):
    """A model with quantized weights still captions files."""
    made = export(smoke_run, format="onnx", quantize="int8")
    assert made.artifact["quantize"] == "int8"
    assert len(run_script(made.folder, photos, refused=REFUSED)) == len(photos)
