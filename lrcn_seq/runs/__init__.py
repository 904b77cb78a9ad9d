"""Reading, writing and evaluation of run folders."""

from lrcn_seq.runs.evaluator import EvaluatedRun, evaluate_runs
from lrcn_seq.runs.folder import Run
from lrcn_seq.runs.loading import load, load_weights

__all__ = ["EvaluatedRun", "Run", "evaluate_runs", "load", "load_weights"]
