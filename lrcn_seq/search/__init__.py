"""Searches for the best sentences: every public module but `base` defines one."""

from lrcn_seq.registry import searches as registry
from lrcn_seq.search.base import Search

__all__ = ["Search", "registry"]
