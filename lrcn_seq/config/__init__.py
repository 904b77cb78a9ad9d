"""YAML to checked objects. Knows no part by name: the registries judge the parts."""

from lrcn_seq.config.loading import PARTS, checked, differences, dump, parse, raw, read, stages
from lrcn_seq.config.schema import Config

__all__ = ["PARTS", "Config", "checked", "differences", "dump", "parse", "raw", "read", "stages"]
