"""Decoders from features to logits over classes or words: each module except `base` defines one."""

from lrcn_seq.decoders.base import FrameDecoder, WordDecoder
from lrcn_seq.registry import decoders as registry

__all__ = ["FrameDecoder", "WordDecoder", "registry"]
