"""Evaluation of a run, or of several fused runs, on a split."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from lrcn_seq import config as configs
from lrcn_seq.data.sources import Source
from lrcn_seq.errors import DataError, UsageError
from lrcn_seq.evaluation import Evaluation
from lrcn_seq.files import write_text
from lrcn_seq.records import Sample
from lrcn_seq.runs.confidence_file import write_confidence
from lrcn_seq.runs.corpus import SPLITS, Corpus, read_corpus
from lrcn_seq.runs.folder import CONFIDENCE, CONFIG, SCORES, WEIGHTS, Run
from lrcn_seq.runs.loading import load
from lrcn_seq.runs.references import write_references
from lrcn_seq.runs.results import TrainingRecord, write_results
from lrcn_seq.runs.training_folder import check_source, resolve_paths, with_source
from lrcn_seq.tasks import Member, SampleReader, Task


class EvaluatedRun(NamedTuple):
    """An evaluated run.

    Attributes:
        scores: the content of `scores.json`.
        remark: a sentence on the reliability of the scores.
        evaluation: the predictions with their scores.
        settings: the config of the run.
        folder: the folder of the results.
    """

    scores: dict[str, Any]
    remark: str
    evaluation: Evaluation
    settings: configs.Config
    folder: Path


def evaluate_runs(
    folders: Sequence[str],
    *,
    split: str = "test",
    limit: int | None = None,
    weights: Sequence[float] | None = None,
    retrieval: bool = False,
    coco_results: str | None = None,
    references: str | None = None,
    overrides: Sequence[str] = (),
    output: str | None = None,
    source: Source | None = None,
) -> EvaluatedRun:
    """Evaluate one run, or several fused runs, on a split of the data source of the first run.

    Predictions, scores and the report are written into the first run, or into `output`.

    Args:
        folders: run folders; several runs are fused.
        split: train, dev or test.
        limit: number of samples to evaluate; None for all.
        weights: one weight per run; None for equal weights.
        retrieval: whether to also rank captions by image and images by caption.
        coco_results: file for the captions in the format of the COCO server.
        references: file for the reference captions of the samples.
        overrides: `data.source.key=value`, for other data or moved data.
        output: folder for the results of fused runs; None for the first run.
        source: the data source of the first run, if it has been read before.

    Raises:
        UsageError: the runs differ in task, vocabulary or classes, the task does not support an
            option, or the weights are invalid.
        ConfigError: the overrides are invalid.
        DataError: the data are missing, or the split is empty.
    """
    _check_outputs(coco_results, references, output)
    tasks = [_load(folder) for folder in folders]
    check_ensemble(tasks, folders, weights)
    check_options(tasks, folders[0], retrieval=retrieval, coco_results=coco_results is not None)
    _choose_source(tasks[0], folders[0], overrides)
    fits = output is None and limit is None and fits_confidence(tasks, folders[0], overrides)
    corpus = _corpus(tasks[0], split, source, with_dev=fits)
    samples = _samples(corpus, split, limit)
    if references is not None:
        write_references(references, samples, folders[0])
    details = _details(tasks[0], folders, weights, overrides)
    details |= {"limit": limit} if len(samples) < len(corpus.splits[split]) else {}
    # Read the record first, so that damaged files are reported before any file is overwritten.
    record = _record(folders[0], corpus, fused=output is not None)
    with (run := Run(folders[0] if output is None else output)).lock():
        readers = [SampleReader(task, corpus.contents) for task in tasks]
        if fits:
            write_confidence(run, tasks[0], readers[0], corpus.splits)
        evaluation = _evaluate(tasks, readers, samples, weights, corpus.splits.get("train", ()))
        if retrieval:
            details["retrieval"] = tasks[0].retrieval_scores(readers[0], samples)
        scores = write_results(run, tasks[0], evaluation, record, split=split, details=details)
    if coco_results is not None:
        write_text(coco_results, json.dumps(evaluation.coco_results(), ensure_ascii=False))
    return EvaluatedRun(scores, evaluation.remark(), evaluation, tasks[0].settings, run.folder)


def _load(folder: str) -> Task:
    """Load a task, and make the data paths in its settings valid in the current working folder."""
    task = load(folder)
    task.settings = resolve_paths(Run(folder), task.settings)
    return task


def _choose_source(task: Task, folder: str, overrides: Sequence[str]) -> None:
    """Override the source of a task, and check that its data exist."""
    if overrides:
        task.settings = with_source(task.settings, overrides)
    check_source(Run(folder), task.settings.data.source)


def _record(folder: str, corpus: Corpus, *, fused: bool) -> TrainingRecord:
    """Return the training record of a run for the report, without the history if runs are fused."""
    record = TrainingRecord.read(Run(folder), corpus.notes)
    return record._replace(history=[]) if fused else record


def _check_outputs(coco_results: str | None, references: str | None, output: str | None) -> None:
    """Raise UsageError for output files and folders that cannot be written."""
    for option, path in (("--coco-results", coco_results), ("--references-out", references)):
        if path is not None:
            check_output_file(path, option)
    if output is not None:
        check_output_folder(output)


def _evaluate(
    tasks: Sequence[Task],
    readers: Sequence[SampleReader],
    samples: Sequence[Sample],
    weights: Sequence[float] | None,
    training: Sequence[Sample],
) -> Any:
    if len(tasks) == 1:
        return tasks[0].evaluate_samples(readers[0], samples, training=training)
    members = [
        Member(task, reader, weight)
        for task, reader, weight in zip(tasks, readers, weights or [1.0] * len(tasks), strict=True)
    ]
    return tasks[0].evaluate_ensemble(members, samples, training=training)


def fits_confidence(tasks: Sequence[Task], folder: str, overrides: Sequence[str]) -> bool:
    """Return whether an evaluation fits the confidence of a run, such as an older one without it.

    It is fitted to the data of the run, so not with overrides.
    """
    return (
        len(tasks) == 1
        and tasks[0].fits_confidence
        and not (Path(folder) / CONFIDENCE).exists()
        and not overrides
    )


def _corpus(task: Task, split: str, source: Source | None, *, with_dev: bool = False) -> Corpus:
    """Read the samples of the split, and those of train and dev if the evaluation needs them."""
    needed = {
        "train": task.compares_with_training or with_dev,
        "dev": with_dev,
        "test": False,
    }
    splits = [name for name in SPLITS if needed[name] or name == split]
    return read_corpus(task.settings, splits=splits, source=source)


def _samples(corpus: Corpus, split: str, limit: int | None) -> Sequence[Sample]:
    samples = corpus.splits[split][:limit]
    if not samples:
        raise DataError(
            f"Expected samples to evaluate. Received: none in the split {split}; choose another "
            "split with --split."
        )
    return samples


def _details(
    task: Task,
    folders: Sequence[str],
    weights: Sequence[float] | None,
    overrides: Sequence[str],
) -> dict[str, Any]:
    """Return the entries of `scores.json` that describe fused runs and a changed data source."""
    details: dict[str, Any] = {}
    if len(folders) > 1:
        runs = [str(folder) for folder in folders]
        details["fused"] = {"runs": runs, "weights": list(weights) if weights else None}
    if overrides:
        details["source"] = task.settings.data.source
    return details


def check_options(
    tasks: Sequence[Task], folder: str, *, retrieval: bool, coco_results: bool
) -> None:
    """Raise UsageError if the runs do not support a requested option."""
    requested = [
        name
        for name, given in (("retrieval", retrieval), ("coco_results", coco_results))
        if given and name not in tasks[0].evaluation_options
    ]
    if requested:
        raise UsageError(
            f"--{requested[0].replace('_', '-')}: expected a run that writes captions. Received: "
            f"{folder}, a run of the task {tasks[0].name}."
        )
    if retrieval and len(tasks) > 1:
        raise UsageError(f"--retrieval: expected one run. Received: {len(tasks)}.")


def check_ensemble(
    tasks: Sequence[Task], folders: Sequence[str], weights: Sequence[float] | None
) -> None:
    """Raise UsageError if runs differ in task, classes or words, or if the weights are invalid."""
    if weights is not None:
        valid = len(weights) == len(tasks) and all(0 <= weight < math.inf for weight in weights)
        if not valid or sum(weights) == 0:
            raise UsageError(
                "Expected one weight per run, none negative and not all 0. Received: "
                f"--weights={','.join(map(str, weights))} for {len(tasks)} runs."
            )
    for task, folder in zip(tasks, folders, strict=True):
        same_task = task.name == tasks[0].name
        if not same_task or list(task.output_names) != list(tasks[0].output_names):
            raise UsageError(
                f"{folder}: expected a run of the same task over the same "
                f"{tasks[0].outputs_type.size_name} as {folders[0]}, so that they can be fused. "
                f"Received: a run of {task.name}."
            )


def check_output_folder(path: str) -> None:
    """Raise UsageError unless a folder is new, empty, or contains the results of fused runs."""
    folder = Path(path)
    if folder.is_dir() and any((folder / name).exists() for name in (CONFIG, WEIGHTS)):
        raise UsageError(
            f"--output: expected a folder of its own for the fused results. Received: {path}, a "
            "run; choose another folder."
        )
    if folder.is_file() or (
        folder.is_dir() and any(folder.iterdir()) and not (folder / SCORES).exists()
    ):
        raise UsageError(
            f"--output: expected a new folder. Received: {path}, which has other content; choose "
            "another folder."
        )


def check_output_file(path: str, option: str = "--coco-results") -> None:
    """Create the folder of an output file, so that errors are raised before the evaluation.

    Args:
        path: the file.
        option: the option that names the file.

    Raises:
        UsageError: the file cannot be written.
    """
    if not path:
        raise UsageError(f"{option}: expected a file name. Received: an empty name.")
    try:
        Path(path).parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(
            f"{path}: expected a writable file. Received: {error.strerror}."
        ) from error
    if Path(path).is_dir():
        raise UsageError(f"{path}: expected a file. Received: a folder.")
