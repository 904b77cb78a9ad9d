"""METEOR 1.5: harmonic mean of aligned precision and recall, less fragmentation.

Denkowski and Lavie, "Meteor Universal: Language Specific Translation Evaluation for Any Target Language", WMT 2014, section 2.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal

import numpy as np

from lrcn_seq.metrics._corpus import Corpus
from lrcn_seq.metrics._ngrams import starts
from lrcn_seq.metrics.alignment.matching import EXACT, Matcher, Sentence
from lrcn_seq.metrics.alignment.normalizer import normalize
from lrcn_seq.metrics.alignment.paraphrases import open_paraphrases
from lrcn_seq.metrics.alignment.search import Match, make_match, resolve
from lrcn_seq.metrics.alignment.tables import meteor_folder, open_tables
from lrcn_seq.metrics.base import Metric
from lrcn_seq.registry import metrics

# The English parameters of the ranking task, which the COCO evaluation code uses.
ALPHA, BETA, GAMMA, DELTA = 0.85, 0.2, 0.6, 0.75
WEIGHTS = (1.0, 0.6, 0.8, 0.6)


@metrics.register
class Meteor(Metric):
    """METEOR with the English parameters.

    Arguments:
        stages: `all` matches words that are equal, of one stem, synonyms or paraphrases, by the tables of the package pycocoevalcap
            (no Java; the first use compiles them). `exact_stem` needs no tables; it is not METEOR and its score has another name.
    """

    def __init__(self, stages: Literal["all", "exact_stem"] = "all"):
        self.stages = stages

    @property
    def names(self) -> tuple[str, ...]:
        return ("meteor",) if self.stages == "all" else ("meteor_exact_stem",)

    def statistics(self, corpus: Corpus) -> np.ndarray:
        """Columns, of the hypothesis and then of the reference that suits it best: words, function words; then content and function words matched by stage; chunks."""
        folder = meteor_folder() if self.stages == "all" else None
        tables = open_tables(folder / "meteor-1.5.jar") if folder else None
        with collector_paused():
            texts = [
                normalize(text, tables.prefixes if tables else {}) for text in prepared(corpus)
            ]
            matcher = Matcher(
                texts,
                tables,
                open_paraphrases(folder / "data" / "paraphrase-en.gz") if folder else None,
            )
            function = [
                tables is not None and word in tables.function_words for word in matcher.vocabulary
            ]
            rows = []
            for sentence, own in zip(
                matcher.sentences, corpus.texts.hypothesis.tolist(), strict=True
            ):
                if own:
                    hypothesis = sentence
                else:
                    rows.append(
                        counts(
                            hypothesis,
                            sentence,
                            *resolve_pair(matcher, hypothesis, sentence),
                            function,
                        )
                    )
            return best_rows(
                np.array(rows, np.float64),
                self.aggregate,
                corpus.texts.image[~corpus.texts.hypothesis],
            )

    def aggregate(self, totals: np.ndarray) -> np.ndarray:
        words, function_words = totals[..., 0:2], totals[..., 2:4]
        content, function = (
            totals[..., 4:12].reshape(*totals.shape[:-1], 2, 4),
            totals[..., 12:20].reshape(*totals.shape[:-1], 2, 4),
        )
        chunks, matched = totals[..., 20], (content + function).sum(axis=-1)
        weighted = np.zeros_like(words)
        # Summed one by one, as the original does: references that tie but for the last bit must tie alike.
        for part, share in ((content, DELTA), (function, 1 - DELTA)):
            for stage, weight in enumerate(WEIGHTS):
                weighted = weighted + part[..., stage] * weight * share
        with np.errstate(divide="ignore", invalid="ignore"):
            precision, recall = np.moveaxis(
                weighted / (DELTA * (words - function_words) + (1 - DELTA) * function_words), -1, 0
            )
            mean = 1 / ((1 - ALPHA) / precision + ALPHA / recall)
            fragmentation = chunks / (matched.sum(axis=-1) / 2)
            score = mean * (1 - GAMMA * fragmentation**BETA)
        return np.maximum(np.nan_to_num(score, nan=0.0), 0.0)[..., None]

    def signature(self, corpus: Corpus) -> str:
        return f"{self.names[0]}|version:1.5|language:en|task:rank|normalized|stages:{self.stages}|tokenize:{corpus.tokenize}|refs:{corpus.references_in_words()}|n:{len(corpus)}"


@contextmanager
def collector_paused() -> Iterator[None]:
    """Without Python's cyclic collector, which would walk through millions of small objects again and again: half the time."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def prepared(corpus: Corpus) -> list[str]:
    """The texts as the COCO code hands them over."""
    return [
        text.replace("|||", "").replace("  ", " ") if own else text
        for text, own in zip(corpus.in_order(), corpus.texts.hypothesis.tolist(), strict=True)
    ]


def resolve_pair(
    matcher: Matcher, hypothesis: Sentence, reference: Sentence
) -> tuple[list[Match], int]:
    """The matches kept and their chunks; of equal sentences word by word, which is what a search among equal words finds, too."""
    if hypothesis.words == reference.words:
        return [
            make_match(place, 1, place, 1, stage=EXACT) for place in range(len(reference.words))
        ], min(len(reference.words), 1)
    return resolve(matcher.candidates(hypothesis, reference))


def counts(
    hypothesis: Sentence, reference: Sentence, kept: list[Match], chunks: int, function: list[bool]
) -> list[int]:
    """One row of statistics."""
    row = [0] * 21
    row[0], row[1] = len(hypothesis.words), len(reference.words)
    row[2] = sum([function[word] for word in hypothesis.words])
    row[3] = sum([function[word] for word in reference.words])
    for match in kept:
        for word in hypothesis.words[match.first : match.last]:
            row[(12 if function[word] else 4) + match.stage] += 1
        for word in reference.words[match.start : match.end]:
            row[(16 if function[word] else 8) + match.stage] += 1
    # A sentence that matches as a whole has no fragments, in its own score and in that of the corpus.
    whole = (
        chunks == 1
        and sum(row[4:8]) + sum(row[12:16]) == row[0]
        and sum(row[8:12]) + sum(row[16:20]) == row[1]
    )
    row[20] = 0 if whole else chunks
    return row


def best_rows(rows: np.ndarray, score, image: np.ndarray) -> np.ndarray:
    """(I, K): of the rows of each image the first of those that score highest."""
    order = np.lexsort((np.arange(len(rows)), -score(rows)[:, 0], image))
    return rows[order[starts(image[order])]]
