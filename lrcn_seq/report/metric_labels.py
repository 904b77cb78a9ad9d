"""Names of metrics as written in papers."""

from __future__ import annotations

from lrcn_seq.report.markup import escape

LABELS = {
    "loss": "training loss",
    "reward": "training reward",
    "entropy": "training entropy",
    "rouge_l": "ROUGE-L",
    "cider": "CIDEr",
    "meteor": "METEOR",
    "spice": "SPICE",
    "top_1": "top-1 accuracy",
    "top_5": "top-5 accuracy",
    "mean_class": "mean class accuracy",
    "calibration": "calibration error",
    "distinct_1": "distinct-1",
    "distinct_2": "distinct-2",
    "most_common": "most common caption",
    "unknown": "unknown words",
    "empty": "empty captions",
    "novel": "novel captions",
    "min_length": "minimum length",
    "max_length": "maximum length",
    "mbleu_4": "mBLEU-4",
}


def metric_label(name: str) -> str:
    """Return the label of a metric as HTML; by default, the name with spaces for underscores."""
    if name.startswith("bleu_"):
        return f"BLEU-{escape(name.removeprefix('bleu_'))}"
    return LABELS.get(name) or escape(name.replace("_", " "))
