"""Experiment configs: YAML files, overrides and stages, validated all at once.

The package is independent of the individual parts, whose arguments are validated by the registries.
"""

from lrcn_seq.config.comparison import differences
from lrcn_seq.config.overrides import override_section
from lrcn_seq.config.reading import read, read_mapping
from lrcn_seq.config.schema import Config
from lrcn_seq.config.stages import stage_configs
from lrcn_seq.config.validation import PARTS, validate
from lrcn_seq.config.yaml_format import dump, parse

__all__ = [
    "PARTS",
    "Config",
    "differences",
    "dump",
    "override_section",
    "parse",
    "read",
    "read_mapping",
    "stage_configs",
    "validate",
]
