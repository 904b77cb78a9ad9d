"""Is a captioner alive? What its sentences are like, beside how well they score.

A model that says the same of every picture (collapse) can score well; these numbers show it.
Distinct-n: Li et al., "A Diversity-Promoting Objective Function for Neural Conversation Models", NAACL 2016, section 5.
mBLEU: Wang and Chan, "Describing like Humans", CVPR 2019, section 2, across the sentences of different pictures.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from itertools import chain, pairwise
from typing import Any, NamedTuple

import numpy as np

from lrcn_seq.errors import ArgumentError
from lrcn_seq.metrics._tokenizing import tokenize_texts
from lrcn_seq.metrics.bleu import coco_bleu

# A word that no tokenization takes apart stands for the unknown word, which may be written <unk>.
UNKNOWN = "lrcnunknownword"


class Health(NamedTuple):
    """Shares are 0–1. What was not asked for is None.

    distinct_captions: different sentences ÷ sentences · most_common: sentences equal to the most common one, ÷ sentences · distinct_1, distinct_2: different n-grams ÷ n-grams ·
    repetition: words equal to the word before them, or closing a bigram that the sentence had already, ÷ words ·
    mean, shortest and longest length in words · empty: sentences without words · vocabulary: different words ·
    novel: sentences that are no training caption · unknown: words that are the unknown word, ÷ words · mbleu_4: BLEU-4 of sentences against the others.
    """

    count: int
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
    """What the sentences of one system are like.

    Arguments:
        training_captions: sentences of the training set, for the share of novel ones.
        unknown: the word that stands for unknown words, as it is written in the sentences.
        sample: mBLEU looks at this many sentences, each against the others of them.

    Raises:
        ArgumentError: no sentence, or something other than sentences.
    """
    sentences = list(hypotheses.values()) if isinstance(hypotheses, Mapping) else list(hypotheses)
    if (
        isinstance(hypotheses, str)
        or not sentences
        or not all(isinstance(sentence, str) for sentence in sentences)
    ):
        raise ArgumentError(
            f"hypotheses: expected one sentence or more, by id or as a list. Received: {hypotheses!r:.80}."
        )
    marked = (
        [re.sub(rf"(?<!\w){re.escape(unknown)}(?!\w)", UNKNOWN, sentence) for sentence in sentences]
        if unknown
        else sentences
    )
    texts = tokenize_texts(marked, tokenize)
    words = [text.split() for text in texts]
    pairs = [list(pairwise(row)) for row in words]
    lengths = [len(row) for row in words]
    total = max(sum(lengths), 1)
    vocabulary = set(chain.from_iterable(words)) - {UNKNOWN}
    known = (
        None
        if training_captions is None
        else {" ".join(text.split()) for text in tokenize_texts(list(training_captions), tokenize)}
    )
    return Health(
        count=len(texts),
        distinct_captions=len(set(texts)) / len(texts),
        most_common=Counter(texts).most_common(1)[0][1] / len(texts),
        distinct_1=len(set(chain.from_iterable(words))) / total,
        distinct_2=len(set(chain.from_iterable(pairs))) / max(sum(map(len, pairs)), 1),
        repetition=sum(map(repeats, pairs)) / total,
        mean_length=sum(lengths) / len(lengths),
        min_length=min(lengths),
        max_length=max(lengths),
        empty=lengths.count(0) / len(lengths),
        vocabulary=len(vocabulary),
        unknown=sum(row.count(UNKNOWN) for row in words) / total if unknown else None,
        novel=None
        if known is None
        else sum(" ".join(row) not in known for row in words) / len(words),
        mbleu_4=mutual_bleu(words, sample=sample, seed=seed),
    )


def repeats(pairs: Sequence[tuple[str, str]]) -> int:
    """Bigrams of one sentence that are a doubled word or were there before."""
    seen: set[tuple[str, str]] = set()
    doubled = sum(first == second for first, second in pairs)
    for pair in pairs:
        if pair[0] != pair[1]:
            doubled += pair in seen
            seen.add(pair)
    return doubled


def mutual_bleu(
    sentences: Sequence[Sequence[str]], *, sample: int = 500, seed: int = 0, order: int = 4
) -> float | None:
    """BLEU of each sentence against all others of a sample, as one corpus score; None for fewer than two sentences."""
    if len(sentences) < 2:
        return None
    chosen = np.random.default_rng(seed).permutation(len(sentences))[:sample]
    rows = [sentences[place] for place in sorted(chosen.tolist())]
    lengths = np.array([len(row) for row in rows])
    matches, guesses = (
        np.zeros(order),
        np.array([np.maximum(lengths - n, 0).sum() for n in range(order)], np.float64),
    )
    for n in range(1, order + 1):
        counts = [count_of(row, n) for row in rows]
        best = highest_two(counts)
        for row in counts:
            for gram, count in row.items():
                top, second, holders = best[gram]
                others = second if count == top and holders == 1 else top
                matches[n - 1] += min(count, others)
    wanted = sum(closest_other(lengths, place) for place in range(len(rows)))
    return float(
        coco_bleu(matches, guesses, lengths.sum(keepdims=True), np.array([wanted]), exact=False)[-1]
    )


def count_of(words: Sequence[str], n: int) -> dict[tuple[str, ...], int]:
    """N-grams of a sentence with how often each occurs."""
    counts: dict[tuple[str, ...], int] = {}
    for gram in zip(*(words[shift:] for shift in range(n)), strict=False):
        counts[gram] = counts.get(gram, 0) + 1
    return counts


def highest_two(
    counts: Sequence[Mapping[tuple[str, ...], int]],
) -> dict[tuple[str, ...], tuple[int, int, int]]:
    """For each n-gram the highest count in a sentence, the next lower one, and how many sentences have the highest."""
    best: dict[tuple[str, ...], tuple[int, int, int]] = {}
    for row in counts:
        for gram, count in row.items():
            top, second, holders = best.get(gram, (0, 0, 0))
            if count > top:
                best[gram] = (count, top, 1)
            elif count == top:
                best[gram] = (top, second, holders + 1)
            elif count > second:
                best[gram] = (top, count, holders)
    return best


def closest_other(lengths: np.ndarray, place: int) -> int:
    """The length, among the other sentences, closest to that of one; the shorter of two."""
    others = np.delete(lengths, place)
    return int(others[np.lexsort((others, np.abs(others - lengths[place])))[0]])
