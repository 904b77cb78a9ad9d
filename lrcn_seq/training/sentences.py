"""Scores of real decoding, for the tasks that write sentences."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from lrcn_seq import metrics
from lrcn_seq.data.media import name_of
from lrcn_seq.records import Caption, Sample
from lrcn_seq.tasks._writing import Writer
from lrcn_seq.tasks.base import Task
from lrcn_seq.training.preparation import Media, progress

WATCHED = ("distinct_captions", "repetition", "unknown", "mean_length", "min_length", "max_length")
"""What every epoch tells of its sentences, beside their scores."""


class Described(NamedTuple):
    """The sentences of samples, with their scores."""

    samples: Sequence[Sample]
    captions: list[Caption]
    report: metrics.Report
    health: metrics.Health

    @property
    def values(self) -> dict[str, float]:
        """Every score, and what shows a collapse."""
        return {**self.report.values, **{name: getattr(self.health, name) for name in WATCHED}}

    def rows(self) -> list[dict[str, Any]]:
        """The lines of `predictions.jsonl`."""
        return [
            {
                "id": sample.id,
                "caption": caption.text,
                "log_probability": finite(caption.log_probability),
                "score": finite(caption.score),
                "file": name_of(sample.media),
                "references": list(sample.captions),
                **self.report.sentences[sample.id],
            }
            for sample, caption in zip(self.samples, self.captions, strict=True)
        ]

    def summary(self) -> dict[str, Any]:
        """The object of `scores.json`."""
        return {**self.report.as_dict(), "health": self.health._asdict()}

    def remark(self) -> str:
        """Return the share of distinct captions as a sentence."""
        return f"{self.health.distinct_captions:.0%} of the captions are distinct."


def evaluate(
    tasks: Sequence[Task],
    medias: Sequence[Media],
    samples: Sequence[Sample],
    *,
    weights: Sequence[float] | None,
    training: Sequence[Sample],
) -> Described:
    """Decodes samples, by the mean log probability of several tasks, and scores them against all their sentences."""
    config = tasks[0].settings
    streams = [media.clips(samples, config.evaluation.batch) for media in medias]
    writer = Writer(tasks, config.search, weights) if len(tasks) > 1 else None
    found = (
        tasks[0].captions(*clips) if writer is None else tasks[0].texts(writer.write(clips))
        for clips in zip(*streams, strict=True)
    )
    return judge(
        tasks[0],
        samples,
        found,
        [caption for sample in training for caption in sample.captions] or None,
    )


def judge(
    task: Task,
    samples: Sequence[Sample],
    found: Iterable[list[tuple[Caption, ...]]],
    training_captions: Sequence[str] | None = None,
) -> Described:
    """Scores the sentences that batches of samples got."""
    settings = task.settings.evaluation
    captions: list[Caption] = []
    with progress(task.name) as told:
        for batch in found:
            captions += [
                several[0] if several else Caption("", float("-inf"), float("-inf"))
                for several in batch
            ]
            told(len(captions), len(samples))
    hypotheses = {
        sample.id: caption.text for sample, caption in zip(samples, captions, strict=True)
    }
    references = {sample.id: list(sample.captions) for sample in samples}
    report = metrics.score(hypotheses, references, settings.metrics, tokenize=settings.tokenize)
    unknown = task.tokenizer.vocabulary()[task.tokenizer.special.unknown]
    return Described(
        samples,
        captions,
        report,
        metrics.health(hypotheses, training_captions=training_captions, unknown=unknown),
    )


def finite(value: float) -> float | None:
    """None for what JSON has no number for: a picture that got no sentence."""
    return value if math.isfinite(value) else None
