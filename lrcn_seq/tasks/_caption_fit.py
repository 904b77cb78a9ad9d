"""Captions in `fit`, in the metrics of Keras, and in `export`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from keras import ops

from lrcn_seq.data.batches.captions import encode_captions
from lrcn_seq.data.packed_clips import concatenate_clips
from lrcn_seq.errors import ArgumentError
from lrcn_seq.records import Batch, Sample, Tensor
from lrcn_seq.tasks._serving import CaptionServing, ServingModel

if TYPE_CHECKING:
    from lrcn_seq.tasks._caption_task import CaptionTask


class CaptionFit:
    """The members of a caption task that the methods of Keras use."""

    def annotate(self, sample: Sample, target: Any) -> Sample:
        """Return a sample with its caption, or with a list of captions."""
        captions = [target] if isinstance(target, (str, bytes)) else target
        if not isinstance(captions, (list, tuple, np.ndarray)):
            captions = [captions]
        texts = tuple(
            text.decode(errors="replace") if isinstance(text, bytes) else text for text in captions
        )
        if not texts or not all(isinstance(text, str) and text.strip() for text in texts):
            raise ArgumentError(
                f"y: expected a caption or captions for the input {sample.id}. Received: "
                f"{target!r}."
            )
        return sample._replace(captions=tuple(map(str, texts)))

    def record(self: CaptionTask, samples: Sequence[Sample]) -> Batch:  # type: ignore[misc]
        """Return the batch of all captions of samples."""
        texts = [sample.captions for sample in samples]
        limit = self.settings.data.words_limit
        captions = encode_captions(texts, self.tokenizer.encode, limit=limit)
        words = captions.words(np.arange(len(captions)), int(captions.lengths.max()))
        clips = concatenate_clips([self.read_clip(sample.media) for sample in samples])
        return Batch(clips, captions.owner, words)

    def metric_inputs(
        self, batch: Batch, outputs: Tensor, weights: Tensor | None
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Return the next words (B, L−1), their logits, and weights that are 0 at padding."""
        words = batch.words[:, 1:]
        mask = ops.cast(words != 0, "float32")
        if weights is not None:
            mask = mask * ops.cast(weights, "float32")[:, None]
        return words, outputs, mask

    def serving_model(  # type: ignore[misc]
        self: CaptionTask,
        search: Mapping[str, Any] | None = None,
        beams: int | None = None,
    ) -> ServingModel:
        """Return a model from pixels or vectors to captions as word IDs."""
        return CaptionServing([self], search=self.resolve_search(search, beams=beams))
