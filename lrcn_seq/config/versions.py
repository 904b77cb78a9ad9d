"""Versions of the config format of runs, and the keys that later versions added.

The config of a user may leave out keys, which then have their current defaults. The config of a run
states its version and every key of that version, so that a changed default in a later version does
not change the run. `ADDED_KEYS` lists the keys of later versions, with the value that keeps the
behavior of older runs. If the config of a run lacks any other key, the file is damaged.

Configs of version 1 (release 0.1.0) do not state their version, and leave out arguments of parts
and keys of stages whose value is the default.
"""

from __future__ import annotations

import copy
import types
import typing
from collections.abc import Mapping
from typing import Any, NamedTuple

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from lrcn_seq.config.overrides import apply_changes
from lrcn_seq.config.schema import Config, Objective
from lrcn_seq.config.validation import PARTS, validate
from lrcn_seq.config.yaml_format import dump
from lrcn_seq.errors import ConfigError, Problem, UnknownPartError
from lrcn_seq.registry import SEAMS

VERSION = 2
"""Version of the configs of new runs. The first key added after a release raises it by 1."""


class AddedKey(NamedTuple):
    """A key that a later version added, or whose default it changed.

    Attributes:
        version: First version with the key, or with its present default.
        key: Dotted key. An argument of a part belongs to all types of the part that accept it.
        earlier: Value that keeps the behavior of runs of earlier versions.
    """

    version: int
    key: str
    earlier: Any


ADDED_KEYS = (
    AddedKey(2, "search.at_limit", "force"),
    AddedKey(2, "data.source.stratify", False),
    AddedKey(2, "training.keep_state", True),
    AddedKey(2, "training.start_from_epoch", 0),
    AddedKey(2, "training.restore_best_weights", True),
    AddedKey(2, "training.train_on_dev", False),
    AddedKey(2, "training.dev_loss", False),
    AddedKey(2, "training.callbacks", []),
    AddedKey(2, "training.objective", Objective().model_dump()),
)

CHANGED_DEFAULTS = (
    AddedKey(2, "training.batch_size", 64),
    AddedKey(2, "training.epochs", 20),
    AddedKey(2, "training.patience", 5),
    AddedKey(2, "training.schedule.every", 20_000),
)
"""Keys with another default in earlier versions, for the stages of version 1."""


def take_version(tree: dict[str, Any], source: str) -> int:
    """Remove the key `version` from the mapping of a config; return its value, 1 if it is missing.

    Args:
        tree: The mapping, which is changed in place.
        source: Name of the config in errors, such as the path of its file.

    Raises:
        ConfigError: The version is not an integer from 1 to `VERSION`.
    """
    version = tree.pop("version", 1)
    if type(version) is int and 1 <= version <= VERSION:
        return version
    message = (
        f"expected a version of the config format from 1 to {VERSION}. Received: {version!r}; "
        "install the version of lrcn_seq that wrote the file."
    )
    raise ConfigError([Problem("version", message)], source)


def complete(tree: Mapping[str, Any], version: int) -> tuple[dict[str, Any], list[str]]:
    """Return a copy of a config that states every key, and a list of the lost keys.

    Args:
        tree: The mapping of a config under current names of keys.
        version: Version of the config.

    Returns:
        A copy of the mapping in which missing keys have the value of `ADDED_KEYS` or their default,
        and the lost keys, which are missing although every config of this version states them.
    """
    result, filler = copy.deepcopy(dict(tree)), _Filler(version)
    filler.fill_section(result, Config, "")
    if isinstance(result["stages"], list):
        result["stages"] = [
            filler.complete_stage(result, stage, number)
            for number, stage in enumerate(result["stages"])
        ]
    return result, filler.lost


def state_keys(config: Config, version: int = VERSION) -> Config:
    """Return a config that states every key.

    Args:
        config: A valid config. Keys that it does not set and that came after `version` get the
            value that keeps the behavior of runs of that version; other keys get their default.
        version: Version of the run that the config belongs to.
    """
    return validate(complete(config.model_dump(exclude_unset=True), version)[0])


def dump_run(config: Config) -> str:
    """Return the config of a new run as YAML, with its version and a value for every key."""
    return f"version: {VERSION}\n{dump(state_keys(config))}"


class _Filler:
    """Fills the missing keys of a config of one version, and collects the lost keys."""

    def __init__(self, version: int):
        self.version, self.lost = version, list[str]()
        self.added = {row.key: row.earlier for row in ADDED_KEYS if row.version > version}
        self.changed = {row.key: row.earlier for row in CHANGED_DEFAULTS if row.version > version}

    def fill_section(self, tree: dict[str, Any], section: type[BaseModel], place: str) -> None:
        """Fill the missing keys of a section in place.

        Args:
            tree: The section.
            section: The schema of the section.
            place: Prefix of the keys: empty, or the dotted key of the section and a dot.
        """
        for name, field in section.model_fields.items():
            key, is_missing = f"{place}{name}", name not in tree
            if is_missing and not field.is_required():
                tree[name] = self._value(key, _default(field), is_stated=True)
            value, nested, count = tree.get(name), _section_type(field.annotation), len(self.lost)
            if isinstance(value, dict) and nested is not None:
                self.fill_section(value, nested, f"{key}.")
            elif isinstance(value, dict) and key in PARTS:
                self.fill_part(value, key)
            if is_missing:
                del self.lost[count:]

    def fill_part(self, spec: dict[str, Any], key: str) -> None:
        """Fill the missing arguments of a part in place; validation reports unknown types.

        Arguments count as lost only for parts of this library, whose configs state all arguments.
        """
        registry, part = SEAMS[PARTS[key]], str(spec.get("type"))
        try:
            constructor = registry.constructor(part)
        except UnknownPartError:
            return
        is_stated = self.version > 1 and registry.is_own(part)
        for name, parameter in constructor.parameters.items():
            is_known = parameter.default is not parameter.empty
            if is_known and name not in spec and name not in constructor.derived:
                default = parameter.default
                default = list(default) if isinstance(default, tuple) else default  # as in YAML
                spec[name] = self._value(f"{key}.{name}", default, is_stated=is_stated)

    def complete_stage(self, base: Mapping[str, Any], stage: Any, number: int) -> Any:
        """Return a copy of a stage that states all keys of every part or section that it changes.

        Args:
            base: The complete config.
            stage: The stage. A malformed stage is returned unchanged, for validation to report.
            number: Index of the stage.
        """
        changed = copy.deepcopy(dict(base))
        if (
            not isinstance(stage, dict)
            or not all(isinstance(key, str) for key in stage)
            or apply_changes(changed, stage)
        ):
            return stage
        before, self.lost = self.lost, []
        self.fill_section(changed, Config, "")
        lost = [f"stages.{number}.{key}" for key in self.lost if self.version > 1]
        self.lost = before + lost
        keys = [key.removesuffix(".type") for key in stage]
        return {
            key: _value_at(changed, key)
            for key in keys
            if not any(key.startswith(f"{other}.") for other in keys)
        }

    def _value(self, key: str, default: Any, *, is_stated: bool) -> Any:
        """Return the value for a missing key; count the key as lost if it should be stated."""
        if key in self.added:
            return copy.deepcopy(self.added[key])
        if is_stated:
            self.lost.append(key)
        return copy.deepcopy(self.changed.get(key, default))


def _default(field: FieldInfo) -> Any:
    """Return the default of a field as plain values."""
    default = field.get_default(call_default_factory=True)
    return default.model_dump() if isinstance(default, BaseModel) else default


def _section_type(annotation: Any) -> type[BaseModel] | None:
    """Return the schema of a section, given the annotation of its field; None for other fields."""
    options = typing.get_args(annotation) if isinstance(annotation, types.UnionType) else ()
    for option in (annotation, *options):
        if isinstance(option, type) and issubclass(option, BaseModel):
            return option
    return None


def _value_at(tree: Mapping[str, Any], key: str) -> Any:
    """Return the value of a dotted key."""
    value: Any = tree
    for name in key.split("."):
        value = value[name]
    return value
