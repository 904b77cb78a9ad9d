"""Demos: each trains a small config and measures it on unseen samples.

Each YAML file in this folder is the config of the demo of one task.
"""

from lrcn_seq.demos.table import DEMOS, Demo

__all__ = ["DEMOS", "Demo"]
