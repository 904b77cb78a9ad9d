"""Prediction of classes by one task, or by several tasks that predict together."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any, Literal

import numpy as np

from lrcn_seq.errors import ArgumentError, MediaError
from lrcn_seq.records import Label, LabelPrediction
from lrcn_seq.tasks._ensemble import Predictor
from lrcn_seq.tasks._media import check_on_error, finish_predictions, media_list, prediction_name


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

    def predict(  # type: ignore[override]  # options differ between tasks
        self,
        media: Any,
        *,
        top: int = 5,
        batch: int = 16,
        on_error: Literal["raise", "record"] = "raise",
    ) -> Any:
        """Classify one or many videos.

        Args:
            media: a path, an array (T, H, W, 3), or a list of them.
            top: number of classes per video.
            batch: number of clips per batch.
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
            self._predict(item, prediction_name(inputs.media, position), top, batch)
            for position, item in enumerate(inputs.media)
        )
        return finish_predictions(predictions, inputs, on_error)

    def _predict(self, media: Any, name: str, top: int, batch: int) -> LabelPrediction:
        try:
            return LabelPrediction(name, self.top_labels(self.distribution(media, batch), top))
        except MediaError as error:
            return LabelPrediction(name, error=error.reason)

    def top_labels(self, distribution: np.ndarray, top: int) -> tuple[Label, ...]:
        """Return the most probable classes of a distribution (C,)."""
        labels = self.readers()[0].labels
        order = np.argsort(-distribution, kind="stable")[:top]
        return tuple(Label(labels[index], float(distribution[index])) for index in order)
