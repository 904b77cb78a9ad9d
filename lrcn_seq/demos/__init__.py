"""Demos: each trains a small config of this package and measures it on unseen samples.

Every YAML file of this folder is the config of one demo, under the name of its task.
"""

from lrcn_seq.demos.table import DEMOS, Demo

__all__ = ["DEMOS", "Demo"]
