"""Retrieval: ranking captions for each image, and images for each caption."""

from __future__ import annotations

from collections.abc import Sequence

import keras
import numpy as np
from keras import ops

from lrcn_seq import metrics
from lrcn_seq.data.batches.captions import encode_captions
from lrcn_seq.data.batches.plan import by_caption
from lrcn_seq.progress import progress_bar
from lrcn_seq.records import Batch, Clips, Sample, Tensor
from lrcn_seq.tasks._caption_rows import caption_rows
from lrcn_seq.tasks._losses import word_losses
from lrcn_seq.tasks._sample_reader import SampleReader
from lrcn_seq.tasks.base import Task

CAPTIONS_PER_CALL = 256


class CaptionScorer(keras.Model):
    """A model that computes the log probability of given captions.

    Args:
        task: a task that writes captions.
    """

    def __init__(self, task: Task):
        super().__init__(dtype=task.dtype_policy)
        self.encoder, self.decoder = task.encoder, task.decoder

    def call(self, batch: Batch) -> Tensor:
        """Compute the log probability (B,) of each caption of a batch, including its end word."""
        encoded = self.encoder(batch.clips, training=False)
        encoded, rows = caption_rows(self.decoder, encoded, batch.owner)
        logits = self.decoder(encoded, batch.words[:, :-1], training=False, **rows)
        losses, mask = word_losses(logits, batch.words[:, 1:])
        return -ops.sum(losses * mask, axis=1)


def rank_captions(
    task: Task, reader: SampleReader, samples: Sequence[Sample]
) -> dict[str, dict[str, float]]:
    """Rank the captions of samples for each image, and the images for each caption.

    The score of a caption for an image is its log probability minus the mean of its log
    probabilities over all images (Donahue et al. 2015, section 5).

    Args:
        task: a task that writes captions.
        reader: reads the clips of samples.
        samples: the samples whose captions are ranked.

    Returns:
        Recall at 1, 5 and 10 and the median rank for each direction of retrieval.
    """
    captions = encode_captions(
        [sample.captions for sample in samples],
        task.tokenizer.encode,
        limit=task.settings.data.words_limit,
    )
    plan = by_caption(captions.owner, captions.lengths, batch=CAPTIONS_PER_CALL, seed=0, epoch=0)
    scorer, table = CaptionScorer(task), np.zeros((len(samples), len(captions)))
    with progress_bar("ranking") as progress:
        for image, clips in enumerate(reader.clips(samples, 1)):
            arrays = Clips(*map(np.asarray, clips))
            for step in plan:
                owner = np.zeros(len(step.rows), "int32")
                batch = Batch(arrays, owner, captions.words(step.rows, step.length))
                table[image, step.rows] = scorer.predict_on_batch(batch)
            progress(image + 1, len(samples))
    scores = metrics.retrieval(
        metrics.normalized_log_probabilities(table), captions.owner.astype(np.int64)
    )
    return {direction: recall._asdict() for direction, recall in scores._asdict().items()}
