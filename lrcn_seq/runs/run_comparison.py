"""Comparison of several runs on the same samples, each with its own files."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from lrcn_seq import metrics
from lrcn_seq.data.sources import Source
from lrcn_seq.errors import UsageError
from lrcn_seq.evaluation import paired_differences
from lrcn_seq.registry import sources
from lrcn_seq.runs.evaluator import EvaluatedRun, evaluate_runs
from lrcn_seq.runs.training_folder import evaluation_config


class ComparedRuns(NamedTuple):
    """Evaluated runs by name, with the differences between each pair."""

    runs: Mapping[str, EvaluatedRun]
    differences: Sequence[metrics.Difference]


def compare_runs(
    folders: Sequence[str],
    *,
    split: str = "test",
    references: str | None = None,
    overrides: Sequence[str] = (),
    **options: Any,
) -> ComparedRuns:
    """Evaluate several runs on the same samples, and test the differences of their scores.

    Each run is evaluated as by itself, and its files are written into its own folder.

    Args:
        folders: the run folders.
        split: train, dev or test.
        references: file for the reference captions of the samples.
        overrides: `data.source.key=value`, for all runs.
        **options: further options of `evaluate_runs`.

    Raises:
        UsageError: a run is given twice, or the runs differ in their tasks or samples.
        DataError: the data of a run are missing, or the split is empty.
    """
    names = run_names(folders)
    read = read_same_samples(folders, split, overrides)
    runs: dict[str, EvaluatedRun] = {}
    for name, folder, source in zip(names, folders, read, strict=True):
        runs[name] = evaluate_runs(
            [folder],
            split=split,
            references=None if runs else references,
            overrides=overrides,
            source=source,
            **options,
        )
    evaluations = {name: run.evaluation for name, run in runs.items()}
    settings = runs[names[0]].settings.evaluation
    return ComparedRuns(runs, paired_differences(evaluations, settings))


def run_names(folders: Sequence[str]) -> list[str]:
    """Return the names of runs: those of their folders, or their paths if names are equal.

    Raises:
        UsageError: a run is given twice.
    """
    paths = [Path(folder).resolve() for folder in folders]
    if len(set(paths)) < len(paths):
        repeated = max(paths, key=paths.count)
        raise UsageError(f"Expected every run once. Received: {repeated} twice; remove one.")
    names = [path.name for path in paths]
    return names if len(set(names)) == len(names) else list(folders)


def read_same_samples(folders: Sequence[str], split: str, overrides: Sequence[str]) -> list[Source]:
    """Return the data source of each run; equal sources are read once, and no sample is opened.

    Args:
        folders: the run folders.
        split: the split to evaluate.
        overrides: `data.source.key=value`, for all runs.

    Raises:
        UsageError: the runs differ in their tasks, or in the samples of the split.
    """
    configs = [evaluation_config(folder, overrides) for folder in folders]
    read: list[Source] = []
    for number, (folder, config) in enumerate(zip(folders, configs, strict=True)):
        if config.task["type"] != configs[0].task["type"]:
            raise UsageError(
                f"{folder}: expected a run of the task {configs[0].task['type']}, as {folders[0]} "
                f"is. Received: one of the task {config.task['type']}; compare runs of one task."
            )
        equal = next(i for i in range(number + 1) if configs[i].data.source == config.data.source)
        if equal < number:
            read.append(read[equal])
            continue
        read.append(sources.build(config.data.source, place="data.source"))
        ids, first_ids = (set(sample_ids(source, split)) for source in (read[-1], read[0]))
        if ids != first_ids:
            raise UsageError(
                f"{folder}: expected the samples of {folders[0]} in the split {split}. Received: "
                f"{len(ids & first_ids):,} of {len(first_ids):,}, and {len(ids - first_ids):,} "
                "others; name one source for all runs with data.source...=VALUE."
            )
    return read


def sample_ids(source: Source, split: str) -> Iterator[str]:
    """Yield the IDs of the samples of a split, without opening their files."""
    return (sample.id for sample in source if sample.split == split)
