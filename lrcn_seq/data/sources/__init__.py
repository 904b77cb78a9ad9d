"""Data sets: every file but `base` is one source, a sequence of samples with splits."""

from lrcn_seq.data.sources.base import Source
from lrcn_seq.registry import sources as registry

__all__ = ["Source", "registry"]
