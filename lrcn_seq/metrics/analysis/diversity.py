"""Diversity of generated sentences, independent of references.

The values reveal a collapse: a model that gives every image the same caption can still score well.

Distinct-n: Li et al., "A Diversity-Promoting Objective Function for Neural Conversation Models",
NAACL 2016, section 5. mBLEU: Wang and Chan, "Describing like Humans", CVPR 2019, section 2, here
across the captions of different images.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from itertools import chain, pairwise
from typing import Any, NamedTuple

import numpy as np

from lrcn_seq.errors import ArgumentError
from lrcn_seq.metrics.bleu import coco_bleu
from lrcn_seq.metrics.statistics.array_types import IntArray
from lrcn_seq.metrics.statistics.tokenization import tokenize_texts

# Stands for the unknown token (such as <unk>), which a tokenization could split.
UNKNOWN = "lrcnunknownword"

Words = Sequence[str]
Ngram = tuple[str, ...]


class Health(NamedTuple):
    """Diversity of the sentences of one system; shares are 0–1.

    Attributes:
        count: number of sentences.
        distinct_captions: distinct sentences ÷ sentences.
        most_common: sentences equal to the most common one ÷ sentences.
        distinct_1: distinct words ÷ words.
        distinct_2: distinct bigrams ÷ bigrams.
        repetition: words that equal the previous word or end a bigram that occurred before in the
            sentence ÷ words.
        mean_length: mean length in words.
        min_length: length of the shortest sentence.
        max_length: length of the longest sentence.
        empty: sentences without words ÷ sentences.
        vocabulary: number of distinct words.
        unknown: unknown tokens ÷ words; None if no unknown token is given.
        novel: sentences that are not training captions ÷ sentences; None without training captions.
        mbleu_4: BLEU-4 of the sentences against each other; None for a single sentence.
    """

    count: int  # type: ignore[assignment]  # a field of this name replaces tuple.count
    distinct_captions: float
    most_common: float
    distinct_1: float
    distinct_2: float
    repetition: float
    mean_length: float
    min_length: int
    max_length: int
    empty: float
    vocabulary: int
    unknown: float | None
    novel: float | None
    mbleu_4: float | None


def health(
    hypotheses: Mapping[Any, str] | Sequence[str],
    *,
    training_captions: Collection[str] | None = None,
    unknown: str | None = None,
    tokenize: str = "ptb",
    sample: int = 500,
    seed: int = 0,
) -> Health:
    """Compute the diversity of the sentences of one system.

    Args:
        hypotheses: one sentence per id, or a list.
        training_captions: captions of the training set, for the share of novel sentences.
        unknown: the unknown token as it appears in the sentences.
        tokenize: `ptb` (COCO evaluation code), `13a` (sacreBLEU) or `none`.
        sample: number of randomly drawn sentences that mBLEU compares with each other.
        seed: seed of the sample.

    Raises:
        ArgumentError: there is no sentence, or an item is not a string.
    """
    sentences = checked_sentences(hypotheses)
    if unknown:
        token = re.compile(rf"(?<!\w){re.escape(unknown)}(?!\w)")
        sentences = [token.sub(UNKNOWN, sentence) for sentence in sentences]
    texts = tokenize_texts(sentences, tokenize)
    words = [text.split() for text in texts]
    bigrams = [list(pairwise(row)) for row in words]
    lengths = [len(row) for row in words]
    total = max(sum(lengths), 1)
    return Health(
        count=len(texts),
        distinct_captions=len(set(texts)) / len(texts),
        most_common=Counter(texts).most_common(1)[0][1] / len(texts),
        distinct_1=len(set(chain.from_iterable(words))) / total,
        distinct_2=len(set(chain.from_iterable(bigrams))) / max(sum(map(len, bigrams)), 1),
        repetition=sum(map(repetitions, bigrams)) / total,
        mean_length=sum(lengths) / len(lengths),
        min_length=min(lengths),
        max_length=max(lengths),
        empty=lengths.count(0) / len(lengths),
        vocabulary=len(set(chain.from_iterable(words)) - {UNKNOWN}),
        unknown=sum(row.count(UNKNOWN) for row in words) / total if unknown else None,
        novel=novel_share(words, training_captions, tokenize),
        mbleu_4=mutual_bleu(words, sample=sample, seed=seed),
    )


def checked_sentences(hypotheses: object) -> list[str]:
    """Return hypotheses as a list; raise ArgumentError unless they are one or more sentences."""
    if isinstance(hypotheses, Mapping):
        sentences = list(hypotheses.values())
    elif isinstance(hypotheses, Sequence) and not isinstance(hypotheses, str):
        sentences = list(hypotheses)
    else:
        sentences = []
    if not sentences or not all(isinstance(sentence, str) for sentence in sentences):
        raise ArgumentError(
            "hypotheses: expected one sentence or more, by id or as a list. "
            f"Received: {hypotheses!r:.80}."
        )
    return sentences


def novel_share(
    words: Sequence[Words], training_captions: Collection[str] | None, tokenize: str
) -> float | None:
    """Return the share of sentences that no training caption equals; None without such captions."""
    if training_captions is None:
        return None
    captions = tokenize_texts(list(training_captions), tokenize)
    training = {" ".join(caption.split()) for caption in captions}
    return sum(" ".join(row) not in training for row in words) / len(words)


def repetitions(bigrams: Sequence[tuple[str, str]]) -> int:
    """Count the bigrams of a sentence that consist of equal words or repeat an earlier bigram."""
    doubled = sum(first == second for first, second in bigrams)
    others = [bigram for bigram in bigrams if bigram[0] != bigram[1]]
    return doubled + len(others) - len(set(others))


def mutual_bleu(
    sentences: Sequence[Words], *, sample: int = 500, seed: int = 0, order: int = 4
) -> float | None:
    """Return the corpus BLEU of randomly drawn sentences, each against all others drawn.

    Args:
        sentences: words of each sentence.
        sample: largest number of sentences to draw.
        seed: seed of the sample.
        order: length of the longest n-grams.

    Returns:
        BLEU-`order`, or None for fewer than two sentences.
    """
    if len(sentences) < 2:
        return None
    drawn = np.random.default_rng(seed).permutation(len(sentences))[:sample]
    rows = [sentences[index] for index in sorted(drawn.tolist())]
    lengths = np.array([len(row) for row in rows], np.int64)
    matches = [mutual_matches(rows, n) for n in range(1, order + 1)]
    guesses = [np.maximum(lengths - n, 0).sum() for n in range(order)]
    reference_words = sum(closest_length(lengths, row) for row in range(len(rows)))
    values = coco_bleu(
        np.array(matches, np.float64),
        np.array(guesses, np.float64),
        np.array([lengths.sum()], np.float64),
        np.array([reference_words], np.float64),
        smoothed=True,
    )
    return float(values[-1])


def mutual_matches(rows: Sequence[Words], n: int) -> int:
    """Return the number of clipped n-gram matches of each sentence with all others, summed."""
    counts = [Counter(zip(*(row[shift:] for shift in range(n)), strict=False)) for row in rows]
    highest = highest_counts(counts)
    matches = 0
    for row_counts in counts:
        for ngram, count in row_counts.items():
            top, second, holders = highest[ngram]
            in_others = second if count == top and holders == 1 else top
            matches += min(count, in_others)
    return matches


def highest_counts(counts: Sequence[Mapping[Ngram, int]]) -> dict[Ngram, tuple[int, int, int]]:
    """Return the highest and second-highest count of each n-gram in any sentence.

    The third number counts the sentences in which the n-gram has the highest count.
    """
    highest: dict[Ngram, tuple[int, int, int]] = {}
    for row_counts in counts:
        for ngram, count in row_counts.items():
            top, second, holders = highest.get(ngram, (0, 0, 0))
            if count > top:
                highest[ngram] = (count, top, 1)
            elif count == top:
                highest[ngram] = (top, second, holders + 1)
            elif count > second:
                highest[ngram] = (top, count, holders)
    return highest


def closest_length(lengths: IntArray, row: int) -> int:
    """Return the other length that is closest to `lengths[row]`, the shorter one in a tie."""
    others = np.delete(lengths, row)
    return int(others[np.lexsort((others, np.abs(others - lengths[row])))[0]])
