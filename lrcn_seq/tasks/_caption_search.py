"""Compiled search for captions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import keras
from keras import ops

from lrcn_seq.layers.untracked import Untracked
from lrcn_seq.records import SPECIAL, Clips, Hypotheses, StepOutput, Tensor
from lrcn_seq.registry import searches
from lrcn_seq.tasks.base import Task


class CaptionSearch(keras.Model):
    """A model that searches with one task, or with the mean log probability of several tasks.

    Args:
        tasks: tasks with equal vocabularies.
        search: the search as in a config, `{"type": NAME, ...}`.
        weights: weights of the tasks; None for equal weights.
    """

    def __init__(
        self,
        tasks: Sequence[Task],
        search: Mapping[str, Any],
        weights: Sequence[float] | None = None,
    ):
        policies = {task.dtype_policy.name for task in tasks}
        super().__init__(dtype="float32" if len(policies) > 1 else tasks[0].dtype_policy)
        self.encoders = [task.encoder for task in tasks]
        self.decoders = [task.decoder for task in tasks]
        self.search = searches.build(dict(search), place="search")
        self.shares = (
            [weight / sum(weights) for weight in weights]
            if weights
            else [1 / len(tasks)] * len(tasks)
        )
        self.limit, self.seed = tasks[0].settings.data.words_limit + 1, tasks[0].settings.seed
        self._tasks = Untracked(tuple(tasks))

    def call(self, clips: Sequence[Clips]) -> Hypotheses:
        """Find captions.

        Args:
            clips: the same images or videos, as read for the encoder of each task.
        """
        starts = [
            decoder.start(encoder(packed, training=False))
            for encoder, decoder, packed in zip(self.encoders, self.decoders, clips, strict=True)
        ]
        memory, state = (tuple(parts) for parts in zip(*starts, strict=True))
        return self.search(
            self.step, state, memory, special=SPECIAL, limit=self.limit, seed=self.seed
        )

    def step(self, word: Tensor, state: Sequence[Any], memory: Sequence[Any]) -> StepOutput:
        """Advance all decoders by one word.

        Args:
            word: (N,) int32.
            state: the state of each decoder.
            memory: the memory of each decoder.

        Returns:
            The logits of a single decoder, or the weighted mean log probability of several
            decoders, and the next states, without attention.
        """
        outputs = [
            decoder.step(word, decoder_state, decoder_memory)
            for decoder, decoder_state, decoder_memory in zip(
                self.decoders, state, memory, strict=True
            )
        ]
        logits = outputs[0].logits
        if len(outputs) > 1:
            logits = sum(
                share * ops.log_softmax(ops.cast(output.logits, "float32"))
                for share, output in zip(self.shares, outputs, strict=True)
            )
        return StepOutput(logits, None, tuple(output.state for output in outputs))

    def hypotheses(self, clips: Sequence[Clips]) -> Hypotheses:
        """Run the compiled search and return NumPy arrays."""
        inputs = tuple(
            task.frame_encoder.shorten(packed)
            for task, packed in zip(self._tasks.value, clips, strict=True)
        )
        return Hypotheses(*map(ops.convert_to_numpy, self.predict_on_batch(inputs)))
