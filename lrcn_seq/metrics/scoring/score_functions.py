"""Functions that score hypotheses against references."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

from lrcn_seq.errors import ArgumentError
from lrcn_seq.metrics.base import Metric, Score, values_html
from lrcn_seq.metrics.statistics.document_frequencies import DocumentFrequencies, count_documents
from lrcn_seq.metrics.statistics.segments import (
    Corpus,
    Hypotheses,
    References,
    WordIds,
    by_id,
    check_references,
    make_corpus,
)
from lrcn_seq.metrics.statistics.tokenization import tokenize_texts
from lrcn_seq.registry import metrics as registry

DEFAULT_METRICS = ("bleu", "rouge_l", "cider")
Spec = str | Mapping[str, Any] | Metric
"""A metric, its name, or `{"type": NAME, argument: value}`."""


@dataclass(frozen=True)
class Report:
    """The scores of one system.

    Attributes:
        scores: one score per metric.
        count: number of hypotheses.
    """

    scores: tuple[Score, ...]
    count: int

    @property
    def values(self) -> dict[str, float]:
        """The values of the corpus, `{"bleu_1": …, "rouge_l": …}`."""
        return {
            name: value
            for score in self.scores
            for name, value in zip(score.names, score.values, strict=True)
        }

    @property
    def signatures(self) -> dict[str, str]:
        """The signature of each value."""
        return {name: score.signature for score in self.scores for name in score.names}

    @property
    def sentences(self) -> dict[str, dict[str, float]]:
        """The values of each sentence, `{id: {name: value}}`."""
        table: dict[str, dict[str, float]] = {}
        for score in self.scores:
            for name, row in score.sentences.items():
                table.setdefault(name, {}).update(row)
        return table

    def as_dict(self, *, sentences: bool = False) -> dict[str, Any]:
        """Return the object printed by `lrcn score --json`.

        Args:
            sentences: whether to include the values of each sentence.
        """
        table = {"sentences": self.sentences} if sentences else {}
        return {"metrics": self.values, "signatures": self.signatures, **table, "count": self.count}

    def _repr_html_(self) -> str:
        return values_html(self.values)


def document_frequencies(
    references: References, *, tokenize: str = "ptb", orders: int = 4
) -> DocumentFrequencies:
    """Count, for each n-gram, the images whose references contain the n-gram.

    The result can be saved (`save`) and used for the CIDEr of other sets.

    Args:
        references: a list of sentences per id, or a list of lists.
        tokenize: name of the tokenization.
        orders: length of the longest n-grams.

    Raises:
        ArgumentError: the references are nested wrongly, or there are none.
    """
    groups = by_id(references, "references")
    for name, group in groups.items():
        check_references(name, group)
    if not groups:
        raise ArgumentError("references: expected at least one image. Received: none.")
    texts = iter(tokenize_texts(list(chain.from_iterable(groups.values())), tokenize))
    numbers = WordIds()
    ids = [
        [[numbers[word] for word in next(texts).split()] for _ in group]
        for group in groups.values()
    ]
    return count_documents(ids, words=tuple(numbers), tokenize=tokenize, orders=orders)


def make_metrics(specs: Iterable[Spec]) -> list[Metric]:
    """Build metrics from names and specs; metrics are returned unchanged.

    Raises:
        ConfigError: a spec is invalid or names an unknown metric.
    """
    return [
        spec
        if isinstance(spec, Metric)
        else registry.build({"type": spec} if isinstance(spec, str) else dict(spec))
        for spec in specs
    ]


def score(
    hypotheses: Hypotheses,
    references: References,
    metrics: Iterable[Spec] = DEFAULT_METRICS,
    *,
    tokenize: str = "ptb",
    subset: bool = False,
) -> Report:
    """Score hypotheses with several metrics.

    Args:
        hypotheses: one sentence per id, or a list.
        references: a list of sentences per id, or a list of lists.
        metrics: names, specs `{"type": NAME, …}`, or metrics.
        tokenize: `ptb` (COCO evaluation code), `13a` (sacreBLEU) or `none`.
        subset: whether to allow references without a hypothesis.

    Raises:
        ArgumentError: hypotheses or references are nested wrongly, or ids do not match.
        ConfigError: a metric is unknown or has invalid options.
    """
    built = make_metrics(metrics)
    corpus = make_corpus(hypotheses, references, tokenize=tokenize, subset=subset)
    return score_corpus(corpus, built)


def score_corpus(corpus: Corpus, metrics: Sequence[Metric]) -> Report:
    """Score a tokenized corpus."""
    return Report(tuple(metric.score(corpus) for metric in metrics), len(corpus))


def bleu(
    hypotheses: Hypotheses,
    references: References,
    *,
    tokenize: str = "ptb",
    subset: bool = False,
    **options: Any,
) -> Score:
    """Return BLEU-1 to BLEU-4 as `.values`, and BLEU-4 as `.value`.

    Args:
        hypotheses: one sentence per id, or a list.
        references: a list of sentences per id, or a list of lists.
        tokenize: `ptb` (COCO evaluation code), `13a` (sacreBLEU) or `none`.
        subset: whether to allow references without a hypothesis.
        **options: arguments of the part `bleu`, e.g. `variant="sacrebleu"`.
    """
    spec = {"type": "bleu", **options}
    return score(hypotheses, references, [spec], tokenize=tokenize, subset=subset).scores[0]


def rouge_l(
    hypotheses: Hypotheses,
    references: References,
    *,
    tokenize: str = "ptb",
    subset: bool = False,
    **options: Any,
) -> Score:
    """Return ROUGE-L; arguments as for `bleu`, options of the part `rouge_l`."""
    spec = {"type": "rouge_l", **options}
    return score(hypotheses, references, [spec], tokenize=tokenize, subset=subset).scores[0]


def cider(
    hypotheses: Hypotheses,
    references: References,
    *,
    tokenize: str = "ptb",
    subset: bool = False,
    **options: Any,
) -> Score:
    """Return CIDEr-D; arguments as for `bleu`, options of the part `cider`.

    For example, `frequencies="coco.npz"` uses the document frequencies of another set.
    """
    spec = {"type": "cider", **options}
    return score(hypotheses, references, [spec], tokenize=tokenize, subset=subset).scores[0]


def meteor(
    hypotheses: Hypotheses,
    references: References,
    *,
    tokenize: str = "ptb",
    subset: bool = False,
    **options: Any,
) -> Score:
    """Return METEOR 1.5; arguments as for `bleu`, options of the part `meteor`."""
    spec = {"type": "meteor", **options}
    return score(hypotheses, references, [spec], tokenize=tokenize, subset=subset).scores[0]
