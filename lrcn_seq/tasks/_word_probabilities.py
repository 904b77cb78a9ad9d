"""Log probabilities of the words of given captions, with the image and without it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import keras
import numpy as np
from keras import ops

from lrcn_seq.records import SPECIAL, Batch, Clips, Encoded, Tensor
from lrcn_seq.tasks._caption_rows import caption_rows
from lrcn_seq.tasks._losses import word_losses
from lrcn_seq.tasks.base import Task

CAPTIONS_PER_CALL = 128
LENGTH_STEP, WORDS_STEP = 4, 128
"""Captions and their words are padded to multiples, so that few shapes are compiled."""


class TokenProbabilities(NamedTuple):
    """The tokens of a caption with their log probabilities.

    Attributes:
        ids: (L,) tokens, without start and end.
        without_image: (L + 1,) log probability of each token and of the end, with mean features in
            place of those of the image.
        with_image: (L + 1,) the same with the image; None unless requested.
    """

    ids: list[int]
    without_image: np.ndarray
    with_image: np.ndarray | None = None


class WordProbabilities(keras.Model):
    """A model that computes the log probabilities of the words of given captions.

    Args:
        task: a task that writes captions.
        with_image: whether to compute them with the image, too.
    """

    def __init__(self, task: Task, with_image: bool):
        super().__init__(dtype=task.dtype_policy)
        self.encoder, self.decoder, self.with_image = task.encoder, task.decoder, with_image

    def call(self, inputs: tuple[Batch, Tensor, Tensor]) -> tuple[Tensor, ...]:
        """Compute log probabilities (N,) of N words: without the image, and with it if requested.

        Args:
            inputs: a batch of clips with captions; the mean features (D,) that replace those of
                every region and step; and the positions (N,) of the words in the captions without
                start (B, L−1), flattened.
        """
        batch, mean, positions = inputs
        encoded = self.encoder(batch.clips, training=False)
        features, mask = encoded
        mean = ops.ones_like(features) * ops.cast(mean, features.dtype)
        absent = Encoded(ops.where(mask[:, :, None, None], mean, ops.zeros_like(mean)), mask)
        both = [absent, encoded] if self.with_image else [absent]
        return tuple(self._log_probabilities(one, batch, positions) for one in both)

    def _log_probabilities(self, encoded: Encoded, batch: Batch, positions: Tensor) -> Tensor:
        words = batch.words
        encoded, rows = caption_rows(self.decoder, encoded, batch.owner)
        hidden = self.decoder.hidden(encoded, words[:, :-1], training=False, **rows)
        hidden = ops.reshape(hidden, (-1, hidden.shape[-1]))
        logits = self.decoder.project(ops.take(hidden, positions, axis=0))
        targets = ops.take(ops.reshape(words[:, 1:], (-1,)), positions, axis=0)
        return -word_losses(logits, targets)[0]


def token_probabilities(
    task: Any,
    clips: Clips,
    texts: Sequence[Sequence[str]],
    mean: np.ndarray,
    *,
    with_image: bool = True,
) -> list[list[TokenProbabilities]]:
    """Return the log probabilities of the tokens of captions, for the captions of each clip.

    Args:
        task: a task that writes captions.
        clips: P clips.
        texts: the captions of each clip.
        mean: the mean features (D,).
        with_image: whether to compute the log probabilities with the image, too.
    """
    owner = np.repeat(np.arange(len(texts), dtype="int32"), [len(row) for row in texts])
    ids = task.tokenizer.encode_all([text for row in texts for text in row])
    eager = task.frame_encoder.run_eagerly
    model = task.cached_model(
        "word_probabilities",
        lambda: WordProbabilities(task, with_image),
        key=(eager, with_image),
    )
    model.run_eagerly = eager
    clips = Clips(*map(np.asarray, clips))
    found: list[TokenProbabilities] = []
    for start in range(0, len(ids), CAPTIONS_PER_CALL):
        rows = slice(start, start + CAPTIONS_PER_CALL)
        batch = Batch(clips, owner[rows], padded_words(ids[rows]))
        found += _batch_probabilities(model, batch, ids[rows], mean)
    captions = iter(found)
    return [[next(captions) for _ in row] for row in texts]


def padded_words(ids: Sequence[Sequence[int]]) -> np.ndarray:
    """Return captions (B, L) with start and end words, padded to a multiple of `LENGTH_STEP`."""
    length = _round_up(1 + max(map(len, ids)), LENGTH_STEP) + 1
    words = np.full((len(ids), length), SPECIAL.pad, "int32")
    for row, tokens in zip(words, ids, strict=True):
        row[: len(tokens) + 2] = [SPECIAL.start, *tokens, SPECIAL.end]
    return words


def _batch_probabilities(
    model: keras.Model, batch: Batch, ids: Sequence[list[int]], mean: np.ndarray
) -> list[TokenProbabilities]:
    """Return the log probabilities of the tokens of a batch of captions."""
    positions = np.flatnonzero(batch.words[:, 1:] != SPECIAL.pad).astype("int32")
    count = len(positions)
    positions = np.pad(positions, (0, _round_up(count, WORDS_STEP) - count))
    found = model.predict_on_batch((batch, mean, positions))
    ends = np.cumsum([len(tokens) + 1 for tokens in ids])[:-1]
    arrays = [np.split(ops.convert_to_numpy(one)[:count].astype(np.float64), ends) for one in found]
    return [TokenProbabilities(*row) for row in zip(ids, *arrays, strict=True)]


def _round_up(number: int, step: int) -> int:
    """Return the smallest multiple of a step that is not below a number."""
    return -(-number // step) * step
