"""Compiled search for captions."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from hashlib import blake2b
from typing import Any

import keras
import numpy as np
from keras import ops

from lrcn_seq.errors import ArgumentError
from lrcn_seq.layers.untracked import Untracked
from lrcn_seq.records import SPECIAL, Clips, Hypotheses, StepOutput, Tensor
from lrcn_seq.registry import searches
from lrcn_seq.search.base import NO_ATTENTION
from lrcn_seq.tasks._ensemble import Average, normalize_weights
from lrcn_seq.tasks.base import Task


class CaptionSearch(keras.Model):
    """A model that searches for the captions of one task, or of several fused tasks.

    Args:
        tasks: tasks with equal vocabularies.
        search: `{"type": NAME, ...}`.
        weights: weights of the tasks; None for equal weights.
        average: the mean of the distributions of several tasks.
    """

    def __init__(
        self,
        tasks: Sequence[Task],
        search: Mapping[str, Any],
        weights: Sequence[float] | None = None,
        average: Average = "log_probabilities",
    ):
        policies = {task.dtype_policy.name for task in tasks}
        super().__init__(dtype="float32" if len(policies) > 1 else tasks[0].dtype_policy)
        self.encoders = [task.encoder for task in tasks]
        self.decoders = [task.decoder for task in tasks]
        self.search = searches.build(dict(search), place="search")
        if tasks[0].outputs is not None:
            self.search.encode_texts(tasks[0].tokenizer.encode)
        self.search.strict = False
        if getattr(self.search, "coverage", 0.0):
            check_attention(tasks)
        self.shares, self.average = normalize_weights(weights, len(tasks)), average
        self.limit = min(task.settings.data.words_limit for task in tasks) + 1
        self.seed = tasks[0].settings.seed
        self._tasks = Untracked(tuple(tasks))

    def call(self, inputs: tuple[Sequence[Clips], Tensor | None]) -> Hypotheses:
        """Find captions for a batch of clips.

        Args:
            inputs: a pair of clips and seeds. The clips are the same images or videos, read once
                for the encoder of each task. The seeds of the clips are (B,) int32, or None for the
                seed of the config.
        """
        clips, seeds = inputs
        starts = [
            decoder.start(encoder(packed, training=False))
            for encoder, decoder, packed in zip(self.encoders, self.decoders, clips, strict=True)
        ]
        memory, state = (tuple(parts) for parts in zip(*starts, strict=True))
        seed = self.seed if seeds is None else seeds
        return self.search(self.step, state, memory, special=SPECIAL, limit=self.limit, seed=seed)

    def step(self, word: Tensor, state: Sequence[Any], memory: Sequence[Any]) -> StepOutput:
        """Advance all decoders by one word.

        Args:
            word: (N,) int32.
            state: the state of each decoder.
            memory: the memory of each decoder.

        Returns:
            The logits and attention of a single decoder, or the logits of the mean distribution of
            several decoders without attention, with the next state of each decoder.
        """
        outputs = [
            decoder.step(word, decoder_state, decoder_memory)
            for decoder, decoder_state, decoder_memory in zip(
                self.decoders, state, memory, strict=True
            )
        ]
        logits = outputs[0].logits
        if len(outputs) > 1:
            logits = mean_logits([output.logits for output in outputs], self.shares, self.average)
        attention = outputs[0].attention if len(outputs) == 1 else None
        return StepOutput(logits, attention, tuple(output.state for output in outputs))

    def hypotheses(
        self, clips: Sequence[Clips], encoded: Sequence[Clips] | None = None
    ) -> Hypotheses:
        """Run the compiled search, rerank its hypotheses, and return NumPy arrays.

        Clips for which the search finds no caption have scores of −inf. A random search with
        `per_row_seeds` finds the same captions for a clip in any batch.

        Args:
            clips: for each task, the clips.
            encoded: the clips as `FrameEncoder.shorten` has returned them; None to shorten them.
        """
        seeds = clip_seeds(clips[0], self.seed) if self.search.per_row_seeds else None
        if encoded is None:
            pairs = zip(self._tasks.value, clips, strict=True)
            encoded = [task.frame_encoder.shorten(packed) for task, packed in pairs]
        inputs = tuple(encoded)
        found = self.predict_on_batch((inputs, seeds))
        return self.search.rerank(Hypotheses(*map(ops.convert_to_numpy, found)))


def mean_logits(logits: Sequence[Tensor], shares: Sequence[float], average: Average) -> Tensor:
    """Return logits (N, V) in float32 of the weighted mean of distributions.

    Args:
        logits: the logits (N, V) of each distribution.
        shares: the weight of each distribution; their sum is 1.
        average: the mean. That of log probabilities is not renormalized.
    """
    members = [
        (share, ops.log_softmax(ops.cast(row, "float32")))
        for share, row in zip(shares, logits, strict=True)
        if share > 0
    ]
    if average == "log_probabilities":
        return sum(share * log_p for share, log_p in members)
    return ops.logsumexp(ops.stack([math.log(share) + log_p for share, log_p in members]), axis=0)


def check_attention(tasks: Sequence[Task]) -> None:
    """Raise ArgumentError unless there is a single task, whose decoder has attention weights."""
    if len(tasks) > 1:
        raise ArgumentError(NO_ATTENTION.format(received=f"an ensemble of {len(tasks)} decoders"))
    (task,) = tasks
    memory, state = task.decoder.start(task.encoder(task.example_clips(), training=False))
    word = ops.full((1,), SPECIAL.start, "int32")
    if task.decoder.step(word, state, memory).attention is None:
        name = task.settings.decoder["type"]
        raise ArgumentError(NO_ATTENTION.format(received=f"{name}, which has no attention"))


def clip_seeds(clips: Clips, seed: int) -> np.ndarray:
    """Return a seed for each clip, (P,) int32, from the seed of the config and the frames.

    A seed depends neither on the other clips nor on file names, so that the same frames give the
    same captions.
    """
    seeds = []
    for row in clips.index:
        content = blake2b(str(seed).encode(), digest_size=4)
        for frame in row[row >= 0]:
            content.update(np.asarray(clips.frames[frame]).tobytes())
        seeds.append(int.from_bytes(content.digest()) >> 2)
    return np.array(seeds, "int32")
