"""`lrcn evaluate`: one run, or several fused, scored on a split."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from lrcn_seq import config as configs
from lrcn_seq import metrics
from lrcn_seq.config import Config
from lrcn_seq.config.loading import override_under
from lrcn_seq.data.batches.captions import encode_all
from lrcn_seq.data.batches.plan import by_caption
from lrcn_seq.errors import DataError, UsageError
from lrcn_seq.records import Batch, Clips, Sample
from lrcn_seq.runs import files
from lrcn_seq.runs.folder import Run
from lrcn_seq.tasks import Task, load
from lrcn_seq.tasks._writing import Ranker
from lrcn_seq.training import evaluation
from lrcn_seq.training.preparation import Media, corpus_of, progress
from lrcn_seq.training.reporting import known_of, write_report
from lrcn_seq.training.sentences import Described


class RunsEvaluation(NamedTuple):
    """The object of `scores.json`, and one sentence on how far to trust it."""

    scores: dict[str, Any]
    remark: str


def evaluate_runs(
    folders: Sequence[str],
    *,
    split: str = "test",
    limit: int | None = None,
    weights: Sequence[float] | None = None,
    retrieval: bool = False,
    coco_results: str | None = None,
    overrides: Sequence[str] = (),
) -> RunsEvaluation:
    """Scores runs on a split of the first run's source; writes predictions, scores and report into the first run.

    Args:
        overrides: `data.source.key=value`, where the source is another or lies elsewhere.

    Raises:
        UsageError: runs of different tasks or vocabularies, or weights that do not fit.
        ConfigError: overrides of something else, or wrong ones.
        DataError: there is nothing in this split.
    """
    if coco_results is not None:
        check_place(coco_results)
    tasks = [load(folder) for folder in folders]
    check_fusion(tasks, folders, weights)
    if tasks[0].labels and (retrieval or coco_results is not None):
        raise UsageError(
            f"{'--retrieval' if retrieval else '--coco-results'}: expected a run that writes sentences. Received: {folders[0]}, a run of {tasks[0].name}."
        )
    if retrieval and len(tasks) > 1:
        raise UsageError(f"--retrieval: expected one run. Received: {len(tasks)}.")
    if overrides:
        tasks[0].settings = elsewhere(tasks[0].settings, overrides)
    run, config = Run(folders[0]), tasks[0].settings
    corpus = corpus_of(
        config, splits=(split,) if split == "train" or tasks[0].labels else ("train", split)
    )
    samples = corpus.splits[split][:limit]
    if not samples:
        raise DataError(
            f"Expected samples to evaluate on. Received: none in the split {split}; choose another with --split."
        )
    how: dict[str, Any] = (
        {"fused": {"runs": list(map(str, folders)), "weights": list(weights) if weights else None}}
        if len(folders) > 1
        else {}
    )
    if overrides:
        how["source"] = config.data.source
    if limit is not None and limit < len(corpus.splits[split]):
        how["limit"] = limit
    medias = [Media(task.settings, task, corpus.contents) for task in tasks]
    with run.locked():
        known = known_of(
            run, corpus.notes
        )  # what is damaged comes out before anything is written over
        evaluated = evaluation.evaluate(
            tasks, medias, samples, weights=weights, training=corpus.splits.get("train", ())
        )
        scores = evaluation.write(run, evaluated, split, **how)
        if retrieval:
            scores["retrieval"] = ranks(tasks[0], medias[0], samples)
            files.write_text(run / "scores.json", json.dumps(scores, indent=1))
        write_report(tasks[0], run, evaluated, scores, known)
    if coco_results is not None:
        write_coco(coco_results, evaluated)
    return RunsEvaluation(scores, evaluated.remark())


def elsewhere(config: Config, overrides: Sequence[str]) -> Config:
    """The config with another source."""
    tree = config.model_dump()
    override_under("data.source", tree, overrides)
    return configs.checked(tree, "the call")


def check_fusion(
    tasks: Sequence[Task], folders: Sequence[str], weights: Sequence[float] | None
) -> None:
    """Runs are fused where they do the same task over the same words."""
    if weights is not None and (
        len(weights) != len(tasks)
        or not all(0 <= weight < math.inf for weight in weights)
        or sum(weights) == 0
    ):
        raise UsageError(
            f"Expected one weight a run, none negative, not all 0. Received: --weights={','.join(map(str, weights))} for {len(tasks)} runs."
        )
    for task, folder in zip(tasks, folders, strict=True):
        if task.name != tasks[0].name or said(task) != said(tasks[0]):
            raise UsageError(
                f"{folder}: expected a run of the same task over the same {'classes' if tasks[0].labels else 'words'} as {folders[0]}, so that they can be fused."
            )


def said(task: Task) -> Sequence[str]:
    """The words or classes that a task has to say."""
    return task.labels or task.tokenizer.vocabulary()


def ranks(task: Task, media: Media, samples: Sequence[Sample]) -> dict[str, dict[str, float]]:
    """Retrieval both ways by log probability, normalized by its mean over pictures (Donahue et al. 2015, section 5)."""
    captions = encode_all(
        [sample.captions for sample in samples],
        task.tokenizer.encode,
        limit=task.settings.data.words_limit,
    )
    plan = by_caption(captions.owner, captions.lengths, batch=256, seed=0, epoch=0)
    ranker, table = Ranker(task), np.zeros((len(samples), len(captions)))
    with progress("ranking") as told:
        for picture, clips in enumerate(media.clips(samples, 1)):
            for step in plan:
                batch = Batch(
                    Clips(*map(np.asarray, clips)),
                    np.zeros(len(step.rows), "int32"),
                    captions.words(step.rows, step.length),
                )
                table[picture, step.rows] = ranker.predict_on_batch(batch)
            told(picture + 1, len(samples))
    found = metrics.retrieval(metrics.normalized_log_probabilities(table), captions.owner)
    return {direction: recall._asdict() for direction, recall in found._asdict().items()}


def check_place(path: str) -> None:
    """Makes the folder of a file that will be written, so that what is wrong with it shows before the work."""
    if not path:
        raise UsageError("--coco-results: expected a file. Received: an empty name.")
    try:
        Path(path).parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(
            f"{path}: expected a file that can be written. Received: {error.strerror}."
        ) from error
    if Path(path).is_dir():
        raise UsageError(f"{path}: expected a file. Received: a folder.")


def write_coco(path: str, evaluated: Described) -> None:
    """`[{"image_id", "caption"}]`, ids as numbers where they are numbers, as the COCO server wants them."""
    pairs = [
        (sample.id, caption.text)
        for sample, caption in zip(evaluated.samples, evaluated.captions, strict=True)
    ]
    files.write_text(
        path,
        json.dumps(
            [
                {"image_id": int(name) if name.isdecimal() else name, "caption": text}
                for name, text in pairs
            ],
            ensure_ascii=False,
        ),
    )
