"""Base class of tasks that write captions: captioning and description."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar, Literal

import numpy as np
from keras import ops

from lrcn_seq.data.packed_clips import concatenate_clips
from lrcn_seq.errors import ArgumentError, MediaError, Problem, SearchError
from lrcn_seq.evaluation import CaptionEvaluation, GoodCaptions, evaluate_captions
from lrcn_seq.layers.untracked import Untracked
from lrcn_seq.progress import progress_bar
from lrcn_seq.records import (
    SPECIAL,
    Caption,
    CaptionPrediction,
    Clips,
    Hypotheses,
    Sample,
)
from lrcn_seq.report import Section
from lrcn_seq.report.caption_diversity import COLLAPSED
from lrcn_seq.search.base import NO_SENTENCE
from lrcn_seq.tasks._caption_confidence import CaptionConfidence, fit_caption_confidence
from lrcn_seq.tasks._caption_problems import task_problems
from lrcn_seq.tasks._caption_ranking import rank_captions
from lrcn_seq.tasks._caption_report import caption_sections
from lrcn_seq.tasks._caption_search import CaptionSearch
from lrcn_seq.tasks._caption_training import CaptionTraining
from lrcn_seq.tasks._grad_cam import check_maps
from lrcn_seq.tasks._media import check_on_error, finish_predictions, media_list, prediction_name
from lrcn_seq.tasks._sample_reader import SampleReader
from lrcn_seq.tasks._search_resolution import resolve_search
from lrcn_seq.tasks._task_explanation import check_target, explain_caption
from lrcn_seq.tasks.base import Member


class CaptionTask(CaptionTraining):
    """A task that writes captions with a word decoder over the features of images or clips."""

    default_monitor: ClassVar[str] = "cider"
    evaluation_options: ClassVar[frozenset[str]] = frozenset({"retrieval", "coco_results"})
    compares_with_training: ClassVar[bool] = True
    fits_confidence: ClassVar[bool] = True
    _confidence: Untracked[CaptionConfidence | None] = Untracked(None)

    @property
    def confidence(self) -> CaptionConfidence | None:
        """The confidence that was fitted to dev; None if it was not."""
        return self._confidence.value

    def fit_confidence(
        self, reader: SampleReader, dev: Sequence[Sample], training: Sequence[Sample]
    ) -> Mapping[str, Any]:
        """Fit the confidence of captions to dev, use it, and return it as a JSON object.

        Args:
            reader: reads the clips of samples.
            dev: the samples of dev.
            training: the training samples.
        """
        confidence = fit_caption_confidence(self, reader, dev, training)
        self._confidence = Untracked(confidence)
        return confidence.as_dict()

    def restore_confidence(self, record: Mapping[str, Any]) -> None:
        """Use the confidence that `fit_confidence` has returned."""
        self._confidence = Untracked(CaptionConfidence.from_dict(record))

    def network_problems(self) -> list[Problem]:
        """Return the problems of `data.plan` and of the search, including its texts."""
        return task_problems(self)

    def evaluate_samples(
        self, reader: SampleReader, samples: Sequence[Sample], *, training: Sequence[Sample] = ()
    ) -> CaptionEvaluation:
        """Write captions for samples and score them against all references."""
        return self.evaluate_ensemble([Member(self, reader)], samples, training=training)

    @classmethod
    def evaluate_ensemble(
        cls,
        members: Sequence[Member],
        samples: Sequence[Sample],
        *,
        training: Sequence[Sample] = (),
    ) -> CaptionEvaluation:
        """Score captions written with the weighted mean log probability of several tasks."""
        task = members[0].task
        size = task.settings.evaluation.batch_size
        streams = [member.reader.clips(samples, size) for member in members]
        if len(members) == 1:
            batches = (task.captions(clips, words=True) for clips in streams[0])
        else:
            search = CaptionSearch(
                [member.task for member in members],
                task.settings.search,
                [member.weight for member in members],
            )
            batches = (
                task.decode_hypotheses(search.hypotheses(clips))
                for clips in zip(*streams, strict=True)
            )
        good = task.confidence.good if task.confidence and len(members) == 1 else None
        return task.score_captions(samples, batches, training=training, good=good)

    def score_captions(
        self,
        samples: Sequence[Sample],
        batches: Iterable[list[tuple[Caption, ...]]],
        *,
        training: Sequence[Sample] = (),
        good: GoodCaptions | None = None,
    ) -> CaptionEvaluation:
        """Score the captions of batches of samples.

        Args:
            samples: the samples in order.
            batches: for each batch, the captions of its samples, best first; the best is scored.
            training: the training samples; captions that they do not contain are novel.
            good: the definition of a good caption by which confidences were fitted.

        Raises:
            SearchError: a sample has no caption.
        """
        best: list[Caption] = []
        with progress_bar(self.name) as progress:
            for batch in batches:
                for captions in batch:
                    if not captions:
                        raise SearchError(f"{samples[len(best)].id}: {NO_SENTENCE}")
                    best.append(captions[0])
                progress(len(best), len(samples))
        texts = [caption for sample in training for caption in sample.captions]
        unknown, settings = self.tokenizer.vocabulary()[SPECIAL.unknown], self.settings.evaluation
        return evaluate_captions(
            samples, best, settings, unknown=unknown, training_captions=texts or None, good=good
        )

    def has_collapsed(self, evaluation: CaptionEvaluation) -> bool:
        """Return whether self-critical training has made most captions the same."""
        is_critical = self.settings.training.objective.type == "self_critical"
        return is_critical and evaluation.health.most_common > COLLAPSED

    def retrieval_scores(
        self, reader: SampleReader, samples: Sequence[Sample]
    ) -> dict[str, dict[str, float]]:
        """Rank captions for each image and images for each caption; see `rank_captions`.

        Args:
            reader: reads the clips of samples.
            samples: the samples whose captions are ranked.
        """
        return rank_captions(self, reader, samples)

    def report_sections(self, evaluation: CaptionEvaluation) -> list[Section | None]:
        """Return report sections on caption diversity and on the best and worst captions."""
        return caption_sections(self, evaluation)

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
        inputs, _ = media_list(media, self.media.kind), self.tokenizer
        size = self.predict_batch_size if batch is None else batch
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

    def explain(self, media: Any, target: Any = None) -> Any:
        """Return the regions on which each word of a caption depends, as heat maps.

        Grad-CAM (Selvaraju et al. 2017, section 3) is computed for each word given the previous
        words. If the decoder has attention, its weights are returned as well.

        Args:
            media: a path, a PIL image, an array (H, W, 3) or (T, H, W, 3), or a list of them.
            target: a caption of the user, or a prediction of this task, whose first caption is
                explained; None to write the caption first.

        Returns:
            An explanation with `words`, `maps` (L, S, h, w) and `image()`; a list of explanations
            for a list of inputs.

        Raises:
            ArgumentError: an argument is invalid.
            MediaError: an input cannot be read.
            UsageError: the encoder has no convolutional feature map.
        """
        check_maps(self)
        check_target(target, "captions", "caption")
        inputs = media_list(media, self.media.kind)
        explanations = []
        for position, item in enumerate(inputs.media):
            found = self.predict(item) if target is None else target
            caption = found if isinstance(found, str) else found.captions[0].text
            name = prediction_name(inputs.media, position)
            explanations.append(explain_caption(self, item, name, caption))
        return explanations[0] if inputs.is_single else explanations

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
        return resolve_search(
            self.settings.search if search is None else search,
            self.settings.data.words_limit + 1,
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
                clips.append(self.read_clip(item))
            except MediaError as error:
                errors[position] = error.reason
        found = self.captions(concatenate_clips(clips), search, best, words=words) if clips else ()
        captions = iter(found)
        names = [prediction_name(media, position, first) for position in range(len(media))]
        return [
            CaptionPrediction(name, (), errors[position])
            if position in errors
            else caption_prediction(name, next(captions))
            for position, name in enumerate(names)
        ]

    @abstractmethod
    def read_clip(self, media: Any) -> Clips:
        """Read a path, PIL image or array as one clip.

        Raises:
            MediaError: the input cannot be read.
        """

    def check_word_support(self, word_support: bool) -> None:
        """Raise ArgumentError if the support of words is requested, and the run has none."""
        if word_support and self.confidence is None:
            raise ArgumentError(
                "word_support: expected a run whose confidence was fitted to dev. Received: a run "
                "without it; `lrcn evaluate RUN` fits it, and so does the end of a training."
            )

    def write(
        self,
        clips: Clips,
        search: Mapping[str, Any] | None = None,
        encoded: Clips | None = None,
    ) -> Hypotheses:
        """Search for captions of clips with a compiled model.

        Args:
            clips: the clips.
            search: `{"type": NAME, ...}`; None for the search of the run.
            encoded: the clips as `frame_encoder.shorten` has returned them.

        Returns:
            The hypotheses as NumPy arrays.
        """
        spec = dict(search or self.settings.search)
        model = self.cached_model("caption_search", lambda: CaptionSearch([self], spec), key=spec)
        return model.hypotheses([clips], None if encoded is None else [encoded])

    def captions(
        self,
        clips: Clips,
        search: Mapping[str, Any] | None = None,
        best: int = 1,
        *,
        words: bool = False,
    ) -> list[tuple[Caption, ...]]:
        """Write distinct captions for each clip, best first; a clip may have none.

        Args:
            clips: the clips.
            search: `{"type": NAME, ...}`; None for the search of the run.
            best: maximum number of captions per clip.
            words: whether to add the words with their support, if the task has a confidence.
        """
        if self.confidence is None or not (words or self.confidence.scaling):
            return self.decode_hypotheses(self.write(clips, search), best)
        encoded = self.frame_encoder.shorten(clips, always=True)
        captions = self.decode_hypotheses(self.write(clips, search, encoded), best)
        return self.confidence.assess(self, encoded, captions, words=words)

    def decode_hypotheses(self, found: Hypotheses, best: int = 1) -> list[tuple[Caption, ...]]:
        """Decode the IDs of hypotheses to distinct captions, best first.

        A search reserves one position for the end word. If a hypothesis has another word there, it
        exceeds `data.words_limit` by one word, and this last word is dropped.

        Args:
            found: hypotheses of B clips.
            best: maximum number of captions per clip.

        Returns:
            The captions of each clip; none for a clip without hypotheses.
        """
        limit, rows = self.settings.data.words_limit, []
        for clip in zip(found.words, found.scores, found.log_probabilities, strict=True):
            captions: dict[str, Caption] = {}
            for words, score, log_probability in zip(*clip, strict=True):
                if np.isfinite(score):
                    sentence = self.tokenizer.decode(words[:limit].tolist())
                    caption = Caption(sentence, float(log_probability), float(score))
                    captions.setdefault(sentence, caption)
            rows.append(tuple(captions.values())[:best])
        return rows

    def attention(self, clips: Clips, words: np.ndarray) -> np.ndarray | None:
        """Return the attention weights with which the decoder predicts each of the given words.

        Args:
            clips: B clips.
            words: (B, L) IDs without the start word.

        Returns:
            Weights (B, L, S·R), or None if the decoder has no attention.
        """
        memory, state = self.decoder.start(self.encoder(clips, training=False))
        inputs = np.concatenate([np.full_like(words[:, :1], SPECIAL.start), words[:, :-1]], axis=1)
        weights = []
        for column in inputs.T:
            out = self.decoder.step(ops.convert_to_tensor(column), state, memory)
            if out.attention is None:
                return None
            state = out.state
            weights.append(ops.convert_to_numpy(out.attention))
        return np.stack(weights, axis=1)


def caption_prediction(name: str, captions: tuple[Caption, ...]) -> CaptionPrediction:
    """Return a prediction with the captions of an input, or an error if there are none."""
    return CaptionPrediction(name, captions, None if captions else NO_SENTENCE)
