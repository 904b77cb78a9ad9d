"""Video description: frames to a sentence (Donahue et al. 2015, section 4.3; Venugopalan et al. 2015)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np

from lrcn_seq.errors import ArgumentError, MediaError, Problem
from lrcn_seq.records import CaptionPrediction, Clips, Window
from lrcn_seq.registry import tasks
from lrcn_seq.tasks._sentences import SentenceTask
from lrcn_seq.tasks._writing import sentence_problems
from lrcn_seq.tasks.base import check_media, name_in, sampling_problems

MOMENT = 5e-4
"""Seconds that forgive rounded time stamps."""


@tasks.register
class Description(SentenceTask):
    """Words after words, beside or after the features of the frames."""

    at_once: ClassVar[int] = 4

    @classmethod
    def problems(cls, config) -> list[Problem]:
        """A search that leaves no sentence, a metric that does not run here, a monitor that is none of the scores, or no sampling that gives one clip."""
        several = [
            Problem(
                "data.sampling",
                "a sentence is written about one clip of a video, and sliding gives several. Use uniform or every; `describe --window` cuts long videos.",
            )
        ]
        slides = (config.data.sampling or {}).get("type") == "sliding"
        return [
            *sentence_problems(cls, config),
            *(several if slides else sampling_problems(config)),
        ]

    def seen(self, media: Any) -> Clips:
        """The clip that the sampling takes of the whole video."""
        return next(self.watch(media, self.sampling.test(self.times(media))))

    def predict_windows(
        self,
        media: Sequence[Any],
        seconds: float,
        *,
        beams: int | None = None,
        best: int = 1,
        search: dict[str, Any] | None = None,
    ) -> list[CaptionPrediction]:
        """Sentences for every so many seconds of paths or arrays (T, H, W, 3), each decoded once; the last window may be shorter.

        Raises:
            ArgumentError, ConfigError: the call is wrong.
        """
        check_media(media)
        if not seconds > 0:
            raise ArgumentError(
                f"seconds: expected a length of time above 0. Received: seconds={seconds}."
            )
        search = self.searching(search, beams=beams, best=best)
        return [
            self._predict_windows(item, name_in(media, place), seconds, search, best)
            for place, item in enumerate(media)
        ]

    def _predict_windows(
        self, media: Any, name: str, seconds: float, search: dict[str, Any], best: int
    ) -> CaptionPrediction:
        try:
            times = self.times(media)
            window = (times + MOMENT) // seconds
            parts = np.split(np.arange(len(times)), np.flatnonzero(np.diff(window)) + 1)
            looks = [part[self.sampling.test(times[part] - times[part[0]])[0]] for part in parts]
            found = [
                sentences
                for clips in self.watch(media, looks, batch=self.at_once)
                for sentences in self.captions(clips, search, best)
            ]
        except MediaError as error:
            return CaptionPrediction(name, (), error.reason)
        starts = [float(window[part[0]] * seconds) for part in parts]
        ends = [
            *(start + seconds for start in starts[:-1]),
            float(min(starts[-1] + seconds, times[-1] + frame_length(times))),
        ]
        return CaptionPrediction(
            name, windows=tuple(Window(*row) for row in zip(starts, ends, found, strict=True))
        )


def frame_length(times: np.ndarray) -> float:
    """Seconds that a frame is shown, on average."""
    return float(times[-1] / max(len(times) - 1, 1))
