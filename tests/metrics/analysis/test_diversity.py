"""The diversity values of captions."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lrcn_seq import metrics
from lrcn_seq.errors import ArgumentError
from lrcn_seq.metrics.analysis.diversity import mutual_bleu

COLLAPSED = ["a man on a horse"] * 20
VARIED = [f"w{n} x{n} y{n} z{n} v{n}" for n in range(20)]


def test_collapse_shows_in_every_figure():
    """If all captions are equal, the share of distinct captions is minimal and mBLEU is 1."""
    health = metrics.health(COLLAPSED)
    assert (health.count, health.distinct_captions, health.most_common) == (20, 1 / 20, 1)
    assert (health.distinct_1, health.distinct_2) == (4 / 100, 4 / 80)
    assert health.vocabulary == 4
    assert health.mbleu_4 == pytest.approx(1, abs=1e-6)


def test_varied_sentences_have_the_opposite_figures():
    """If captions share no word, all are distinct and mBLEU is 0."""
    health = metrics.health(VARIED)
    assert (health.distinct_captions, health.most_common) == (1, 1 / 20)
    assert (health.distinct_1, health.distinct_2, health.vocabulary) == (1, 1, 100)
    assert health.mbleu_4 < 1e-6


def test_sentences_are_compared_after_tokenization():
    """Captions that differ only in case and punctuation are equal."""
    health = metrics.health(["A dog.", "a cat", "a dog"])
    assert (health.most_common, health.distinct_captions) == (2 / 3, 2 / 3)


def test_lengths_are_in_words():
    """Caption lengths are counted in words; `empty` is the share of captions without words."""
    health = metrics.health(["a dog runs", "a", "", "a b c d"])
    assert (health.mean_length, health.min_length, health.max_length) == (2, 0, 4)
    assert health.empty == 1 / 4


@pytest.mark.parametrize(
    ("sentence", "repeated"),
    [
        ("a dog dog runs", 1),
        ("a b a b", 1),
        ("a b a b a b", 3),
        ("a a a", 2),
        ("a dog and a cat", 0),
        ("a b c a b d b c", 2),
    ],
)
def test_repetition_counts_doubled_words_and_repeated_bigrams(sentence, repeated):
    """Repetition is the share of words that repeat the previous word or end a repeated bigram."""
    assert metrics.health([sentence]).repetition == repeated / len(sentence.split())


def test_unknown_tokens_are_counted_as_words():
    """An unknown token counts as a word but is not part of the vocabulary."""
    health = metrics.health(["a <unk> cat", "x<unk>y"], unknown="<unk>", tokenize="none")
    assert health.unknown == 1 / 4
    assert health.vocabulary == 3


def test_novel_sentences_are_not_training_captions():
    """A caption is novel if no training caption equals it after tokenization."""
    health = metrics.health(
        ["a dog runs", "a cat", "", "a bird"], training_captions=["A cat.", "A dog runs!"]
    )
    assert health.novel == 2 / 4


def test_words_that_contain_the_unknown_token_are_unchanged():
    """A word that contains the unknown token as a part remains unchanged."""
    assert metrics.health(["a hunk"], training_captions=["a hunk"], unknown="unk").novel == 0


def test_figures_without_their_argument_are_none():
    """The values `unknown`, `novel` and `mbleu_4` are None if their inputs are missing."""
    health = metrics.health({"1": "a dog"})
    assert (health.unknown, health.novel, health.mbleu_4) == (None, None, None)


@pytest.mark.parametrize("hypotheses", [[], {}, "a dog", ["a", 3], 7])
def test_invalid_hypotheses_raise(hypotheses):
    """Invalid hypotheses, such as an empty list, raise an ArgumentError."""
    with pytest.raises(ArgumentError, match="expected one sentence or more"):
        metrics.health(hypotheses)


def naive_mutual_bleu(rows):
    """Compute BLEU-4 of each sentence against all others from the definition."""
    bleu = metrics.bleu(
        [" ".join(row) for row in rows],
        [[" ".join(other) for j, other in enumerate(rows) if j != i] for i in range(len(rows))],
        tokenize="none",
    )
    return bleu.value


@settings(max_examples=60, deadline=None)
@given(st.lists(st.lists(st.sampled_from("abc"), max_size=7), min_size=2, max_size=6))
def test_mutual_bleu_equals_bleu_against_all_others(rows):
    """Mutual BLEU is the corpus BLEU-4 with all other sentences as references."""
    assert mutual_bleu(rows) == pytest.approx(naive_mutual_bleu(rows), abs=1e-12)


def test_mutual_bleu_draws_a_sample():
    """The seed of mutual BLEU selects the sentences of its sample."""
    generator = np.random.default_rng(0)
    rows = [generator.choice([*"abcd"], 6).tolist() for _ in range(30)]
    values = Counter(mutual_bleu(rows, sample=5, seed=seed) for seed in range(8))
    assert mutual_bleu(rows, sample=5, seed=3) in values
    assert len(values) > 4
    assert mutual_bleu(rows, sample=30, seed=1) == mutual_bleu(rows)


def test_mutual_bleu_uses_500_sentences_by_default():
    """By default, mutual BLEU uses a sample of 500 sentences with seed 0."""
    rows = [f"w{n % 7} w{n % 11} w{n % 13} w{n % 5} w{n % 3}".split() for n in range(600)]
    assert mutual_bleu(rows) == mutual_bleu(rows, sample=500, seed=0)
    assert mutual_bleu(rows) != mutual_bleu(rows, sample=500, seed=1)
    assert mutual_bleu(rows) != mutual_bleu(rows, sample=499)


def test_health_compares_500_sentences_by_default():
    """By default, mBLEU is computed on 500 sentences that are sampled with seed 0."""
    sentences = [f"w{n % 7} w{n % 11} w{n % 13} w{n % 5} w{n % 3}" for n in range(600)]
    expected = mutual_bleu([sentence.split() for sentence in sentences], sample=500, seed=0)
    assert metrics.health(sentences, tokenize="none").mbleu_4 == expected
