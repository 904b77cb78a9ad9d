"""Section: the scores of an evaluation, each with its signature."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lrcn_seq.metrics.scoring.score_tables import interval_text, is_always_one
from lrcn_seq.report.markup import Section, escape, finite, number, paragraph, quantity, section
from lrcn_seq.report.metric_labels import metric_label


def score_cards(scores: Mapping[str, Any], noun: str) -> Section:
    """Return a section with a card per family of scores, such as BLEU-1 to BLEU-4.

    Args:
        scores: the content of `scores.json`: `metrics` and `signatures` by name, and `count`.
        noun: singular noun for an evaluated item, e.g. `image`.
    """
    metrics = scores.get("metrics") or {}
    if not metrics:
        return section("Scores", paragraph("This run has no scores yet."), name="scores")
    families = families_of(metrics, scores.get("signatures") or {})
    cards = "".join(_card(values, signature, scores) for values, signature in families)
    note = _note(scores, noun)
    return section("Scores", f'<div class="scores">{cards}</div>{note}', name="scores")


def _note(scores: Mapping[str, Any], noun: str) -> str:
    """Return the number of samples, and how the intervals are estimated."""
    count, method = finite(scores.get("count")), scores.get("interval_method")
    sentences = [
        "" if count is None else f"Computed on {quantity(int(count), noun)}.",
        f"95 % intervals: {method}." if method else "",
    ]
    text = " ".join(filter(None, sentences))
    return paragraph(escape(text)) if text else ""


def families_of(
    metrics: Mapping[str, float], signatures: Mapping[str, str]
) -> list[tuple[dict[str, float], str]]:
    """Group scores of the same family, such as `bleu_1` and `bleu_4`, and the same signature.

    Args:
        metrics: scores by name.
        signatures: signatures by the name of the score or of its family.

    Returns:
        The scores and the signature of each group, in the order of their first scores; without
        scores that are always 1.
    """
    groups: dict[tuple[str, str], dict[str, float]] = {}
    for name, value in metrics.items():
        if is_always_one(name, signatures.get(name, "")):
            continue
        family = name.rpartition("_")[0] if name[-1:].isdigit() else name
        signature = signatures.get(name, signatures.get(family, ""))
        groups.setdefault((family, signature), {})[name] = value
    return [(values, signature) for (_, signature), values in groups.items()]


def _card(values: Mapping[str, float], signature: str, scores: Mapping[str, Any]) -> str:
    """Return the card of a family of scores with their intervals."""
    *others, (name, value) = values.items()
    small = "".join(
        f"<div><dt>{metric_label(other)}</dt><dd>{_value(scores, other, score)}</dd></div>"
        for other, score in others
    )
    small = f'<dl class="others">{small}</dl>' if small else ""
    # A signature is long and has no spaces, so lines may break after its fields.
    breakable = escape(signature).replace("|", "|<wbr>")
    last = f'<p class="signature">{breakable}</p>' if signature else ""
    return (
        f'<div class="score"><h3>{metric_label(name)}</h3>'
        f'<p class="value">{_value(scores, name, value)}</p>{small}{last}</div>'
    )


def _value(scores: Mapping[str, Any], name: str, value: float) -> str:
    """Return a score and, in small type, its interval if it has one."""
    text = interval_text(scores, name, digits=3)
    # A BLEU of 1e-9, from smoothing of a caption without a common n-gram, is shown as 0.
    return number(value if finite(value) is None else round(value, 3)) + (
        f' <span class="interval">{text}</span>' if text else ""
    )
