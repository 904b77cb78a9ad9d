"""Models that `export` writes: from pixels or vectors to captions or class probabilities."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import keras
from keras import ops

from lrcn_seq.errors import ArgumentError
from lrcn_seq.layers.untracked import Untracked
from lrcn_seq.records import Clips, Tensor
from lrcn_seq.tasks._caption_search import CaptionSearch, mean_logits
from lrcn_seq.tasks._classifier import Classifier
from lrcn_seq.tasks._ensemble import SMALLEST, Average, normalize_weights

if TYPE_CHECKING:
    from lrcn_seq.tasks.base import Task


class ServingModel(keras.Model):
    """A model over batches of inputs of one shape, without padding.

    Args:
        task: the task.
        network: computes the outputs of clips; or several models that do.
    """

    def __init__(self, task: Task, network: Any):
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
    """A model that searches for captions with one or several tasks.

    The arguments are those of `CaptionSearch`, with the search of the first task.
    """

    def __init__(
        self,
        tasks: Sequence[Task],
        weights: Sequence[float] | None = None,
        average: Average = "log_probabilities",
    ):
        check_equal_inputs(tasks)
        task = tasks[0]
        network = CaptionSearch(tasks, task.settings.search, weights, average)
        if network.search.reranks:
            raise ArgumentError(
                "search: expected a search that compiles completely. Received: "
                f"{task.settings.search['type']}, which reranks captions outside the model; export "
                "with another search."
            )
        super().__init__(task, network)

    def call(self, inputs: Tensor) -> dict[str, Tensor]:
        """Return `words` (B, K, L), `scores` (B, K) and `log_probabilities` (B, K)."""
        clips = [self.clips(inputs)] * len(self.network.encoders)
        found = self.network((clips, None))
        names = ("words", "scores", "log_probabilities")
        return {name: getattr(found, name) for name in names}


class LabelServing(ServingModel):
    """A model that classifies clips with one or several tasks.

    Args:
        tasks: tasks with equal classes.
        weights: weights of the tasks; None for equal weights.
        average: the mean of the distributions of several tasks.
    """

    def __init__(
        self,
        tasks: Sequence[Any],
        weights: Sequence[float] | None = None,
        average: Average = "probabilities",
    ):
        check_equal_inputs(tasks)
        networks = [Classifier(task.encoder, task.decoder) for task in tasks]
        self.shares, self.average = normalize_weights(weights, len(tasks)), average
        super().__init__(tasks[0], networks)

    def call(self, inputs: Tensor) -> dict[str, Tensor]:
        """Return `probabilities` (B, C), the mean over all steps and tasks."""
        clips = self.clips(inputs)
        means = [mean_of_steps(*network(clips)) for network in self.network]
        if len(means) == 1:
            return {"probabilities": means[0]}
        logits = [ops.log(ops.maximum(mean, SMALLEST)) for mean in means]
        logits = mean_logits(logits, self.shares, self.average)
        return {"probabilities": ops.softmax(logits)}


def mean_of_steps(probabilities: Tensor, mask: Tensor) -> Tensor:
    """Return the mean (B, C) in float32 of class distributions (B, S, C) over real steps."""
    real = ops.cast(mask, probabilities.dtype)[:, :, None]
    mean = ops.sum(probabilities * real, axis=1) / ops.maximum(ops.sum(real, axis=1), 1)
    return ops.cast(mean, "float32")


def check_equal_inputs(tasks: Sequence[Task]) -> None:
    """Raise ArgumentError unless all tasks accept the same inputs.

    Args:
        tasks: the tasks of an exported model.
    """
    accepted = [input_format(task) for task in tasks]
    if any(other != accepted[0] for other in accepted):
        received = " and ".join(map(str, dict.fromkeys(accepted)))
        raise ArgumentError(
            "Expected runs that read inputs of the same size and in the same way, since an "
            f"exported model has one input. Received: {received}; export the runs one by one."
        )


def input_format(task: Task) -> tuple[Any, ...]:
    """Return the shape of a frame, the resize rule, and the sampling of a task."""
    preprocessing, sampling = task.encoder.preprocessing, task.settings.data.sampling
    rules = () if preprocessing is None else (preprocessing.resize, preprocessing.interpolation)
    return (
        *task.encoder.example_input().shape[1:],
        *rules,
        task.settings.data.frames,
        str(sampling),
    )
