"""Sentences on few or one-sided training data: what to expect, and what to change."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from lrcn_seq.config import Config
from lrcn_seq.config.sizing import DEV_SAMPLES
from lrcn_seq.data.sources.base import labels_of
from lrcn_seq.records import Sample
from lrcn_seq.tasks import Classes, task_type

FEW_SAMPLES = 1_000
"""Training images or videos below which captions are often wrong."""
FEW_CLIPS = 20
"""Training clips per class below which classes are hardly learned."""
COMMON_CAPTION = 0.2
"""Share of the most frequent training caption above which the captions are one-sided."""
IMBALANCE = 3
"""Ratio of the largest to the smallest class above which classes are one-sided."""


def data_advice(splits: Mapping[str, Sequence[Sample]], config: Config) -> tuple[str, ...]:
    """Return sentences on few or one-sided training data, and on a small dev split.

    Args:
        splits: the samples of train, dev and test.
        config: the config.
    """
    task = task_type(config)
    is_classifier = issubclass(task.outputs_type, Classes)
    notes = _class_advice if is_classifier else _caption_advice
    return (*notes(splits["train"], config), *_dev_advice(splits["dev"], task.noun))


def _caption_advice(samples: Sequence[Sample], config: Config) -> Iterator[str]:
    captions = Counter(caption.strip().lower() for one in samples for caption in one.captions)
    if not captions:
        return
    if len(samples) < FEW_SAMPLES:
        yield (
            f"Training has only {len(samples):,} {task_type(config).noun}s with "
            f"{captions.total():,} captions. Expect captions that repeat phrases of training and "
            "are often wrong for new files; more training files help most, and a second and third "
            "caption of each file helps too."
        )
    (caption, count), *_ = captions.most_common(1)
    if len(samples) > 1 and count > COMMON_CAPTION * captions.total():
        yield (
            f"The caption {caption!r} makes up {count / captions.total():.0%} of the training "
            "captions. Expect it for most files; write captions that tell the files apart."
        )


def _class_advice(samples: Sequence[Sample], config: Config) -> Iterator[str]:
    counts = Counter(label for sample in samples for label in labels_of(sample)).most_common()
    if len(counts) < 2:
        return
    (largest, most), (smallest, fewest) = counts[0], counts[-1]
    if fewest < FEW_CLIPS:
        yield (
            f"The class {smallest} has only {fewest} training clip{'s' if fewest > 1 else ''}. "
            f"Expect an accuracy near chance ({1 / len(counts):.0%} for {len(counts)} classes) if "
            f"classes look alike; add clips until every class has at least {FEW_CLIPS}."
        )
    if most > IMBALANCE * fewest:
        share = most / sum(count for _, count in counts)
        remedy = "compare with this accuracy, or add clips of the rare classes"
        if config.training.loss.class_weight == "none":
            remedy = f"set training.loss.class_weight=balanced, {remedy}"
        yield (
            f"The class {largest} makes up {share:.0%} of the training clips, {smallest} "
            f"{fewest / most * share:.0%}. A model that always answers {largest} has an accuracy "
            f"of about {share:.0%}; {remedy}."
        )


def _dev_advice(samples: Sequence[Sample], noun: str) -> Iterator[str]:
    if 0 < len(samples) < DEV_SAMPLES:
        yield (
            f"The split dev has fewer than {DEV_SAMPLES} {noun}s ({len(samples)}), too few to "
            "choose an epoch by its score. Unless training.patience is set, all epochs are trained "
            "and the last one is kept; for a choice by score, raise data.source.dev or mark more "
            "samples as dev."
        )
