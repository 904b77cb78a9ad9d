"""Activity recognition, with a label per clip or per frame (Donahue et al. 2015, section 4.1)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar, NamedTuple

import keras
import numpy as np
from keras import ops

from lrcn_seq.config import Config
from lrcn_seq.data.media.base import SelectFrame
from lrcn_seq.errors import ArgumentError, Problem, RunError, did_you_mean
from lrcn_seq.evaluation import FrameEvaluation, LabelEvaluation
from lrcn_seq.progress import Progress
from lrcn_seq.records import Clips, LabeledBatch, Sample, Tensor
from lrcn_seq.registry import tasks
from lrcn_seq.report import Explanation, Section
from lrcn_seq.tasks._classes import Classes
from lrcn_seq.tasks._classifier import Classifier, StreamingClassifier
from lrcn_seq.tasks._ensemble import Average, Ensemble
from lrcn_seq.tasks._grad_cam import check_maps
from lrcn_seq.tasks._label_ensemble import LabelEnsemble
from lrcn_seq.tasks._label_feed import LabelFeed
from lrcn_seq.tasks._label_fit import LabelFit
from lrcn_seq.tasks._label_prediction import LabelPredictor
from lrcn_seq.tasks._label_report import label_sections
from lrcn_seq.tasks._label_scoring import score_ensemble
from lrcn_seq.tasks._losses import label_loss
from lrcn_seq.tasks._media import sampling_problems
from lrcn_seq.tasks._sample_reader import SampleReader
from lrcn_seq.tasks._task_explanation import check_target, explain_classes, explain_inputs
from lrcn_seq.tasks.base import Member, RequestedCount, Task

SCORES = ("top_1", "top_5", "mean_class", "log_loss", "calibration")


class StreamState(NamedTuple):
    """The state of a streaming classifier.

    Attributes:
        decoder: the state of the decoder.
        total: (C,) sum of the distributions so far.
        frames: number of frames so far.
    """

    decoder: Any
    total: np.ndarray
    frames: int


@tasks.register
class Activity(LabelPredictor, LabelFit, Task):  # type: ignore[misc]  # options of `predict`
    """A task that classifies clips, with a distribution over classes at every step.

    The class distribution of a video is the mean over all steps of all its clips and views.
    """

    outputs: Classes | None
    outputs_type: ClassVar[type[Classes]] = Classes
    default_monitor: ClassVar[str] = "top_1"
    ensemble_type: ClassVar[type[Ensemble] | None] = LabelEnsemble
    minimized_scores: ClassVar[frozenset[str]] = frozenset({"log_loss", "calibration"})
    noun: ClassVar[str] = "clip"
    verb: ClassVar[str] = "classify"
    request_options: ClassVar[Mapping[str, Any]] = {"top": RequestedCount, "per_frame": bool}
    pipeline_tag: ClassVar[str | None] = "video-classification"

    @property
    def labels(self) -> tuple[str, ...]:
        """The class names; empty if the task was built for a number of classes only."""
        return self.outputs.labels if self.outputs else ()

    @classmethod
    def problems(cls, config: Config) -> list[Problem]:
        """Return the problems of the frame sampling, the monitor and the objective of a config."""
        problems, monitor = sampling_problems(config), config.training.monitor
        if monitor is not None and monitor not in SCORES:
            problems.append(
                Problem(
                    "training.monitor",
                    f"expected one of the scores {', '.join(SCORES)}. Received: {monitor!r}."
                    f"{did_you_mean(monitor, SCORES)}",
                )
            )
        if config.training.objective.type != "cross_entropy":
            problems.append(
                Problem(
                    "training.objective",
                    "activity expects cross_entropy, since it writes no captions. Received: "
                    f"{config.training.objective.type}.",
                )
            )
        if config.training.scheduled_sampling.probability:
            problems.append(
                Problem(
                    "training.scheduled_sampling",
                    "activity writes no words that could be sampled. Remove the key.",
                )
            )
        return problems

    def example(self) -> LabeledBatch:
        """Return a batch of one clip with one frame and the label of the first class."""
        labels, weights = np.zeros((1, 1), "int32"), np.ones((1,), "float32")
        return LabeledBatch(self.example_clips(), labels, weights)

    def call(self, batch: LabeledBatch, training: bool = False) -> tuple[Tensor, Tensor]:
        """Compute class logits (P, S', C) and the mask (P, S'), True at real steps."""
        return self.decoder(self.encoder(batch.clips, training=training), training=training)

    def compute_loss(
        self,
        x: Any = None,
        y: Any = None,
        y_pred: Any = None,
        sample_weight: Tensor | None = None,
        training: bool = True,
    ) -> Tensor:
        """Compute the mean cross-entropy over labeled steps, multiplied by the loss weight.

        Args:
            x: the batch.
            y: unused.
            y_pred: logits (P, S', C) and mask (P, S').
            sample_weight: (P,) factors that multiply the weights of the clips.
            training: unused.
        """
        settings, (logits, mask) = self.settings.training.loss, y_pred
        weights = x.weights
        if sample_weight is not None:
            weights = weights * ops.cast(sample_weight, "float32")
        return settings.weight * label_loss(
            logits,
            mask,
            x.labels[:, :: self.encoder.stride],
            weights=weights,
            label_smoothing=settings.label_smoothing,
        )

    def feed(self, reader: SampleReader, samples: Sequence[Sample]) -> LabelFeed:
        """Return the training batches of clips with one label per clip or per frame."""
        return LabelFeed(self, reader, samples)

    @property
    def test_views(self) -> int:
        """Number of views per clip over which an evaluation averages; 1 for vectors."""
        return 1 if self.encoder.preprocessing is None else self.view.test_view_count

    def evaluate_samples(
        self, reader: SampleReader, samples: Sequence[Sample], *, training: Sequence[Sample] = ()
    ) -> LabelEvaluation | FrameEvaluation:
        """Classify samples, frame by frame if their labels change over time."""
        return self.evaluate_ensemble([Member(self, reader)], samples)

    @classmethod
    def evaluate_ensemble(
        cls,
        members: Sequence[Member],
        samples: Sequence[Sample],
        *,
        training: Sequence[Sample] = (),
        average: Average | None = None,
        rescorer: Member | None = None,
    ) -> LabelEvaluation | FrameEvaluation:
        """Classify samples by the weighted mean distribution of several tasks (late fusion)."""
        return score_ensemble(members, samples, average or LabelEnsemble.default_average)

    def report_sections(
        self, evaluation: LabelEvaluation | FrameEvaluation
    ) -> list[Section | None]:
        """Return report sections on confusion, scores per class, calibration and examples."""
        return label_sections(self, evaluation)

    def json_header(self) -> Mapping[str, Any]:
        """Return the class names as `{"classes": [...]}`."""
        return {"classes": list(self.labels)}

    def probabilities(self, clips: Clips) -> tuple[np.ndarray, np.ndarray]:
        """Return class distributions (P, S', C) and the mask (P, S'), True at real steps."""
        model = self.cached_model("classifier", lambda: Classifier(self.encoder, self.decoder))
        probabilities, mask = model.predict_on_batch(self.frame_encoder.shorten(clips))
        return np.asarray(probabilities), np.asarray(mask)

    def distribution(self, media: Any, batch: int = 16) -> np.ndarray:
        """Return the class distribution (C,) of a video; see `LabelPredictor`."""
        total, count = np.zeros(len(self.labels)), 0
        selected = self.sampling.test(self.media.times(media))
        for clips in self.media.clips(media, selected, batch=batch):
            probabilities, mask = self.probabilities(clips)
            total += probabilities[mask].sum(axis=0, dtype=np.float64)
            count += int(mask.sum())
        return total / count

    def check_labels(self) -> None:
        """Raise RunError unless the task has class names."""
        if not self.labels:
            raise RunError(
                "Expected a task with class names. Received: a network built for a number of "
                "classes; train it, or load a run."
            )

    def explain(self, media: Any, target: Any = None, *, top: int = 1) -> Any:
        """Return the regions of each frame on which a class depends, as heat maps.

        Grad-CAM (Selvaraju et al. 2017, section 3) is computed for the mean log odds of the class
        over the clip.

        Args:
            media: a path, an array (T, H, W, 3), or a list of them.
            target: a class, or a prediction of this task; None to classify the clip first.
            top: number of classes of a prediction to explain, most probable first.

        Returns:
            An explanation with `words` (the classes), `maps` (L, S, h, w) and `image()`; a list of
            explanations for a list of inputs.

        Raises:
            ArgumentError: a class is unknown, or an argument is invalid.
            MediaError: a video cannot be read.
            UsageError: the encoder has no convolutional feature map.
        """
        check_maps(self)
        check_target(target, "labels", "class")

        def explain(item: Any, name: str) -> Explanation:
            found = self.predict(item, top=top) if target is None else target
            labels = [found] if isinstance(found, str) else [x.label for x in found.labels[:top]]
            return explain_classes(self, item, name, labels)

        return explain_inputs(self, media, explain)

    def initial_stream_state(self) -> StreamState:
        """Return the state of the classifier before the first frame.

        Raises:
            ArgumentError: the encoder or the decoder needs the whole clip.
            RunError: the task has no class names yet.
        """
        self.check_labels()
        if not self.encoder.frame_wise:
            raise ArgumentError(
                "Expected an encoder that works frame by frame. Received: "
                f"{self.settings.encoder['type']}, which mixes frames over time; classify whole "
                "clips."
            )
        state = keras.tree.map_structure(ops.convert_to_numpy, self.decoder.initial_state(1))
        return StreamState(state, np.zeros(len(self.labels)), 0)

    def advance(
        self, frames: np.ndarray, state: StreamState
    ) -> tuple[np.ndarray, np.ndarray, StreamState]:
        """Classify the next frames of a stream.

        Args:
            frames: (n, H, W, 3) uint8 at the input size of the encoder.
            state: the state before the first of these frames.

        Returns:
            The class distribution at each frame (n, C), the class distribution of the clip up to
            and including each frame (n, C), and the next state.

        Raises:
            ArgumentError: the frames have the wrong shape, or the network needs the whole clip.
        """
        expected = self.encoder.example_input().shape[1:]
        if not len(frames) or np.shape(frames)[1:] != expected:
            raise ArgumentError(
                f"frames: expected (n, {', '.join(map(str, expected))}) with n above 0. "
                f"Received: {np.shape(frames)}."
            )
        model = self.cached_model(
            "streaming_classifier",
            lambda: StreamingClassifier(self.encoder, self.decoder, len(self.labels)),
        )
        outputs, decoder_state = model.predict_on_batch((frames, state.decoder))
        outputs = np.asarray(outputs, np.float64)
        totals = state.total + np.cumsum(outputs, axis=0)
        counts = state.frames + np.arange(1, len(frames) + 1)
        overall = totals / counts[:, None] if self.decoder.every_step else outputs
        decoder_state = keras.tree.map_structure(np.asarray, decoder_state)
        return outputs, overall, StreamState(decoder_state, totals[-1], int(counts[-1]))

    def stream_frames(
        self, media: Any, *, chunk: int = 16, progress: Progress | None = None
    ) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
        """Classify a video frame by frame in constant memory.

        A video file is classified while it is decoded. It is decoded a second time only if the
        sampling depends on the length of the video, as `uniform` does.

        Args:
            media: a path or an array (T, H, W, 3).
            chunk: number of frames per call of the network.
            progress: callback `(done, total)` with numbers of frames; the total may be None.

        Yields:
            Times (n,) in seconds, the class distribution at each frame (n, C), and the class
            distribution of the video up to and including each frame (n, C).

        Raises:
            ArgumentError: the network needs the whole clip.
            MediaError: the video cannot be read.
        """
        state = self.initial_stream_state()
        select, total = self._stream_selection(media)
        for times, frames in self.media.stream(media, select, chunk):
            outputs, overall, state = self.advance(frames, state)
            yield times, outputs, overall
            if progress:
                progress(state.frames, total)

    def _stream_selection(self, media: Any) -> tuple[SelectFrame, int | None]:
        """Return a function that selects the frames to classify, and their number if known."""
        grid = self.sampling.live_grid
        if grid is not None and self.media.is_live(media):
            return grid.selects, None
        numbers = set(self.sampling.stream(self.media.times(media)).tolist())
        return lambda number, *_: number in numbers, len(numbers)
