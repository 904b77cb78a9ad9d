"""Tasks that predict together."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Literal, NamedTuple, get_args

from lrcn_seq.errors import ArgumentError, UsageError
from lrcn_seq.tasks._keras_model import export_model

if TYPE_CHECKING:
    from lrcn_seq.config import Config
    from lrcn_seq.tasks.base import Task

Average = Literal["probabilities", "log_probabilities"]
"""The mean of the members of an ensemble: arithmetic, or geometric and renormalized."""
SMALLEST = 2.0**-126
"""The geometric mean of class distributions raises smaller probabilities to this number, the
smallest normal one in float32, so that a single task cannot exclude a class."""


class Rescorer(NamedTuple):
    """A task that scores the captions of other tasks, and its share of the final score."""

    task: Any
    weight: float = 0.5


class Predictor(ABC):
    """One task, or several tasks that predict together."""

    @abstractmethod
    def readers(self) -> Sequence[Any]:
        """Return the tasks that read each input, each for its own encoder.

        The settings and the vocabulary or classes of the predictions are those of the first one.
        """

    @abstractmethod
    def predict(self, media: Any, **options: Any) -> Any:
        """Return predictions like `predict` of one of the tasks, with the same options."""

    @abstractmethod
    def json_header(self) -> Mapping[str, Any]:
        """Return the entries that the `--json` object has in addition to `results`."""

    def json_object(self, rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
        """Return the `--json` object.

        Args:
            rows: the predictions of all inputs, as JSON objects.
        """
        return {**self.json_header(), "results": list(rows)}


class Ensemble(Predictor):
    """Several tasks of one type that predict together, with a weighted mean of probabilities.

    Args:
        tasks: tasks with equal vocabularies or classes. Each reads the inputs for its own encoder;
            the settings are those of the first one.
        weights: weights of the tasks; None for equal weights.
        average: `probabilities` for the arithmetic mean, `log_probabilities` for the geometric
            mean, which is renormalized; None for `default_average`.
        rescorer: a task that scores captions again; None for none.

    Raises:
        ArgumentError: `average` is invalid.
    """

    default_average: ClassVar[Average]
    supports_rescoring: ClassVar[bool] = False

    def __init__(
        self,
        tasks: Sequence[Task],
        weights: Sequence[float] | None = None,
        *,
        average: Average | None = None,
        rescorer: Rescorer | None = None,
    ):
        check_average(average)
        self.tasks, self.weights = tuple(tasks), list(weights or [1.0] * len(tasks))
        self.average: Average = average or self.default_average
        self.rescorer = rescorer

    @property
    def settings(self) -> Config:
        """The config of the first task."""
        return self.tasks[0].settings

    @property
    def name(self) -> str:
        """The name of the tasks, e.g. `captioning`."""
        return str(self.tasks[0].name)

    @property
    def verb(self) -> str:
        """The command that offers all prediction options of the tasks."""
        return self.tasks[0].verb

    @property
    def predict_batch_size(self) -> int:
        """Number of files that commands pass to one call of `predict`."""
        return self.tasks[0].predict_batch_size

    def readers(self) -> tuple[Any, ...]:
        """Return the tasks that predict, followed by the rescorer; see `Predictor`."""
        return self.tasks if self.rescorer is None else (*self.tasks, self.rescorer.task)

    def explain(self, media: Any, target: Any = None) -> Any:  # noqa: ARG002 - as of a task
        """Refuse: the maps of several encoders are not combined.

        Raises:
            UsageError: always.
        """
        raise UsageError(
            "explain: expected a single run. Received: an ensemble; explain its runs one by one."
        )

    @abstractmethod
    def serving_model(self) -> Any:
        """Return the model that `export` writes.

        Raises:
            ArgumentError: the tasks read different inputs, or captions are rescored.
        """

    def export(
        self,
        filepath: Any,
        format: str = "tf_saved_model",
        verbose: bool | None = None,
        input_signature: Any = None,
        **options: Any,
    ) -> None:
        """Export prediction by all tasks as a function of pixels; see `export` of a task."""
        export_model(
            self.serving_model(),
            filepath,
            format=format,
            verbose=verbose,
            input_signature=input_signature,
            **options,
        )

    def json_header(self) -> Mapping[str, Any]:
        """Return the entries that the `--json` object has in addition to `results`."""
        return self.tasks[0].json_header()


def check_average(average: str | None) -> None:
    """Raise ArgumentError unless an argument is None or the name of a mean."""
    if average not in (None, *get_args(Average)):
        raise ArgumentError(
            f"average: expected {' or '.join(map(repr, get_args(Average)))}. Received: "
            f"average={average!r}."
        )


def normalize_weights(weights: Sequence[float] | None, count: int) -> list[float]:
    """Return weights with a sum of 1; equal weights if there are none."""
    if not weights:
        return [1 / count] * count
    return [weight / sum(weights) for weight in weights]
