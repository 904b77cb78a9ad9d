"""The task of image tagging: several tags per image, each with a sigmoid output."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar, NamedTuple, Self

import keras
import numpy as np
from keras import ops

from image_tags.tag_evaluation import TagEvaluation, f1
from lrcn_seq import report
from lrcn_seq.config import Config
from lrcn_seq.data.batches.loader import load
from lrcn_seq.data.batches.plan import Plan, by_image
from lrcn_seq.errors import DataError, MediaError, Problem
from lrcn_seq.records import Clips, LabeledBatch, Sample, Tensor
from lrcn_seq.tasks import Classes, SampleReader, Task


class Tags(Classes):
    """The tags that occur in the targets of samples."""

    @classmethod
    def learn(cls, config: Config, samples: Iterable[Sample]) -> Self:
        """Collect the sorted tags.

        Raises:
            DataError: no sample has a tag.
        """
        tags = {tag for sample in samples for tag in sample.targets}
        if not tags:
            raise DataError("Expected samples with tags. Received: none; check data.source.")
        return cls(sorted(tags))


class TagPrediction(NamedTuple):
    """The tags of one image with their probabilities."""

    file: str
    tags: tuple[tuple[str, float], ...] = ()
    error: str | None = None

    def row(self) -> dict[str, Any]:
        """Return the JSON object that `--json` prints."""
        if self.error:
            return {"file": self.file, "error": self.error}
        return {"file": self.file, "tags": [{"tag": t, "probability": p} for t, p in self.tags]}

    def lines(self) -> list[str]:
        """Return one line with all tags."""
        return [", ".join(tag for tag, _ in self.tags)]


class Tagging(Task):
    """The task of predicting the tags of an image."""

    outputs: Tags | None
    outputs_type: ClassVar[type[Tags]] = Tags
    default_monitor: ClassVar[str] = "f1"
    predict_batch_size: ClassVar[int] = 16

    @classmethod
    def problems(cls, config: Config) -> list[Problem]:
        """Return a problem if frames of videos are sampled."""
        if config.data.sampling is None:
            return []
        return [Problem("data.sampling", "tagging reads images. Remove it.")]

    def example(self) -> LabeledBatch:
        """Return one image without a tag."""
        shape = (1, self.decoder.labels.units)
        return LabeledBatch(self.example_clips(), np.zeros(shape, "float32"), np.ones(1, "float32"))

    def call(self, batch: LabeledBatch, training: bool = False) -> Tensor:
        """Compute the logits (P, C) of all tags."""
        logits, _ = self.decoder(self.encoder(batch.clips, training=training), training=training)
        return logits[:, 0]

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        """Compute the mean binary cross-entropy over all tags."""
        losses = keras.losses.binary_crossentropy(x.labels, y_pred, from_logits=True)
        return ops.mean(losses)

    def feed(self, reader: SampleReader, samples: Sequence[Sample]) -> TagFeed:
        """Return batches of images with their tags."""
        return TagFeed(self, reader, samples)

    def evaluate_samples(
        self, reader: SampleReader, samples: Sequence[Sample], *, training: Sequence[Sample] = ()
    ) -> TagEvaluation:
        """Predict the tags of samples and score them."""
        batches = reader.clips(samples, self.settings.evaluation.batch_size)
        probabilities = np.concatenate([self.probabilities(clips) for clips in batches])
        truth = targets(samples, self.output_names).astype(bool)
        return TagEvaluation(samples, self.output_names, probabilities, truth)

    def report_sections(self, evaluation: TagEvaluation) -> list[report.Section]:
        """Return a table with the F1 of every tag."""
        columns = zip(evaluation.tags, evaluation.predicted.T, evaluation.truth.T, strict=True)
        rows = [
            [report.escape(tag), str(int(truth.sum())), report.number(f1(predicted, truth))]
            for tag, predicted, truth in columns
        ]
        table = report.table(["tag", "images", "F1"], rows)
        return [report.section("Tags", table, name="tags")]

    def predict(self, media: Sequence[Any], **options: Any) -> list[TagPrediction]:
        """Return the tags of images with a probability of at least one half."""
        return [self._predict(str(item)) for item in media]

    def _predict(self, path: str) -> TagPrediction:
        try:
            (row,) = self.probabilities(self.media.clip(path))
        except MediaError as error:
            return TagPrediction(path, error=error.reason)
        tags = zip(self.output_names, map(float, row), strict=True)
        return TagPrediction(path, tuple((tag, p) for tag, p in tags if p >= 0.5))

    def json_header(self) -> Mapping[str, Any]:
        """Return an object with the names of all tags."""
        return {"tags": list(self.output_names)}

    def probabilities(self, clips: Clips) -> np.ndarray:
        """Compute the probability of every tag, (P, C)."""
        model = self.cached_model("tagger", lambda: Tagger(self.encoder, self.decoder))
        return np.asarray(model.predict_on_batch(clips))


class Tagger(keras.Model):
    """Compiled model that computes the probabilities of tags."""

    def __init__(self, encoder: keras.layers.Layer, decoder: keras.layers.Layer):
        super().__init__()
        self.encoder, self.decoder = encoder, decoder

    def call(self, clips: Clips) -> Tensor:
        """Compute probabilities (P, C)."""
        logits, _ = self.decoder(self.encoder(clips))
        return ops.sigmoid(logits[:, 0])


class TagFeed:
    """Training batches that contain every image once per epoch."""

    def __init__(self, task: Tagging, reader: SampleReader, samples: Sequence[Sample]):
        self.settings, self.clips_of_epoch = task.settings, reader.epoch_readers(samples)
        self.targets = targets(samples, task.output_names)

    def plan(self, epoch: int) -> Plan:
        """Return the batches of an epoch, which depend on the seed and the epoch."""
        images = np.arange(len(self.targets))
        size, seed = self.settings.training.batch_size, self.settings.seed
        ones = np.ones_like(images)
        return by_image(images, ones, batch=size, captions=1, seed=seed, epoch=epoch)

    def batches(self, plan: Plan, epoch: int) -> Iterable[LabeledBatch]:
        """Return the batches of a slice of a plan."""

        def labels(positions: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
            return self.targets[positions], np.ones(len(positions), "float32")

        return load(plan, self.clips_of_epoch(epoch), labels=labels)


def targets(samples: Sequence[Sample], tags: Sequence[str]) -> np.ndarray:
    """Return (M, C) float32: 1 where a sample has a tag."""
    return np.array([[tag in sample.targets for tag in tags] for sample in samples], "float32")
