"""Models that `export` writes: from pixels or vectors to captions or class probabilities."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

import keras
from keras import ops

from lrcn_seq.errors import ArgumentError, UsageError
from lrcn_seq.layers.untracked import Untracked
from lrcn_seq.records import SPECIAL, Clips, Tensor
from lrcn_seq.tasks._caption_search import CaptionSearch, mean_logits
from lrcn_seq.tasks._classifier import Classifier
from lrcn_seq.tasks._ensemble import SMALLEST, Average, normalize_weights
from lrcn_seq.tasks._search_resolution import count_captions

if TYPE_CHECKING:
    from lrcn_seq.tasks.base import Task


class ServingModel(keras.Model):
    """A model over batches of inputs of one shape.

    Args:
        task: the task.
        network: computes the outputs of clips; or several models that do.

    Attributes:
        answer: what the model predicts; the key of the answers in the rows of predictions.
        shape: the shape of the inputs, whose batch size is None. So is the number of frames,
            unless the sampling fixes it.
        random: whether the model accepts a seed per input.
    """

    answer: ClassVar[str]
    random: bool = False

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

    @property
    def has_frames(self) -> bool:
        """Whether the inputs are clips or sequences of vectors rather than images."""
        return len(self.shape) > self._task.value.encoder.example_input().ndim

    def describe(self) -> dict[str, Any]:
        """Return what is needed to read the outputs, as JSON values."""
        raise NotImplementedError

    def answers(self, media: Any) -> list[tuple[Any, ...]]:
        """Return the answers of the task itself for a file, best first.

        Args:
            media: a path.

        Returns:
            Captions with their log probabilities and scores, or labels with their probabilities.

        Raises:
            MediaError: the file cannot be read.
            SearchError: the search finds no caption.
        """
        raise NotImplementedError

    def clips(self, inputs: Tensor, lengths: Tensor | None = None) -> Clips:
        """Return inputs as packed clips.

        Args:
            inputs: images (B, H, W, 3), clips (B, T, H, W, 3), or sequences of vectors (B, T, D).
            lengths: the number of real frames of each clip, (B,) int32; None if all are real.
        """
        shape = ops.shape(inputs)
        if not self.has_frames:
            return Clips(inputs, ops.arange(shape[0], dtype="int32")[:, None])
        count = shape[0] * shape[1]
        index = ops.reshape(ops.arange(count, dtype="int32"), (shape[0], shape[1]))
        if lengths is not None:
            real = ops.arange(shape[1], dtype="int32") < lengths[:, None]
            index = ops.where(real, index, -1)
        return Clips(ops.reshape(inputs, (count, *self.shape[2:])), index)


class CaptionServing(ServingModel):
    """A model that searches for captions with one or several tasks.

    Args:
        tasks: tasks with equal vocabularies.
        weights: weights of the tasks; None for equal weights.
        average: the mean of the distributions of several tasks.
        search: `{"type": NAME, ...}`; None for the search of the first task.
    """

    answer: ClassVar[str] = "captions"

    def __init__(
        self,
        tasks: Sequence[Task],
        weights: Sequence[float] | None = None,
        average: Average = "log_probabilities",
        *,
        search: Mapping[str, Any] | None = None,
    ):
        check_equal_inputs(tasks)
        task = tasks[0]
        spec = dict(task.settings.search if search is None else search)
        network = CaptionSearch(tasks, spec, weights, average)
        if network.search.reranks:
            raise ArgumentError(
                "search: expected a search that compiles completely. Received: "
                f"{spec['type']}, which reranks captions outside the model; export "
                "with another search."
            )
        self._spec = Untracked(spec)
        super().__init__(task, network)
        self.random = network.search.per_row_seeds

    def describe(self) -> dict[str, Any]:
        """Return the vocabulary and how its tokens become a text, the word limit and the search."""
        task = self._task.value
        joining = task.tokenizer.joining()
        if joining is None:
            raise UsageError(
                "tokenizer: expected word, wordpiece, bpe or character, whose captions can be "
                f"decoded without this library. Received: {task.settings.tokenizer['type']}; "
                "export from Python with `task.export`."
            )
        tokens, separator, substitutions, latin_1 = joining
        return {
            "vocabulary": tokens,
            "joining": {
                "separator": separator,
                "substitutions": substitutions,
                "latin_1": latin_1,
            },
            "special": SPECIAL._asdict(),
            "words_limit": self.network.limit - 1,
            "search": self._spec.value,
            "seed": task.settings.seed,
        }

    def answers(self, media: Any) -> list[tuple[Any, ...]]:
        """Return the captions of `predict` for a file; see `ServingModel`."""
        spec = self._spec.value
        found: Any = self._task.value.predict(media, search=spec, best=count_captions(spec))
        return [caption[:3] for caption in found.captions]

    def call(
        self, inputs: Tensor, lengths: Tensor | None = None, seeds: Tensor | None = None
    ) -> dict[str, Tensor]:
        """Return `words` (B, K, L), `scores` (B, K) and `log_probabilities` (B, K).

        Args:
            inputs: the inputs; see `clips`.
            lengths: the number of real frames of each clip; see `clips`.
            seeds: the seeds of a random search, (B,) int32; None for the seed of the config.
        """
        clips = [self.clips(inputs, lengths)] * len(self.network.encoders)
        found = self.network((clips, seeds))
        names = ("words", "scores", "log_probabilities")
        return {name: getattr(found, name) for name in names}


class LabelServing(ServingModel):
    """A model that classifies clips with one or several tasks.

    Args:
        tasks: tasks with equal classes.
        weights: weights of the tasks; None for equal weights.
        average: the mean of the distributions of several tasks.
    """

    answer: ClassVar[str] = "labels"

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

    def describe(self) -> dict[str, Any]:
        """Return the class names."""
        return {"classes": list(self._task.value.labels)}

    def answers(self, media: Any) -> list[tuple[Any, ...]]:
        """Return the classes of `predict` for a file; see `ServingModel`."""
        task = self._task.value
        found: Any = task.predict(media, top=len(task.labels))
        return list(found.labels)

    def call(self, inputs: Tensor, lengths: Tensor | None = None) -> dict[str, Tensor]:
        """Return `probabilities` (B, C), the mean over all steps and tasks.

        Args:
            inputs: the inputs; see `clips`.
            lengths: the number of real frames of each clip; see `clips`.
        """
        clips = self.clips(inputs, lengths)
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
