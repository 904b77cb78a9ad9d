"""Decoders from features to logits over classes or words; each public module but `base` is one.

Importing the package registers all decoders with Keras, so that saved models can be loaded.
"""

from lrcn_seq.decoders.base import FrameDecoder, WordDecoder
from lrcn_seq.registry import decoders as registry
from lrcn_seq.registry import import_parts

__all__ = ["FrameDecoder", "WordDecoder", "registry"]

import_parts(__name__)
