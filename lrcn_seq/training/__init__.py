"""Training of the networks of a config; the results are written to a run folder."""

from lrcn_seq.training.cross_validation import cross_validate
from lrcn_seq.training.pipeline import train
from lrcn_seq.training.precompute import precompute_features

__all__ = ["cross_validate", "precompute_features", "train"]
