"""Hypotheses and references, matched by id and tokenized once for all metrics."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from itertools import chain, pairwise
from typing import Any

import numpy as np

from lrcn_seq.errors import ArgumentError
from lrcn_seq.metrics._ngrams import Counts, Texts, ngram_counts
from lrcn_seq.metrics._tokenizing import tokenize_texts

Hypotheses = Mapping[Any, str] | Sequence[str]
References = Mapping[Any, Sequence[str]] | Sequence[Sequence[str]]

# What `str.split` parts words at, but for the space and the line end.
OTHER_SPACES = frozenset(
    "\t\x0b\x0c\r\x1c\x1d\x1e\x1f\x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000"
)


class Numbers(dict[str, int]):
    """A number for each word, in the order in which words are asked for."""

    def __missing__(self, word: str) -> int:
        self[word] = number = len(self)
        return number


class Corpus:
    """I hypotheses with their references as tokenized text, words joined by a space."""

    def __init__(
        self,
        ids: Sequence[str],
        hypotheses: Sequence[str],
        references: Sequence[Sequence[str]],
        *,
        tokenize: str,
    ):
        self.ids, self.tokenize = tuple(ids), tokenize
        self._counts: list[Counts] = []
        self.hypotheses, self.references = list(hypotheses), [list(group) for group in references]

    def __len__(self) -> int:
        return len(self.ids)

    @cached_property
    def reference_counts(self) -> np.ndarray:
        """(I,) references of each hypothesis."""
        return np.fromiter(map(len, self.references), np.int64, len(self))

    @property
    def texts(self) -> Texts:
        """All texts as ids; words are what white space parts, as in the COCO code's BLEU and CIDEr."""
        return self._numbered[0]

    @property
    def vocabulary(self) -> list[str]:
        """(W,) the word of each id."""
        return self._numbered[1]

    @cached_property
    def texts_by_space(self) -> Texts:
        """The same, parted at each single space, as in the COCO code's ROUGE: an empty sentence has one empty word."""
        return (
            self.texts
            if self._regular
            else self._number([text.split(" ") for text in self.in_order()])[0]
        )

    def ngrams(self, orders: int) -> list[Counts]:
        """The counts of order 1 to `orders`, kept for the next metric."""
        if len(self._counts) < orders:
            self._counts = list(ngram_counts(self.texts, orders))
        return self._counts[:orders]

    def in_order(self) -> list[str]:
        """Image by image: the hypothesis, then its references."""
        return list(
            chain.from_iterable(
                (hypothesis, *group)
                for hypothesis, group in zip(self.hypotheses, self.references, strict=True)
            )
        )

    def references_in_words(self) -> str:
        """How many references there are, for signatures: `5`, or `4-6`."""
        low, high = self.reference_counts.min(), self.reference_counts.max()
        return str(low) if low == high else f"{low}-{high}"

    @cached_property
    def _regular(self) -> bool:
        """Whether all texts are words with a single space between them."""
        joined = "\n".join(self.in_order())
        return not any(
            blank in f"\n{joined}\n" for blank in ("  ", "\n\n", " \n", "\n ")
        ) and not any(space in joined for space in OTHER_SPACES)

    @cached_property
    def _numbered(self) -> tuple[Texts, list[str]]:
        if not self._regular:
            return self._number([text.split() for text in self.in_order()])
        texts = self.in_order()
        return self._identified(
            "\n".join(texts).split(),
            np.fromiter((text.count(" ") + 1 for text in texts), np.int64, len(texts)),
        )

    def _number(self, words: list[list[str]]) -> tuple[Texts, list[str]]:
        return self._identified(
            list(chain.from_iterable(words)), np.fromiter(map(len, words), np.int64, len(words))
        )

    def _identified(self, words: list[str], lengths: np.ndarray) -> tuple[Texts, list[str]]:
        numbers = Numbers()
        ids = np.fromiter(map(numbers.__getitem__, words), np.int64, len(words))
        return Texts(
            ids,
            lengths,
            np.repeat(np.arange(len(self)), self.reference_counts + 1),
            self._is_hypothesis(),
        ), list(numbers)

    def _is_hypothesis(self) -> np.ndarray:
        mark = np.zeros(len(self) + int(self.reference_counts.sum()), bool)
        mark[np.cumsum(self.reference_counts + 1) - self.reference_counts - 1] = True
        return mark


def make_corpus(
    hypotheses: Hypotheses, references: References, *, tokenize: str = "ptb", subset: bool = False
) -> Corpus:
    """Matches ids (as strings), checks the nesting, and tokenizes.

    Raises:
        ArgumentError: wrong nesting, ids that do not match, a double id, an empty list of references, nothing at all.
    """
    answers, groups = by_id(hypotheses, "hypotheses"), by_id(references, "references")
    for name, answer in answers.items():
        if not isinstance(answer, str):
            raise ArgumentError(
                f"hypotheses: expected one sentence (a string) for each id. Received: {name}={answer!r:.80}; give the sentence itself."
            )
    for name, group in groups.items():
        check_group(name, group)
    if not answers:
        raise ArgumentError("hypotheses: expected at least one sentence. Received: none.")
    match_ids(answers, groups, subset=subset)
    # Apart, as in the COCO code: what the tokenizer makes of a last line may hang on the line after it.
    own = tokenize_texts(list(answers.values()), tokenize)
    others = tokenize_texts(list(chain.from_iterable(groups[name] for name in answers)), tokenize)
    ends = np.cumsum([0, *(len(groups[name]) for name in answers)]).tolist()
    return Corpus(list(answers), own, [others[a:b] for a, b in pairwise(ends)], tokenize=tokenize)


def by_id(values: Any, what: str) -> dict[str, Any]:
    """A mapping with ids as strings; a list gets its positions as ids."""
    if isinstance(values, str) or not isinstance(values, Mapping | Sequence):
        raise ArgumentError(
            f"{what}: expected a mapping by id or a list. Received: {type(values).__name__} {values!r:.80}."
        )
    if not isinstance(values, Mapping):
        return {str(place): value for place, value in enumerate(values)}
    named = {str(name): value for name, value in values.items()}
    if len(named) != len(values):
        double = next(
            str(name) for name in values if not isinstance(name, str) and str(name) in values
        )
        raise ArgumentError(
            f"{what}: expected every id once; ids are compared as strings. Received: {double!r} both as a string and as a number."
        )
    return named


def check_group(name: str, group: Any) -> None:
    """The references of one id are a list of sentences, and not empty."""
    if (
        isinstance(group, str)
        or not isinstance(group, Sequence)
        or not all(isinstance(text, str) for text in group)
    ):
        raise ArgumentError(
            f"references: expected a list of sentences for each id. Received: {name}={group!r:.80}; put even one sentence into a list."
        )
    if not group:
        raise ArgumentError(
            f"references: expected at least one sentence for each id. Received: {name}=[]."
        )


def match_ids(answers: Mapping[str, Any], groups: Mapping[str, Any], *, subset: bool) -> None:
    """Every hypothesis has references, and (unless `subset`) the other way round."""
    lonely = [name for name in answers if name not in groups]
    if lonely:
        raise ArgumentError(
            f"expected references for every hypothesis. Received: {len(lonely)} of {len(answers)} hypotheses without: {shown(lonely)}; give their references, or leave them out."
        )
    missing = [name for name in groups if name not in answers]
    if missing and not subset:
        raise ArgumentError(
            f"expected a hypothesis for every reference. Received: {len(missing)} of {len(groups)} ids without: {shown(missing)}; to score what is there, ask for the subset (--subset, subset=True)."
        )


def shown(names: list[str]) -> str:
    """The first of many ids."""
    return ", ".join(names[:3]) + (" …" if len(names) > 3 else "")
