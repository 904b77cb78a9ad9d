"""LiteRT, formerly TensorFlow Lite."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from lrcn_seq.export.formats import formats
from lrcn_seq.export.formats.base import Format, Quantization

if TYPE_CHECKING:
    from lrcn_seq.export.serving_function import ServingFunction


@formats.register
class Litert(Format):
    """A LiteRT model of built-in operations, with a fixed batch size.

    Args:
        quantize: `int8` stores the weights as 8-bit integers (dynamic range quantization).
    """

    file_name: ClassVar[str] = "model.tflite"
    packages: ClassVar[dict[str, str]] = {"ai_edge_litert": "ai-edge-litert"}
    any_batch: ClassVar[bool] = False
    runtime: ClassVar[str] = "from ai_edge_litert.interpreter import Interpreter"
    load: ClassVar[str] = (
        'RUNNER = Interpreter(str(Path(__file__).with_name("model.tflite"))).get_signature_runner()'
    )
    call: ClassVar[str] = "    return RUNNER(**arrays)"

    def __init__(self, quantize: Quantization | None = None):
        self.quantize = quantize

    def write(
        self,
        function: ServingFunction,
        path: Path,
        artifact: Mapping[str, Any],  # noqa: ARG002 - the interface
    ) -> None:
        """Write a file; see `Format`."""
        import tensorflow as tf

        module = function.tensorflow_module()
        concrete = module.serve.get_concrete_function()
        converter = tf.lite.TFLiteConverter.from_concrete_functions([concrete], module)
        if self.quantize is not None:
            converter.optimizations = [tf.lite.Optimize.DEFAULT]
        path.write_bytes(converter.convert())
