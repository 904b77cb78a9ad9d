"""Sentences and references in, scores with signatures out: every file but `base` is one metric. Loads no Keras."""

# The parts come first: importing a submodule later would put the module in the place of the function of the same name.
from lrcn_seq.metrics import bleu as _bleu  # noqa: F401
from lrcn_seq.metrics import cider as _cider  # noqa: F401
from lrcn_seq.metrics import meteor as _meteor  # noqa: F401
from lrcn_seq.metrics import rouge_l as _rouge_l  # noqa: F401
from lrcn_seq.metrics._classification import (
    Bin,
    ClassificationReport,
    ClassScore,
    calibration_error,
    classification,
)
from lrcn_seq.metrics._corpus import Corpus, make_corpus
from lrcn_seq.metrics._frequencies import DocumentFrequencies, load_frequencies
from lrcn_seq.metrics._health import Health, health
from lrcn_seq.metrics._retrieval import Retrieval, normalized_log_probabilities, retrieval
from lrcn_seq.metrics._reward import CiderReward
from lrcn_seq.metrics._scoring import (
    Report,
    bleu,
    cider,
    document_frequencies,
    meteor,
    rouge_l,
    score,
)
from lrcn_seq.metrics._significance import Difference, Interval, group_interval, intervals, paired
from lrcn_seq.metrics.base import Metric, Score
from lrcn_seq.registry import metrics as registry

__all__ = [
    "Bin",
    "CiderReward",
    "ClassScore",
    "ClassificationReport",
    "Corpus",
    "Difference",
    "DocumentFrequencies",
    "Health",
    "Interval",
    "Metric",
    "Report",
    "Retrieval",
    "Score",
    "bleu",
    "calibration_error",
    "cider",
    "classification",
    "document_frequencies",
    "group_interval",
    "health",
    "intervals",
    "load_frequencies",
    "make_corpus",
    "meteor",
    "normalized_log_probabilities",
    "paired",
    "registry",
    "retrieval",
    "rouge_l",
    "score",
]
