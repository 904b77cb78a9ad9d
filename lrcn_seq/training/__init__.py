"""Training: from a config to a run folder."""

from lrcn_seq.training.cross_validation import cross_validate
from lrcn_seq.training.precompute import precompute_features
from lrcn_seq.training.stages import train

__all__ = ["cross_validate", "precompute_features", "train"]
