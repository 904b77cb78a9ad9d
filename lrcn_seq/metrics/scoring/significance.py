"""Bootstrap confidence intervals and paired significance tests, from additive statistics.

Koehn, "Statistical Significance Tests for Machine Translation Evaluation", EMNLP 2004, sections 3
and 4.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import combinations
from typing import Any, NamedTuple

import numpy as np

from lrcn_seq.errors import ArgumentError
from lrcn_seq.metrics.base import Metric
from lrcn_seq.metrics.scoring.score_functions import DEFAULT_METRICS, Spec, make_metrics
from lrcn_seq.metrics.statistics.array_types import FloatArray, NumberArray
from lrcn_seq.metrics.statistics.segments import Corpus, Hypotheses, References, make_corpus

BOOTSTRAP_SAMPLES = 1000
GROUP_SAMPLES = 2000
SEED = 0
PERCENTILES = (2.5, 97.5)
ROWS_PER_DRAW = 256
RELIABLE_SEGMENTS = 30
"""Number of segments below which a bootstrap is unreliable."""


class Interval(NamedTuple):
    """A value with its 95 % confidence interval.

    Attributes:
        metric: name of the value.
        value: value for all segments.
        low: lower end of the interval; None for a single group.
        high: upper end of the interval; None for a single group.
    """

    metric: str
    value: float
    low: float | None
    high: float | None


class Difference(NamedTuple):
    """The difference between two systems, with its 95 % confidence interval.

    Attributes:
        metric: name of the value.
        a: first system.
        b: second system.
        difference: value of `a` minus value of `b`.
        low: lower end of the interval.
        high: upper end of the interval.
        p_value: two-sided p-value of the hypothesis that the systems do not differ.
        samples: number of bootstrap samples.
    """

    metric: str
    a: str
    b: str
    difference: float
    low: float
    high: float
    p_value: float
    samples: int


def bootstrap_signature(*, paired: bool = False) -> str:
    """Return the signature of a bootstrap with the default number of samples and seed."""
    return f"{'paired ' if paired else ''}bootstrap|samples:{BOOTSTRAP_SAMPLES}|seed:{SEED}"


def intervals(
    hypotheses: Hypotheses,
    references: References,
    metrics: Iterable[Spec] = DEFAULT_METRICS,
    *,
    tokenize: str = "ptb",
    subset: bool = False,
    samples: int = BOOTSTRAP_SAMPLES,
    seed: int = SEED,
) -> list[Interval]:
    """Estimate the 95 % confidence interval of every value by resampling segments.

    Args:
        hypotheses: one sentence per id, or a list.
        references: a list of sentences per id, or a list of lists.
        metrics: names, specs `{"type": NAME, …}`, or metrics.
        tokenize: `ptb` (COCO evaluation code), `13a` (sacreBLEU) or `none`.
        subset: whether to allow references without a hypothesis.
        samples: number of bootstrap samples.
        seed: seed of the bootstrap samples.

    Raises:
        ArgumentError: hypotheses or references are nested wrongly, ids do not match, or `samples`
            is below 1.
    """
    corpus = make_corpus(hypotheses, references, tokenize=tokenize, subset=subset)
    return [
        row
        for metric in make_metrics(metrics)
        for row in interval_rows(metric, corpus, samples=samples, seed=seed)
    ]


def interval_rows(
    metric: Metric, corpus: Corpus, *, samples: int = BOOTSTRAP_SAMPLES, seed: int = SEED
) -> Iterator[Interval]:
    """Yield the confidence interval of each value that a metric gives for a tokenized corpus."""
    statistics = metric.statistics(corpus)
    values = metric.aggregate(metric.totals(statistics)).tolist()
    low, high = confidence_limits(metric.aggregate(bootstrap_sums(statistics, samples, seed)))
    yield from map(Interval, metric.names, values, low, high)


def group_interval(
    values: Sequence[float] | NumberArray,
    groups: Sequence[str],
    *,
    samples: int = GROUP_SAMPLES,
    seed: int = SEED,
) -> Interval:
    """Estimate the 95 % confidence interval of a mean by resampling whole groups.

    The unit of resampling is the group, because clips of one video are not independent.

    Args:
        values: (M,) values of the clips.
        groups: (M,) group of each clip.
        samples: number of bootstrap samples.
        seed: seed of the bootstrap samples.

    Returns:
        The mean with its interval; the ends are None for a single group.

    Raises:
        ArgumentError: `values` and `groups` differ in length or are empty, or a value is not
            finite.
    """
    numbers, names = np.asarray(values, np.float64), list(groups)
    if (
        numbers.shape != (len(names),)
        or isinstance(groups, str)
        or not names
        or not np.isfinite(numbers).all()
    ):
        raise ArgumentError(
            "group_interval: expected a finite number and a group for each of M clips. "
            f"Received: values {numbers.shape}, {len(names)} groups, "
            f"{int((~np.isfinite(numbers)).sum())} values that are not finite."
        )
    unique, group = np.unique(names, return_inverse=True)
    mean = float(numbers.mean())
    if len(unique) < 2:
        return Interval("mean", mean, None, None)
    statistics = np.stack([np.bincount(group, numbers), np.bincount(group)], axis=1)
    sums = bootstrap_sums(statistics.astype(np.float64), samples, seed)
    low, high = confidence_limits(sums[:, 0] / sums[:, 1])
    return Interval("mean", mean, low, high)


def group_differences(
    metric: str,
    systems: Mapping[str, NumberArray],
    groups: Sequence[str],
    *,
    samples: int = GROUP_SAMPLES,
    seed: int = SEED,
) -> list[Difference]:
    """Compare the means of each pair of systems on the same bootstrap samples of whole groups.

    Args:
        metric: name of the mean.
        systems: (M,) values of the clips by name of the system.
        groups: (M,) group of each clip.
        samples: number of bootstrap samples.
        seed: seed of the bootstrap samples.

    Returns:
        One row per pair; none for a single group.
    """
    unique, group = np.unique(list(groups), return_inverse=True)
    if len(unique) < 2:
        return []
    columns = [np.bincount(group, np.asarray(values, np.float64)) for values in systems.values()]
    statistics = np.stack([*columns, np.bincount(group)], axis=1).astype(np.float64)
    sums = bootstrap_sums(statistics, samples, seed)
    means = statistics[:, :-1].sum(axis=0) / len(group)
    sampled = sums[:, :-1] / sums[:, -1:]
    rows = []
    for (i, a), (j, b) in combinations(enumerate(systems), 2):
        observed, differences = float(means[i] - means[j]), sampled[:, i] - sampled[:, j]
        low, high = confidence_limits(differences)
        p_value = float(_p_values(observed, differences))
        rows.append(Difference(metric, a, b, observed, low, high, p_value, samples))
    return rows


def paired(
    systems: Mapping[str, Hypotheses],
    references: References,
    metrics: Iterable[Spec] = DEFAULT_METRICS,
    *,
    tokenize: str = "ptb",
    subset: bool = False,
    samples: int = BOOTSTRAP_SAMPLES,
    seed: int = SEED,
) -> list[Difference]:
    """Compare each pair of systems on the same bootstrap samples of their segments.

    Args:
        systems: hypotheses by name of the system.
        references: a list of sentences per id, or a list of lists.
        metrics: names, specs `{"type": NAME, …}`, or metrics.
        tokenize: `ptb` (COCO evaluation code), `13a` (sacreBLEU) or `none`.
        subset: whether to allow references without a hypothesis.
        samples: number of bootstrap samples.
        seed: seed of the bootstrap samples.

    Raises:
        ArgumentError: there are fewer than two systems, their ids differ, or `samples` is below 1.
    """
    if len(systems) < 2:
        raise ArgumentError(f"paired: expected at least two systems. Received: {len(systems)}.")
    corpora = {
        name: make_corpus(hypotheses, references, tokenize=tokenize, subset=subset)
        for name, hypotheses in systems.items()
    }
    return paired_corpora(corpora, make_metrics(metrics), samples=samples, seed=seed)


def paired_corpora(
    corpora: Mapping[str, Corpus],
    metrics: Iterable[Metric],
    *,
    samples: int = BOOTSTRAP_SAMPLES,
    seed: int = SEED,
) -> list[Difference]:
    """Compare each pair of systems, given as tokenized corpora.

    Raises:
        ArgumentError: the ids of the systems differ, or `samples` is below 1.
    """
    first_name, first = next(iter(corpora.items()))
    for name, corpus in corpora.items():
        if set(corpus.ids) != set(first.ids):
            raise ArgumentError(
                f"paired: expected the same ids in every system. Received: {first_name} with "
                f"{len(first)} ids, {name} with {len(corpus)} ids, some of them different."
            )
    return [row for metric in metrics for row in _differences(metric, corpora, samples, seed)]


def _differences(
    metric: Metric, corpora: Mapping[str, Corpus], samples: int, seed: int
) -> Iterator[Difference]:
    """Yield the difference between each pair of systems for each value of a metric."""
    ids = sorted(next(iter(corpora.values())).ids)
    values, sampled = {}, {}
    for system, corpus in corpora.items():
        row = {name: number for number, name in enumerate(corpus.ids)}
        statistics = metric.statistics(corpus)[[row[name] for name in ids]]
        values[system] = metric.aggregate(metric.totals(statistics))
        sampled[system] = metric.aggregate(bootstrap_sums(statistics, samples, seed))
    for a, b in combinations(corpora, 2):
        observed, differences = values[a] - values[b], sampled[a] - sampled[b]
        low, high = confidence_limits(differences)
        p_value = _p_values(observed, differences)
        columns = (metric.names, observed.tolist(), low, high, p_value.tolist())
        for name, difference, lower, upper, p in zip(*columns, strict=True):
            yield Difference(name, a, b, difference, lower, upper, p, samples)


def _p_values(observed: Any, differences: FloatArray) -> Any:
    """Return two-sided p-values.

    A p-value is the share of differences that are at least as large as the observed one, among the
    centered differences and the observed one.
    """
    centered = np.abs(differences - differences.mean(axis=0))
    return ((centered >= np.abs(observed)).sum(axis=0) + 1) / (len(differences) + 1)


def confidence_limits(sampled: FloatArray) -> tuple[Any, Any]:
    """Return the ends of the 95 % interval of sampled values.

    Args:
        sampled: (samples,) or (samples, M) values.

    Returns:
        Two numbers, or two lists of M numbers.
    """
    low, high = np.percentile(sampled, PERCENTILES, axis=0).tolist()
    return low, high


def bootstrap_sums(statistics: FloatArray, samples: int, seed: int) -> FloatArray:
    """Return (samples, K) sums of statistics over segments drawn with replacement.

    Args:
        statistics: (I, K) statistics of the segments.
        samples: number of bootstrap samples.
        seed: seed; the same seed draws the same segments.

    Raises:
        ArgumentError: `samples` is below 1.
    """
    if samples < 1:
        raise ArgumentError(f"samples: expected at least 1. Received: samples={samples}.")
    generator, count = np.random.default_rng(seed), len(statistics)
    sums = []
    for start in range(0, samples, ROWS_PER_DRAW):
        rows = min(ROWS_PER_DRAW, samples - start)
        drawn = generator.integers(count, size=(rows, count)) + np.arange(rows)[:, None] * count
        draws = np.bincount(drawn.ravel(), minlength=rows * count).reshape(rows, count)
        sums.append(draws @ statistics)
    return np.concatenate(sums)
