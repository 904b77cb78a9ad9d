"""Decoders turn features into logits over classes or words; each file except `base` is one."""

from lrcn_seq.decoders.base import FrameDecoder, WordDecoder
from lrcn_seq.registry import decoders as registry

__all__ = ["FrameDecoder", "WordDecoder", "registry"]
