"""ONNX."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from lrcn_seq.export.formats import formats
from lrcn_seq.export.formats.base import Format, Quantization

if TYPE_CHECKING:
    from lrcn_seq.export.serving_function import ServingFunction

OPSET = 18
"""The version of the ONNX operators, which ONNX Runtime supports since 1.14."""
LARGE = 1024
"""Number of values from which weights are quantized."""


@formats.register
class Onnx(Format):
    """An ONNX model, converted by tf2onnx.

    Args:
        quantize: `int8` stores large weights as 8-bit integers, with a scale per channel.
    """

    file_name: ClassVar[str] = "model.onnx"
    packages: ClassVar[dict[str, str]] = {
        "onnx": "onnx",
        "onnxruntime": "onnxruntime",
        "tf2onnx": "tf2onnx",
    }
    runtime: ClassVar[str] = "import onnxruntime"
    load: ClassVar[str] = (
        'SESSION = onnxruntime.InferenceSession(str(Path(__file__).with_name("model.onnx")))'
    )
    call: ClassVar[str] = """\
    names = [output.name for output in SESSION.get_outputs()]
    return dict(zip(names, SESSION.run(names, arrays)))"""

    def __init__(self, quantize: Quantization | None = None):
        self.quantize = quantize

    def write(
        self,
        function: ServingFunction,
        path: Path,
        artifact: Mapping[str, Any],  # noqa: ARG002 - the interface
    ) -> None:
        """Write a file; see `Format`."""
        import tf2onnx

        from lrcn_seq.layers.scan import unrolled_scans

        module = function.tensorflow_module()
        with unrolled_scans():  # tf2onnx loses the stacked outputs of loops
            model, _ = tf2onnx.convert.from_function(
                module.serve,
                input_signature=module.serve.input_signature,
                opset=OPSET,
                custom_op_handlers={"SelectV2": (convert_select, [])},
            )
        if self.quantize is not None:
            quantize_weights(model)
        path.write_bytes(model.SerializeToString())


def convert_select(graph: Any, node: Any, name: str, _: Any) -> None:
    """Convert an operation SelectV2 to Where.

    tf2onnx converts it to c·a + (1 − c)·b, which is NaN if a or b is infinite, as the scores of
    impossible words are. ONNX Runtime has no Where of booleans, which are converted to integers.
    """
    from onnx import TensorProto

    condition, *values = node.input
    shape, dtype = graph.get_shape(node.output[0]), graph.get_dtype(node.output[0])
    outputs = list(node.output)
    graph.remove_node(node.name)
    if dtype != TensorProto.BOOL:
        graph.make_node(
            "Where",
            [condition, *values],
            name=name,
            outputs=outputs,
            shapes=[shape],
            dtypes=[dtype],
        )
        return
    integers = [
        graph.make_node("Cast", [value], attr={"to": TensorProto.INT32}).output[0]
        for value in values
    ]
    chosen = graph.make_node("Where", [condition, *integers]).output[0]
    graph.make_node(
        "Cast",
        [chosen],
        attr={"to": TensorProto.BOOL},
        name=name,
        outputs=outputs,
        shapes=[shape],
        dtypes=[dtype],
    )


def quantize_weights(model: Any) -> None:
    """Replace the large weights of a model by 8-bit integers with a scale per output channel.

    The quantization of ONNX Runtime leaves out weights that a loop uses, which are those of a
    decoder.

    Args:
        model: a `ModelProto`, which is changed.
    """
    from onnx import TensorProto, helper, numpy_helper

    graph, nodes = model.graph, []
    for tensor in list(graph.initializer):
        if tensor.data_type != TensorProto.FLOAT or len(tensor.dims) < 2:
            continue
        weights = numpy_helper.to_array(tensor)
        if weights.size < LARGE:
            continue
        integers, scales = to_integers(weights)
        parts = [f"{tensor.name}/{part}" for part in ("int8", "scale")]
        for name, array in zip(parts, (integers, scales), strict=True):
            graph.initializer.append(numpy_helper.from_array(array, name))
        axis = weights.ndim - 1
        nodes.append(helper.make_node("DequantizeLinear", parts, [tensor.name], axis=axis))
        graph.initializer.remove(tensor)
    for node in reversed(nodes):
        graph.node.insert(0, node)


def to_integers(weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return weights (..., C) as integers from −127 to 127, and the scale (C,) of each channel."""
    largest = np.abs(weights).max(axis=tuple(range(weights.ndim - 1)))
    scales = np.where(largest > 0, largest / 127, 1).astype("float32")
    return np.rint(weights / scales).astype("int8"), scales
