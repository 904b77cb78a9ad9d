"""YAML text to a checked config, with overrides; all problems at once."""

from __future__ import annotations

import os
import types
import typing
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ValidationError

from lrcn_seq.config.schema import Config
from lrcn_seq.errors import ConfigError, Problem, did_you_mean
from lrcn_seq.registry import SEAMS


class _Loader(yaml.SafeLoader):
    """YAML 1.2 numbers (1e-3 is a float) and no repeated keys."""

    def construct_mapping(self, node, deep=False):
        keys = [self.construct_object(key, deep=True) for key, _ in node.value]
        for key in keys:
            if keys.count(key) > 1:
                raise yaml.constructor.ConstructorError(None, None, f"the key {key!r} stands twice", node.start_mark)
        return super().construct_mapping(node, deep)


_Loader.add_implicit_resolver("tag:yaml.org,2002:float", __import__("re").compile(r"^[-+]?(\d+\.?\d*|\.\d+)[eE][-+]?\d+$"), list("-+0123456789."))


def read(path: str | os.PathLike, overrides: Iterable[str] = ()) -> Config:
    """The checked config of a YAML file, after overrides `section.key=value`.

    Raises:
        ConfigError: the file is missing or not YAML, or with every problem in it.
    """
    return checked(raw(path, overrides), str(path))


def raw(path: str | os.PathLike, overrides: Iterable[str] = ()) -> dict[str, Any]:
    """The mapping of a YAML file, after overrides; not yet checked."""
    try:
        text = Path(path).read_text(encoding="utf-8")
    except FileNotFoundError:
        raise ConfigError([Problem("", "expected a YAML file; there is no such file.")], str(path)) from None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError([Problem("", f"expected a YAML file in UTF-8. Received: {error}.")], str(path)) from None
    tree = parse(text, str(path))
    if not isinstance(tree, dict):
        raise ConfigError([Problem("", f"expected a mapping of sections. Received: {type(tree).__name__}.")], str(path))
    problems = [problem for text in overrides if (problem := override(tree, text))]
    if problems:
        raise ConfigError(problems, "the overrides")
    return tree


def parse(text: str, source: str) -> Any:
    """The value of YAML text."""
    try:
        return yaml.load(text, _Loader)
    except yaml.YAMLError as error:
        raise ConfigError([Problem("", f"expected YAML. Received: {' '.join(str(error).split())}.")], source) from None


def override(tree: dict[str, Any], text: str) -> Problem | None:
    """Sets `a.b=value` in the tree; the problem where the text is not of that form."""
    place, equals, value = text.partition("=")
    if not equals or not place or not all(place.split(".")):
        return Problem(text, "expected section.key=value.")
    return assign(tree, place, parse(value, text))


def assign(tree: dict[str, Any], place: str, value: Any) -> Problem | None:
    """Sets the value at a dotted place."""
    *parents, last = place.split(".")
    for name in parents:
        child = tree.get(name)
        tree[name] = tree = {} if child is None else child
        if not isinstance(tree, dict):
            return Problem(place, f"{name} is not a section. Received: {name}={child!r}.")
    tree[last] = value
    return None


def checked(tree: Mapping[str, Any], source: str = "the config") -> Config:
    """The config of a mapping.

    Raises:
        ConfigError: with every problem: of sections, of parts, of stages.
    """
    try:
        config = Config.model_validate(tree)
    except ValidationError as error:
        problems = [_problem(detail) for detail in error.errors()]
        raise ConfigError([*problems, *part_problems(tree)], source) from None
    problems = part_problems(tree)
    for number, stage in enumerate(config.stages):
        try:
            problems += [Problem(f"stages.{number}.{p.place}", p.message) for p in part_problems(staged_tree(config, stage))] if not problems else []
            staged(config, stage)
        except ConfigError as error:
            problems += [Problem(f"stages.{number}.{p.place}", p.message) for p in error.problems]
    if problems:
        raise ConfigError(problems, source)
    return config


PARTS = {"task": "tasks", "tokenizer": "tokenizers", "encoder": "encoders", "decoder": "decoders", "search": "searches", "data.source": "sources", "data.view": "views"}


def part_problems(tree: Mapping[str, Any]) -> list[Problem]:
    """What the registries say of every part that a config names."""
    problems: list[Problem] = []
    for place, seam in PARTS.items():
        section, _, name = place.rpartition(".")
        holder = tree.get(section, {}) if section else tree
        if isinstance(holder, Mapping) and name in holder:
            problems += SEAMS[seam].problems(holder[name], place)
    return problems


def staged_tree(config: Config, stage: Mapping[str, Any]) -> dict[str, Any]:
    """The mapping of a stage: the config with the stage's overrides."""
    tree = config.model_dump(exclude={"stages"})
    problems = [problem for place, value in stage.items() if (problem := assign(tree, place, value))]
    if problems:
        raise ConfigError(problems, "the stage")
    return tree


def staged(config: Config, stage: Mapping[str, Any]) -> Config:
    """The config of a stage."""
    return checked(staged_tree(config, stage), "the stage")


def stages(config: Config) -> list[Config]:
    """The configs that run one after the other; one where there are no stages."""
    return [staged(config, stage) for stage in config.stages] or [config]


def dump(config: Config) -> str:
    """The resolved config as YAML: every value, defaults included."""
    return yaml.safe_dump(config.model_dump(), sort_keys=False, allow_unicode=True)


def _problem(detail: Mapping[str, Any]) -> Problem:
    place = [str(name) for name in detail["loc"]]
    if detail["type"] == "extra_forbidden":
        known = list(_section(place[:-1]).model_fields)
        return Problem(".".join(place), f"unknown key.{did_you_mean(place[-1], known)} Known: {', '.join(known)}.")
    if detail["type"] == "missing":
        return Problem(".".join(place), "missing, and it has no default.")
    return Problem(".".join(place), f"{detail['msg']}. Received: {detail['input']!r}.")


def _section(place: list[str]) -> type[BaseModel]:
    section: Any = Config
    for name in place:
        hint = typing.get_type_hints(section)[name]
        options = typing.get_args(hint) if isinstance(hint, types.UnionType) else (hint,)
        section = next(option for option in options if isinstance(option, type) and issubclass(option, BaseModel))
    return section
