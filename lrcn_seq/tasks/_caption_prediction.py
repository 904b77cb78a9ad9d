"""Prediction of captions by one task, or by several tasks that predict together."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, Literal

from lrcn_seq.data.packed_clips import concatenate_clips
from lrcn_seq.errors import ArgumentError, MediaError
from lrcn_seq.records import Caption, CaptionPrediction, Clips
from lrcn_seq.search.base import NO_SENTENCE
from lrcn_seq.tasks._ensemble import Predictor
from lrcn_seq.tasks._media import check_on_error, finish_predictions, media_list, prediction_name
from lrcn_seq.tasks._search_resolution import resolve_search


class CaptionPredictor(Predictor):
    """The method `predict` of a task that writes captions, and of an ensemble of such tasks."""

    @abstractmethod
    def caption_clips(
        self,
        clips: Sequence[Clips],
        search: Mapping[str, Any] | None = None,
        best: int = 1,
        *,
        words: bool = False,
    ) -> list[tuple[Caption, ...]]:
        """Write distinct captions for each clip, best first; a clip may have none.

        Args:
            clips: the same images or videos, read by each of `readers`.
            search: `{"type": NAME, ...}`; None for the search of the run.
            best: maximum number of captions per clip.
            words: whether to add the words with their support, if there is a confidence.
        """

    def check_word_support(self, word_support: bool) -> None:
        """Raise ArgumentError if the support of words is requested, and there is none."""
        if word_support:
            raise ArgumentError(
                "word_support: expected a single run. Received: an ensemble, which has no "
                "confidence; predict with one of its runs."
            )

    def predict(  # type: ignore[override]  # options differ between tasks
        self,
        media: Any,
        *,
        beams: int | None = None,
        best: int = 1,
        search: Mapping[str, Any] | None = None,
        batch: int | None = None,
        word_support: bool = False,
        on_error: Literal["raise", "record"] = "raise",
    ) -> Any:
        """Write captions for one or many images or videos.

        Args:
            media: a path, a PIL image, an array (H, W, 3) or (T, H, W, 3), or a list of them.
            beams: width of the beam search.
            best: number of captions per input; a search that is too narrow for it is widened.
            search: `{"type": NAME, ...}` in place of the search of the run.
            batch: number of inputs per batch.
            word_support: whether to add the words of each caption with their support by the input.
            on_error: whether to raise the error of an input that cannot be read, or for which the
                search finds no caption, or to record it as `error` of its prediction.

        Returns:
            One prediction per input, in order; for a single input, its prediction. The seed of a
            random search is derived from the seed of the config and from the frames of the input.

        Raises:
            ArgumentError, ConfigError: an argument is invalid.
            MediaError: an input failed, and `on_error` is `raise`.
            RunError: the task has no vocabulary yet.
        """
        check_on_error(on_error)
        self.check_word_support(word_support)
        first = self.readers()[0]
        inputs, _ = media_list(media, first.media.kind), first.tokenizer
        size = first.predict_batch_size if batch is None else batch
        if size < 1:
            raise ArgumentError(f"batch: expected at least 1. Received: batch={batch}.")
        search = self.resolve_search(search, beams=beams, best=best)
        predictions = (
            prediction
            for start in range(0, len(inputs.media), size)
            for prediction in self._predict_batch(
                inputs.media[start : start + size], search, best, start, words=word_support
            )
        )
        return finish_predictions(predictions, inputs, on_error)

    def resolve_search(
        self,
        search: Mapping[str, Any] | None = None,
        *,
        beams: int | None = None,
        best: int = 1,
    ) -> dict[str, Any]:
        """Return the search of a call, checked and wide enough for `best` captions.

        Args:
            search: `{"type": NAME, ...}`; None for the search of the run.
            beams: width of the beam search.
            best: number of captions.

        Raises:
            ArgumentError, ConfigError: the search is invalid.
        """
        settings = self.readers()[0].settings
        return resolve_search(
            settings.search if search is None else search,
            settings.data.words_limit + 1,
            beams=beams,
            best=best,
            replaceable=search is None,
        )

    def _predict_batch(
        self,
        media: Sequence[Any],
        search: Mapping[str, Any],
        best: int,
        first: int,
        *,
        words: bool = False,
    ) -> list[CaptionPrediction]:
        clips, errors = [], {}
        for position, item in enumerate(media):
            try:
                clips.append([task.read_clip(item) for task in self.readers()])
            except MediaError as error:
                errors[position] = error.reason
        packed = [concatenate_clips(read) for read in zip(*clips, strict=True)]
        found = self.caption_clips(packed, search, best, words=words) if clips else ()
        captions = iter(found)
        names = [prediction_name(media, position, first) for position in range(len(media))]
        return [
            CaptionPrediction(name, (), errors[position])
            if position in errors
            else caption_prediction(name, next(captions))
            for position, name in enumerate(names)
        ]


def caption_prediction(name: str, captions: tuple[Caption, ...]) -> CaptionPrediction:
    """Return a prediction with the captions of an input, or an error if there are none."""
    return CaptionPrediction(name, captions, None if captions else NO_SENTENCE)
