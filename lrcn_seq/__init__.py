"""Pictures and videos to labels and sentences: CNN encoders with LSTM decoders on Keras 3.

`load(RUN)` gives a trained task, `build(CONFIG, words=V)` a fresh one, `metrics` scores sentences.
Names are loaded when they are used: importing this package loads neither Keras nor TensorFlow.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

__version__ = "0.1.0"

_HOMES = {"load": "lrcn_seq.runs", "build": "lrcn_seq.tasks", "train": "lrcn_seq.training"}
_PACKAGES = (
    "config",
    "data",
    "decoders",
    "encoders",
    "errors",
    "evaluation",
    "features",
    "layers",
    "metrics",
    "records",
    "registry",
    "report",
    "runs",
    "search",
    "tasks",
    "text",
    "training",
)
__all__ = ["__version__", *_HOMES, *_PACKAGES]  # noqa: PLE0604 - loaded by __getattr__


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    if name in _PACKAGES:
        return import_module(f"lrcn_seq.{name}")
    raise AttributeError(f"module 'lrcn_seq' has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
