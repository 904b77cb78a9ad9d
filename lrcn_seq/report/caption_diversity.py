"""Section: diversity of the generated captions, with a verdict on mode collapse."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from lrcn_seq.report.markup import (
    Section,
    escape,
    finite,
    number,
    paragraph,
    percent,
    section,
    table,
)
from lrcn_seq.report.metric_labels import metric_label

COLLAPSED = 0.5
"""Mode collapse: the share of the most common caption is larger than this."""
LOW_DIVERSITY = 0.1
"""Low diversity: the share of distinct captions is smaller than this."""
FREQUENT = 0.1
"""Frequent defect: the share of captions or words with a defect is larger than this."""

DEFECTS = {
    "repetition": "of the words are repetitions",
    "unknown": "of the words are unknown words",
    "empty": "of the captions are empty",
}


def format_count(value: object) -> str:
    """Format a count without decimals."""
    return number(value, 0)


def format_mean(value: object) -> str:
    """Format a mean with two decimals."""
    return number(value, 2)


MEANINGS: dict[str, tuple[str, Callable[[object], str]]] = {
    "count": ("captions evaluated", format_count),
    "distinct_captions": ("distinct captions, as a share of all captions", percent),
    "most_common": ("{noun}s that received the most common caption", percent),
    "distinct_1": ("distinct words, as a share of all words", percent),
    "distinct_2": ("distinct bigrams, as a share of all bigrams", percent),
    "repetition": (
        "words that repeat the previous word or a bigram of the same caption",
        percent,
    ),
    "unknown": ("share of words that are the unknown word", percent),
    "empty": ("captions without words", percent),
    "novel": ("captions that do not occur in the training split", percent),
    "mean_length": ("words per caption", format_mean),
    "min_length": ("words of the shortest caption", format_count),
    "max_length": ("words of the longest caption", format_count),
    "vocabulary": ("distinct words in all captions", format_count),
    "mbleu_4": ("BLEU-4 of each caption against the others; high if captions are alike", number),
}
"""Meaning and format of each value of `metrics.Health`; `{noun}` is `image` or `clip`."""


class Verdict(NamedTuple):
    """A verdict on captions: its `kind`, which is good, doubtful or bad, and its plain text."""

    kind: str
    text: str


def caption_diversity(
    health: Mapping[str, object], captions: Sequence[str], noun: str
) -> Section | None:
    """Return a verdict on the diversity of the captions and a table of all measures.

    Args:
        health: values by name, as in `metrics.Health`. Values such as None and NaN are omitted.
        captions: the generated captions; the most common one is quoted in case of a collapse.
        noun: singular noun for a captioned item, e.g. `image`.

    Returns:
        The section, or None if there are no values.
    """
    figures = {name: value for name, value in health.items() if finite(value) is not None}
    if not figures:
        return None
    kind, text = verdict(figures, captions, noun)
    rows = (_row(name, value, noun) for name, value in figures.items())
    body = paragraph(escape(text), f"verdict {kind}") + table(
        ["measure", "value", "meaning"], rows, "figures"
    )
    return section("Caption diversity", body, name="caption-diversity")


def verdict(health: Mapping[str, object], captions: Sequence[str], noun: str) -> Verdict:
    """Return a verdict on the diversity of captions.

    A model has collapsed if more than half of its captions are the same. The verdict is doubtful
    if less than a tenth of the captions are distinct, or if more than a tenth of the words or
    captions have a defect.
    """
    shares = {name: value for name in health if (value := finite(health[name])) is not None}
    defects = [
        f"{percent(shares[name])} {defect}."
        for name, defect in DEFECTS.items()
        if shares.get(name, 0) > FREQUENT
    ]
    common, distinct = shares.get("most_common"), shares.get("distinct_captions")
    if common is not None and common > COLLAPSED:
        start = (
            f"Mode collapse: the model gives the same caption{_quote(captions)} to "
            f"{percent(common)} of the {noun}s, so its scores do not measure understanding."
        )
        return Verdict("bad", " ".join([start, *defects]))
    if distinct is not None and distinct < LOW_DIVERSITY:
        start = f"Low diversity: only {percent(distinct)} of the captions are distinct."
        return Verdict("doubtful", " ".join([start, *defects]))
    if defects:
        return Verdict(
            "doubtful", " ".join(["No mode collapse, but defective captions:", *defects])
        )
    return Verdict(
        "good", " ".join(["No sign of mode collapse.", *_shares(common, distinct, noun)])
    )


def _shares(common: float | None, distinct: float | None, noun: str) -> list[str]:
    """Return sentences that state the shares of distinct captions and of the most common one."""
    sentences = []
    if distinct is not None:
        sentences.append(f"{percent(distinct)} of the captions are distinct.")
    if common is not None:
        sentences.append(f"The most common caption describes {percent(common)} of the {noun}s.")
    return sentences


def _quote(captions: Sequence[str]) -> str:
    """Quote the caption that makes up more than half of the captions; return "" if none does."""
    for text, count in Counter(captions).most_common(1):
        if count > COLLAPSED * len(captions):
            return f", “{text}”,"
    return ""


def _row(name: str, value: object, noun: str) -> tuple[str, str, str]:
    """Return a table row for a value: its label, the formatted value and its meaning."""
    meaning, formatted = MEANINGS.get(name, ("", number))
    return metric_label(name), formatted(value), escape(meaning.format(noun=noun))
