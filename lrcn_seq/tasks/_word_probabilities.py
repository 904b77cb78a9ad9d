"""Log probabilities of the words of given captions, with the image and without it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import keras
import numpy as np
from keras import ops

from lrcn_seq.records import SPECIAL, Batch, Clips, Encoded, Tensor
from lrcn_seq.tasks._losses import select_clips, word_losses
from lrcn_seq.tasks.base import Task

CAPTIONS_PER_CALL = 64


class TokenProbabilities(NamedTuple):
    """The tokens of a caption with their log probabilities.

    Attributes:
        ids: (L,) tokens, without start and end.
        with_image: (L + 1,) log probability of each token and of the end.
        without_image: (L + 1,) the same, with mean features in place of those of the image.
    """

    ids: list[int]
    with_image: np.ndarray
    without_image: np.ndarray


class WordProbabilities(keras.Model):
    """A model that computes the log probabilities of the words of given captions.

    Args:
        task: a task that writes captions.
    """

    def __init__(self, task: Task):
        super().__init__(dtype=task.dtype_policy)
        self.encoder, self.decoder = task.encoder, task.decoder

    def call(self, inputs: tuple[Batch, Tensor]) -> tuple[Tensor, Tensor]:
        """Compute the log probabilities (B, L−1) of the words with and without the image.

        Args:
            inputs: a batch of clips with captions, and the mean features (D,) that replace those of
                every region and step.
        """
        batch, mean = inputs
        encoded = select_clips(self.encoder(batch.clips, training=False), batch.owner)
        features, mask = encoded
        mean = ops.ones_like(features) * ops.cast(mean, features.dtype)
        absent = ops.where(mask[:, :, None, None], mean, ops.zeros_like(mean))
        return self._log_probabilities(encoded, batch.words), self._log_probabilities(
            Encoded(absent, mask), batch.words
        )

    def _log_probabilities(self, encoded: Encoded, words: Tensor) -> Tensor:
        logits = self.decoder(encoded, words[:, :-1], training=False)
        losses, mask = word_losses(logits, words[:, 1:])
        return -losses * mask


def token_probabilities(
    task: Any, clips: Clips, texts: Sequence[Sequence[str]], mean: np.ndarray
) -> list[list[TokenProbabilities]]:
    """Return the log probabilities of the tokens of captions, for the captions of each clip.

    The captions are teacher-forced, so that the search by which they were found does not matter.

    Args:
        task: a task that writes captions.
        clips: P clips.
        texts: the captions of each clip.
        mean: the mean features (D,).
    """
    owner = np.repeat(np.arange(len(texts), dtype="int32"), [len(row) for row in texts])
    ids = task.tokenizer.encode_all([text for row in texts for text in row])
    eager = task.frame_encoder.run_eagerly
    model = task.cached_model("word_probabilities", lambda: WordProbabilities(task), key=eager)
    model.run_eagerly = eager
    length = 2 + max([task.settings.data.words_limit, *map(len, ids)])
    words = np.full((len(ids), length), SPECIAL.pad, "int32")
    for row, tokens in zip(words, ids, strict=True):
        row[: len(tokens) + 2] = [SPECIAL.start, *tokens, SPECIAL.end]
    clips = Clips(*map(np.asarray, clips))
    rows = (
        (tokens, *(values[: len(tokens) + 1] for values in pair))
        for tokens, *pair in zip(
            ids, *_in_chunks(model, Batch(clips, owner, words), mean), strict=True
        )
    )
    found = iter([TokenProbabilities(*row) for row in rows])
    return [[next(found) for _ in row] for row in texts]


def _in_chunks(model: keras.Model, batch: Batch, mean: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the log probabilities (B, L−1) of a batch, computed in chunks of captions."""
    chunks = [
        slice(n, n + CAPTIONS_PER_CALL) for n in range(0, len(batch.words), CAPTIONS_PER_CALL)
    ]
    pairs = [
        model.predict_on_batch((Batch(batch.clips, batch.owner[rows], batch.words[rows]), mean))
        for rows in chunks
    ]
    present, absent = (
        np.concatenate([ops.convert_to_numpy(one) for one in side]).astype(np.float64)
        for side in zip(*pairs, strict=True)
    )
    return present, absent
