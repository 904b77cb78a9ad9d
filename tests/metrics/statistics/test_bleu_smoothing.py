"""The BLEU variants of NLTK and sacreBLEU compared with these packages."""

import math
from fractions import Fraction
from unittest import mock

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lrcn_seq import metrics
from lrcn_seq.metrics.bleu import SMOOTHING
from lrcn_seq.metrics.statistics.bleu_smoothing import averaged, interpolated, nltk_bleu, sacre_bleu
from tests.metrics.caption_cases import ROWS, columns

bleu_score = pytest.importorskip("nltk.translate.bleu_score")


WEIGHTS = [tuple([1 / n] * n) for n in range(1, 5)]
ignores_zero_counts = pytest.mark.filterwarnings(
    r"ignore:\sThe hypothesis contains 0 counts:UserWarning"
)


def nltk_scores(rows, smoothing):
    """Return BLEU-1 to BLEU-4 of NLTK; None if its method 6 finds no common trigram.

    Args:
        rows: hypotheses with their references.
        smoothing: name of a method, or a smoothing function.
    """
    function = getattr(bleu_score.SmoothingFunction(), smoothing, None)
    hypotheses, references = columns(rows)
    try:
        return bleu_score.corpus_bleu(
            [[text.split() for text in group] for group in references],
            [text.split() for text in hypotheses],
            weights=WEIGHTS,
            smoothing_function=function,
        )
    except AssertionError:
        return None


def our_scores(rows, smoothing, order=4):
    """Return the score of the variant `nltk`."""
    hypotheses, references = columns(rows)
    options = {"variant": "nltk", "smoothing": smoothing, "order": order}
    return metrics.bleu(hypotheses, references, tokenize="none", **options)


@ignores_zero_counts
@settings(max_examples=80, deadline=None)
@given(ROWS, st.sampled_from(SMOOTHING["nltk"][:5]))
def test_methods_0_to_4_equal_nltk(rows, smoothing):
    """Methods 0 to 4 give the values of NLTK's `corpus_bleu` for any number of sentences."""
    assert our_scores(rows, smoothing).values == pytest.approx(
        nltk_scores(rows, smoothing), abs=1e-12
    )


@ignores_zero_counts
@settings(max_examples=80, deadline=None)
@given(ROWS, st.sampled_from(SMOOTHING["nltk"]))
def test_sentence_scores_equal_nltk(rows, smoothing):
    """The score of each sentence equals that of NLTK for all eight methods."""
    score = our_scores(rows, smoothing)
    for number, row in enumerate(rows):
        expected = nltk_scores([row], smoothing)
        if expected is not None:
            assert score.table[number] == pytest.approx(expected, abs=1e-12)


def with_corpus_statistics(rows, smoothing):
    """Return the scores that NLTK would give if its methods 5 to 7 used all sentences."""
    texts = [(text.split(), [t.split() for t in references]) for text, references in rows]
    precisions = [bleu_score.modified_precision(group, text, 5) for text, group in texts]
    fifth = Fraction(
        sum(p.numerator for p in precisions),
        sum(p.denominator for p in precisions),
    )
    method = getattr(bleu_score.SmoothingFunction(), smoothing)

    def count(_, n):
        return range(sum(max(len(text) - n + 1, 0) for text, _ in texts))

    def smooth(p_n, **arguments):
        with (
            mock.patch.object(bleu_score, "modified_precision", lambda *_: fifth),
            mock.patch.object(bleu_score, "ngrams", count),
        ):
            return method(p_n, **arguments)

    with mock.patch.object(
        bleu_score.SmoothingFunction, smoothing, lambda _, *a, **k: smooth(*a, **k)
    ):
        return nltk_scores(rows, smoothing)


@settings(max_examples=80, deadline=None)
@given(ROWS, st.sampled_from(SMOOTHING["nltk"][5:]))
def test_methods_5_to_7_use_the_statistics_of_all_sentences(rows, smoothing):
    """Methods 5 to 7 are NLTK's formulas, applied to the statistics of all sentences."""
    expected = with_corpus_statistics(rows, smoothing)
    if expected is not None:
        assert our_scores(rows, smoothing).values == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("smoothing", SMOOTHING["nltk"][5:])
def test_methods_5_to_7_of_nltk_depend_on_the_order_of_sentences(smoothing):
    """Swapping two sentences changes the score of NLTK, but not the score of this library."""
    rows = [("a b c d e f", ["a b c d e g"]), ("a b c", ["a b c d"])]
    ours, theirs = (
        [compute(given, smoothing) for given in (rows, rows[::-1])]
        for compute in (lambda *a: our_scores(*a).values, nltk_scores)
    )
    assert ours[0] == ours[1]
    assert abs(theirs[0][-1] - theirs[1][-1]) > 0.01


def test_method_5_uses_the_order_above_the_last():
    """With `order` 2, method 5 averages bigrams with trigrams, whereas NLTK takes 5-grams."""
    score = our_scores([("a b c d", ["a b c e"])], "method5", order=2)
    first, second, third = 3 / 4, 2 / 3, 1 / 2
    smoothed = (first + 1 + first + second) / 3
    smoothed = [smoothed, (smoothed + second + third) / 3]
    assert score.value == pytest.approx(math.sqrt(math.prod(smoothed)))


def test_method_6_gives_a_score_without_a_common_trigram():
    """Method 6 estimates the missing trigrams of "a b x", whereas NLTK raises an error."""
    rows = [("a b x", ["a b c"])]
    assert nltk_scores(rows, "method6") is None
    p1, p2 = 2 / 3, 1 / 2
    p3 = 5 * (p2**2 / p1) / (1 + 5)
    p4 = 5 * (p3**2 / p2) / (0 + 5)
    assert our_scores(rows, "method6").value == pytest.approx((p1 * p2 * p3 * p4) ** 0.25)


@settings(max_examples=60, deadline=None)
@given(ROWS, st.sampled_from(SMOOTHING["sacrebleu"]), st.booleans())
def test_sacrebleu_variant_equals_sacrebleu(rows, smoothing, effective_order):
    """With each smoothing method of sacreBLEU, BLEU is 1/100 of the score of sacreBLEU."""
    sacrebleu = pytest.importorskip("sacrebleu")
    most = max(len(references) for _, references in rows)
    rows = [
        (hypothesis, references + references[-1:] * (most - len(references)))
        for hypothesis, references in rows
    ]
    hypotheses, references = columns(rows)
    scorer = sacrebleu.BLEU(
        tokenize="none", smooth_method=smoothing, effective_order=effective_order, force=True
    )
    score = metrics.bleu(
        hypotheses,
        references,
        tokenize="none",
        variant="sacrebleu",
        smoothing=smoothing,
        effective_order=effective_order,
    )
    streams = list(zip(*references, strict=True))
    corpus = scorer.corpus_score(hypotheses, streams).score / 100
    sentences = [scorer.sentence_score(*row).score / 100 for row in rows]
    assert score.value == pytest.approx(corpus, abs=1e-12)
    assert score.table[:, -1] == pytest.approx(sentences, abs=1e-12)


def test_leading_axes_are_independent_corpora():
    """Each row of a stack of BLEU statistics is scored independently."""
    generator = np.random.default_rng(0)
    guesses = np.sort(generator.integers(4, 30, (7, 5)), axis=-1)[:, ::-1].astype(float)
    matches = np.floor(guesses * generator.random((7, 5)))
    words, reference_words = guesses[:, :1], guesses[:, :1] + 2
    stacked = nltk_bleu(matches, guesses, words, reference_words, method=4)
    for row in range(7):
        single = nltk_bleu(matches[row], guesses[row], words[row], reference_words[row], method=4)
        assert stacked[row] == pytest.approx(single)


def test_method_5_averages_neighbors():
    """NLTK's method 5 averages each precision with its neighbors."""
    smoothed = averaged(np.array([0.5, 0.25]), np.array(0.125))
    assert smoothed == pytest.approx([0.75, (0.75 + 0.25 + 0.125) / 3])


def test_method_6_interpolates_from_the_third_order():
    """NLTK's method 6 interpolates precisions from the third order on with p2² / p1."""
    smoothed = interpolated(
        np.array([0.5, 0.25, 0.0]), np.array([2.0, 1, 1]), np.array([4.0, 4, 3])
    )
    assert smoothed == pytest.approx([0.5, 0.25, (1 + 5 * 0.125) / 8])


def test_sacrebleu_exp_smoothing_halves_per_order_without_a_match():
    """sacreBLEU's `exp` smoothing replaces the first zero count by 1/2, the second by 1/4 etc."""
    value = sacre_bleu(
        np.array([3.0, 0, 0]),
        np.array([3.0, 2, 1]),
        np.array([3.0]),
        np.array([3.0]),
        smoothing="exp",
        effective_order=False,
    )
    assert value[-1] == pytest.approx(math.prod([1, 0.5 / 2, 0.25]) ** (1 / 3))
