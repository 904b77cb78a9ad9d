"""METEOR 1.5: weighted harmonic mean of aligned precision and recall, with a fragmentation penalty.

Denkowski and Lavie, "Meteor Universal: Language Specific Translation Evaluation for Any Target
Language", WMT 2014, section 2.
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Literal

import numpy as np

from lrcn_seq.metrics.alignment.alignment_search import Match, make_match, resolve
from lrcn_seq.metrics.alignment.matching import EXACT, Matcher, Sentence
from lrcn_seq.metrics.alignment.meteor_tables import meteor_folder, open_tables
from lrcn_seq.metrics.alignment.normalizer import normalize
from lrcn_seq.metrics.alignment.paraphrases import open_paraphrases
from lrcn_seq.metrics.base import Metric
from lrcn_seq.metrics.statistics.array_types import FloatArray, IntArray
from lrcn_seq.metrics.statistics.ngram_counts import run_starts
from lrcn_seq.metrics.statistics.segments import Corpus
from lrcn_seq.registry import metrics

# The English parameters of the ranking task, which the COCO evaluation code uses.
ALPHA, BETA, GAMMA, DELTA = 0.85, 0.2, 0.6, 0.75
WEIGHTS = (1.0, 0.6, 0.8, 0.6)
"""Weights of the stages: exact, stem, synonym, paraphrase."""


@metrics.register
class Meteor(Metric):
    """METEOR with the English parameters.

    Args:
        stages: `all` matches equal words, stems, synonyms and paraphrases with the tables of the
            package pycocoevalcap (without Java; the first use compiles them). `exact_stem` needs no
            tables; its score is not METEOR and has its own name.
    """

    def __init__(self, stages: Literal["all", "exact_stem"] = "all") -> None:
        self.stages = stages

    @property
    def names(self) -> tuple[str, ...]:
        return ("meteor",) if self.stages == "all" else ("meteor_exact_stem",)

    def statistics(self, corpus: Corpus) -> FloatArray:
        """Return (I, 21) statistics of each hypothesis and its best reference.

        The columns are 0-1 words, 2-3 function words, 4-11 matched content words by stage, 12-19
        matched function words by stage (each first for the hypothesis, then for the reference), and
        20 chunks.
        """
        with garbage_collection_paused():
            matcher, function_words = self._matcher(texts_of(corpus))
            is_function = [word in function_words for word in matcher.vocabulary]
            rows = []
            for sentence, is_hypothesis in zip(
                matcher.sentences, corpus.texts.hypothesis.tolist(), strict=True
            ):
                if is_hypothesis:
                    hypothesis = sentence
                else:
                    matches, chunks = align(matcher, hypothesis, sentence)
                    rows.append(pair_statistics(hypothesis, sentence, matches, chunks, is_function))
            image = corpus.texts.image[~corpus.texts.hypothesis]
            return best_rows(np.array(rows, np.float64), self.aggregate, image)

    def aggregate(self, totals: FloatArray) -> FloatArray:
        words, function_words = totals[..., 0:2], totals[..., 2:4]
        content = totals[..., 4:12].reshape(*totals.shape[:-1], 2, 4)
        function = totals[..., 12:20].reshape(*totals.shape[:-1], 2, 4)
        chunks, matched = totals[..., 20], (content + function).sum(axis=-1)
        weighted = np.zeros_like(words)
        # Sum in METEOR's order, so that rounding selects the same one of equally good references.
        for part, share in ((content, DELTA), (function, 1 - DELTA)):
            for stage, weight in enumerate(WEIGHTS):
                weighted = weighted + part[..., stage] * weight * share
        with np.errstate(divide="ignore", invalid="ignore"):
            length = DELTA * (words - function_words) + (1 - DELTA) * function_words
            precision, recall = np.moveaxis(weighted / length, -1, 0)
            mean = 1 / ((1 - ALPHA) / precision + ALPHA / recall)
            fragmentation = chunks / (matched.sum(axis=-1) / 2)
            score = mean * (1 - GAMMA * fragmentation**BETA)
        return np.asarray(np.maximum(np.nan_to_num(score, nan=0.0), 0.0)[..., None])

    def signature(self, corpus: Corpus) -> str:
        return (
            f"{self.names[0]}|version:1.5|language:en|task:rank|normalized|stages:{self.stages}"
            f"|tokenize:{corpus.tokenize}|refs:{corpus.reference_range()}|n:{len(corpus)}"
        )

    def _matcher(self, texts: list[str]) -> tuple[Matcher, frozenset[str]]:
        """Return the matcher of all texts and the function words."""
        if self.stages == "exact_stem":
            return Matcher([normalize(text, {}) for text in texts], None, None), frozenset()
        folder = meteor_folder()
        tables = open_tables(folder / "meteor-1.5.jar")
        paraphrases = open_paraphrases(folder / "data" / "paraphrase-en.gz")
        words = [normalize(text, tables.prefixes) for text in texts]
        return Matcher(words, tables, paraphrases), tables.function_words


@contextmanager
def garbage_collection_paused() -> Iterator[None]:
    """Pause the garbage collector, whose passes would take half of the scoring time."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def texts_of(corpus: Corpus) -> list[str]:
    """Return all texts in the form in which the COCO code passes them to METEOR."""
    return [
        text.replace("|||", "").replace("  ", " ") if is_hypothesis else text
        for text, is_hypothesis in zip(
            corpus.in_order(), corpus.texts.hypothesis.tolist(), strict=True
        )
    ]


def align(matcher: Matcher, hypothesis: Sentence, reference: Sentence) -> tuple[list[Match], int]:
    """Return the matches and chunk count of two sentences; equal sentences need no search."""
    if hypothesis.words != reference.words:
        return resolve(matcher.candidates(hypothesis, reference))
    length = len(reference.words)
    return [make_match(word, 1, word, 1, stage=EXACT) for word in range(length)], min(length, 1)


def pair_statistics(
    hypothesis: Sentence,
    reference: Sentence,
    matches: list[Match],
    chunks: int,
    is_function: list[bool],
) -> list[int]:
    """Return the statistics of a hypothesis and a reference, in the columns of `Meteor.statistics`.

    Args:
        hypothesis: word ids of the hypothesis.
        reference: word ids of the reference.
        matches: alignment of the two sentences.
        chunks: number of chunks of the alignment.
        is_function: (W,) whether each word of the vocabulary is a function word.
    """
    row = [0] * 21
    row[0], row[1] = len(hypothesis.words), len(reference.words)
    row[2] = sum([is_function[word] for word in hypothesis.words])
    row[3] = sum([is_function[word] for word in reference.words])
    for match in matches:
        for word in hypothesis.words[match.first : match.last]:
            row[(12 if is_function[word] else 4) + match.stage] += 1
        for word in reference.words[match.start : match.end]:
            row[(16 if is_function[word] else 8) + match.stage] += 1
    # If one chunk covers both sentences, it is not counted: it lowers neither the score of the
    # sentence nor that of the corpus.
    complete = (
        chunks == 1
        and sum(row[4:8]) + sum(row[12:16]) == row[0]
        and sum(row[8:12]) + sum(row[16:20]) == row[1]
    )
    row[20] = 0 if complete else chunks
    return row


def best_rows(
    rows: FloatArray, score: Callable[[FloatArray], FloatArray], image: IntArray
) -> FloatArray:
    """Return the statistics (I, K) of the best reference of each image, the first one in a tie.

    Args:
        rows: (R, K) statistics of the references.
        score: function that returns the scores (R, 1) of statistics (R, K).
        image: (R,) image of each reference.
    """
    order = np.lexsort((np.arange(len(rows)), -score(rows)[:, 0], image))
    return rows[order[run_starts(image[order])]]
