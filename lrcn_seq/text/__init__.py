"""Tokenizers: each public module except `base` defines one."""

from lrcn_seq.registry import tokenizers as registry
from lrcn_seq.text.base import Tokenizer, load, save

__all__ = ["Tokenizer", "load", "registry", "save"]
