"""Experiment configs: YAML files, overrides and stages, validated all at once.

The package is independent of the individual parts, whose arguments are validated by the registries.
"""

from lrcn_seq.config.comparison import differences
from lrcn_seq.config.overrides import override_section
from lrcn_seq.config.reading import read, read_mapping, read_run, read_version
from lrcn_seq.config.schema import Config
from lrcn_seq.config.sizing import DataSize, restore_sizes, size_config, sized_values
from lrcn_seq.config.stages import stage_configs
from lrcn_seq.config.validation import PARTS, validate
from lrcn_seq.config.versions import VERSION, dump_run, state_keys
from lrcn_seq.config.yaml_format import dump, parse

__all__ = [
    "PARTS",
    "VERSION",
    "Config",
    "DataSize",
    "differences",
    "dump",
    "dump_run",
    "override_section",
    "parse",
    "read",
    "read_mapping",
    "read_run",
    "read_version",
    "restore_sizes",
    "size_config",
    "sized_values",
    "stage_configs",
    "state_keys",
    "validate",
]
