"""The interface of a task.

A task defines everything that differs between tasks: its outputs (a vocabulary or classes), its
training batches, its loss, its evaluation, the sections of its report, and its predictions. Other
packages do not depend on the type of a task.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, NamedTuple, Protocol

import keras
import numpy as np
from annotated_types import Gt, Le

from lrcn_seq.config import Config
from lrcn_seq.data.media import MediaReader, media_kind
from lrcn_seq.errors import ArgumentError, Problem, RunError, UsageError
from lrcn_seq.evaluation import Evaluation
from lrcn_seq.layers.untracked import Untracked
from lrcn_seq.records import Clips, Prediction, Sample, Tensor
from lrcn_seq.registry import samplings, views
from lrcn_seq.tasks._ensemble import Average, Ensemble, Predictor
from lrcn_seq.tasks._frame_encoder import FrameEncoder
from lrcn_seq.tasks._keras_model import KerasModel
from lrcn_seq.tasks._outputs import Outputs

if TYPE_CHECKING:
    from lrcn_seq.report import Section
    from lrcn_seq.tasks._sample_reader import SampleReader
    from lrcn_seq.tasks._serving import ServingModel


RequestedCount = Annotated[int, Gt(0), Le(100)]
"""A number of captions, beams or classes that a client of a server may ask for."""
MODELS_KEPT = 4
"""Number of compiled models of one name, such as searches with different options, that are kept."""
EXAMPLE_LENGTHS = (64, 7)
"""Numbers of frames of the examples of clips."""


class Feed(Protocol):
    """The batches of a training stage."""

    def plan(self, epoch: int) -> Sequence[Any]:
        """Return the batch plan of an epoch; the same seed and epoch give the same plan."""
        ...

    def batches(self, plan: Sequence[Any], epoch: int) -> Iterable[Any]:
        """Return the batches of an epoch, given its batch plan or a slice of the plan."""
        ...


class Member(NamedTuple):
    """A member of an ensemble: a task, a reader of samples for the task, and a weight."""

    task: Task
    reader: SampleReader
    weight: float = 1.0


class Task(KerasModel, Predictor):
    """An encoder and a decoder with a loss.

    Args:
        encoder: an encoder layer.
        decoder: a decoder layer.
        config: the config of the task.
        outputs: the vocabulary or the classes; None if only their number is known.
    """

    derived: ClassVar[tuple[str, ...]] = ("encoder", "decoder", "config", "outputs")
    """Constructor arguments that a config cannot set."""
    outputs_type: ClassVar[type[Outputs]]
    default_monitor: ClassVar[str]
    """The dev score that selects the best weights if the config has no `training.monitor`."""
    minimized_scores: ClassVar[frozenset[str]] = frozenset()
    """The scores for which lower values are better."""
    noun: ClassVar[str] = "image"
    """The noun for a sample in messages and reports."""
    verb: ClassVar[str] = "predict"
    """The command that offers all prediction options of the task, e.g. `caption`."""
    pipeline_tag: ClassVar[str | None] = None
    """The name of the task on the Hugging Face Hub, for model cards."""
    predict_batch_size: ClassVar[int] = 1
    """Number of files that commands pass to one call of `predict`."""
    request_options: ClassVar[Mapping[str, Any]] = {}
    """The options of `predict` that a client of a server may set, with their types and bounds."""
    ensemble_type: ClassVar[type[Ensemble] | None] = None
    """The class of several tasks that predict together; None if the task supports no ensembles."""
    evaluation_options: ClassVar[frozenset[str]] = frozenset()
    """Options of `lrcn evaluate` that the task supports, e.g. `retrieval` or `coco_results`."""
    fits_confidence: ClassVar[bool] = False
    """Whether the task fits the confidence of its predictions to dev, see `fit_confidence`."""
    compares_with_training: ClassVar[bool] = False
    """Whether an evaluation compares predictions with the training samples."""

    def __init__(
        self,
        encoder: keras.layers.Layer,
        decoder: keras.layers.Layer,
        config: Config,
        outputs: Outputs | None = None,
    ):
        super().__init__(name=config.task["type"])
        self.encoder, self.decoder, self.settings, self.outputs = encoder, decoder, config, outputs
        self.view = views.build(config.data.view, place="data.view")
        sampling = config.data.sampling
        self.sampling: Any = samplings.build(sampling, place="data.sampling") if sampling else None
        self.media = MediaReader(
            media_kind(encoder.takes, sampled=self.sampling is not None),
            encoder.preprocessing,
            vector_width=encoder.width,
            view=self.view,
            modality=config.data.frames,
            pixels_limit=config.data.pixels_limit,
        )
        self._cached_models: Untracked[dict[str, list[tuple[Any, keras.Model]]]] = Untracked({})

    @classmethod
    def problems(cls, config: Config) -> list[Problem]:  # noqa: ARG003 - tasks override it
        """Return the problems that the task finds in a config without data or weights."""
        return []

    def network_problems(self) -> list[Problem]:
        """Return the problems of the config that can be found only with the built networks."""
        return []

    @abstractmethod
    def example(self) -> Any:
        """Return the smallest batch that `call` accepts."""

    def build(self, batch_shape: Any = None) -> None:  # noqa: ARG002 - signature of Keras
        """Build the encoder and the decoder by calling them on the example batch.

        The explicit call is required because Keras cannot infer the shapes on PyTorch.
        """
        self.call(self.example())

    @abstractmethod
    def call(self, batch: Any, training: bool = False) -> Tensor:
        """Return the outputs of the decoder for a batch."""

    @abstractmethod
    def feed(self, reader: SampleReader, samples: Sequence[Sample]) -> Feed:
        """Return the training batches.

        Args:
            reader: reads the clips of samples.
            samples: the training samples.

        Raises:
            ConfigError, DataError: the samples do not fit the task.
        """

    def begin_stage(self, samples: Sequence[Sample]) -> None:
        """Prepare the objective of a training stage, given its training samples."""

    def begin_epoch(self, epoch: int) -> None:
        """Set the parameters that depend on the epoch, such as those of scheduled sampling."""

    def has_collapsed(self, evaluation: Any) -> bool:  # noqa: ARG002 - tasks override it
        """Return whether training should stop because its predictions have become the same."""
        return False

    @abstractmethod
    def evaluate_samples(
        self, reader: SampleReader, samples: Sequence[Sample], *, training: Sequence[Sample] = ()
    ) -> Evaluation:
        """Predict samples and score the predictions.

        Args:
            reader: reads the clips of samples.
            samples: the samples to evaluate.
            training: the training samples if `compares_with_training` is set.
        """

    @classmethod
    def evaluate_ensemble(
        cls,
        members: Sequence[Member],
        samples: Sequence[Sample],
        *,
        training: Sequence[Sample] = (),  # noqa: ARG003 - tasks override it
        average: Average | None = None,  # noqa: ARG003
        rescorer: Member | None = None,  # noqa: ARG003
    ) -> Evaluation:
        """Score the fused predictions of several tasks with equal vocabularies or classes.

        Args:
            members: the tasks with their readers and weights.
            samples: the samples to evaluate.
            training: the training samples if `compares_with_training` is set.
            average: the mean of the predictions; None for that of `ensemble_type`.
            rescorer: a member that ranks captions again, with the weight of its score.

        Raises:
            UsageError: the task does not support ensembles.
        """
        raise UsageError(
            f"Expected one run of the task {members[0].task.name}, which supports no ensembles. "
            f"Received: {len(members)} runs with {len(samples):,} samples."
        )

    def retrieval_scores(
        self,
        reader: SampleReader,  # noqa: ARG002 - tasks override it
        samples: Sequence[Sample],
    ) -> dict[str, dict[str, float]]:
        """Return recall and median rank of caption retrieval and of image retrieval.

        Args:
            reader: reads the clips of samples.
            samples: the samples to rank.

        Raises:
            UsageError: the task does not support retrieval.
        """
        raise UsageError(
            f"Expected a task that supports retrieval. Received: the task {self.name} and "
            f"{len(samples):,} samples; use a run that writes captions."
        )

    def fit_confidence(
        self, reader: SampleReader, dev: Sequence[Sample], training: Sequence[Sample]
    ) -> Mapping[str, Any]:
        """Fit the confidence of predictions to dev, and return it for `restore_confidence`."""
        raise NotImplementedError

    def restore_confidence(self, record: Mapping[str, Any]) -> None:
        """Use the confidence that `fit_confidence` has returned, as a JSON object."""
        raise NotImplementedError

    @abstractmethod
    def report_sections(self, evaluation: Any) -> Sequence[Section | None]:
        """Return the report sections specific to the task; None stands for an omitted section.

        Args:
            evaluation: an evaluation of this task.
        """

    @abstractmethod
    def predict(self, media: Any, **options: Any) -> Sequence[Prediction]:
        """Return one prediction per path, PIL image or array, in order.

        Commands set the option `on_error` to `record`: the prediction of an input that cannot be
        read then has an `error`. By default, the error is raised.
        """

    def read_ahead(self, media: Any, **options: Any) -> Any:  # noqa: ARG002 - tasks override it
        """Read an input of `predict` beforehand, in any thread, so that `predict` need not read it.

        Args:
            media: a path.
            options: the options of `predict`.

        Returns:
            An input that `predict` accepts in place of the path; the path itself if the task reads
            its inputs only in `predict`.

        Raises:
            MediaError: the input cannot be read.
        """
        return media

    def example_media(self) -> list[np.ndarray]:
        """Return inputs of zeros that `predict` accepts: an image, or clips of several lengths."""
        frames = self.encoder.example_input()
        if self.media.kind == "images":
            return [np.asarray(frames[0])]
        return [np.repeat(frames, length, axis=0) for length in EXAMPLE_LENGTHS]

    def explain(self, media: Any, target: Any = None) -> Any:
        """Return heat maps of the regions on which the prediction for an image or clip depends.

        Args:
            media: a path, a PIL image or an array.
            target: the prediction to explain.

        Raises:
            UsageError: the task does not support explanations.
        """
        raise UsageError(
            f"Expected a task that explains its predictions. Received: the task {self.name}, media "
            f"of type {type(media).__name__} and the target {target}; use a run of another task."
        )

    def annotate(self, sample: Sample, target: Any) -> Sample:
        """Return a sample with a target of `fit`, such as a caption or a class.

        Args:
            sample: the sample without annotations.
            target: the target.

        Raises:
            ArgumentError: the target has another type, or the task supports no such targets.
        """
        raise ArgumentError(
            f"y: expected the data set of a source, since the task {self.name} supports no arrays "
            f"of targets. Received: {type(target).__name__} for the input {sample.id}; use "
            "lrcn_seq.dataset."
        )

    def record(self, samples: Sequence[Sample]) -> Any:
        """Return the batch of annotated samples, in the first test view.

        Raises:
            ArgumentError: the task supports no batches of a user.
            MediaError: an input cannot be read.
        """
        raise ArgumentError(
            f"x: expected a data set of lrcn_seq.dataset for the task {self.name}. Received: "
            f"{len(samples):,} inputs."
        )

    def serving_model(
        self,
        search: Mapping[str, Any] | None = None,  # noqa: ARG002 - tasks override it
        beams: int | None = None,  # noqa: ARG002
    ) -> ServingModel:
        """Return the model that `export` writes.

        Args:
            search: `{"type": NAME, ...}` in place of the search of the config; for captions.
            beams: width of the beam search; for captions.

        Raises:
            UsageError: the task cannot be exported, or has no search.
        """
        raise UsageError(
            f"Expected a task that can be exported. Received: the task {self.name}; save it with "
            "`save`."
        )

    def json_header(self) -> Mapping[str, Any]:
        """Return the entries that the `--json` object has in addition to `results`."""
        return {}

    def example_clips(self) -> Clips:
        """Return one clip with one frame of zeros, or with its features if their shape is known."""
        shape = self.encoder.feature_shape
        frames = np.zeros((1, *shape), "float32") if shape else self.encoder.example_input()
        return Clips(frames, np.zeros((1, 1), "int32"))

    def cached_model(
        self, name: str, make: Callable[[], keras.Model], *, key: Any = None
    ) -> keras.Model:
        """Return a model that shares layers with this task, and keep it for later calls.

        Args:
            name: the name of the model.
            make: creates the model.
            key: a value on which the model depends. The models of the last `MODELS_KEPT` keys are
                kept.
        """
        models = self._cached_models.value.setdefault(name, [])
        position = next((n for n, (known, _) in enumerate(models) if known == key), None)
        models.append((key, make()) if position is None else models.pop(position))
        del models[:-MODELS_KEPT]
        return models[-1][1]

    def readers(self) -> Sequence[Task]:
        """Return the task itself, which reads its inputs; an ensemble has several readers.

        It is a method because Keras searches the values of properties for layers to save.
        """
        return (self,)

    @property
    def frame_encoder(self) -> FrameEncoder:
        """The frame-wise part of the encoder as a compiled model."""
        return self.cached_model("frame_encoder", lambda: FrameEncoder(self.encoder))

    @property
    def output_names(self) -> Sequence[str]:
        """The words or classes that the task can predict.

        Raises:
            RunError: the task was built for a number of words or classes only.
        """
        if self.outputs is None:
            raise RunError(
                f"Expected a task with its {self.outputs_type.size_name}. Received: a network "
                "built for their number only; train it, or load a run."
            )
        return self.outputs.names

    @property
    def monitor(self) -> str:
        """The dev score that selects the best weights."""
        return self.settings.training.monitor or self.default_monitor

    @property
    def test_views(self) -> int:
        """Number of views per clip over which an evaluation averages."""
        return 1
