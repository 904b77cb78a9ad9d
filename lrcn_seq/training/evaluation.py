"""Scores of real decoding: the same code scores dev during training and a split afterwards."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from lrcn_seq import metrics
from lrcn_seq.data.media import name_of
from lrcn_seq.errors import DataError
from lrcn_seq.records import Caption, Sample
from lrcn_seq.tasks.base import Task
from lrcn_seq.training import files
from lrcn_seq.training.preparation import Media, progress
from lrcn_seq.training.run import Run


class Evaluated(NamedTuple):
    """What a task says of samples, and how good it is."""

    samples: Sequence[Sample]
    captions: list[Caption]
    report: metrics.Report
    health: metrics.Health


def evaluate(task: Task, media: Media, samples: Sequence[Sample], *, training_captions: Sequence[str] | None = None) -> Evaluated:
    """Decodes samples and scores them against all their sentences."""
    return judge(task, samples, (task.captions(clips) for clips in media.clips(samples, task.settings.evaluation.batch)), training_captions)


def judge(task: Task, samples: Sequence[Sample], found: Iterable[list[tuple[Caption, ...]]], training_captions: Sequence[str] | None = None) -> Evaluated:
    """Scores the sentences that batches of samples got.

    Raises:
        DataError: there are no samples.
    """
    if not samples:
        raise DataError("Expected samples to evaluate on. Received: none in this split; see the source's splits.")
    settings = task.settings.evaluation
    captions: list[Caption] = []
    with progress("captioning") as told:
        for batch in found:
            captions += [several[0] if several else Caption("", float("-inf"), float("-inf")) for several in batch]
            told(len(captions), len(samples))
    hypotheses = {sample.id: caption.text for sample, caption in zip(samples, captions, strict=True)}
    references = {sample.id: list(sample.captions) for sample in samples}
    report = metrics.score(hypotheses, references, settings.metrics, tokenize=settings.tokenize)
    unknown = task.tokenizer.vocabulary()[task.tokenizer.special.unknown]
    return Evaluated(samples, captions, report, metrics.health(hypotheses, training_captions=training_captions, unknown=unknown))


def dev_scores(evaluated: Evaluated) -> dict[str, float]:
    """The row of the history: every score, and the share of distinct captions, which shows a collapse."""
    return {**evaluated.report.values, "distinct_captions": evaluated.health.distinct_captions}


def rows(evaluated: Evaluated) -> list[dict[str, Any]]:
    """The lines of `predictions.jsonl`."""
    sentences = evaluated.report.sentences
    return [
        {
            "id": sample.id,
            "caption": caption.text,
            "log_probability": finite(caption.log_probability),
            "score": finite(caption.score),
            "file": name_of(sample.media),
            "references": list(sample.captions),
            **sentences[sample.id],
        }
        for sample, caption in zip(evaluated.samples, evaluated.captions, strict=True)
    ]


def finite(value: float) -> float | None:
    """None for what JSON has no number for: a picture that got no sentence."""
    return value if math.isfinite(value) else None


def write(run: Run, evaluated: Evaluated, split: str) -> dict[str, Any]:
    """Writes `predictions.jsonl` and `scores.json` into the run; the object of the latter."""
    files.write_text(run / "predictions.jsonl", "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows(evaluated)))
    scores = {**evaluated.report.as_dict(), "split": split, "health": evaluated.health._asdict()}
    files.write_text(run / "scores.json", json.dumps(scores, indent=1))
    return scores
