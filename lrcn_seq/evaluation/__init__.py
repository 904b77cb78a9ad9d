"""Scores of predictions, independent of tasks: per-sample rows, corpus scores and intervals."""

from lrcn_seq.evaluation.base import Evaluation, finite_or_none, top_1_remark
from lrcn_seq.evaluation.caption_evaluation import CaptionEvaluation, evaluate_captions
from lrcn_seq.evaluation.confidence_scores import (
    ConfidenceScores,
    GoodCaptions,
    sentence_ciders,
)
from lrcn_seq.evaluation.frame_evaluation import FrameEvaluation, evaluate_frames
from lrcn_seq.evaluation.label_evaluation import LabelEvaluation, evaluate_labels
from lrcn_seq.evaluation.paired_evaluations import paired_differences

__all__ = [
    "CaptionEvaluation",
    "ConfidenceScores",
    "Evaluation",
    "FrameEvaluation",
    "GoodCaptions",
    "LabelEvaluation",
    "evaluate_captions",
    "evaluate_frames",
    "evaluate_labels",
    "finite_or_none",
    "paired_differences",
    "sentence_ciders",
    "top_1_remark",
]
