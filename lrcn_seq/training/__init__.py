"""From a config to a run folder: fitting, evaluating, reporting."""

from lrcn_seq.training.training import train

__all__ = ["train"]
