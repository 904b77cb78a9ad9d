"""One call that scores: dicts or lists in, scores with signatures out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

from lrcn_seq.errors import ArgumentError
from lrcn_seq.metrics._corpus import Corpus, Hypotheses, References, by_id, check_group, make_corpus
from lrcn_seq.metrics._frequencies import DocumentFrequencies, collect
from lrcn_seq.metrics._tokenizing import tokenize_texts
from lrcn_seq.metrics.base import Metric, Score
from lrcn_seq.registry import metrics as registry

DEFAULT = ("bleu", "rouge_l", "cider")
Spec = str | Mapping[str, Any] | Metric


@dataclass(frozen=True)
class Report:
    """The scores of one system."""

    scores: tuple[Score, ...]
    count: int

    @property
    def values(self) -> dict[str, float]:
        """`{"bleu_1": …, "rouge_l": …}`."""
        return {
            name: value
            for score in self.scores
            for name, value in zip(score.names, score.values, strict=True)
        }

    @property
    def signatures(self) -> dict[str, str]:
        """How each number was made, under the same names."""
        return {name: score.signature for score in self.scores for name in score.names}

    @property
    def sentences(self) -> dict[str, dict[str, float]]:
        """`{id: {name: value}}`."""
        table: dict[str, dict[str, float]] = {}
        for score in self.scores:
            for name, row in score.sentences.items():
                table.setdefault(name, {}).update(row)
        return table

    def as_dict(self, *, sentences: bool = False) -> dict[str, Any]:
        """The object that `score --json` prints."""
        table = {"sentences": self.sentences} if sentences else {}
        return {"metrics": self.values, "signatures": self.signatures, **table, "count": self.count}


def document_frequencies(
    references: References, *, tokenize: str = "ptb", orders: int = 4
) -> DocumentFrequencies:
    """In how many images' references each n-gram occurs, to be kept (`save`) and given to CIDEr of any other set.

    Raises:
        ArgumentError: wrong nesting, or no references.
    """
    groups = by_id(references, "references")
    for name, group in groups.items():
        check_group(name, group)
    if not groups:
        raise ArgumentError("references: expected at least one image. Received: none.")
    texts = iter(tokenize_texts(list(chain.from_iterable(groups.values())), tokenize))
    split = [[next(texts).split() for _ in group] for group in groups.values()]
    numbers = {
        word: number
        for number, word in enumerate(
            dict.fromkeys(chain.from_iterable(chain.from_iterable(split)))
        )
    }
    return collect(
        [[[numbers[word] for word in words] for words in group] for group in split],
        words=tuple(numbers),
        tokenize=tokenize,
        orders=orders,
    )


def make_metrics(specs: Iterable[Spec]) -> list[Metric]:
    """Metrics from names, `{"type": NAME, argument: value}`, or as they are."""
    return [
        spec
        if isinstance(spec, Metric)
        else registry.build({"type": spec} if isinstance(spec, str) else dict(spec))
        for spec in specs
    ]


def score(
    hypotheses: Hypotheses,
    references: References,
    metrics: Iterable[Spec] = DEFAULT,
    *,
    tokenize: str = "ptb",
    subset: bool = False,
) -> Report:
    """Scores sentences by several metrics.

    Arguments:
        hypotheses: one sentence an id, or a list. references: a list of sentences an id, or a list of lists.
        metrics: names, specs `{"type": NAME, …}`, or metrics.
        tokenize: `ptb` as the COCO evaluation code, `13a` as sacreBLEU, `none`.
        subset: allow references without a hypothesis.

    Raises:
        ArgumentError: wrong nesting, or ids that do not match.
        UnknownPartError: no metric has this name.
    """
    measures = make_metrics(metrics)
    return score_corpus(
        make_corpus(hypotheses, references, tokenize=tokenize, subset=subset), measures
    )


def score_corpus(corpus: Corpus, measures: Sequence[Metric]) -> Report:
    """The report of a corpus that is tokenized already."""
    return Report(tuple(measure.score(corpus) for measure in measures), len(corpus))


def one(
    name: str,
    hypotheses: Hypotheses,
    references: References,
    *,
    tokenize: str,
    subset: bool,
    options: Mapping[str, Any],
) -> Score:
    """The score of one metric."""
    return score(
        hypotheses, references, [{"type": name, **options}], tokenize=tokenize, subset=subset
    ).scores[0]


def bleu(
    hypotheses: Hypotheses,
    references: References,
    *,
    tokenize: str = "ptb",
    subset: bool = False,
    **options: Any,
) -> Score:
    """BLEU-1 to 4: `.values`, and `.value` for BLEU-4. Options are those of the part `bleu`, e.g. `variant="sacrebleu"`."""
    return one("bleu", hypotheses, references, tokenize=tokenize, subset=subset, options=options)


def rouge_l(
    hypotheses: Hypotheses,
    references: References,
    *,
    tokenize: str = "ptb",
    subset: bool = False,
    **options: Any,
) -> Score:
    """ROUGE-L. Options are those of the part `rouge_l`."""
    return one("rouge_l", hypotheses, references, tokenize=tokenize, subset=subset, options=options)


def cider(
    hypotheses: Hypotheses,
    references: References,
    *,
    tokenize: str = "ptb",
    subset: bool = False,
    **options: Any,
) -> Score:
    """CIDEr-D. Options are those of the part `cider`, e.g. `frequencies="coco.npz"`."""
    return one("cider", hypotheses, references, tokenize=tokenize, subset=subset, options=options)


def meteor(
    hypotheses: Hypotheses,
    references: References,
    *,
    tokenize: str = "ptb",
    subset: bool = False,
    **options: Any,
) -> Score:
    """METEOR 1.5. Options are those of the part `meteor`."""
    return one("meteor", hypotheses, references, tokenize=tokenize, subset=subset, options=options)
