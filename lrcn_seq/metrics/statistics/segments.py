"""The corpus to score: hypotheses and references, matched by id and tokenized."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from itertools import chain, pairwise
from typing import Any

import numpy as np

from lrcn_seq.errors import ArgumentError
from lrcn_seq.metrics.statistics.array_types import BoolArray, IntArray
from lrcn_seq.metrics.statistics.ngram_counts import NgramCounts, Texts, ngram_counts
from lrcn_seq.metrics.statistics.tokenization import tokenize_texts

Hypotheses = Mapping[Any, str] | Sequence[str]
"""One sentence per id, or a list."""
References = Mapping[Any, Sequence[str]] | Sequence[Sequence[str]]
"""A list of sentences per id, or a list of lists."""

# All characters at which `str.split` separates words, except the space and the newline.
OTHER_SPACES = frozenset(
    "\t\x0b\x0c\r\x1c\x1d\x1e\x1f\x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007"
    "\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000"
)


class WordIds(dict[str, int]):
    """Ids of words, assigned from 0 in the order of first lookup."""

    def __missing__(self, word: str) -> int:
        self[word] = number = len(self)
        return number


class Corpus:
    """I hypotheses with their references.

    Args:
        ids: (I,) ids of the images.
        hypotheses: (I,) tokenized hypotheses, tokens joined by spaces.
        references: (I,) tokenized references of each image.
        tokenize: name of the tokenization.
    """

    def __init__(
        self,
        ids: Sequence[str],
        hypotheses: Sequence[str],
        references: Sequence[Sequence[str]],
        *,
        tokenize: str,
    ) -> None:
        self.ids, self.tokenize = tuple(ids), tokenize
        self.hypotheses, self.references = list(hypotheses), [list(group) for group in references]
        self._counts: list[NgramCounts] = []

    def __len__(self) -> int:
        return len(self.ids)

    @cached_property
    def reference_counts(self) -> IntArray:
        """(I,) number of references of each image."""
        return np.fromiter(map(len, self.references), np.int64, len(self))

    @property
    def texts(self) -> Texts:
        """All texts, split at white space as in the BLEU and CIDEr of the COCO code."""
        return self._texts_and_vocabulary[0]

    @property
    def vocabulary(self) -> list[str]:
        """(W,) the word of each id."""
        return self._texts_and_vocabulary[1]

    @cached_property
    def texts_by_space(self) -> Texts:
        """All texts, split at every single space as in the ROUGE of the COCO code.

        An empty sentence has one empty word.
        """
        if self._single_spaced:
            return self.texts
        return self._split([text.split(" ") for text in self.in_order()])[0]

    def ngrams(self, orders: int) -> list[NgramCounts]:
        """Return the n-gram counts of order 1 to `orders`, which are cached for other metrics."""
        if len(self._counts) < orders:
            self._counts = list(ngram_counts(self.texts, orders))
        return self._counts[:orders]

    def in_order(self) -> list[str]:
        """Return all texts by image: the hypothesis, then its references."""
        return list(
            chain.from_iterable(
                (hypothesis, *group)
                for hypothesis, group in zip(self.hypotheses, self.references, strict=True)
            )
        )

    def reference_range(self) -> str:
        """Return the number of references per image for signatures, such as `5` or `4-6`."""
        low, high = self.reference_counts.min(), self.reference_counts.max()
        return str(low) if low == high else f"{low}-{high}"

    @cached_property
    def _single_spaced(self) -> bool:
        """Whether all white space consists of single spaces between words."""
        joined = "\n".join(self.in_order())
        return not any(
            blank in f"\n{joined}\n" for blank in ("  ", "\n\n", " \n", "\n ")
        ) and not any(space in joined for space in OTHER_SPACES)

    @cached_property
    def _texts_and_vocabulary(self) -> tuple[Texts, list[str]]:
        texts = self.in_order()
        if not self._single_spaced:
            return self._split([text.split() for text in texts])
        lengths = np.fromiter((text.count(" ") + 1 for text in texts), np.int64, len(texts))
        return self._numbered("\n".join(texts).split(), lengths)

    def _split(self, words: list[list[str]]) -> tuple[Texts, list[str]]:
        lengths = np.fromiter(map(len, words), np.int64, len(words))
        return self._numbered(list(chain.from_iterable(words)), lengths)

    def _numbered(self, words: list[str], lengths: IntArray) -> tuple[Texts, list[str]]:
        numbers = WordIds()
        ids = np.fromiter(map(numbers.__getitem__, words), np.int64, len(words))
        image = np.repeat(np.arange(len(self)), self.reference_counts + 1)
        return Texts(ids, lengths, image, self._is_hypothesis()), list(numbers)

    def _is_hypothesis(self) -> BoolArray:
        flags = np.zeros(len(self) + int(self.reference_counts.sum()), bool)
        flags[np.cumsum(self.reference_counts + 1) - self.reference_counts - 1] = True
        return flags


def make_corpus(
    hypotheses: Hypotheses, references: References, *, tokenize: str = "ptb", subset: bool = False
) -> Corpus:
    """Match hypotheses with references by id and tokenize both.

    Args:
        hypotheses: one sentence per id, or a list. Ids are compared as strings.
        references: a list of sentences per id, or a list of lists.
        tokenize: `ptb` (COCO evaluation code), `13a` (sacreBLEU) or `none`.
        subset: whether to allow references without a hypothesis.

    Raises:
        ArgumentError: an argument is nested wrongly, ids do not match or are duplicate, a list of
            references is empty, or there is no hypothesis.
    """
    sentences, groups = by_id(hypotheses, "hypotheses"), by_id(references, "references")
    for name, sentence in sentences.items():
        if not isinstance(sentence, str):
            raise ArgumentError(
                "hypotheses: expected one sentence (a string) for each id. "
                f"Received: {name}={sentence!r:.80}; pass the sentence itself."
            )
    for name, group in groups.items():
        check_references(name, group)
    if not sentences:
        raise ArgumentError(
            "hypotheses: expected at least one sentence. Received: none; pass a hypothesis."
        )
    check_ids(sentences, groups, subset=subset)
    # Tokenize in two calls, as the COCO code does: tokens may depend on the next line.
    tokenized = tokenize_texts(list(sentences.values()), tokenize)
    others = tokenize_texts(list(chain.from_iterable(groups[name] for name in sentences)), tokenize)
    ends = np.cumsum([0, *(len(groups[name]) for name in sentences)]).tolist()
    return Corpus(
        list(sentences), tokenized, [others[a:b] for a, b in pairwise(ends)], tokenize=tokenize
    )


def by_id(values: object, argument: str) -> dict[str, Any]:
    """Convert a mapping or list to a dictionary with string ids.

    Args:
        values: a mapping by id, or a list, whose positions become the ids.
        argument: name of the argument, for messages.

    Raises:
        ArgumentError: `values` is not a mapping or list, or two ids are equal as strings.
    """
    if isinstance(values, str) or not isinstance(values, Mapping | Sequence):
        raise ArgumentError(
            f"{argument}: expected a mapping by id or a list. "
            f"Received: {type(values).__name__} {values!r:.80}."
        )
    if not isinstance(values, Mapping):
        return {str(position): value for position, value in enumerate(values)}
    named = {str(name): value for name, value in values.items()}
    if len(named) != len(values):
        duplicate = next(
            str(name) for name in values if not isinstance(name, str) and str(name) in values
        )
        raise ArgumentError(
            f"{argument}: expected unique ids; ids are compared as strings. "
            f"Received: {duplicate!r} both as a string and as a number."
        )
    return named


def check_references(name: str, group: object) -> None:
    """Raise ArgumentError unless the references of an id are a nonempty list of sentences."""
    if (
        isinstance(group, str)
        or not isinstance(group, Sequence)
        or not all(isinstance(text, str) for text in group)
    ):
        raise ArgumentError(
            "references: expected a list of sentences for each id. "
            f"Received: {name}={group!r:.80}; put a single sentence into a list, too."
        )
    if not group:
        raise ArgumentError(
            "references: expected at least one sentence for each id. "
            f"Received: {name}=[]; add a reference or remove the id."
        )


def check_ids(sentences: Mapping[str, Any], groups: Mapping[str, Any], *, subset: bool) -> None:
    """Raise ArgumentError unless all ids match; with `subset`, references may have further ids."""
    unmatched = [name for name in sentences if name not in groups]
    if unmatched:
        raise ArgumentError(
            f"expected references for every hypothesis. Received: {len(unmatched)} of "
            f"{len(sentences)} hypotheses without references: {abbreviated(unmatched)}; "
            "add the references or remove the hypotheses."
        )
    missing = [name for name in groups if name not in sentences]
    if missing and not subset:
        raise ArgumentError(
            f"expected a hypothesis for every reference. Received: {len(missing)} of "
            f"{len(groups)} ids without a hypothesis: {abbreviated(missing)}; "
            "to score only the ids with a hypothesis, set --subset (subset=True)."
        )


def abbreviated(names: list[str]) -> str:
    """Return up to three names of a list as text."""
    return ", ".join(names[:3]) + (" …" if len(names) > 3 else "")
