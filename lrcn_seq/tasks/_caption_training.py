"""The training of tasks that write captions: the network, its losses and its batches."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

import keras
import numpy as np
from keras import ops

from lrcn_seq import text
from lrcn_seq.errors import ArgumentError, ConfigError, RunError
from lrcn_seq.layers.untracked import Untracked
from lrcn_seq.metrics.scoring.caption_reward import CaptionReward
from lrcn_seq.records import Batch, Sample, Tensor
from lrcn_seq.tasks._caption_feed import CaptionFeed
from lrcn_seq.tasks._caption_fit import CaptionFit
from lrcn_seq.tasks._caption_rows import caption_rows
from lrcn_seq.tasks._losses import word_loss
from lrcn_seq.tasks._sample_reader import SampleReader
from lrcn_seq.tasks._self_critical import (
    DrawnCaptions,
    RewardTrackers,
    draw_captions,
    make_reward,
    self_critical_loss,
)
from lrcn_seq.tasks._vocabulary import Vocabulary
from lrcn_seq.tasks.base import Task


class CaptionTraining(CaptionFit, Task):
    """A task that is trained with captions, on their cross-entropy or on their reward."""

    outputs: Vocabulary | None
    outputs_type: ClassVar[type[Vocabulary]] = Vocabulary

    def __init__(
        self,
        encoder: keras.layers.Layer,
        decoder: keras.layers.Layer,
        config: Any,
        outputs: Vocabulary | None = None,
    ):
        super().__init__(encoder, decoder, config, outputs)
        self.own_words = self.add_weight(
            name="own_words", shape=(), initializer="zeros", trainable=False
        )
        """Probability that scheduled sampling feeds a predicted word; set at every epoch."""
        self.draws = keras.random.SeedGenerator(config.seed)
        self.reward: CaptionReward | None = None
        is_critical = config.training.objective.type == "self_critical"
        # Untracked, so that weights fit a task with another objective.
        self._trackers = Untracked(RewardTrackers() if is_critical else None)

    @property
    def tokenizer(self) -> text.Tokenizer:
        """The tokenizer of the vocabulary.

        Raises:
            RunError: the task was built for a vocabulary size, without a vocabulary.
        """
        if self.outputs is None:
            raise RunError(
                "Expected a task with a vocabulary. Received: a network built for a vocabulary "
                "size; train it, or load a run."
            )
        return self.outputs.tokenizer

    def example(self) -> Batch:
        """Return a batch of one clip with one frame and one caption with one word."""
        return Batch(self.example_clips(), np.zeros((1,), "int32"), np.ones((1, 3), "int32"))

    def call(self, batch: Batch, training: bool = False) -> Tensor | DrawnCaptions:
        """Compute the logits (B, L−1, V) of the word after each input word.

        In training with the objective `self_critical`, captions are drawn instead.
        """
        if training and self._trackers.value is not None:
            return draw_captions(self, batch)
        encoded = self.encoder(batch.clips, training=training)
        encoded, rows = caption_rows(self.decoder, encoded, batch.owner)
        words = batch.words[:, :-1]
        if training and self.settings.training.scheduled_sampling.probability:
            shape = (ops.shape(words)[1], ops.shape(words)[0])
            return self.decoder.sampled(
                encoded,
                words,
                probability=self.own_words,
                uniforms=keras.random.uniform(shape, seed=self.draws),
                training=True,
                **rows,
            )
        return self.decoder(encoded, words, training=training, **rows)

    def compute_loss(
        self,
        x: Any = None,
        y: Any = None,  # noqa: ARG002 - signature of Keras
        y_pred: Any = None,
        sample_weight: Tensor | None = None,
        training: bool = True,  # noqa: ARG002 - signature of Keras
    ) -> Tensor:
        """Compute the loss of the objective, multiplied by the loss weight.

        Args:
            x: the batch.
            y: unused.
            y_pred: logits (B, L−1, V), or drawn captions.
            sample_weight: weights of the captions (B,) or of their words (B, L−1) in the
                cross-entropy.
            training: unused.
        """
        if not isinstance(y_pred, DrawnCaptions):
            return self._cross_entropy(x, y_pred, sample_weight)
        share = self.settings.training.objective.weight
        loss = self.settings.training.loss.weight * self_critical_loss(y_pred)
        if y_pred.reference_logits is None:
            return loss
        references = self._cross_entropy(x, y_pred.reference_logits, sample_weight)
        return share * loss + (1 - share) * references

    def _cross_entropy(self, batch: Batch, logits: Tensor, sample_weight: Tensor | None) -> Tensor:
        """Return the mean cross-entropy over words, multiplied by the loss weight."""
        settings = self.settings.training.loss
        return settings.weight * word_loss(
            logits,
            batch.words[:, 1:],
            label_smoothing=settings.label_smoothing,
            sample_weight=sample_weight,
        )

    @property
    def metrics(self) -> list[keras.metrics.Metric]:
        """The metrics of Keras, and the mean reward and entropy of drawn captions."""
        trackers = self._trackers.value
        return [*super().metrics, *(trackers.metrics if trackers else ())]

    def compute_metrics(
        self, x: Any, y: Any, y_pred: Any, sample_weight: Tensor | None = None
    ) -> dict[str, Any]:
        """Update and return the metrics, without padding."""
        if isinstance(y_pred, DrawnCaptions) and (trackers := self._trackers.value):
            trackers.update(y_pred)
            return self.get_metrics_result()  # type: ignore[no-any-return]  # Keras has no types
        return super().compute_metrics(x, y, y_pred, sample_weight)

    def score_drawn(self, *arrays: np.ndarray) -> np.ndarray:
        """Return the rewards of captions; see `CaptionReward`."""
        if self.reward is None:
            raise ArgumentError(
                "Expected training captions for the document frequencies of the reward. Received: "
                "a data set without samples; call `begin_stage` with the training samples before "
                "`fit`, or pass a data set of `lrcn_seq.dataset`."
            )
        return self.reward(*arrays)

    def begin_stage(self, samples: Sequence[Sample]) -> None:
        """Count the document frequencies of the reward in the training samples."""
        if self._trackers.value is not None:
            self.reward = make_reward(self, samples)

    def feed(self, reader: SampleReader, samples: Sequence[Sample]) -> CaptionFeed:
        """Return the training batches of clips with their captions."""
        if problems := self.network_problems():
            raise ConfigError(problems)
        return CaptionFeed(self.settings, reader, samples, self.tokenizer)

    def begin_epoch(self, epoch: int) -> None:
        """Set the probability of scheduled sampling (Bengio et al. 2015, section 2.4)."""
        settings = self.settings.training.scheduled_sampling
        if settings.probability:
            ramp = max(0, epoch + 1 - settings.from_epoch) / settings.over_epochs
            self.own_words.assign(settings.probability * min(1.0, ramp))
