"""Evaluation of a run, or of several fused runs, on a split."""

from __future__ import annotations

import json
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
from lrcn_seq.runs.ensembles import check_ensemble, check_rescore_weight, check_rescorer
from lrcn_seq.runs.folder import CONFIDENCE, CONFIG, SCORES, WEIGHTS, Run
from lrcn_seq.runs.loading import load
from lrcn_seq.runs.references import write_references
from lrcn_seq.runs.results import TrainingRecord, write_results
from lrcn_seq.runs.training_folder import check_source, resolve_paths, with_source
from lrcn_seq.tasks import Average, Member, Rescorer, SampleReader, Task


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
    average: Average | None = None,
    rescore: str | None = None,
    rescore_weight: float = 0.5,
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
        average: the mean of fused probabilities; see `load_ensemble`.
        rescore: the folder of a run that ranks the captions again; see `load_ensemble`.
        rescore_weight: weight of the score under this run.

    Raises:
        UsageError: the runs do not fit together, or an option or the weights do not fit them.
        ConfigError, DataError: the overrides are invalid, or the data are missing or empty.
    """
    _check_outputs(coco_results, references, output)
    tasks = _load_tasks(folders, weights, overrides)
    rescorer = None if rescore is None else _rescorer(rescore, tasks[0], rescore_weight)
    check_options(tasks, folders[0], retrieval=retrieval, coco_results=coco_results is not None)
    fits = output is None and limit is None and fits_confidence(tasks, folders[0], overrides)
    corpus = _corpus(tasks[0], split, source, with_dev=fits)
    samples = _samples(corpus, split, limit)
    _write_references(references, samples, folders[0])
    details = _details(folders, weights, average, rescore, rescore_weight)
    details |= {"source": tasks[0].settings.data.source} if overrides else {}
    details |= {"limit": limit} if len(samples) < len(corpus.splits[split]) else {}
    record = _record(folders[0], corpus, fused=output is not None)
    with (run := Run(folders[0] if output is None else output)).lock():
        if fits:
            write_confidence(run, tasks[0], SampleReader(tasks[0], corpus.contents), corpus.splits)
        evaluation = _evaluate(tasks, weights, corpus, samples, average=average, rescorer=rescorer)
        if retrieval:
            details["retrieval"] = _retrieval(tasks[0], corpus, samples)
        scores = write_results(run, tasks[0], evaluation, record, split=split, details=details)
    _write_coco_results(coco_results, evaluation)
    return EvaluatedRun(scores, evaluation.remark(), evaluation, tasks[0].settings, run.folder)


def _write_references(path: str | None, samples: Sequence[Sample], folder: str) -> None:
    """Write the reference captions of a run's samples, if there is a file for them."""
    if path is not None:
        write_references(path, samples, folder)


def _write_coco_results(path: str | None, evaluation: Any) -> None:
    """Write captions in the format of the COCO server, if there is a file for them."""
    if path is not None:
        write_text(path, json.dumps(evaluation.coco_results(), ensure_ascii=False))


def _load_tasks(
    folders: Sequence[str], weights: Sequence[float] | None, overrides: Sequence[str]
) -> list[Task]:
    """Load the tasks of runs that fit together, the first one with overrides of its source."""
    tasks = [_load(folder) for folder in folders]
    check_ensemble(tasks, folders, weights)
    if overrides:
        tasks[0].settings = with_source(tasks[0].settings, overrides)
    check_source(Run(folders[0]), tasks[0].settings.data.source)
    return tasks


def _load(folder: str) -> Task:
    """Load a task, and make the data paths in its settings valid in the current working folder."""
    task = load(folder)
    task.settings = resolve_paths(Run(folder), task.settings)
    return task


def _record(folder: str, corpus: Corpus, *, fused: bool) -> TrainingRecord:
    """Return the training record of a run for the report, without the history if runs are fused.

    It is read before any file is written, so that damaged files are reported first.
    """
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
    weights: Sequence[float] | None,
    corpus: Corpus,
    samples: Sequence[Sample],
    *,
    average: Average | None,
    rescorer: Rescorer | None,
) -> Any:
    """Evaluate tasks with their weights, and give only options that are set to a task."""

    def member(task: Task, weight: float) -> Member:
        return Member(task, SampleReader(task, corpus.contents), weight)

    members = list(map(member, tasks, weights or [1.0] * len(tasks)))
    options: dict[str, Any] = {} if average is None else {"average": average}
    if rescorer is not None:
        options["rescorer"] = member(*rescorer)
    task, training = members[0].task, corpus.splits.get("train", ())
    if len(members) == 1 and not options:
        return task.evaluate_samples(members[0].reader, samples, training=training)
    return task.evaluate_ensemble(members, samples, training=training, **options)


def _retrieval(task: Task, corpus: Corpus, samples: Sequence[Sample]) -> dict[str, Any]:
    """Return the retrieval scores of one task."""
    return task.retrieval_scores(SampleReader(task, corpus.contents), samples)


def _rescorer(folder: str, task: Task, weight: float) -> Rescorer:
    """Load the run that ranks the captions of a task again."""
    check_rescore_weight(weight)
    rescorer = Rescorer(_load(folder), weight)
    check_rescorer(rescorer.task, folder, task)
    return rescorer


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
    folders: Sequence[str],
    weights: Sequence[float] | None,
    average: Average | None,
    rescore: str | None,
    rescore_weight: float,
) -> dict[str, Any]:
    """Return the entries of `scores.json` that describe fused runs and rescoring."""
    details: dict[str, Any] = {}
    runs = [str(folder) for folder in folders]
    if len(folders) > 1:
        mean = {} if average is None else {"average": average}
        details["fused"] = {"runs": runs, "weights": list(weights) if weights else None, **mean}
    if rescore is not None:
        details["rescored"] = {"runs": runs, "by": rescore, "weight": rescore_weight}
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
