"""Sentences on few or one-sided training data: what to expect, and what to change."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from lrcn_seq.config import Config
from lrcn_seq.config.sizing import DEV_SAMPLES
from lrcn_seq.data.media.image_file import IMAGE_SUFFIXES
from lrcn_seq.records import Sample
from lrcn_seq.tasks import task_type


def data_advice(splits: Mapping[str, Sequence[Sample]], config: Config) -> tuple[str, ...]:
    """Return sentences on few or one-sided training data, and on a small dev split.

    Args:
        splits: the samples of train, dev and test.
        config: the config.
    """
    task = task_type(config)
    notes = (
        *_image_advice(splits["train"], config),
        *task.outputs_type.data_advice(splits["train"], config, task.noun),
    )
    if config.training.train_on_dev:
        return notes
    return (*notes, *_dev_advice(splits["dev"], task.noun, config))


def _image_advice(samples: Sequence[Sample], config: Config) -> Iterator[str]:
    files = [Path(sample.media) for sample in samples if isinstance(sample.media, str)]
    if config.data.sampling and files and all(f.suffix.lower() in IMAGE_SUFFIXES for f in files):
        yield (
            f"All training files are images, such as {files[0].name}, and the task "
            f"{config.task['type']} is for videos. To caption images, use the task captioning "
            "(configs/captioning/own_table.yaml)."
        )


def _dev_advice(samples: Sequence[Sample], noun: str, config: Config) -> Iterator[str]:
    if 0 < len(samples) < DEV_SAMPLES:
        if config.training.patience in ("auto", 0):
            effect = "All epochs are trained and the last one is kept"
        else:
            effect = (
                f"With training.patience={config.training.patience}, the end of training and the "
                "epoch that is kept depend on chance; with training.patience=auto all epochs are "
                "trained and the last one is kept"
            )
        yield (
            f"The split dev has fewer than {DEV_SAMPLES} {noun}s ({len(samples)}), too few to "
            f"choose an epoch by its score. {effect}. For a choice by score, raise data.source.dev "
            "or mark more samples as dev."
        )
