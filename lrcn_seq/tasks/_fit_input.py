"""The input of Keras's `fit` and `evaluate` for data of any supported type."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import chain
from typing import TYPE_CHECKING, Any, NamedTuple

import keras

from lrcn_seq.errors import ArgumentError, DataError
from lrcn_seq.records import Batch, LabeledBatch
from lrcn_seq.tasks._array_dataset import array_dataset, convert_pair
from lrcn_seq.tasks._batch_dataset import BatchDataset
from lrcn_seq.tasks._dataset import BatchSource, tf_dataset

if TYPE_CHECKING:
    from lrcn_seq.tasks.base import Task


class ConvertedBatches:
    """The batches of a data set of the user, converted to the records of a task.

    Args:
        task: the task.
        data: an iterable over `(images, captions)` or `(clips, labels)`, each of a batch, such as a
            `tf.data.Dataset`, a `keras.utils.PyDataset` or a `DataLoader`; or over `(record,)`.
    """

    def __init__(self, task: Task, data: Iterable[Any]):
        self.task, self.data = task, data
        self.epoch = 0
        self._first: list[Any] = []

    @property
    def is_exhaustible(self) -> bool:
        """Whether the data can be iterated over only once, like a generator."""
        return isinstance(self.data, Iterator)

    @property
    def size(self) -> int | None:
        """Number of batches, if known."""
        try:
            return None if self.is_exhaustible else len(self.data)  # type: ignore[arg-type]
        except TypeError:
            return None

    def __iter__(self) -> Iterator[tuple[Any, ...]]:
        first, self._first = self._first, []
        return (self._convert(item) for item in chain(first, self._raw()))

    def __getitem__(self, index: int) -> tuple[Any, ...]:
        """Return the first batch for any index; iteration still begins with this batch."""
        first = next(iter(self._raw()), None)
        if first is None:
            raise DataError("Expected at least one batch. Received: none; check the data.")
        if self.is_exhaustible:
            self._first = [first]
        return self._convert(first)

    def _raw(self) -> Iterable[Any]:
        if hasattr(self.data, "as_numpy_iterator"):
            return self.data.as_numpy_iterator()  # type: ignore[no-any-return]
        if hasattr(self.data, "__getitem__") and hasattr(self.data, "num_batches"):
            return (self.data[index] for index in range(len(self.data)))  # type: ignore[arg-type]
        return self.data

    def _convert(self, item: Any) -> tuple[Any, ...]:
        if isinstance(item, (tuple, list)) and is_record(item[0]):
            return tuple(item)
        if not isinstance(item, (tuple, list)) or len(item) not in (2, 3):
            received = f"{len(item)} values" if isinstance(item, (tuple, list)) else type(item)
            raise ArgumentError(
                "x: expected batches of (inputs, targets) or (inputs, targets, weights). "
                f"Received: {received}."
            )
        return convert_pair(self.task, *item)


class FitInput(NamedTuple):
    """The arguments `x` and steps of Keras, and the data that they come from."""

    x: Any
    steps: int | None
    source: BatchSource | None = None
    dataset: BatchDataset | ConvertedBatches | None = None


def fit_input(
    task: Task,
    x: Any,
    y: Any = None,
    *,
    steps: int | None = None,
    batch_size: int | None = None,
    sample_weight: Any = None,
    class_weight: Mapping[Any, float] | None = None,
    is_repeated: bool = True,
) -> FitInput:
    """Return the input of Keras for data of any supported type.

    Args:
        task: the task.
        x: inputs, or a data set.
        y: the targets of the inputs; None with a data set.
        steps: number of batches per epoch; None for all.
        batch_size: number of captions or labeled clips per batch, for inputs with targets.
        sample_weight: as in `array_dataset`.
        class_weight: as in `array_dataset`.
        is_repeated: whether Keras may iterate over several epochs.

    Raises:
        ArgumentError: the arguments do not fit together.
    """
    spec = getattr(x, "element_spec", None)
    if isinstance(spec, tuple) and is_record(spec[0]):
        return FitInput(x, steps)
    data: BatchDataset | ConvertedBatches
    if isinstance(x, BatchDataset):
        data = x
    elif y is None and is_stream(x):
        data = ConvertedBatches(task, x)
    else:
        data = array_dataset(
            task,
            x,
            y,
            batch_size=batch_size,
            sample_weight=sample_weight,
            class_weight=class_weight,
        )
    return keras_input(data, steps, is_repeated)


def is_record(value: Any) -> bool:
    """Return whether a value is a batch of this library, of arrays or of tensors."""
    return isinstance(value, (Batch, LabeledBatch))


def is_stream(x: Any) -> bool:
    """Return whether a value is an iterable over batches instead of a list or array of inputs."""
    is_inputs = isinstance(x, (str, bytes, list, tuple, dict)) or hasattr(x, "__array__")
    return not is_inputs and (isinstance(x, Iterable) or hasattr(x, "__getitem__"))


def keras_input(
    data: BatchDataset | ConvertedBatches, steps: int | None, is_repeated: bool
) -> FitInput:
    """Return the input of Keras for batches: on TensorFlow, a `tf.data.Dataset`."""
    source = BatchSource(data)
    if keras.backend.backend() == "tensorflow":
        return FitInput(tf_dataset(source.__iter__, data[0], size=data.size), steps, source, data)
    if isinstance(data, BatchDataset):
        return FitInput(data, steps, source, data)
    if not is_repeated or data.is_exhaustible:
        return FitInput(iter(source), steps, source, data)
    steps = data.size if steps is None else steps
    if steps is None:
        raise ArgumentError(
            "steps_per_epoch: expected a number, because the number of batches is unknown. "
            "Received: None."
        )
    return FitInput(_repeat(source), steps, source, data)


def _repeat(batches: Iterable[Any]) -> Iterator[Any]:
    """Yield the batches of endless epochs; Keras accepts a generator, but no other iterator."""
    while True:
        yield from batches


class EpochSetter(keras.callbacks.Callback):
    """A callback that passes the samples and the index of the epoch to the task and to its data.

    Args:
        data: the training data.
        shuffle: whether the batches of the data depend on the epoch.
    """

    def __init__(self, data: Any, *, shuffle: bool = True):
        super().__init__()
        self.data, self.shuffle = data, shuffle

    def on_train_begin(self, logs: Any = None) -> None:  # noqa: ARG002
        """Prepare the objective of the task with the training samples."""
        if isinstance(self.data, BatchDataset):
            self.model.begin_stage(self.data.samples)

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:  # noqa: ARG002
        """Set the epoch."""
        if self.shuffle:
            self.data.epoch = epoch
        self.model.begin_epoch(epoch)
