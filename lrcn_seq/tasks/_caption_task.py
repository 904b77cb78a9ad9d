"""Base class of tasks that write captions: captioning and description."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar

import numpy as np
from keras import ops

from lrcn_seq.errors import ArgumentError, Problem, SearchError
from lrcn_seq.evaluation import CaptionEvaluation, GoodCaptions, evaluate_captions
from lrcn_seq.layers.untracked import Untracked
from lrcn_seq.progress import progress_bar
from lrcn_seq.records import SPECIAL, Caption, Clips, Hypotheses, Sample
from lrcn_seq.report import Explanation, Section
from lrcn_seq.report.caption_diversity import COLLAPSED
from lrcn_seq.search.base import NO_SENTENCE
from lrcn_seq.tasks._caption_confidence import CaptionConfidence, fit_caption_confidence
from lrcn_seq.tasks._caption_ensemble import CaptionEnsemble
from lrcn_seq.tasks._caption_prediction import CaptionPredictor
from lrcn_seq.tasks._caption_problems import task_problems
from lrcn_seq.tasks._caption_ranking import rank_captions
from lrcn_seq.tasks._caption_report import caption_sections
from lrcn_seq.tasks._caption_search import CaptionSearch
from lrcn_seq.tasks._caption_training import CaptionTraining
from lrcn_seq.tasks._ensemble import Average, Ensemble, Rescorer
from lrcn_seq.tasks._grad_cam import check_maps
from lrcn_seq.tasks._sample_reader import SampleReader
from lrcn_seq.tasks._task_explanation import check_target, explain_caption, explain_inputs
from lrcn_seq.tasks.base import Member, RequestedCount


class CaptionTask(CaptionPredictor, CaptionTraining):  # type: ignore[misc]  # options of `predict`
    """A task that writes captions with a word decoder over the features of images or clips."""

    ensemble_type: ClassVar[type[Ensemble] | None] = CaptionEnsemble
    default_monitor: ClassVar[str] = "cider"
    evaluation_options: ClassVar[frozenset[str]] = frozenset({"retrieval", "coco_results"})
    request_options: ClassVar[Mapping[str, Any]] = {
        "beams": RequestedCount,
        "best": RequestedCount,
        "word_support": bool,
        "search": Mapping[str, Any],
    }
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
        average: Average | None = None,
        rescorer: Member | None = None,
    ) -> CaptionEvaluation:
        """Score captions written with the weighted mean probability of several tasks."""
        writer: CaptionTask | CaptionEnsemble = members[0].task
        size = writer.settings.evaluation.batch_size
        readers = [*members, *([rescorer] if rescorer else [])]
        if len(readers) > 1:
            writer = CaptionEnsemble(
                [member.task for member in members],
                [member.weight for member in members],
                average=average,
                rescorer=rescorer and Rescorer(rescorer.task, rescorer.weight),
            )
        streams = (member.reader.clips(samples, size) for member in readers)
        batches = (writer.caption_clips(clips, words=True) for clips in zip(*streams, strict=True))
        task = members[0].task
        good = task.confidence.good if task.confidence and len(readers) == 1 else None
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

        def explain(item: Any, name: str) -> Explanation:
            found = self.predict(item) if target is None else target
            caption = found if isinstance(found, str) else found.captions[0].text
            return explain_caption(self, item, name, caption)

        return explain_inputs(self, media, explain)

    def read_ahead(self, media: Any, **options: Any) -> Any:  # noqa: ARG002 - as of a task
        """Read an input of `predict` as one clip; see `Task`."""
        return self.read_clip(media)

    @abstractmethod
    def read_clip(self, media: Any) -> Clips:
        """Read a path, PIL image or array as one clip. A clip is returned unchanged.

        Raises:
            MediaError: the input cannot be read.
        """

    def caption_clips(
        self,
        clips: Sequence[Clips],
        search: Mapping[str, Any] | None = None,
        best: int = 1,
        *,
        words: bool = False,
    ) -> list[tuple[Caption, ...]]:
        """Write captions for clips that this task has read; see `CaptionPredictor`."""
        return self.captions(clips[0], search, best, words=words)

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
        texts, rows = self.decode_texts(found), []
        for clip in zip(texts, found.scores, found.log_probabilities, strict=True):
            captions: dict[str, Caption] = {}
            for text, score, log_probability in zip(*clip, strict=True):
                if np.isfinite(score):
                    caption = Caption(text, float(log_probability), float(score))
                    captions.setdefault(text, caption)
            rows.append(tuple(captions.values())[:best])
        return rows

    def decode_texts(self, found: Hypotheses) -> list[list[str]]:
        """Return the text of each hypothesis of each clip, of at most `data.words_limit` words."""
        limit, decode = self.settings.data.words_limit, self.tokenizer.decode
        return [[decode(words[:limit].tolist()) for words in clip] for clip in found.words]

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
