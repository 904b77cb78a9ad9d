"""The batches of samples as a `keras.utils.PyDataset`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import keras
import numpy as np

from lrcn_seq.errors import ArgumentError, DataError
from lrcn_seq.records import Batch, Sample
from lrcn_seq.tasks._sample_reader import SampleReader

if TYPE_CHECKING:
    from lrcn_seq.tasks.base import Task


class BatchDataset(keras.utils.PyDataset):
    """The batches of samples of one task, for `fit`, `evaluate` and `predict`.

    An epoch contains the batches that `train` uses with the same config: every caption or every
    image once, in an order that the seed and the epoch determine. Features of a frozen encoder are
    stored as `data.store` of the config says.

    Args:
        task: the task that reads the batches.
        samples: the samples.
        batch_size: number of captions or labeled clips per batch; None for that of the config.
        weights: (M,) weights of the samples in the loss; None for equal weights.

    Attributes:
        samples: the samples.
        epoch: the epoch whose batches are returned; `fit` sets it.
    """

    def __init__(
        self,
        task: Task,
        samples: Sequence[Sample],
        *,
        batch_size: int | None = None,
        weights: Any = None,
    ):
        super().__init__()
        if not samples:
            raise DataError("Expected at least one sample. Received: none; check the data.")
        self.task, self.samples, self.epoch = task, samples, 0
        self.weights = None if weights is None else check_weights(weights, len(samples))
        self.feed = make_feed(task, samples, batch_size)
        self._plan: tuple[int, Sequence[Any]] | None = None

    @property
    def plan(self) -> Sequence[Any]:
        """The batch plan of the epoch."""
        if self._plan is None or self._plan[0] != self.epoch:
            self._plan = self.epoch, self.feed.plan(self.epoch)
        return self._plan[1]

    @property
    def size(self) -> int:
        """Number of batches of an epoch."""
        return len(self)

    def __len__(self) -> int:
        return len(self.plan)

    def __getitem__(self, index: int) -> tuple[Any, ...]:
        position = range(len(self))[index]
        return next(self._items(self.plan[position : position + 1]))

    def __iter__(self) -> Iterator[tuple[Any, ...]]:
        return self._items(self.plan)

    def _items(self, plan: Sequence[Any]) -> Iterator[tuple[Any, ...]]:
        for step, batch in zip(plan, self.feed.batches(plan, self.epoch), strict=True):
            yield (batch,) if self.weights is None else weighted_item(batch, step, self.weights)

    def __repr__(self) -> str:
        return f"<BatchDataset: {len(self.samples):,} samples, {len(self):,} batches>"


def make_feed(task: Task, samples: Sequence[Sample], batch_size: int | None) -> Any:
    """Return the feed of a task, with the given batch size or else that of its config."""
    if batch_size is not None and not batch_size > 0:
        raise ArgumentError(f"batch_size: expected at least 1. Received: batch_size={batch_size}.")
    settings = task.settings
    try:
        if batch_size is not None:
            training = settings.training.model_copy(update={"batch_size": int(batch_size)})
            task.settings = settings.model_copy(update={"training": training})
        return task.feed(SampleReader(task), samples)
    finally:
        task.settings = settings


def check_weights(weights: Any, count: int) -> np.ndarray:
    """Return weights (M,) float32; raise ArgumentError if their number differs from `count`."""
    array = np.asarray(weights, np.float32)
    if array.shape != (count,):
        raise ArgumentError(
            f"sample_weight: expected one weight per input, ({count},). Received: {array.shape}."
        )
    return array


def weighted_item(batch: Any, step: Any, weights: np.ndarray) -> tuple[Any, ...]:
    """Return `(batch, targets, weights)` of a step of a plan, with a weight per caption or clip."""
    of_clips = weights[step.samples]
    return batch, batch[-1], of_clips[batch.owner] if isinstance(batch, Batch) else of_clips
