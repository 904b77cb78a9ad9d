"""Tasks that classify videos together."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, ClassVar

import numpy as np

from lrcn_seq.errors import ArgumentError
from lrcn_seq.progress import Progress
from lrcn_seq.tasks._ensemble import SMALLEST, Average, Ensemble, normalize_weights
from lrcn_seq.tasks._label_prediction import LabelPredictor
from lrcn_seq.tasks._serving import LabelServing, ServingModel


class LabelEnsemble(LabelPredictor, Ensemble):
    """Tasks whose class distributions are averaged (late fusion). See `Ensemble`."""

    default_average: ClassVar[Average] = "probabilities"
    tasks: tuple[Any, ...]

    @property
    def labels(self) -> tuple[str, ...]:
        """The class names."""
        return tuple(self.tasks[0].labels)

    def distribution(self, media: Any, batch: int = 16) -> np.ndarray:
        """Return the mean class distribution (C,) of a video; see `LabelPredictor`."""
        return self._mean([task.distribution(media, batch) for task in self.tasks])

    def stream_frames(
        self, media: Any, *, chunk: int = 16, progress: Progress | None = None
    ) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
        """Classify a video frame by frame; see `stream_frames` of the task.

        Every task decodes the video.

        Raises:
            ArgumentError: the tasks classify different frames, or need the whole clip.
            MediaError: the video cannot be read.
        """
        streams = [
            task.stream_frames(media, chunk=chunk, progress=progress if position == 0 else None)
            for position, task in enumerate(self.tasks)
        ]
        for parts in zip(*streams, strict=True):
            times, outputs, overall = zip(*parts, strict=True)
            check_equal_frames(times)
            yield times[0], self._mean(outputs), self._mean(overall)

    def serving_model(self) -> ServingModel:
        """Return the model that `export` writes; see `Ensemble`."""
        return LabelServing(self.tasks, self.weights, self.average)

    def _mean(self, distributions: Sequence[np.ndarray]) -> np.ndarray:
        """Return the weighted mean (..., C) of the distributions of the tasks."""
        shares = normalize_weights(self.weights, len(self.tasks))
        return mean_distribution(np.stack(distributions), shares, self.average)


def mean_distribution(
    distributions: np.ndarray, shares: Sequence[float], average: Average
) -> np.ndarray:
    """Return the weighted mean (..., C) of M class distributions.

    Args:
        distributions: class distributions (M, ..., C).
        shares: (M,) weights with a sum of 1.
        average: the mean.
    """
    if average == "probabilities":
        return np.tensordot(shares, distributions, axes=1)
    logs = np.tensordot(shares, np.log(np.maximum(distributions, SMALLEST)), axes=1)
    powers = np.exp(logs - logs.max(axis=-1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=-1, keepdims=True))


def check_equal_frames(frames: Sequence[np.ndarray]) -> None:
    """Raise ArgumentError unless all tasks classify the same frames.

    Args:
        frames: for each task, the numbers or times of its frames.
    """
    if not all(np.array_equal(other, frames[0]) for other in frames):
        raise ArgumentError(
            "Expected runs that classify the same frames, so that they can be fused. "
            "Received: runs with different data.sampling or stride."
        )
