"""Which frames of a video are looked at: every file but `base` is one sampling."""

from lrcn_seq.data.samplings.base import Sampling
from lrcn_seq.registry import samplings as registry

__all__ = ["Sampling", "registry"]
