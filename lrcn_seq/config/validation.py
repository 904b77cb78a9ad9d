"""Validation of a config: sections by pydantic, parts by their registries, stages one by one."""

from __future__ import annotations

import copy
import re
import types
import typing
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from pydantic import BaseModel, ValidationError

from lrcn_seq.config.overrides import apply_changes
from lrcn_seq.config.renamed_keys import RENAMED_KEYS
from lrcn_seq.config.schema import Config
from lrcn_seq.errors import PROBLEMS_LIMIT, ConfigError, Problem, describe_errors, did_you_mean
from lrcn_seq.registry import SEAMS

PARTS = {
    "task": "tasks",
    "tokenizer": "tokenizers",
    "encoder": "encoders",
    "decoder": "decoders",
    "search": "searches",
    "data.source": "sources",
    "data.sampling": "samplings",
    "data.view": "views",
}
"""The name of the registry for the dotted key of each part."""

OPTIONAL_PARTS = {"data.sampling"}
"""Parts that may be null."""

RUN_KEYS = ("stages.", "init.", "task.", "seed.", "tokenizer.", "data.source.")
"""Keys that a stage must not change, because one value applies to the whole run."""

ALTERNATIVE = re.compile(r"(constrained-)?(int|float|bool)|literal\[.*\]")
"""The name that pydantic appends to the place of an error for an alternative of a union."""


def validate(tree: Mapping[str, Any], source: str = "the config") -> Config:
    """Validate a mapping, and return it as a config.

    Args:
        tree: Sections with their values, as in a YAML file.
        source: Name of the mapping in errors, such as the path of its file.

    Raises:
        ConfigError: The mapping has problems in its sections, parts or stages; all are listed.
    """
    problems = _tree_problems(tree)
    stages = tree.get("stages")
    for number, stage in enumerate(stages if isinstance(stages, list) else []):
        # The schema reports stages that are not mappings with strings as keys.
        if isinstance(stage, Mapping) and all(isinstance(key, str) for key in stage):
            in_stage = (p for p in _stage_problems(tree, stage) if p not in problems)
            problems += _prefixed(in_stage, f"stages.{number}.")
    if problems:
        raise ConfigError(problems, source)
    return Config.model_validate(tree)


def _tree_problems(tree: Mapping[str, Any]) -> list[Problem]:
    """Return the problems of the sections and parts of a config, apart from its stages."""
    in_parts = _part_problems(tree)
    try:
        Config.model_validate(tree)
    except ValidationError as error:
        places = {problem.place for problem in in_parts}
        by_path: dict[tuple[str, ...], list[Mapping[str, Any]]] = {}
        for detail in error.errors():
            by_path.setdefault(_path(detail), []).append(detail)
        in_sections = (
            _schema_problem(path, details, suggest=number < PROBLEMS_LIMIT)
            for number, (path, details) in enumerate(by_path.items())
        )
        return [*(problem for problem in in_sections if problem.place not in places), *in_parts]
    return in_parts


def _stage_problems(tree: Mapping[str, Any], stage: Mapping[str, Any]) -> list[Problem]:
    """Return the keys that a stage may not change or, without any, the problems of its config."""
    fixed = [
        Problem(key, "a stage cannot change this key; set it for the whole run.")
        for key in stage
        if f"{key}.".startswith(RUN_KEYS)
    ]
    if fixed:
        return fixed
    changed = copy.deepcopy({name: value for name, value in tree.items() if name != "stages"})
    return apply_changes(changed, stage) or _tree_problems(changed)


def _part_problems(tree: Mapping[str, Any]) -> list[Problem]:
    """Return the problems of the parts and metrics of a config, found by their registries."""
    problems: list[Problem] = []
    for key, seam in PARTS.items():
        section, _, name = key.rpartition(".")
        parent = tree.get(section, {}) if section else tree
        if (
            isinstance(parent, Mapping)
            and name in parent
            and not (key in OPTIONAL_PARTS and parent[name] is None)
        ):
            problems += SEAMS[seam].problems(parent[name], key)
    evaluation = tree.get("evaluation")
    metrics = evaluation.get("metrics") if isinstance(evaluation, Mapping) else None
    return problems + _metric_problems(metrics if isinstance(metrics, list) else [])


def _metric_problems(metrics: list[Any]) -> list[Problem]:
    """Return the problems of metric names; the schema reports names that are not strings."""
    return [
        Problem(f"evaluation.metrics.{number}", problem.message)
        for number, metric in enumerate(metrics)
        if isinstance(metric, str)
        for problem in SEAMS["metrics"].problems({"type": metric}, "")
    ]


def _prefixed(problems: Iterable[Problem], prefix: str) -> list[Problem]:
    return [problem._replace(place=f"{prefix}{problem.place}") for problem in problems]


def _path(detail: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the sections and the key of a pydantic error, without the alternative of a union.

    A key that is not valid Unicode is left out.
    """
    names = tuple(str(name) for name in detail["loc"])
    is_alternative = (
        names and detail["type"] != "extra_forbidden" and ALTERNATIVE.fullmatch(names[-1])
    )
    return names[:-1] if is_alternative else names


def _schema_problem(
    names: tuple[str, ...], details: Sequence[Mapping[str, Any]], *, suggest: bool
) -> Problem:
    """Return the problem for the pydantic errors of a key, with a suggestion if it is unknown."""
    key, detail = ".".join(names), details[0]
    # If the value has the type of one alternative, describe only the errors of that one.
    of_type = [one for one in details if not one["type"].endswith(("_type", "literal_error"))]
    if key in RENAMED_KEYS and detail["type"] == "extra_forbidden":
        return Problem(key, f"this key was renamed; use {RENAMED_KEYS[key]} alone.")
    if detail["type"] == "extra_forbidden":
        known = list(_section(names[:-1]).model_fields)
        hint = did_you_mean(names[-1], known) if suggest else ""
        if "." in names[-1]:
            hint = " Write the key without a dot, inside its section."
        return Problem(key, f"unknown key.{hint} Known: {', '.join(known)}.")
    if detail["type"] == "missing":
        return Problem(key, "missing, and it has no default.")
    return Problem(key, describe_errors(of_type or details, detail["input"]))


def _section(names: Iterable[str]) -> type[BaseModel]:
    """Return the schema of a section, given its path such as `["training", "optimizer"]`."""
    section: type[BaseModel] = Config
    for name in names:
        hint = typing.get_type_hints(section)[name]
        options = typing.get_args(hint) if isinstance(hint, types.UnionType) else (hint,)
        section = next(
            option
            for option in options
            if isinstance(option, type) and issubclass(option, BaseModel)
        )
    return section
