"""Activity recognition: frames to one label, or a label for every frame (Donahue et al. 2015, section 4.1)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, ClassVar, NamedTuple

import keras
import numpy as np
from keras import ops

from lrcn_seq.errors import ArgumentError, MediaError, Problem, RunError, did_you_mean
from lrcn_seq.layers.precision import at_least_float32
from lrcn_seq.layers.scan import scan
from lrcn_seq.records import LabelPrediction, Clips, Label, LabeledBatch
from lrcn_seq.registry import tasks
from lrcn_seq.tasks._losses import label_loss
from lrcn_seq.tasks.base import Task, check_media, name_in, sampling_problems

SCORES = ("top_1", "top_5", "mean_class", "log_loss", "calibration")


class Stream(NamedTuple):
    """Where a classifier stands that takes frames one by one: what its decoder remembers, the sum of its answers (C,), their number."""

    decoder: Any
    total: np.ndarray
    count: int


@tasks.register
class Activity(Task):
    """The distribution over classes at every step; a video's is the mean over all steps of all its clips and views."""

    needs: ClassVar[str] = "classes"
    best_by: ClassVar[str] = "top_1"
    falling: ClassVar[frozenset[str]] = frozenset({"log_loss", "calibration"})

    @classmethod
    def problems(cls, config) -> list[Problem]:
        """No sampling, a monitor that is none of the scores, or sampled words."""
        found, monitor = sampling_problems(config), config.training.monitor
        if monitor is not None and monitor not in SCORES:
            found.append(
                Problem(
                    "training.monitor",
                    f"expected one of the scores {', '.join(SCORES)}. Received: {monitor!r}.{did_you_mean(monitor, SCORES)}",
                )
            )
        if config.training.scheduled_sampling.probability:
            found.append(
                Problem(
                    "training.scheduled_sampling",
                    "activity writes no words that could be sampled. Leave it out.",
                )
            )
        return found

    def example(self) -> LabeledBatch:
        """One clip of one frame, of the first class."""
        return LabeledBatch(
            self.example_clips(), np.zeros((1, 1), "int32"), np.ones((1,), "float32")
        )

    def build(self, batch_shape=None) -> None:  # noqa: ARG002 - Keras gives it
        """Builds both parts on the example: on torch Keras cannot trace them by itself."""
        self.decoder(self.encoder(self.example_clips()))

    def call(self, batch: LabeledBatch, training: bool = False):
        """(logits (P, S', C), mask (P, S'))."""
        return self.decoder(self.encoder(batch.clips, training=training), training=training)

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):  # noqa: ARG002 - as Keras calls it
        """Mean cross-entropy over real steps × the loss weight; `sample_weight` (P,) multiplies the weights of the clips."""
        settings, (logits, mask) = self.settings.training.loss, y_pred
        labels = x.labels[:, :: self.encoder.stride]
        weights = (
            x.weights if sample_weight is None else x.weights * ops.cast(sample_weight, "float32")
        )
        return settings.weight * label_loss(
            logits, mask, labels, weights=weights, label_smoothing=settings.label_smoothing
        )

    @property
    def test_views(self) -> int:
        """Views of each clip that testing averages over."""
        return 1 if self.encoder.preprocessing is None else self.view.in_testing

    def probabilities(self, clips: Clips) -> tuple[np.ndarray, np.ndarray]:
        """Distributions (P, S', C) at the steps of clips, and mask (P, S'); compiled."""
        probabilities, mask = self._compiled("_classifier", Classifier).predict_on_batch(
            self.encoded_in_parts(clips)
        )
        return np.asarray(probabilities), np.asarray(mask)

    def predict(
        self, media: Sequence[Any], *, top: int = 5, batch: int = 16
    ) -> list[LabelPrediction]:
        """The likeliest classes of paths or arrays (T, H, W, 3), in their order; what cannot be read has an `error`.

        Args:
            top: classes for each. batch: clips of a video that go through the network at once.

        Raises:
            ArgumentError: the call is wrong.
        """
        check_media(media)
        if top < 1 or batch < 1:
            raise ArgumentError(
                f"top and batch: expected at least one. Received: top={top}, batch={batch}."
            )
        self._check_labels()
        return [
            self._predict(item, name_in(media, place), top, batch)
            for place, item in enumerate(media)
        ]

    def _check_labels(self) -> None:
        if not self.labels:
            raise RunError(
                "Expected a task with its classes. Received: a fresh one, built for a number of classes; train it, or load a run."
            )

    def _predict(self, media: Any, name: str, top: int, batch: int) -> LabelPrediction:
        total, count = 0.0, 0
        try:
            for clips in self.watch(media, self.sampling.test(self.times(media)), batch=batch):
                answers, mask = self.probabilities(clips)
                total, count = (
                    total + answers[mask].sum(axis=0, dtype=np.float64),
                    count + mask.sum(),
                )
        except MediaError as error:
            return LabelPrediction(name, error=error.reason)
        return LabelPrediction(name, self.likeliest(total / count, top))

    def likeliest(self, distribution: np.ndarray, top: int) -> tuple[Label, ...]:
        """The first classes of a distribution (C,)."""
        return tuple(
            Label(self.labels[place], float(distribution[place]))
            for place in np.argsort(-distribution, kind="stable")[:top]
        )

    def stream(self) -> Stream:
        """Where a classifier stands before the first frame.

        Raises:
            ArgumentError: the decoder sees the whole clip before it answers.
            RunError: the task was built for a number of classes.
        """
        self._check_labels()
        state = keras.tree.map_structure(ops.convert_to_numpy, self.decoder.initial_state(1))
        return Stream(state, np.zeros(len(self.labels)), 0)

    def advance(self, frames: np.ndarray, stream: Stream) -> tuple[np.ndarray, np.ndarray, Stream]:
        """After each of frames (n, H, W, 3): its distribution (n, C), that of all so far (n, C), and where the classifier stands then.

        That of all so far equals what a whole clip of these frames gets.

        Raises:
            ArgumentError: frames of another size than the encoder's, or encoder or decoder mix frames in time.
        """
        expected = self.example_clips().frames.shape[1:]
        if not len(frames) or np.shape(frames)[1:] != expected:
            raise ArgumentError(
                f"frames: expected (n, {', '.join(map(str, expected))}), n from 1. Received: {np.shape(frames)}."
            )
        answers, state = self._compiled("_streamer", Streamer).predict_on_batch(
            (frames, stream.decoder)
        )
        answers = np.asarray(answers, np.float64)
        totals = stream.total + np.cumsum(answers, axis=0)
        counts = stream.count + np.arange(1, len(frames) + 1)
        so_far = totals / counts[:, None] if self.decoder.every_step else answers
        return (
            answers,
            so_far,
            Stream(keras.tree.map_structure(np.asarray, state), totals[-1], int(counts[-1])),
        )

    def watch_frames(
        self, media: Any, *, chunk: int = 16, progress: Callable[[int, int], None] | None = None
    ) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
        """Frame by frame in constant memory (`progress` is told how many of how many are done): times (n,) in seconds, distributions (n, C), and those of all so far (n, C), a few at a time.

        Raises:
            ArgumentError: encoder or decoder mix frames in time.
            MediaError: it cannot be read.
        """
        times, stream = self.times(media), self.stream()
        numbers = self.sampling.stream(times)
        pieces = [numbers[first : first + chunk] for first in range(0, len(numbers), chunk)]
        for piece, clips in zip(pieces, self.watch(media, pieces, batch=1), strict=True):
            answers, so_far, stream = self.advance(clips.frames[: len(piece)], stream)
            yield times[piece], answers, so_far
            if progress:
                progress(stream.count, len(numbers))


class Classifier(keras.Model):
    """A task's distributions as a model, so that every backend compiles it."""

    def __init__(self, task: Activity):
        super().__init__(dtype=task.dtype_policy)
        self.encoder, self.decoder = task.encoder, task.decoder

    def call(self, clips: Clips):
        """(distributions (P, S', C), mask (P, S'))."""
        logits, mask = self.decoder(self.encoder(clips, training=False), training=False)
        return ops.softmax(logits), mask


class Streamer(keras.Model):
    """A task's distribution after each of several frames, from a state to a state."""

    def __init__(self, task: Activity):
        super().__init__(dtype=task.dtype_policy)
        self.encoder, self.decoder, self.classes = task.encoder, task.decoder, len(task.labels)

    def call(self, given):
        """(distributions (n, C), state) of frames (n, H, W, 3) and a state."""
        frames, state = given
        features = self.encoder.encode_frames(frames, training=False)

        def body(carry, feature):
            logits, state = self.decoder.step(feature[None], carry[0])
            return state, logits

        nothing = ops.zeros((1, self.classes), at_least_float32(self.decoder.compute_dtype))
        (state, _), (_, logits) = scan(body, (state, nothing), features)
        return ops.softmax(logits[:, 0]), state
