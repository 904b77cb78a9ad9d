"""Encoders of frames or vectors as features (B, S, R, D); each public module but `base` is one.

Importing the package registers all encoders with Keras, so that saved models can be loaded.
"""

from lrcn_seq.encoders.base import Encoder
from lrcn_seq.registry import encoders as registry
from lrcn_seq.registry import import_parts

__all__ = ["Encoder", "registry"]

import_parts(__name__)
