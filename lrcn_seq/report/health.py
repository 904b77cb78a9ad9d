"""Section: is the model saying the same thing of everything? Figures and a verdict in plain words."""

from __future__ import annotations

from collections import Counter
from typing import Any, NamedTuple

from lrcn_seq.report.contents import Contents
from lrcn_seq.report.markup import escape, number, paragraph, percent, real, table
from lrcn_seq.report.markup import section as html_section


def whole(value: Any) -> str:
    """A count."""
    return number(value, 0)


def mean(value: Any) -> str:
    """A mean in words, to two decimals."""
    return number(value, 2)


# Name as in `metrics.Health`: (what it is, what it means with `{noun}` for a picture or clip, how it is written).
KNOWN = {
    "count": ("captions", "how many were looked at", whole),
    "distinct_captions": ("different captions", "captions that differ, as a share of all", percent),
    "most_common": ("most common caption", "{noun}s that got the most common caption", percent),
    "distinct_1": ("different words", "different words, as a share of all words", percent),
    "distinct_2": (
        "different word pairs",
        "different pairs of words in a row, as a share of all pairs",
        percent,
    ),
    "repetition": (
        "repetition",
        "words that repeat the one before, or a pair of the same caption",
        percent,
    ),
    "unknown": ("unknown words", "words that are the unknown word", percent),
    "empty": ("empty captions", "captions without a word", percent),
    "novel": ("new captions", "captions that no training {noun} has", percent),
    "mean_length": ("words a caption", "mean length", mean),
    "min_length": ("shortest caption", "words", whole),
    "max_length": ("longest caption", "words", whole),
    "vocabulary": ("words in use", "different words in all captions together", whole),
    "mbleu_4": (
        "mBLEU-4",
        "BLEU-4 of each caption against the others: high where all are alike",
        number,
    ),
}
COLLAPSED, FEW, OFTEN, ENOUGH = 0.5, 0.1, 0.1, 5


class Verdict(NamedTuple):
    """`kind` is good, doubtful or bad; `sentences` are plain text."""

    kind: str
    sentences: tuple[str, ...]


def section(contents: Contents) -> str:
    """The verdict, then every figure; left out when nothing was generated."""
    found = verdict(contents)
    if found is None:
        return ""
    figures = (
        table(
            ["figure", "value", "meaning"],
            (_row(name, value, escape(contents.noun)) for name, value in contents.health.items()),
            "figures",
        )
        if contents.health
        else ""
    )
    said = paragraph(" ".join(map(escape, found.sentences)), f"verdict {found.kind}")
    return html_section("Does it say the same of everything?", said + figures, name="health")


def verdict(contents: Contents) -> Verdict | None:
    """What the figures say; None without any caption.

    A collapse is one caption for more than half of the pictures or clips. Where `most_common` was not measured, the shown pictures are counted, if there are a few.
    """
    health = {name: real(value) for name, value in contents.health.items()}
    share, text = _most_common(contents, health.get("most_common"))
    distinct = health.get("distinct_captions")
    if share is None and not any(value is not None for value in health.values()):
        return None
    worries = [
        f"{percent(health[name])} of {what}."
        for name, what in _OFTEN
        if (health.get(name) or 0) > OFTEN
    ]
    if share is not None and share > COLLAPSED:
        of = (
            f"the {contents.nouns}"
            if health.get("most_common") is not None
            else f"the {contents.nouns} shown here"
        )
        quote = f" “{text}”" if text else ""
        return Verdict(
            "bad",
            (
                f"Collapsed: one caption{quote} serves {percent(share)} of {of}; the scores above do not mean that {contents.nouns} are understood.",
                *worries,
            ),
        )
    if distinct is not None and distinct < FEW:
        return Verdict(
            "doubtful",
            (f"Few different captions: only {percent(distinct)} of them differ.", *worries),
        )
    if worries:
        return Verdict("doubtful", ("No collapse, but the sentences are poor:", *worries))
    differ = f" {percent(distinct)} of the captions differ." if distinct is not None else ""
    served = (
        f" The most common one serves {percent(share)}."
        if share is not None and health.get("most_common") is not None
        else ""
    )
    return Verdict("good", (f"No sign of collapse.{differ}{served}",))


_OFTEN = (
    ("repetition", "the words are repetition"),
    ("unknown", "the words are unknown"),
    ("empty", "the captions are empty"),
)


def _most_common(contents: Contents, measured: float | None) -> tuple[float | None, str]:
    """The share of the most common caption, and its text where the shown pictures make it sure enough."""
    said = Counter(one.generated for one in contents.shown)
    text, times = said.most_common(1)[0] if said else ("", 0)
    among = times / said.total() if said else None
    if measured is None:
        return (among if said.total() >= ENOUGH else None), text
    return measured, text if among is not None and among > COLLAPSED else ""


def _row(name: str, value: float, noun: str) -> tuple[str, str, str]:
    what, meaning, written = KNOWN.get(name, (escape(name.replace("_", " ")), "", number))
    return what, written(value), meaning.format(noun=noun)
