"""Training batches of clips with captions."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from lrcn_seq.config import Config
from lrcn_seq.config.sizing import size_batch
from lrcn_seq.data.batches.captions import Captions
from lrcn_seq.data.batches.loader import load
from lrcn_seq.data.batches.plan import Plan, by_caption, by_image, with_references
from lrcn_seq.errors import DataError
from lrcn_seq.records import Batch, Sample
from lrcn_seq.tasks._sample_reader import SampleReader
from lrcn_seq.text import Tokenizer


class CaptionFeed:
    """Training batches that iterate over captions or over images, as `data.plan` specifies.

    With the objective `self_critical`, they iterate over images with all of their captions. The
    plan `auto` iterates over captions if features are stored, and over images otherwise.

    Args:
        config: the config of the training stage.
        reader: reads the clips of samples.
        samples: the training samples.
        tokenizer: encodes the captions.

    Raises:
        DataError: no sample has a caption.
    """

    def __init__(
        self,
        config: Config,
        reader: SampleReader,
        samples: Sequence[Sample],
        tokenizer: Tokenizer,
    ):
        self.settings, self.clips_of_epoch = config, reader.epoch_readers(samples)
        encoded = iter(
            tokenizer.encode_all(caption for sample in samples for caption in sample.captions)
        )
        self.captions = Captions(
            ([next(encoded) for _ in sample.captions] for sample in samples),
            limit=config.data.words_limit,
        )
        if not len(self.captions):
            raise DataError(
                "Expected training samples with captions. Received: samples without captions; add "
                "captions to the source."
            )
        size = config.training.batch_size
        self.batch_size = size_batch(len(self.captions)) if size == "auto" else size
        objective = config.training.objective
        self.drawn = objective.samples if objective.type == "self_critical" else 0
        plan = config.data.plan
        self.by_caption = plan == "by_caption" or (plan == "auto" and reader.store is not None)

    def plan(self, epoch: int) -> Plan:
        """Return the batch plan of an epoch; the same seed and epoch give the same plan."""
        settings, owner, lengths = self.settings, self.captions.owner, self.captions.lengths
        size = self.batch_size
        if self.drawn:
            images = max(1, size // self.drawn)
            return with_references(owner, lengths, batch=images, seed=settings.seed, epoch=epoch)
        if self.by_caption:
            return by_caption(owner, lengths, batch=size, seed=settings.seed, epoch=epoch)
        per_image = settings.data.captions_per_image
        return by_image(
            owner,
            lengths,
            batch=max(1, size // per_image),
            captions=per_image,
            seed=settings.seed,
            epoch=epoch,
        )

    def batches(self, plan: Plan, epoch: int) -> Iterable[Batch]:
        """Return the batches of a slice of a batch plan; threads read them in advance."""
        threads = max(1, self.settings.data.workers)
        return load(plan, self.clips_of_epoch(epoch), captions=self.captions, threads=threads)
