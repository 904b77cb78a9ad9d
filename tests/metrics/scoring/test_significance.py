"""Bootstrap intervals and paired significance tests."""

import math
from statistics import NormalDist

import numpy as np
import pytest

from lrcn_seq import metrics
from lrcn_seq.errors import ArgumentError
from lrcn_seq.metrics.base import Metric
from lrcn_seq.metrics.scoring.significance import (
    bootstrap_signature,
    bootstrap_sums,
    confidence_limits,
)


def shortened(sentences, words=3):
    """Return sentences without their last words."""
    return {name: " ".join(text.split()[:-words]) for name, text in sentences.items()}


def test_every_value_has_an_interval_around_it(samples):
    """Each score of a corpus has a bootstrap interval that contains the score."""
    rows = metrics.intervals(samples["hypotheses"], samples["references"], samples=300)
    report = metrics.score(samples["hypotheses"], samples["references"])
    assert {row.metric: row.value for row in rows} == report.values
    assert all(row.low < row.value < row.high for row in rows)


def test_the_interval_of_a_mean_is_that_of_the_formula(samples):
    """The bootstrap interval of a mean is about ± 1.96 standard errors."""
    row = metrics.intervals(
        samples["hypotheses"], samples["references"], ("rouge_l",), samples=8000
    )[0]
    values = metrics.rouge_l(samples["hypotheses"], samples["references"]).table[:, 0]
    margin = 1.96 * values.std() / math.sqrt(len(values))
    assert row.value - row.low == pytest.approx(margin, rel=0.08)
    assert row.high - row.value == pytest.approx(margin, rel=0.08)


def test_four_times_the_sentences_halve_the_interval(samples):
    """Four times as many sentences halve the width of the bootstrap interval."""
    copies = [
        {f"{name}{copy}": value for name, value in samples[side].items() for copy in "abcd"}
        for side in ("hypotheses", "references")
    ]
    one, four = (
        metrics.intervals(*sides, ("rouge_l",), samples=2000)[0]
        for sides in ((samples["hypotheses"], samples["references"]), copies)
    )
    assert four.high - four.low == pytest.approx((one.high - one.low) / 2, rel=0.1)


def test_intervals_use_1000_samples_and_seed_0_by_default(samples):
    """By default, bootstrap intervals use 1,000 samples with seed 0."""
    arguments = (samples["hypotheses"], samples["references"], ("rouge_l",))
    assert metrics.intervals(*arguments) == metrics.intervals(*arguments, samples=1000, seed=0)
    assert metrics.intervals(*arguments) != metrics.intervals(*arguments, samples=999)
    assert metrics.intervals(*arguments) != metrics.intervals(*arguments, seed=1)


def test_signatures_state_samples_and_seed():
    """The signature of a bootstrap states its number of samples and its seed."""
    assert bootstrap_signature() == "bootstrap|samples:1000|seed:0"
    assert bootstrap_signature(paired=True) == "paired bootstrap|samples:1000|seed:0"


def test_limits_are_the_percentiles_2_5_and_97_5():
    """The confidence limits are the percentiles 2.5 and 97.5 of each column."""
    draws = np.arange(1001.0)
    assert confidence_limits(draws) == (25, 975)
    assert confidence_limits(np.stack([draws, 2 * draws], axis=1)) == ([25, 50], [975, 1950])


def test_bootstrap_samples_have_as_many_segments_as_the_corpus():
    """Each bootstrap sample has as many segments as the corpus."""
    sums = bootstrap_sums(np.ones((7, 1)), 600, 0)
    assert sums.shape == (600, 1)
    assert (sums == 7).all()


def test_bootstrap_samples_draw_with_replacement():
    """Segment counts in bootstrap samples have the mean and variance of draws with replacement."""
    counts = bootstrap_sums(np.eye(10), 20_000, 3)
    assert counts.mean(axis=0) == pytest.approx(np.ones(10), abs=0.03)
    assert counts.var(axis=0) == pytest.approx(np.full(10, 0.9), abs=0.05)


def test_bootstrap_samples_do_not_repeat():
    """The bootstrap samples drawn with one seed differ from each other."""
    counts = bootstrap_sums(np.eye(40), 2000, 0)
    assert len(np.unique(counts, axis=0)) == 2000


def test_more_samples_extend_fewer():
    """The first bootstrap samples are the same whether few or many are drawn."""
    statistics = np.random.default_rng(0).random((9, 2))
    many, few = bootstrap_sums(statistics, 512, 5), bootstrap_sums(statistics, 256, 5)
    assert many[:256] == pytest.approx(few)


def test_no_samples_raise():
    """A bootstrap of zero samples raises an ArgumentError."""
    with pytest.raises(ArgumentError, match=r"samples: expected at least 1\. Received: samples=0"):
        metrics.intervals(["a"], [["a"]], samples=0)


def test_a_real_difference_is_significant(samples):
    """The difference between captions and shortened captions is significant."""
    systems = {"whole": samples["hypotheses"], "short": shortened(samples["hypotheses"])}
    row = metrics.paired(systems, samples["references"], ("rouge_l",))[0]
    assert (row.a, row.b, row.metric, row.samples) == ("whole", "short", "rouge_l", 1000)
    assert row.low > 0
    assert row.p_value == 1 / 1001


def test_the_difference_is_that_of_the_scores(samples):
    """The difference of a paired test is the score of `a` minus the score of `b`."""
    short = shortened(samples["hypotheses"])
    a, b = (metrics.bleu(side, samples["references"]) for side in (samples["hypotheses"], short))
    rows = metrics.paired(
        {"a": samples["hypotheses"], "b": short}, samples["references"], ("bleu",), samples=10
    )
    assert [row.difference for row in rows] == pytest.approx(
        [x - y for x, y in zip(a.values, b.values, strict=True)]
    )


class MeanLength(Metric):
    """The mean number of words of the hypotheses."""

    names = ("length",)

    def statistics(self, corpus):
        lengths = corpus.texts.lengths[corpus.texts.hypothesis].astype(float)
        return np.stack([lengths, np.ones_like(lengths)], axis=1)

    def aggregate(self, totals):
        return totals[..., :1] / totals[..., 1:]

    def signature(self, corpus):
        return "length"


def test_the_p_value_is_that_of_a_two_sided_normal_test():
    """The p-value of a paired bootstrap on a mean agrees with a two-sided normal test."""
    generator = np.random.default_rng(4)
    lengths = generator.integers(10, 20, (2, 80)) + np.array([[0], [1]])
    systems = {
        name: ["a " * length for length in row]
        for name, row in zip("ab", lengths.tolist(), strict=True)
    }
    differences = lengths[0] - lengths[1]
    z = abs(differences.mean()) / (differences.std() / math.sqrt(80))
    expected = 2 * (1 - NormalDist().cdf(z))
    row = metrics.paired(systems, [["a"]] * 80, [MeanLength()], samples=20_000)[0]
    assert 0.02 < expected < 0.5
    assert row.difference == pytest.approx(differences.mean())
    assert row.p_value == pytest.approx(expected, abs=0.02)


def test_equal_systems_do_not_differ(samples):
    """Two equal systems have difference 0 and p-value 1."""
    systems = {"a": samples["hypotheses"], "b": dict(samples["hypotheses"])}
    row = metrics.paired(systems, samples["references"], ("rouge_l",), samples=100)[0]
    assert (row.difference, row.low, row.high, row.p_value) == (0, 0, 0, 1)


def test_the_order_of_the_ids_does_not_matter(samples):
    """A paired test matches segments by ID instead of position."""
    reverse = dict(reversed(samples["hypotheses"].items()))
    row = metrics.paired(
        {"a": samples["hypotheses"], "b": reverse}, samples["references"], ("rouge_l",), samples=50
    )[0]
    assert (row.low, row.high) == pytest.approx((0, 0), abs=1e-12)


def test_all_pairs_of_systems_are_compared(samples):
    """A paired test compares all pairs of systems."""
    systems = dict.fromkeys("abc", samples["hypotheses"])
    rows = metrics.paired(systems, samples["references"], ("rouge_l",), samples=2)
    assert [(row.a, row.b) for row in rows] == [("a", "b"), ("a", "c"), ("b", "c")]


def test_one_system_raises(samples):
    """A paired test of a single system raises an ArgumentError."""
    with pytest.raises(ArgumentError, match=r"at least two systems\. Received: 1"):
        metrics.paired({"one": samples["hypotheses"]}, samples["references"])


def test_systems_with_different_ids_raise(samples):
    """A paired test of systems with different IDs raises an ArgumentError."""
    with pytest.raises(ArgumentError, match=r"the same ids in every system\. Received: a with 60"):
        metrics.paired(
            {"a": samples["hypotheses"], "b": {"1": "x"}}, samples["references"], subset=True
        )


def test_group_interval_equals_resampling_of_whole_groups():
    """The interval over groups agrees with naive resampling of whole groups."""
    generator = np.random.default_rng(0)
    groups = [f"video {number}" for number in generator.integers(12, size=80)]
    values = (generator.random(80) < 0.6).astype(float)
    members = {
        name: [value for value, group in zip(values, groups, strict=True) if group == name]
        for name in groups
    }
    draws = [
        np.concatenate(
            [members[name] for name in generator.choice(sorted(members), len(members))]
        ).mean()
        for _ in range(5_000)
    ]
    interval = metrics.group_interval(values, groups, samples=20_000)
    assert interval.value == pytest.approx(values.mean())
    assert (interval.low, interval.high) == pytest.approx(
        np.percentile(draws, [2.5, 97.5]), abs=0.01
    )


def test_large_groups_weigh_more():
    """The mean of an interval over groups weights each group by its number of clips."""
    interval = metrics.group_interval([1.0] * 9 + [0.0], [*"aaaaaaaaab"])
    assert interval == ("mean", 0.9, 0.0, 1.0)


def test_correlated_clips_widen_the_interval():
    """If the clips of each group are equal, the interval is that of one clip per group."""
    values = np.repeat([1.0, 0.0], 50)
    groups = [str(number // 10) for number in range(100)]
    grouped = metrics.group_interval(values, groups, samples=8000)
    margin = 1.96 * 0.5 / math.sqrt(10)
    assert grouped.high - grouped.low == pytest.approx(2 * margin, rel=0.1)


def test_group_interval_uses_2000_samples_and_seed_0_by_default():
    """By default, the interval over groups uses 2,000 samples with seed 0."""
    arguments = (np.linspace(0, 1, 30) ** 2, [*"abcdefghij" * 3])
    default = metrics.group_interval(*arguments)
    assert default == metrics.group_interval(*arguments, samples=2000, seed=0)
    assert default != metrics.group_interval(*arguments, samples=1999)
    assert default != metrics.group_interval(*arguments, seed=1)


def test_the_order_of_the_clips_does_not_matter():
    """The interval over groups does not depend on the order of the clips."""
    values, groups = [*np.linspace(0, 1, 30)], [*"abcdefghij" * 3]
    forward = metrics.group_interval(values, groups)
    backward = metrics.group_interval(values[::-1], groups[::-1])
    assert forward[1:] == pytest.approx(backward[1:])


def test_one_group_has_no_interval():
    """A single group has no interval."""
    assert metrics.group_interval([1.0, 0.0], ["a", "a"]) == ("mean", 0.5, None, None)


@pytest.mark.parametrize(
    ("values", "groups", "message"),
    [
        ([1.0, 0.0], ["a"], r"a group for each of M clips. Received: values \(2,\), 1 groups"),
        ([1.0, math.nan], ["a", "b"], "1 values that are not finite"),
        ([1.0, 0.0], "ab", "a group for each"),
        ([], [], r"Received: values \(0,\), 0 groups"),
    ],
)
def test_group_interval_of_invalid_arguments_raises(values, groups, message):
    """Invalid values or groups raise an ArgumentError."""
    with pytest.raises(ArgumentError, match=message):
        metrics.group_interval(values, groups)


def test_group_differences_are_those_of_means_over_drawn_groups():
    """The difference, its interval and its p-value equal those of a loop over drawn groups."""
    values = {"a": np.array([1, 1, 0, 1, 1.0]), "b": np.array([0, 1, 0, 0, 1.0])}
    groups = ["x", "x", "y", "z", "z"]
    (row,) = metrics.group_differences("top_1", values, groups, samples=50, seed=3)
    clips = [[0, 1], [2], [3, 4]]
    drawn = np.random.default_rng(3).integers(3, size=(50, 3))
    expected = np.array(
        [
            np.concatenate([(values["a"] - values["b"])[clips[group]] for group in draw]).mean()
            for draw in drawn
        ]
    )
    assert row.difference == pytest.approx(0.4)
    assert [row.low, row.high] == pytest.approx(np.percentile(expected, [2.5, 97.5]).tolist())
    extreme = np.abs(expected - expected.mean()) >= 0.4
    assert row.p_value == pytest.approx((extreme.sum() + 1) / 51)
    assert metrics.group_differences("top_1", values, ["x"] * 5) == []
