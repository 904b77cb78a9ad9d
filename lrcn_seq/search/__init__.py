"""A step function to sentences: every file but `base` is one search. Knows no network."""

from lrcn_seq.registry import searches as registry
from lrcn_seq.search.base import Search

__all__ = ["Search", "registry"]
