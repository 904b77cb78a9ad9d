"""Video description (Donahue et al. 2015, section 4.3; Venugopalan et al. 2015)."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Annotated, Any, ClassVar, Literal

import numpy as np
from annotated_types import Ge, Lt

from lrcn_seq.config import Config
from lrcn_seq.errors import ArgumentError, MediaError, Problem
from lrcn_seq.records import Caption, CaptionPrediction, Clips, Window
from lrcn_seq.registry import tasks
from lrcn_seq.search.base import NO_SENTENCE
from lrcn_seq.tasks._caption_ensemble import CaptionEnsemble
from lrcn_seq.tasks._caption_prediction import CaptionPredictor
from lrcn_seq.tasks._caption_problems import caption_problems
from lrcn_seq.tasks._caption_task import CaptionTask
from lrcn_seq.tasks._ensemble import Ensemble
from lrcn_seq.tasks._media import (
    check_on_error,
    finish_predictions,
    media_list,
    prediction_name,
    sampling_problems,
)

SHORTEST_WINDOW = 0.5
"""Length in seconds of the shortest window that a client of a server may ask for."""
TIME_TOLERANCE = 5e-4
"""Seconds by which a rounded timestamp may precede the window that its frame belongs to."""


class WindowPredictor(CaptionPredictor):
    """The method `predict_windows` of a task that describes videos, and of an ensemble."""

    def predict(  # type: ignore[override]  # options differ between tasks
        self, media: Any, *, window: float | None = None, batch: int | None = None, **options: Any
    ) -> Any:
        """Write captions for one or many videos, or for each window of them.

        Args:
            media: a path, an array (T, H, W, 3), or a list of them.
            window: length of a window in seconds; None to describe whole videos.
            batch: number of videos per batch.
            **options: the other options of `CaptionPredictor.predict` and `predict_windows`.
        """
        if window is None:
            return super().predict(media, batch=batch, **options)
        return self.predict_windows(media, window, **options)

    def predict_windows(
        self,
        media: Any,
        seconds: float,
        *,
        beams: int | None = None,
        best: int = 1,
        search: Mapping[str, Any] | None = None,
        word_support: bool = False,
        on_error: Literal["raise", "record"] = "raise",
    ) -> Any:
        """Write captions for consecutive windows of videos.

        A video is decoded at most twice, whatever the number of windows: for times and frames.

        Args:
            media: a path, an array (T, H, W, 3), or a list of them.
            seconds: length of a window; the last window of a video may be shorter.
            beams: width of the beam search.
            best: number of captions per window.
            search: `{"type": NAME, ...}` in place of the search of the run.
            word_support: whether to add the words of each caption with their support by the window.
            on_error: as in `predict`.

        Returns:
            One prediction with `windows` per video, in order; for a single video, its prediction.

        Raises:
            ArgumentError, ConfigError: an argument is invalid.
            MediaError: a video failed, and `on_error` is `raise`.
        """
        check_on_error(on_error)
        self.check_word_support(word_support)
        inputs = media_list(media, self.readers()[0].media.kind)
        if not seconds > 0:
            raise ArgumentError(
                f"seconds: expected a length of time above 0. Received: seconds={seconds}."
            )
        resolved = self.resolve_search(search, beams=beams, best=best)
        predictions = (
            self._predict_windows(
                item,
                prediction_name(inputs.media, place),
                seconds,
                partial(self.caption_clips, search=resolved, best=best, words=word_support),
            )
            for place, item in enumerate(inputs.media)
        )
        return finish_predictions(predictions, inputs, on_error)

    def _predict_windows(
        self,
        media: Any,
        name: str,
        seconds: float,
        write: Callable[[Sequence[Clips]], list[tuple[Caption, ...]]],
    ) -> CaptionPrediction:
        try:
            spans, clips = zip(
                *(read_windows(task, media, seconds) for task in self.readers()), strict=True
            )
            check_equal_windows(spans, name)
            captions = [
                sentences for batch in zip(*clips, strict=True) for sentences in write(batch)
            ]
        except MediaError as error:
            return CaptionPrediction(name, (), error.reason)
        if not all(captions):
            return CaptionPrediction(name, (), NO_SENTENCE)
        windows = tuple(
            Window(start, end, row) for (start, end), row in zip(spans[0], captions, strict=True)
        )
        return CaptionPrediction(name, windows=windows)


class DescriptionEnsemble(WindowPredictor, CaptionEnsemble):
    """Tasks that describe videos together. See `Ensemble`."""


@tasks.register
class Description(WindowPredictor, CaptionTask):  # type: ignore[misc]  # options of `predict`
    """A task that writes captions for videos."""

    noun: ClassVar[str] = "clip"
    verb: ClassVar[str] = "describe"
    pipeline_tag: ClassVar[str | None] = "video-text-to-text"
    predict_batch_size: ClassVar[int] = 4
    request_options: ClassVar[Mapping[str, Any]] = {
        **CaptionTask.request_options,
        "window": Annotated[float, Ge(SHORTEST_WINDOW), Lt(math.inf)],
    }
    ensemble_type: ClassVar[type[Ensemble] | None] = DescriptionEnsemble

    @classmethod
    def problems(cls, config: Config) -> list[Problem]:
        """Return the problems of search, metrics, monitor, view and frame sampling."""
        if (config.data.sampling or {}).get("type") == "sliding":
            sampling = [
                Problem(
                    "data.sampling",
                    "expected a sampling that selects one clip, since a caption describes one "
                    "clip. Received: sliding; use uniform or every. `describe --window` cuts long "
                    "videos.",
                )
            ]
        else:
            sampling = sampling_problems(config)
        return [*caption_problems(cls, config), *sampling]

    def read_ahead(self, media: Any, **options: Any) -> Any:
        """Read a video as one clip, unless it is described window by window; see `Task`."""
        return self.read_clip(media) if options.get("window") is None else media

    def read_clip(self, media: Any) -> Clips:
        """Read the clip that the sampling selects from a video. A clip is returned unchanged."""
        if isinstance(media, Clips):
            return media
        return next(self.media.clips(media, self.sampling.test(self.media.times(media))))


def frame_duration(times: np.ndarray) -> float:
    """Return the mean duration of a frame in seconds, given the times (F,) of all frames."""
    return float(times[-1] / max(len(times) - 1, 1))


def read_windows(
    task: Any, media: Any, seconds: float
) -> tuple[list[tuple[float, float]], Iterator[Clips]]:
    """Return the windows of a video, and read a clip of each.

    Args:
        task: the task whose sampling selects the frames of each window.
        media: a path or an array (T, H, W, 3).
        seconds: length of a window.

    Returns:
        Start and end of each window in seconds, and the clips of the windows in batches.
    """
    times = task.media.times(media)
    window = (times + TIME_TOLERANCE) // seconds
    parts = np.split(np.arange(len(times)), np.flatnonzero(np.diff(window)) + 1)
    clips = [part[task.sampling.test(times[part] - times[part[0]])[0]] for part in parts]
    starts = [float(window[part[0]] * seconds) for part in parts]
    last = float(min(starts[-1] + seconds, times[-1] + frame_duration(times)))
    ends = [*(start + seconds for start in starts[:-1]), last]
    batches = task.media.clips(media, clips, batch=task.predict_batch_size)
    return list(zip(starts, ends, strict=True)), batches


def check_equal_windows(spans: Sequence[Sequence[tuple[float, float]]], name: str) -> None:
    """Raise MediaError unless all tasks find frames in the same windows.

    Args:
        spans: for each task, the start and end of its windows.
        name: the name of the video.
    """
    starts = [[start for start, _ in windows] for windows in spans]
    if any(other != starts[0] for other in starts):
        counts = " and ".join(str(len(windows)) for windows in starts)
        raise MediaError(
            name,
            "expected runs that find frames in the same windows of the video. Received: "
            f"{counts} windows; choose longer windows.",
        )
