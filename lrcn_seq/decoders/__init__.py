"""Features to logits, over labels or words: every file but `base` is one decoder."""

from lrcn_seq.decoders.base import FrameDecoder, WordDecoder
from lrcn_seq.registry import decoders as registry

__all__ = ["FrameDecoder", "WordDecoder", "registry"]
