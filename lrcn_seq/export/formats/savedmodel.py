"""SavedModel of TensorFlow."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from PIL import Image

from lrcn_seq.errors import RunError
from lrcn_seq.export.caption_texts import caption_texts
from lrcn_seq.export.formats import formats
from lrcn_seq.export.formats.base import Format
from lrcn_seq.export.image_bytes import KERNELS, decode_image, resize_image

if TYPE_CHECKING:
    from lrcn_seq.export.serving_function import ServingFunction

PIXELS, BYTES = "serving_default", "from_bytes"
"""The signatures: from pixels to words, and from encoded images to texts."""
DECODED = frozenset({"JPEG", "PNG", "GIF", "BMP"})
"""The formats of images that TensorFlow decodes, as Pillow calls them."""


@formats.register
class Savedmodel(Format):
    """A SavedModel for TensorFlow.

    The signature `serving_default` has the inputs and outputs of the other formats. The model of an
    image captioner also has the signature `from_bytes`, from encoded images `images` (B,) string to
    `text` (B, K) string, unless the search is random or images are padded.
    """

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

    def write(self, function: ServingFunction, path: Path, artifact: Mapping[str, Any]) -> None:
        """Write a folder; see `Format`."""
        import tensorflow as tf

        module = function.tensorflow_module()
        signatures = {PIXELS: module.serve.get_concrete_function()}
        if accepts_bytes(artifact):
            module.from_bytes = bytes_function(module.serve, function.batch, artifact)
            signatures[BYTES] = module.from_bytes.get_concrete_function()
        tf.saved_model.save(module, str(path), signatures=signatures)

    def verify(self, path: Path, model: Any, files: Sequence[str]) -> dict[str, Any]:
        """Compare the best text of `from_bytes` with the run; return the signatures and the count.

        Images that TensorFlow cannot decode are left out.

        Raises:
            RunError: most texts differ.
        """
        import tensorflow as tf

        loaded = tf.saved_model.load(str(path))
        entries: dict[str, Any] = {"signatures": sorted(loaded.signatures)}
        if BYTES not in loaded.signatures:
            return entries
        files = [file for file in files if image_format(file) in DECODED]
        batch = loaded.signatures[BYTES].structured_input_signature[1]["images"].shape[0] or 1
        equal = 0
        for file in files:
            images = tf.constant([Path(file).read_bytes()] * batch)
            text = loaded.signatures[BYTES](images=images)["text"].numpy()[0, 0].decode()
            equal += text == model.answers(file)[0][0]
        if 2 * equal < len(files):
            raise RunError(
                f"{BYTES}: expected the captions of the run. Received: other ones for "
                f"{len(files) - equal} of {len(files)} images; no artifact is written. Name "
                "upright, opaque images with --inputs."
            )
        return {**entries, BYTES: {"files": len(files), "equal_best": equal}}


def accepts_bytes(artifact: Mapping[str, Any]) -> bool:
    """Return whether the model of an artifact has the signature `from_bytes`."""
    resize, inputs = artifact["resize"], artifact["inputs"]
    return (
        artifact["answer"] == "captions"
        and [one["name"] for one in inputs] == ["inputs"]
        and resize["rule"] != "pad"
        and resize["interpolation"] in KERNELS
        and [resize["height"], resize["width"]] == list(inputs[0]["shape"][1:3])
    )


def bytes_function(serve: Any, batch: int | None, artifact: Mapping[str, Any]) -> Any:
    """Return a compiled function from encoded images (B,) to texts (B, K).

    Args:
        serve: the compiled function from pixels.
        batch: the batch size; None for an open one.
        artifact: the content of `artifact.json`.
    """
    import tensorflow as tf

    resize = artifact["resize"]
    size = resize["height"], resize["width"]

    def read(content: Any) -> Any:
        pixels = decode_image(content, size)
        return resize_image(pixels, size, resize["interpolation"], crop=resize["rule"] == "crop")

    def from_bytes(images: Any) -> dict[str, Any]:
        pixels = tf.map_fn(read, images, fn_output_signature=tf.TensorSpec((*size, 3), "uint8"))
        return {"text": caption_texts(serve(pixels)["words"], artifact)}

    signature = [tf.TensorSpec((batch,), "string", name="images")]
    return tf.function(from_bytes, input_signature=signature, autograph=False)


def image_format(file: str) -> str | None:
    """Return the format of an image file, as Pillow calls it."""
    with Image.open(file) as image:
        return image.format
