"""Prediction of classes by one task, or by several tasks that predict together."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator
from typing import Any, Literal, NamedTuple

import numpy as np

from lrcn_seq.data.media.base import check_length
from lrcn_seq.errors import ArgumentError, MediaError
from lrcn_seq.progress import Progress
from lrcn_seq.records import Label, LabelPrediction
from lrcn_seq.tasks._ensemble import Predictor
from lrcn_seq.tasks._media import check_on_error, finish_predictions, media_list, prediction_name


class FramePrediction(NamedTuple):
    """The classes of one video and the class probabilities after each frame.

    Attributes:
        clip: The classes of the video.
        frames: (T, C) class probabilities after each frame; empty if they were not kept.
        times: (T,) times of the frames in seconds; empty if they were not kept.
    """

    clip: LabelPrediction
    frames: list[list[float]]
    times: list[float]

    @property
    def file(self) -> str:
        return self.clip.file

    @property
    def error(self) -> str | None:
        return self.clip.error

    @property
    def labels(self) -> tuple[Label, ...]:
        return self.clip.labels

    def row(self) -> dict[str, Any]:
        """Return `{"file", "labels", "frames", "times"}`."""
        return {**self.clip.row(), "frames": self.frames, "times": self.times}

    def lines(self) -> list[str]:
        """Return one line per class of the video."""
        return self.clip.lines()


class LabelPredictor(Predictor):
    """The method `predict` of a task that classifies videos, and of an ensemble of such tasks."""

    @abstractmethod
    def distribution(self, media: Any, batch: int = 16) -> np.ndarray:
        """Return the class distribution (C,) of a video, the mean over all steps of all its clips.

        Args:
            media: a path or an array (T, H, W, 3).
            batch: number of clips per batch.

        Raises:
            MediaError: the video cannot be read.
        """

    @abstractmethod
    def stream_frames(
        self, media: Any, *, chunk: int = 16, progress: Progress | None = None
    ) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
        """Classify a video frame by frame.

        Args:
            media: a path or an array (T, H, W, 3).
            chunk: number of frames per call of the network.
            progress: callback `(done, total)` with numbers of frames; the total may be None.

        Yields:
            Times (n,) in seconds, the class distribution at each frame (n, C), and the class
            distribution of the video up to and including each frame (n, C).
        """

    def predict(  # type: ignore[override]  # options differ between tasks
        self,
        media: Any,
        *,
        top: int = 5,
        batch: int = 16,
        per_frame: bool = False,
        on_error: Literal["raise", "record"] = "raise",
    ) -> Any:
        """Classify one or many videos.

        Args:
            media: a path, an array (T, H, W, 3), or a list of them.
            top: number of classes per video.
            batch: number of clips per batch.
            per_frame: whether to add the class probabilities after each frame, with their times.
            on_error: whether to raise the error of a video that cannot be read, or to record it as
                `error` of its prediction.

        Returns:
            One prediction per video, in order; for a single video, its prediction.

        Raises:
            ArgumentError: an argument is invalid.
            MediaError: a video cannot be read, and `on_error` is `raise`.
            RunError: the task has no class names yet.
        """
        check_on_error(on_error)
        first = self.readers()[0]
        inputs = media_list(media, first.media.kind)
        if top < 1 or batch < 1:
            raise ArgumentError(
                f"top and batch: expected at least 1. Received: top={top}, batch={batch}."
            )
        first.check_labels()
        predictions = (
            self._predict_frames(item, prediction_name(inputs.media, position), top)
            if per_frame
            else self._predict(item, prediction_name(inputs.media, position), top, batch)
            for position, item in enumerate(inputs.media)
        )
        return finish_predictions(predictions, inputs, on_error)

    def _predict(self, media: Any, name: str, top: int, batch: int) -> LabelPrediction:
        try:
            return LabelPrediction(name, self.top_labels(self.distribution(media, batch), top))
        except MediaError as error:
            return LabelPrediction(name, error=error.reason)

    def _predict_frames(self, media: Any, name: str, top: int) -> FramePrediction | LabelPrediction:
        times: list[float] = []
        frames: list[list[float]] = []
        try:
            for chunk_times, chunk, overall in self.stream_frames(media):
                mean = overall[-1]
                check_length(name, chunk_times[-1], self.readers()[0].media.seconds_limit)
                times += chunk_times.tolist()
                frames += chunk.tolist()
        except MediaError as error:
            return LabelPrediction(name, error=error.reason)
        return FramePrediction(LabelPrediction(name, self.top_labels(mean, top)), frames, times)

    def top_labels(self, distribution: np.ndarray, top: int) -> tuple[Label, ...]:
        """Return the most probable classes of a distribution (C,)."""
        labels = self.readers()[0].labels
        order = np.argsort(-distribution, kind="stable")[:top]
        return tuple(Label(labels[index], float(distribution[index])) for index in order)
