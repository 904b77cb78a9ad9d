"""The samples of a source as a data set for `fit`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lrcn_seq import config as configs
from lrcn_seq.data.sources.base import SPLITS
from lrcn_seq.data.survey import survey
from lrcn_seq.errors import ArgumentError, DataError, did_you_mean
from lrcn_seq.progress import progress_bar
from lrcn_seq.records import Sample
from lrcn_seq.registry import sources
from lrcn_seq.tasks._batch_dataset import BatchDataset
from lrcn_seq.tasks._classes import Classes
from lrcn_seq.tasks._sample_reader import content_index

if TYPE_CHECKING:
    from lrcn_seq.tasks.base import Task

CONFIG_SUFFIXES = (".yaml", ".yml")


def dataset(
    source: Any,
    task: Task,
    *,
    split: str | None = "train",
    batch_size: int | None = None,
    limit: int | None = None,
) -> BatchDataset:
    """Return the samples of a source as a data set for `fit`, `evaluate` and `predict` of a task.

    Args:
        source: the path of a table (CSV, JSON or JSON Lines) or of a folder with one folder per
            class; the section `data.source` of a config, such as `{"type": "coco", ...}`; the path
            of a config; or samples.
        task: the task, which determines how files are read and targets are encoded.
        split: `train`, `dev` or `test`; None for all samples.
        batch_size: number of captions or labeled clips per batch; None for that of the config.
        limit: number of samples; None for all.

    Returns:
        A `keras.utils.PyDataset`.

    Raises:
        ArgumentError, ConfigError: an argument is invalid.
        DataError: the source cannot be read, or has no samples of the split.
    """
    if split is not None and split not in SPLITS:
        raise ArgumentError(
            f"split: expected {', '.join(SPLITS)} or None. Received: split={split!r}."
            f"{did_you_mean(str(split), SPLITS)}"
        )
    found = read_source(source, task)
    samples = [sample for sample in found if split in (None, sample.split)][:limit]
    if not samples:
        raise DataError(
            f"Expected samples of the split {split}. Received: none of {len(found):,}; choose "
            "another split."
        )
    return BatchDataset(task, check_readable(samples, task), batch_size=batch_size)


def read_source(source: Any, task: Task) -> Sequence[Sample]:
    """Return the samples of a source, given as a spec, a path or a list of samples."""
    if isinstance(source, Mapping):
        return sources.build(dict(source), place="source")  # type: ignore[no-any-return]
    if isinstance(source, (str, Path)):
        return sources.build(source_of_path(Path(source), task), place="source")  # type: ignore[no-any-return]
    if isinstance(source, Sequence) and all(isinstance(sample, Sample) for sample in source):
        return source
    raise ArgumentError(
        "source: expected a path, a mapping {'type': ...} or samples. Received: "
        f"{type(source).__name__}."
    )


def source_of_path(path: Path, task: Task) -> dict[str, Any]:
    """Return the section `data.source` for the path of a config, a folder or a table.

    Raises:
        ArgumentError: the path is a folder, and the task has no classes.
    """
    has_classes = issubclass(task.outputs_type, Classes)
    if path.suffix.lower() in CONFIG_SUFFIXES:
        return configs.read(path).data.source
    if path.is_dir() and has_classes:
        return {"type": "class_folders", "folder": str(path)}
    if path.is_dir():
        raise ArgumentError(
            f"source: the task {task.name} expects a table of captions. Received: the folder "
            f"{path}; give a table, or the section data.source of a config as a mapping."
        )
    return {"type": "video_table" if has_classes else "caption_table", "table": str(path)}


def check_readable(samples: Sequence[Sample], task: Task) -> Sequence[Sample]:
    """Open every file once; skip unreadable files or raise DataError, as `data.on_error` says."""
    data = task.settings.data
    with progress_bar("opening files") as progress:
        return survey(
            samples,
            task.media.with_index(content_index(task.settings)),
            on_error=data.on_error,
            lost_share_limit=data.lost_share_limit,
            progress=progress,
        )
