"""Trained runs as artifacts that need neither this library nor Keras.

Names are imported on first use, so that the options of a call are checked without importing Keras.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lrcn_seq.export.exporter import export_run

__all__ = ["export_run"]


def __getattr__(name: str) -> Any:
    if name in __all__:
        return getattr(import_module(f"{__name__}.exporter"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
