"""Which words and phrases of two sentences match: exactly, by stem, by synonym, or by paraphrase."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from itertools import chain

import numpy as np

from lrcn_seq.metrics.alignment.paraphrases import Paraphrases
from lrcn_seq.metrics.alignment.search import Match, make_match
from lrcn_seq.metrics.alignment.stemmer import stem
from lrcn_seq.metrics.alignment.tables import Tables

EXACT, STEM, SYNONYM, PARAPHRASE = range(4)


class Sentence:
    """One sentence as numbers of words, with where each stands, and its phrases that have paraphrases: `(place, length, node)`."""

    __slots__ = ("nodes", "phrases", "places", "words")

    def __init__(self, words: list[int]):
        self.words, self.phrases = words, []
        self.places: dict[int, list[int]] = {}
        self.nodes: dict[int, list[tuple[int, int]]] = {}
        for place, word in enumerate(words):
            self.places.setdefault(word, []).append(place)


class Matcher:
    """Finds the matches of pairs of sentences; knows all sentences beforehand, so that tables are searched once for all.

    Without tables only words and stems match.
    """

    def __init__(
        self, texts: Sequence[Sequence[str]], tables: Tables | None, paraphrases: Paraphrases | None
    ):
        self.vocabulary = list(dict.fromkeys(chain.from_iterable(texts)))
        numbers = {word: number for number, word in enumerate(self.vocabulary)}
        self.sentences = [Sentence([numbers[word] for word in text]) for text in texts]
        self.tables = tables
        self._near: dict[int, dict[int, int]] = {}
        self._paraphrased = self._find_phrases(paraphrases) if paraphrases else False

    def candidates(self, hypothesis: Sentence, reference: Sentence) -> list[list[Match]]:
        """For each word of the reference the matches that start there, in METEOR's order."""
        found: list[list[Match]] = []
        ours = hypothesis.places
        for place, word in enumerate(reference.words):
            here = [make_match(place, 1, other, 1, stage=EXACT) for other in ours.get(word, ())]
            near = self._near.get(word)
            if near is None:
                near = self._near_words(word)
            common = near.keys() & ours.keys() if near else ()
            for bit, stage in ((1, STEM), (2, SYNONYM)) if common else ():
                places = sorted(
                    chain.from_iterable(ours[other] for other in common if near[other] & bit)
                )
                here += [make_match(place, 1, other, 1, stage=stage) for other in places]
            found.append(here)
        if self._paraphrased:
            self._add_paraphrases(found, hypothesis, reference)
        return found

    def _add_paraphrases(
        self, found: list[list[Match]], hypothesis: Sentence, reference: Sentence
    ) -> None:
        ours, theirs = hypothesis.nodes, reference.nodes
        for place, length, others in reference.phrases:
            if not others.keys().isdisjoint(ours):
                for node in sorted(others.keys() & ours.keys(), key=others.get):
                    found[place] += [
                        make_match(place, length, other, size, stage=PARAPHRASE)
                        for other, size in ours[node]
                    ]
        for place, size, others in hypothesis.phrases:
            for node in (
                ()
                if others.keys().isdisjoint(theirs)
                else sorted(others.keys() & theirs.keys(), key=others.get)
            ):
                for other, length in theirs[node]:
                    found[other].append(make_match(other, length, place, size, stage=PARAPHRASE))

    def _near_words(self, word: int) -> dict[int, int]:
        """Other words of the same stem (1), with a common sense (2), or both (3)."""
        near: dict[int, int] = {}
        for other in self._by_stem[self._stems[word]]:
            near[other] = 1
        for sense in self._senses[word]:
            for other in self._by_sense[sense]:
                near[other] = near.get(other, 0) | 2
        near.pop(word, None)
        self._near[word] = near
        return near

    @cached_property
    def _stems(self) -> list[str]:
        return [stem(word) for word in self.vocabulary]

    @cached_property
    def _by_stem(self) -> dict[str, list[int]]:
        return grouped([(own,) for own in self._stems])

    @cached_property
    def _senses(self) -> list[frozenset[str]]:
        return [
            self.tables.senses(word) if self.tables else frozenset() for word in self.vocabulary
        ]

    @cached_property
    def _by_sense(self) -> dict[str, list[int]]:
        return grouped(self._senses)

    def _find_phrases(self, paraphrases: Paraphrases) -> bool:
        """Gives every sentence its phrases that have a paraphrase in some sentence, and those that are one."""
        lengths = np.array([len(sentence.words) for sentence in self.sentences])
        words = paraphrases.word_numbers(self.vocabulary)[
            np.fromiter(
                chain.from_iterable(sentence.words for sentence in self.sentences),
                np.int64,
                int(lengths.sum()),
            )
        ]
        text = np.repeat(np.arange(len(lengths)), lengths)
        first = np.cumsum(lengths) - lengths
        left = np.repeat(np.cumsum(lengths), lengths) - np.arange(len(words))
        levels = list(paraphrases.nodes(words, left))
        known = paraphrases.among(np.unique(np.concatenate([node for _, node in levels])))
        wanted = np.zeros(len(paraphrases.starts), bool)
        wanted[[*known, *chain.from_iterable(known.values())]] = True
        for size, (places, nodes) in enumerate(levels, 1):
            kept = wanted[nodes]
            place = places[kept]
            for number, at, own in zip(
                text[place].tolist(),
                (place - first[text[place]]).tolist(),
                nodes[kept].tolist(),
                strict=True,
            ):
                sentence = self.sentences[number]
                sentence.nodes.setdefault(own, []).append((at, size))
                if own in known:
                    sentence.phrases.append((at, size, known[own]))
        for sentence in self.sentences:
            sentence.phrases.sort(key=lambda phrase: phrase[:2])
        return bool(known)


def grouped(keys: Sequence[Sequence[str]]) -> dict[str, list[int]]:
    """The numbers of the rows that have each key."""
    groups: dict[str, list[int]] = {}
    for number, own in enumerate(keys):
        for key in own:
            groups.setdefault(key, []).append(number)
    return groups
