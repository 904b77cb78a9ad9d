"""Frame samplings of videos: each module except `base` defines one sampling."""

from lrcn_seq.data.samplings.base import Sampling
from lrcn_seq.registry import samplings as registry

__all__ = ["Sampling", "registry"]
