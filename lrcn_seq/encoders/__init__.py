"""Encoders turn frames or vectors into features (B, S, R, D); each file except `base` is one."""

from lrcn_seq.encoders.base import Encoder
from lrcn_seq.registry import encoders as registry

__all__ = ["Encoder", "registry"]
