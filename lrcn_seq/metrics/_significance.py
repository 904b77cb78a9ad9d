"""How sure a score is, and a difference between two: bootstrap over segments, from the additive statistics.

Koehn, "Statistical Significance Tests for Machine Translation Evaluation", EMNLP 2004, sections 3 and 4.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import combinations
from typing import NamedTuple

import numpy as np

from lrcn_seq.errors import ArgumentError
from lrcn_seq.metrics._corpus import Corpus, Hypotheses, References, make_corpus
from lrcn_seq.metrics._scoring import DEFAULT, Spec, make_metrics
from lrcn_seq.metrics.base import Metric

ROWS = 256


class Interval(NamedTuple):
    """A value with its 95 % interval; None where one group of clips says nothing of the spread."""

    metric: str
    value: float
    low: float | None
    high: float | None


class Difference(NamedTuple):
    """How much better system `a` is than `b`, with the 95 % interval, and the two-sided p-value of no difference."""

    metric: str
    a: str
    b: str
    difference: float
    low: float
    high: float
    p_value: float
    samples: int


def intervals(
    hypotheses: Hypotheses,
    references: References,
    metrics: Iterable[Spec] = DEFAULT,
    *,
    tokenize: str = "ptb",
    subset: bool = False,
    samples: int = 1000,
    seed: int = 0,
) -> list[Interval]:
    """The 95 % interval of every value, by resampling segments."""
    corpus = make_corpus(hypotheses, references, tokenize=tokenize, subset=subset)
    return [
        row
        for measure in make_metrics(metrics)
        for row in interval_rows(measure, corpus, samples=samples, seed=seed)
    ]


def interval_rows(
    measure: Metric, corpus: Corpus, *, samples: int = 1000, seed: int = 0
) -> Iterator[Interval]:
    """The intervals of one metric's values."""
    statistics = measure.statistics(corpus)
    values = measure.aggregate(measure.totals(statistics)).tolist()
    low, high = limits(measure.aggregate(resampled(statistics, samples, seed)))
    yield from map(Interval, measure.names, values, low, high)


def group_interval(
    values: Sequence[float] | np.ndarray,
    groups: Sequence[str],
    *,
    samples: int = 2000,
    seed: int = 0,
) -> Interval:
    """The mean of values (M,) with its 95 % interval, by resampling whole groups: clips of one video are not independent.

    The ends are None where there is one group only.

    Raises:
        ArgumentError: not one group a value, values that are no numbers, or none at all.
    """
    values, names = np.asarray(values, np.float64), list(groups)
    if (
        values.shape != (len(names),)
        or isinstance(groups, str)
        or not names
        or not np.isfinite(values).all()
    ):
        odd = int((~np.isfinite(values)).sum())
        raise ArgumentError(
            f"group_interval: expected a number and a group for each of M clips. Received: values {values.shape}, {len(names)} groups, {odd} values that are no number."
        )
    known, place = np.unique(names, return_inverse=True)
    if len(known) < 2:
        return Interval("mean", float(values.mean()), None, None)
    statistics = np.stack([np.bincount(place, values), np.bincount(place)], axis=1)
    draws = resampled(statistics, samples, seed)
    return Interval("mean", float(values.mean()), *limits(draws[:, 0] / draws[:, 1]))


def paired(
    systems: Mapping[str, Hypotheses],
    references: References,
    metrics: Iterable[Spec] = DEFAULT,
    *,
    tokenize: str = "ptb",
    subset: bool = False,
    samples: int = 1000,
    seed: int = 0,
) -> list[Difference]:
    """Each pair of systems compared on the same resamples of the segments that they share.

    Raises:
        ArgumentError: fewer than two systems, or systems that do not answer the same ids.
    """
    if len(systems) < 2:
        raise ArgumentError(f"paired: expected at least two systems. Received: {len(systems)}.")
    corpora = {
        name: make_corpus(hypotheses, references, tokenize=tokenize, subset=subset)
        for name, hypotheses in systems.items()
    }
    return paired_corpora(corpora, make_metrics(metrics), samples=samples, seed=seed)


def paired_corpora(
    corpora: Mapping[str, Corpus], measures: Iterable[Metric], *, samples: int = 1000, seed: int = 0
) -> list[Difference]:
    """The same for corpora that are tokenized already."""
    first_name, first = next(iter(corpora.items()))
    for name, corpus in corpora.items():
        if set(corpus.ids) != set(first.ids):
            raise ArgumentError(
                f"paired: expected the same ids in every system. Received: {first_name} with {len(first)} ids, {name} with {len(corpus)}, not the same."
            )
    return [row for measure in measures for row in _differences(measure, corpora, samples, seed)]


def _differences(
    measure: Metric, corpora: Mapping[str, Corpus], samples: int, seed: int
) -> Iterator[Difference]:
    names = sorted(next(iter(corpora.values())).ids)
    statistics = {}
    for system, corpus in corpora.items():
        place = {name: row for row, name in enumerate(corpus.ids)}
        statistics[system] = measure.statistics(corpus)[[place[name] for name in names]]
    values = {
        system: measure.aggregate(measure.totals(rows)) for system, rows in statistics.items()
    }
    draws = {
        system: measure.aggregate(resampled(rows, samples, seed))
        for system, rows in statistics.items()
    }
    for a, b in combinations(corpora, 2):
        observed, drawn = values[a] - values[b], draws[a] - draws[b]
        low, high = limits(drawn)
        extreme = (np.abs(drawn - drawn.mean(axis=0)) >= np.abs(observed)).sum(axis=0)
        p_value = (extreme + 1) / (samples + 1)
        for row in zip(measure.names, observed.tolist(), low, high, p_value.tolist(), strict=True):
            yield Difference(row[0], a, b, *row[1:], samples)


def limits(draws: np.ndarray) -> list:
    """The ends of the 95 % interval of draws (samples, ...): two numbers, or two lists of them."""
    return np.percentile(draws, [2.5, 97.5], axis=0).tolist()


def resampled(statistics: np.ndarray, samples: int, seed: int) -> np.ndarray:
    """(samples, K) sums over segments drawn with replacement; the same seed draws the same segments.

    Raises:
        ArgumentError: no samples.
    """
    if samples < 1:
        raise ArgumentError(f"samples: expected at least 1. Received: samples={samples}.")
    generator, count = np.random.default_rng(seed), len(statistics)
    sums = []
    for start in range(0, samples, ROWS):
        rows = min(ROWS, samples - start)
        drawn = generator.integers(count, size=(rows, count)) + np.arange(rows)[:, None] * count
        sums.append(
            np.bincount(drawn.ravel(), minlength=rows * count).reshape(rows, count) @ statistics
        )
    return np.concatenate(sums)
