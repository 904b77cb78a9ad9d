"""Sources of samples: each public module except `base` defines one data set with its splits."""

from lrcn_seq.data.sources.base import Source
from lrcn_seq.registry import sources as registry

__all__ = ["Source", "registry"]
