"""The function that an artifact contains: arrays to captions or class probabilities."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

Shape = tuple[int | None, ...]


class InputType(NamedTuple):
    """The type of an input.

    Attributes:
        name: the name of the input.
        shape: its shape; None for an open size.
        dtype: its dtype.
    """

    name: str
    shape: Shape
    dtype: str


class ServingFunction(NamedTuple):
    """A serving model with fixed or open sizes of its inputs.

    Attributes:
        model: the model that `Task.serving_model` has returned.
        batch: the batch size B; None for an open one.
        frames: the number of frames T of a clip; None for an open one, and for images.
    """

    model: Any
    batch: int | None
    frames: int | None

    @property
    def inputs(self) -> Sequence[InputType]:
        """The types of `inputs`, of the `lengths` of clips, and of the `seeds` of a search."""
        size = self.model.shape[1:]
        if self.model.has_frames:
            size = (self.frames, *size[1:])
        types = [InputType("inputs", (self.batch, *size), self.model.input_type)]
        if self.model.has_frames:
            types.append(InputType("lengths", (self.batch,), "int32"))
        if self.model.random:
            types.append(InputType("seeds", (self.batch,), "int32"))
        return types

    def example(self, batch: int = 1, frames: int = 1) -> dict[str, np.ndarray]:
        """Return inputs of zeros; `batch` and `frames` replace open sizes.

        Args:
            batch: the batch size.
            frames: the number of frames of a clip.
        """
        arrays = {
            one.name: np.zeros(
                [
                    (batch, frames)[axis] if size is None else size
                    for axis, size in enumerate(one.shape)
                ],
                one.dtype,
            )
            for one in self.inputs
        }
        if "lengths" in arrays:
            arrays["lengths"] += arrays["inputs"].shape[1]
        return arrays

    def tensorflow_module(self) -> Any:
        """Return a `tf.Module` with the compiled function `serve`.

        The module holds the variables and not the model, for which Keras would trace a signature
        of its own.
        """
        import tensorflow as tf

        model = self.model
        signature = [tf.TensorSpec(one.shape, one.dtype, name=one.name) for one in self.inputs]
        names = [one.name for one in self.inputs]

        def serve(*tensors: Any) -> Any:
            return model(**dict(zip(names, tensors, strict=True)))

        module = tf.Module()
        module.parameters = [variable.value for variable in model.variables]
        module.serve = tf.function(serve, input_signature=signature, autograph=False)
        return module
