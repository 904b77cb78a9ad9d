"""Section: the scores of the pictures or clips, each with how it was made."""

from __future__ import annotations

from collections.abc import Mapping

from lrcn_seq.report.contents import Contents
from lrcn_seq.report.markup import escape, label, number, paragraph, real
from lrcn_seq.report.markup import section as html_section


def section(contents: Contents) -> str:
    """Scores that were made alike (BLEU-1 to BLEU-4) stand together over their signature, the last one large."""
    metrics = contents.scores.get("metrics") or {}
    if not metrics:
        return html_section("Scores", paragraph("This run has not been scored."), name="scores")
    cards = "".join(map(_card, grouped(metrics, contents.scores.get("signatures") or {})))
    count = contents.scores.get("count")
    note = paragraph(f"<i>n</i> = {int(count):,}") if real(count) is not None else ""
    return html_section("Scores", f'<div class="scores">{cards}</div>{note}', name="scores")


def grouped(
    metrics: Mapping[str, float], signatures: Mapping[str, str]
) -> list[tuple[dict[str, float], str]]:
    """Scores that share a family (bleu_1, bleu_4) and a signature, with it. A signature may be given by full name or by family."""
    groups: dict[tuple[str, str], dict[str, float]] = {}
    for name, value in metrics.items():
        family = name.rpartition("_")[0] if name[-1:].isdigit() else name
        signature = signatures.get(name, signatures.get(family, ""))
        groups.setdefault((family, signature), {})[name] = value
    return [(values, signature) for (_, signature), values in groups.items()]


def _card(group: tuple[dict[str, float], str]) -> str:
    values, signature = group
    *others, (name, value) = values.items()
    beside = "".join(
        f"<div><dt>{label(other)}</dt><dd>{number(small)}</dd></div>" for other, small in others
    )
    beside = f'<dl class="others">{beside}</dl>' if others else ""
    made = f'<p class="signature">{_breakable(signature)}</p>' if signature else ""
    return f'<div class="score"><h3>{label(name)}</h3><p class="value">{number(value)}</p>{beside}{made}</div>'


def _breakable(signature: str) -> str:
    """Signatures are long and have no spaces: a line may end after each field."""
    return escape(signature).replace("|", "|<wbr>")
