"""Metrics of captions and classifiers: from hypotheses and references to scores with signatures.

Each module except `base` is one metric. Importing the package loads neither Keras nor NLTK.
"""

# Import the metric modules before the functions: a later import of a module such as `bleu` would
# replace the function of the same name.
from lrcn_seq.metrics import bleu as _bleu  # noqa: F401
from lrcn_seq.metrics import cider as _cider  # noqa: F401
from lrcn_seq.metrics import meteor as _meteor  # noqa: F401
from lrcn_seq.metrics import rouge_l as _rouge_l  # noqa: F401
from lrcn_seq.metrics.analysis.classification_report import (
    Bin,
    ClassificationReport,
    ClassScore,
    calibration_error,
    classification,
    reliability_bins,
)
from lrcn_seq.metrics.analysis.diversity import Health, health
from lrcn_seq.metrics.analysis.platt_scaling import PlattScaling, fit_platt
from lrcn_seq.metrics.analysis.retrieval_recall import (
    Retrieval,
    normalized_log_probabilities,
    retrieval,
)
from lrcn_seq.metrics.analysis.selective_prediction import (
    SelectionGain,
    coverage_scores,
    selection_gain,
)
from lrcn_seq.metrics.base import Metric, Score
from lrcn_seq.metrics.scoring.accuracy_interval import AccuracyInterval, accuracy_interval
from lrcn_seq.metrics.scoring.cider_reward import CiderReward
from lrcn_seq.metrics.scoring.score_functions import (
    Report,
    bleu,
    cider,
    document_frequencies,
    meteor,
    rouge_l,
    score,
)
from lrcn_seq.metrics.scoring.significance import (
    Difference,
    Interval,
    group_differences,
    group_interval,
    intervals,
    paired,
)
from lrcn_seq.metrics.statistics.document_frequencies import DocumentFrequencies, load_frequencies
from lrcn_seq.metrics.statistics.segments import Corpus, make_corpus
from lrcn_seq.registry import metrics as registry

__all__ = [
    "AccuracyInterval",
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
    "PlattScaling",
    "Report",
    "Retrieval",
    "Score",
    "SelectionGain",
    "accuracy_interval",
    "bleu",
    "calibration_error",
    "cider",
    "classification",
    "coverage_scores",
    "document_frequencies",
    "fit_platt",
    "group_differences",
    "group_interval",
    "health",
    "intervals",
    "load_frequencies",
    "make_corpus",
    "meteor",
    "normalized_log_probabilities",
    "paired",
    "registry",
    "reliability_bins",
    "retrieval",
    "rouge_l",
    "score",
    "selection_gain",
]
