"""Matches of words and phrases of two sentences: exact, stem, synonym and paraphrase."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cached_property
from itertools import chain

import numpy as np

from lrcn_seq.metrics.alignment.alignment_search import Match, make_match
from lrcn_seq.metrics.alignment.meteor_tables import Tables
from lrcn_seq.metrics.alignment.paraphrases import Paraphrases
from lrcn_seq.metrics.alignment.stemmer import stem

EXACT, STEM, SYNONYM, PARAPHRASE = range(4)
STEM_BIT, SYNONYM_BIT = 1, 2


class Sentence:
    """A sentence as word ids, with an index of its words and phrases.

    Attributes:
        words: word ids.
        positions: the positions of each word.
        phrases: the phrases that have paraphrases, as (position, length, paraphrases); the
            paraphrases map a phrase node to its rank in the table.
        nodes: the (position, length) of each phrase, by phrase node.
    """

    __slots__ = ("nodes", "phrases", "positions", "words")

    def __init__(self, words: list[int]) -> None:
        self.words = words
        self.phrases: list[tuple[int, int, dict[int, int]]] = []
        self.positions: dict[int, list[int]] = {}
        self.nodes: dict[int, list[tuple[int, int]]] = {}
        for position, word in enumerate(words):
            self.positions.setdefault(word, []).append(position)


class Matcher:
    """A search for the possible matches between pairs of sentences.

    All sentences are given in advance, so that the tables are searched only once. Without tables,
    only equal words and equal stems match.

    Args:
        texts: (T,) words of each sentence.
        tables: synonyms and base forms.
        paraphrases: paraphrase table.
    """

    def __init__(
        self, texts: Sequence[Sequence[str]], tables: Tables | None, paraphrases: Paraphrases | None
    ) -> None:
        self.vocabulary = list(dict.fromkeys(chain.from_iterable(texts)))
        numbers = {word: number for number, word in enumerate(self.vocabulary)}
        self.sentences = [Sentence([numbers[word] for word in text]) for text in texts]
        self.tables = tables
        self._related: dict[int, dict[int, int]] = {}
        self._has_phrases = self._find_phrases(paraphrases) if paraphrases else False

    def candidates(self, hypothesis: Sentence, reference: Sentence) -> list[list[Match]]:
        """Return the matches that start at each reference word, in the order of METEOR."""
        candidates: list[list[Match]] = []
        positions = hypothesis.positions
        for position, word in enumerate(reference.words):
            matches = [
                make_match(position, 1, other, 1, stage=EXACT) for other in positions.get(word, ())
            ]
            related = self._related.get(word)
            if related is None:
                related = self._related_words(word)
            common = related.keys() & positions.keys() if related else ()
            for bit, stage in ((STEM_BIT, STEM), (SYNONYM_BIT, SYNONYM)) if common else ():
                others = chain.from_iterable(
                    positions[other] for other in common if related[other] & bit
                )
                matches += [make_match(position, 1, o, 1, stage=stage) for o in sorted(others)]
            candidates.append(matches)
        if self._has_phrases:
            self._add_paraphrases(candidates, hypothesis, reference)
        return candidates

    def _add_paraphrases(
        self, candidates: list[list[Match]], hypothesis: Sentence, reference: Sentence
    ) -> None:
        """Add the matches of paraphrases in table order.

        Those found for reference phrases precede those found for hypothesis phrases.
        """
        for start, length, paraphrases in reference.phrases:
            for node in common_nodes(paraphrases, hypothesis.nodes):
                candidates[start] += [
                    make_match(start, length, first, size, stage=PARAPHRASE)
                    for first, size in hypothesis.nodes[node]
                ]
        for first, size, paraphrases in hypothesis.phrases:
            for node in common_nodes(paraphrases, reference.nodes):
                for start, length in reference.nodes[node]:
                    match = make_match(start, length, first, size, stage=PARAPHRASE)
                    candidates[start].append(match)

    def _related_words(self, word: int) -> dict[int, int]:
        """Map the words related to `word` to 1 (same stem), 2 (common synonym set) or 3 (both)."""
        related = dict.fromkeys(self._by_stem[self._stems[word]], STEM_BIT)
        for synonym_set in self._synonym_sets[word]:
            for other in self._by_synonym_set[synonym_set]:
                related[other] = related.get(other, 0) | SYNONYM_BIT
        related.pop(word, None)
        self._related[word] = related
        return related

    @cached_property
    def _stems(self) -> list[str]:
        return [stem(word) for word in self.vocabulary]

    @cached_property
    def _by_stem(self) -> dict[str, list[int]]:
        return rows_by_key([(key,) for key in self._stems])

    @cached_property
    def _synonym_sets(self) -> list[frozenset[str]]:
        if self.tables is None:
            return [frozenset()] * len(self.vocabulary)
        return [self.tables.synonym_sets(word) for word in self.vocabulary]

    @cached_property
    def _by_synonym_set(self) -> dict[str, list[int]]:
        return rows_by_key(self._synonym_sets)

    def _find_phrases(self, paraphrases: Paraphrases) -> bool:
        """In all sentences, index the phrases that the table lists as paraphrases of each other.

        Returns:
            Whether such phrases exist.
        """
        lengths = np.array([len(sentence.words) for sentence in self.sentences])
        ids = np.fromiter(
            chain.from_iterable(sentence.words for sentence in self.sentences),
            np.int64,
            int(lengths.sum()),
        )
        words = paraphrases.word_ids(self.vocabulary)[ids]
        text = np.repeat(np.arange(len(lengths)), lengths)
        first = np.cumsum(lengths) - lengths
        remaining = np.repeat(np.cumsum(lengths), lengths) - np.arange(len(words))
        levels = list(paraphrases.nodes(words, remaining))
        table = paraphrases.pairs_of(np.unique(np.concatenate([nodes for _, nodes in levels])))
        indexed = np.zeros(len(paraphrases.starts), bool)
        indexed[[*table, *chain.from_iterable(table.values())]] = True
        for length, (places, nodes) in enumerate(levels, 1):
            selected = indexed[nodes]
            place = places[selected]
            for number, position, node in zip(
                text[place].tolist(),
                (place - first[text[place]]).tolist(),
                nodes[selected].tolist(),
                strict=True,
            ):
                sentence = self.sentences[number]
                sentence.nodes.setdefault(node, []).append((position, length))
                if node in table:
                    sentence.phrases.append((position, length, table[node]))
        for sentence in self.sentences:
            sentence.phrases.sort(key=lambda phrase: phrase[:2])
        return bool(table)


def common_nodes(paraphrases: dict[int, int], nodes: dict[int, list[tuple[int, int]]]) -> list[int]:
    """Return the given paraphrases that a sentence contains, in table order."""
    if paraphrases.keys().isdisjoint(nodes):
        return []
    return sorted(paraphrases.keys() & nodes.keys(), key=paraphrases.__getitem__)


def rows_by_key(keys: Iterable[Iterable[str]]) -> dict[str, list[int]]:
    """Return, for each key, the indices of the words that have the key."""
    groups: dict[str, list[int]] = {}
    for row, row_keys in enumerate(keys):
        for key in row_keys:
            groups.setdefault(key, []).append(row)
    return groups
