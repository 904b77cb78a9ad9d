"""Reading, writing and evaluation of run folders.

Names are imported on first use, so that a run folder can be checked without importing Keras.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lrcn_seq.runs.ensembles import load_ensemble
    from lrcn_seq.runs.evaluator import EvaluatedRun, evaluate_runs
    from lrcn_seq.runs.folder import Run
    from lrcn_seq.runs.hub import push
    from lrcn_seq.runs.loading import load, load_weights

__all__ = [
    "EvaluatedRun",
    "Run",
    "evaluate_runs",
    "load",
    "load_ensemble",
    "load_weights",
    "push",
]

_MODULES = {
    "EvaluatedRun": "evaluator",
    "Run": "folder",
    "evaluate_runs": "evaluator",
    "load": "loading",
    "load_ensemble": "ensembles",
    "load_weights": "loading",
    "push": "hub",
}


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
