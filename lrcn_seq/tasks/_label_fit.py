"""Classes in `fit`, in the metrics of Keras, and in `export`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from keras import ops

from lrcn_seq.data.packed_clips import concatenate_clips
from lrcn_seq.errors import ArgumentError, UsageError, did_you_mean, shorten_names
from lrcn_seq.records import Clips, LabeledBatch, Sample, Tensor
from lrcn_seq.tasks._label_feed import class_indices
from lrcn_seq.tasks._serving import LabelServing, ServingModel

if TYPE_CHECKING:
    from lrcn_seq.tasks.activity import Activity


class LabelFit:
    """The members of a task of classes that the methods of Keras use."""

    def annotate(self: Activity, sample: Sample, target: Any) -> Sample:  # type: ignore[misc]
        """Return a sample with its class, given as name, index or distribution (C,)."""
        names = list(self.output_names)
        if isinstance(target, bytes):
            target = target.decode(errors="replace")
        if isinstance(target, str) and target in names:
            return sample._replace(label=str(target))
        value = np.asarray(target)
        if value.dtype.kind in "iufb" and value.shape == (len(names),) and value.sum() == 1:
            return sample._replace(label=names[int(value.argmax())])
        if value.dtype.kind in "iu" and value.size == 1 and 0 <= value.item() < len(names):
            return sample._replace(label=names[value.item()])
        hint = did_you_mean(target, names) if isinstance(target, str) else ""
        raise ArgumentError(
            f"y: expected one of the classes {shorten_names(names, 8)}, or its index, for the "
            f"input {sample.id}. Received: {target!r}.{hint}"
        )

    def record(self: Activity, samples: Sequence[Sample]) -> LabeledBatch:  # type: ignore[misc]
        """Return the batch of samples with the class of each clip."""
        clips = concatenate_clips([self.read_clip(sample.media) for sample in samples])
        labels = class_indices(samples, self.labels)[:, None]
        return LabeledBatch(clips, labels, np.ones(len(samples), np.float32))

    def read_clip(self: Activity, media: Any) -> Clips:  # type: ignore[misc]
        """Read the first clip that the sampling selects in evaluation."""
        frames = self.media.frames(media, self.sampling.test(self.media.times(media))[0])
        return Clips(frames, np.arange(len(frames), dtype=np.int32)[None])

    def metric_inputs(  # type: ignore[misc]
        self: Activity,
        batch: LabeledBatch,
        outputs: tuple[Tensor, Tensor],
        weights: Tensor | None,
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Return classes (P, S'), logits, and weights that are 0 at steps without a class."""
        logits, mask = outputs
        labels = ops.broadcast_to(batch.labels[:, :: self.encoder.stride], ops.shape(mask))
        real = ops.cast(ops.logical_and(mask, labels >= 0), "float32")
        if weights is not None:
            real = real * ops.cast(weights, "float32")[:, None]
        return ops.maximum(labels, 0), logits, real

    def serving_model(  # type: ignore[misc]
        self: Activity,
        search: Mapping[str, Any] | None = None,
        beams: int | None = None,
    ) -> ServingModel:
        """Return a model from clips of pixels or vectors to class probabilities.

        Raises:
            UsageError: a search or a number of beams is given.
        """
        if search is not None or beams is not None:
            raise UsageError(
                "search: expected no search and no beams, since the task classifies and writes no "
                f"captions. Received: search={search}, beams={beams}; leave them out."
            )
        return LabelServing([self])
