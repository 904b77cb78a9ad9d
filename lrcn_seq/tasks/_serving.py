"""Models that `export` writes: from pixels or vectors to captions or class probabilities."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import keras
from keras import ops

from lrcn_seq.errors import ArgumentError
from lrcn_seq.layers.untracked import Untracked
from lrcn_seq.records import Clips, Tensor
from lrcn_seq.tasks._caption_search import CaptionSearch
from lrcn_seq.tasks._classifier import Classifier

if TYPE_CHECKING:
    from lrcn_seq.tasks.base import Task


class ServingModel(keras.Model):
    """A model over batches of inputs of one shape, without padding.

    Args:
        task: the task.
        network: computes the outputs of clips.
    """

    def __init__(self, task: Task, network: keras.Model):
        super().__init__(dtype=task.dtype_policy)
        self.network, self._task = network, Untracked(task)
        frames, kind = task.encoder.example_input(), task.media.kind
        length = () if kind == "images" else (getattr(task.sampling, "frames", None),)
        self.shape = (None, *length, *frames.shape[1:])
        self.input_type = frames.dtype.name
        self(frames if kind == "images" else frames[None])

    def input_signature(self) -> list[keras.InputSpec]:
        """Return the spec of a batch of images, clips or sequences of vectors, of any size."""
        return [keras.InputSpec(shape=self.shape, dtype=self.input_type, name="inputs")]

    def clips(self, inputs: Tensor) -> Clips:
        """Return inputs (B, H, W, 3), (B, T, H, W, 3) or (B, T, D) as packed clips."""
        shape = ops.shape(inputs)
        if len(self.shape) == self._task.value.encoder.example_input().ndim:
            return Clips(inputs, ops.arange(shape[0], dtype="int32")[:, None])
        count = shape[0] * shape[1]
        index = ops.reshape(ops.arange(count, dtype="int32"), (shape[0], shape[1]))
        return Clips(ops.reshape(inputs, (count, *self.shape[2:])), index)


class CaptionServing(ServingModel):
    """A model that searches for captions."""

    def __init__(self, task: Task):
        network = CaptionSearch([task], task.settings.search)
        if network.search.reranks:
            raise ArgumentError(
                "search: expected a search that compiles completely. Received: "
                f"{task.settings.search['type']}, which reranks captions outside the model; export "
                "with another search."
            )
        super().__init__(task, network)

    def call(self, inputs: Tensor) -> dict[str, Tensor]:
        """Return `words` (B, K, L), `scores` (B, K) and `log_probabilities` (B, K)."""
        found = self.network(([self.clips(inputs)], None))
        names = ("words", "scores", "log_probabilities")
        return {name: getattr(found, name) for name in names}


class LabelServing(ServingModel):
    """A model that classifies clips."""

    def __init__(self, task: Any):
        super().__init__(task, Classifier(task.encoder, task.decoder))

    def call(self, inputs: Tensor) -> dict[str, Tensor]:
        """Return `probabilities` (B, C), the mean over all steps."""
        probabilities, mask = self.network(self.clips(inputs))
        real = ops.cast(mask, probabilities.dtype)[:, :, None]
        mean = ops.sum(probabilities * real, axis=1) / ops.maximum(ops.sum(real, axis=1), 1)
        return {"probabilities": ops.cast(mean, "float32")}
