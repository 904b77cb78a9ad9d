"""Encoders of frames or vectors as features (B, S, R, D); each module except `base` is one."""

from lrcn_seq.encoders.base import Encoder
from lrcn_seq.registry import encoders as registry

__all__ = ["Encoder", "registry"]
