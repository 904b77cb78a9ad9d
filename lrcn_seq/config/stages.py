"""The stages of a run: the complete config of each stage."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lrcn_seq.config.overrides import apply_changes
from lrcn_seq.config.schema import Config
from lrcn_seq.config.validation import validate


def stage_configs(config: Config) -> list[Config]:
    """Return the configs of all stages, in order.

    Args:
        config: A config with or without `stages`.

    Returns:
        One config per stage, without the key `stages`; `[config]` if the config has no stages.
    """
    return [_stage_config(config, stage) for stage in config.stages] or [config]


def _stage_config(config: Config, stage: Mapping[str, Any]) -> Config:
    tree = config.model_dump(exclude={"stages"})
    apply_changes(tree, stage)
    return validate(tree, "the stage")
