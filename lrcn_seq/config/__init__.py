"""Experiment configs: YAML files, overrides and stages; validation reports all problems at once.

The package does not know individual parts (encoders, decoders, ...): registries validate them.
"""

from lrcn_seq.config.comparison import differences
from lrcn_seq.config.overrides import overridden_section, override_section
from lrcn_seq.config.part_files import (
    PARTS_FOLDER,
    check_trusted,
    check_unchanged,
    import_file,
    import_reference,
    import_run,
    remember_files,
)
from lrcn_seq.config.reading import read, read_mapping, read_run, read_version
from lrcn_seq.config.schema import Config
from lrcn_seq.config.shipped import config_path, shipped_names
from lrcn_seq.config.sizing import DataSize, restore_sizes, size_config, sized_values
from lrcn_seq.config.stages import stage_configs
from lrcn_seq.config.starter import starter_text
from lrcn_seq.config.validation import PARTS, validate
from lrcn_seq.config.versions import VERSION, dump_run, state_keys
from lrcn_seq.config.yaml_format import dump, parse

__all__ = [
    "PARTS",
    "PARTS_FOLDER",
    "VERSION",
    "Config",
    "DataSize",
    "check_trusted",
    "check_unchanged",
    "config_path",
    "differences",
    "dump",
    "dump_run",
    "import_file",
    "import_reference",
    "import_run",
    "overridden_section",
    "override_section",
    "parse",
    "read",
    "read_mapping",
    "read_run",
    "read_version",
    "remember_files",
    "restore_sizes",
    "shipped_names",
    "size_config",
    "sized_values",
    "stage_configs",
    "starter_text",
    "state_keys",
    "validate",
]
