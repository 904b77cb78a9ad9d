"""Deprecated config keys and values, and their current names.

Configs, overrides and run folders may use either name of a key, but not both in one mapping.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from lrcn_seq.terminal import print_note

RENAMED_KEYS = {
    "data.captions_per_picture": "data.captions_per_image",
    "training.batch": "training.batch_size",
    "training.rates": "training.learning_rate_multipliers",
    "training.optimizer.rate": "training.optimizer.learning_rate",
    "training.optimizer.clip": "training.optimizer.global_clipnorm",
    "training.optimizer.decoupled_decay": "training.optimizer.weight_decay",
    "training.optimizer.ema": "training.optimizer.ema_momentum",
    "training.optimizer.accumulate": "training.optimizer.gradient_accumulation_steps",
    "evaluation.batch": "evaluation.batch_size",
}
"""The new dotted key for each old dotted key; both keys are in the same section."""

RENAMED_VALUES = {("data.plan", "by_picture"): "by_image"}
"""The new value for each pair of a dotted key and an old value."""

Renames = dict[str, str]
"""The new name for each old name that a config uses."""


def rename_keys(tree: Mapping[Any, Any]) -> tuple[dict[Any, Any], Renames]:
    """Return a copy of a config with current keys and values, and the renames that were made.

    A key keeps its old name if the config also contains the key with the new name.

    Args:
        tree: Sections as in a file, or dotted keys as in a stage or an override.
    """
    renames: Renames = {}
    return _rename_mapping(tree, "", renames), renames


def warn_renamed(source: str, renames: Renames) -> None:
    """Print a line on stderr that lists the old names, if any; equal lines are printed once.

    Args:
        source: The file with the old names, or "the overrides".
        renames: The new name for each old name.
    """
    if renames:
        changes = ", ".join(f"{old} to {new}" for old, new in renames.items())
        _print_once(f"{source}: deprecated names; rename {changes}.")


@cache
def _print_once(line: str) -> None:
    print_note(line)


def current_key(key: str) -> str:
    """Return the current name of a dotted key."""
    for old, new in RENAMED_KEYS.items():
        if key == old or key.startswith(f"{old}."):
            return new + key.removeprefix(old)
    return key


def _rename_mapping(tree: Mapping[Any, Any], section: str, renames: Renames) -> dict[Any, Any]:
    result = {}
    for name, value in tree.items():
        old = f"{section}.{name}" if section else str(name)
        new = current_key(old)
        new_name = new.removeprefix(f"{section}.") if new != old else name
        if new != old and new_name in tree:
            new, new_name = old, name
        elif new != old:
            renames[old] = new
        result[new_name] = _rename_value(value, new, renames)
    return result


def _rename_value(value: Any, key: str, renames: Renames) -> Any:
    if isinstance(value, dict):
        return _rename_mapping(value, key, renames)
    if key == "stages" and isinstance(value, list):
        return [_rename_value(stage, "", renames) for stage in value]
    if isinstance(value, str) and (new := RENAMED_VALUES.get((key, value))):
        renames[f"{key}={value}"] = f"{key}={new}"
        return new
    return value
