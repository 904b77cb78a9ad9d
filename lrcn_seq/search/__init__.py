"""Searches for the best sentences: each public module except `base` defines one."""

from lrcn_seq.registry import searches as registry
from lrcn_seq.search.base import Search

__all__ = ["Search", "registry"]
