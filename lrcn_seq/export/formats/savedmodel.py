"""SavedModel of TensorFlow."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from lrcn_seq.export.formats import formats
from lrcn_seq.export.formats.base import Format

if TYPE_CHECKING:
    from lrcn_seq.export.serving_function import ServingFunction


@formats.register
class Savedmodel(Format):
    """A SavedModel for TensorFlow, with the signature `serving_default`."""

    file_name: ClassVar[str] = "saved_model"
    any_length: ClassVar[bool] = True
    random: ClassVar[bool] = True
    runtime: ClassVar[str] = "import tensorflow as tf"
    load: ClassVar[str] = (
        'MODEL = tf.saved_model.load(str(Path(__file__).with_name("saved_model")))'
    )
    call: ClassVar[str] = """\
    outputs = MODEL.signatures["serving_default"](**arrays)
    return {name: tensor.numpy() for name, tensor in outputs.items()}"""

    def write(self, function: ServingFunction, path: Path) -> None:
        """Write a folder; see `Format`."""
        import tensorflow as tf

        module = function.tensorflow_module()
        signature = module.serve.get_concrete_function()
        tf.saved_model.save(module, str(path), signatures={"serving_default": signature})
