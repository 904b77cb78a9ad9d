"""Frames or vectors to features (B, S, R, D): every file but `base` is one encoder."""

from lrcn_seq.encoders.base import Encoder
from lrcn_seq.registry import encoders as registry

__all__ = ["Encoder", "registry"]
