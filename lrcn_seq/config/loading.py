"""YAML text to a checked config, with overrides; all problems at once."""

from __future__ import annotations

import copy
import os
import re
import types
import typing
from collections.abc import Callable, Iterable, Iterator, Mapping
from operator import itemgetter
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from lrcn_seq.config.schema import Config
from lrcn_seq.errors import ConfigError, Problem, did_you_mean
from lrcn_seq.registry import SEAMS, complaint

T = TypeVar("T")


class _Loader(yaml.SafeLoader):
    """YAML 1.2 numbers (1e-3 is a float) and no repeated keys."""

    def construct_mapping(self, node, deep=False):
        keys = [self.construct_object(key, deep=True) for key, _ in node.value if key.tag != MERGE]
        for key in keys:
            if keys.count(key) > 1:
                raise yaml.constructor.ConstructorError(
                    None, None, f"the key {key!r} stands twice", node.start_mark
                )
        return super().construct_mapping(node, deep)


class _Dumper(yaml.SafeDumper):
    """Puts in quotes what `_Loader` would take for a number."""


MERGE = "tag:yaml.org,2002:merge"
for _end in (_Loader, _Dumper):
    _end.add_implicit_resolver(
        "tag:yaml.org,2002:float",
        re.compile(r"^[-+]?(\d+\.?\d*|\.\d+)[eE][-+]?\d+$"),
        list("-+0123456789."),
    )


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
        raise ConfigError(
            [Problem("", "expected a YAML file; there is no such file.")], str(path)
        ) from None
    except (OSError, ValueError) as error:
        raise ConfigError(
            [
                Problem(
                    "",
                    f"expected a YAML file in UTF-8. Received: {getattr(error, 'strerror', None) or error}.",
                )
            ],
            str(path),
        ) from None
    tree = parse(text, str(path))
    if not isinstance(tree, dict):
        received = "an empty file" if tree is None else type(tree).__name__
        raise ConfigError(
            [Problem("", f"expected a mapping of sections. Received: {received}.")], str(path)
        )
    if problems := override_all(tree, overrides):
        raise ConfigError(problems, "the overrides")
    return tree


def parse(text: str, source: str) -> Any:
    """The value of YAML text."""
    try:
        return yaml.load(text, _Loader)
    except (yaml.YAMLError, RecursionError) as error:
        raise ConfigError(
            [Problem("", f"expected YAML. Received: {_yaml_reason(error)}.")], source
        ) from None


def _yaml_reason(error: Exception) -> str:
    mark = getattr(error, "problem_mark", None)
    if mark is None:
        return (
            "sections nested too deeply"
            if isinstance(error, RecursionError)
            else " ".join(str(error).split())
        )
    return f"{error.problem} in line {mark.line + 1}, column {mark.column + 1}"


def override_all(tree: dict[str, Any], texts: Iterable[str]) -> list[Problem]:
    """Sets every `a.b=value` in the tree; the problems of those that are not of that form."""
    return [
        problem
        for text in types_first(texts, place=lambda text: text.partition("=")[0].strip())
        if (problem := override(tree, text))
    ]


def override_under(section: str, tree: dict[str, Any], texts: Iterable[str]) -> None:
    """The same, of one section alone.

    Raises:
        ConfigError: a text is not of that form, or of another section.
    """
    texts = list(texts)
    problems = [
        Problem(text, f"only {section}.key=value can be changed here.")
        for text in texts
        if not text.startswith(f"{section}.")
    ]
    if problems := problems + override_all(tree, texts):
        raise ConfigError(problems, "the call")


def types_first(changes: Iterable[T], *, place: Callable[[T], str]) -> list[T]:
    """Changes at dotted places, those of a `type` before those of its arguments, which they would take away."""
    return sorted(changes, key=lambda change: not place(change).endswith(".type"))


def override(tree: dict[str, Any], text: str) -> Problem | None:
    """Sets `a.b=value` in the tree; the problem where the text is not of that form. Another `type` takes the arguments of the old one away."""
    place, equals, value = text.partition("=")
    if not equals:
        return Problem(
            text, "expected section.key=value; one that holds spaces needs quotes around it."
        )
    try:
        problem = assign(tree, place.strip(), parse(value, place))
    except ConfigError as error:
        problem = error.problems[0]
    return problem and problem._replace(place=text)


def assign(tree: dict[str, Any], place: str, value: Any) -> Problem | None:
    """Sets the value at a dotted place."""
    if not all(place.split(".")):
        return Problem(place, "expected a place like section.key.")
    *parents, last = place.split(".")
    for name in parents:
        child = tree.get(name)
        tree[name] = tree = {} if child is None else child
        if not isinstance(tree, dict):
            return Problem(place, f"{name} is not a section. Received: {name}={child!r}.")
    if last == "type" and parents and tree.get("type") != value:
        tree.clear()
    tree[last] = value
    return None


def checked(tree: Mapping[str, Any], source: str = "the config") -> Config:
    """The config of a mapping.

    Raises:
        ConfigError: with every problem: of sections, of parts, of stages.
    """
    problems = tree_problems(tree)
    listed = tree.get("stages")
    for number, stage in enumerate(listed if isinstance(listed, list) else []):
        if isinstance(stage, Mapping) and all(isinstance(place, str) for place in stage):
            problems += [
                Problem(f"stages.{number}.{p.place}", p.message)
                for p in stage_problems(tree, stage)
                if p not in problems
            ]
    if problems:
        raise ConfigError(problems, source)
    return Config.model_validate(tree)


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
OPTIONAL = {"data.sampling"}
WHOLE_RUN = ("stages.", "init.", "task.", "seed.", "tokenizer.", "data.source.")
"""What no stage may change: it holds for the run."""


def tree_problems(tree: Mapping[str, Any]) -> list[Problem]:
    """What is wrong with the sections and the parts of a mapping, its stages aside."""
    of_parts = part_problems(tree)
    try:
        Config.model_validate(tree)
    except ValidationError as error:
        known = {problem.place for problem in of_parts}
        return [
            *(
                problem
                for detail in error.errors()
                if (problem := _problem(detail)).place not in known
            ),
            *of_parts,
        ]
    return of_parts


def stage_problems(tree: Mapping[str, Any], stage: Mapping[str, Any]) -> list[Problem]:
    """What is wrong with a stage, and with what it makes of the mapping."""
    fixed = [
        Problem(place, "this holds for the whole run; a stage cannot change it.")
        for place in stage
        if f"{place}.".startswith(WHOLE_RUN)
    ]
    if fixed:
        return fixed
    changed = copy.deepcopy({name: value for name, value in tree.items() if name != "stages"})
    wrong = [
        problem
        for place, value in in_order(stage)
        if (problem := assign(changed, place, copy.deepcopy(value)))
    ]
    return wrong or tree_problems(changed)


def part_problems(tree: Mapping[str, Any]) -> list[Problem]:
    """What the registries say of every part that a config names."""
    problems: list[Problem] = []
    for place, seam in PARTS.items():
        section, _, name = place.rpartition(".")
        holder = tree.get(section, {}) if section else tree
        if (
            isinstance(holder, Mapping)
            and name in holder
            and not (place in OPTIONAL and holder[name] is None)
        ):
            problems += SEAMS[seam].problems(holder[name], place)
    evaluation = tree.get("evaluation")
    metrics = evaluation.get("metrics") if isinstance(evaluation, Mapping) else None
    for number, metric in enumerate(metrics if isinstance(metrics, list) else []):
        if isinstance(metric, str):  # of the others pydantic says so
            problems += [
                Problem(f"evaluation.metrics.{number}", p.message)
                for p in SEAMS["metrics"].problems({"type": metric}, "")
            ]
    return problems


def in_order(stage: Mapping[str, Any]) -> list[tuple[str, Any]]:
    """The changes of a stage as they are made."""
    return types_first(stage.items(), place=itemgetter(0))


def staged(config: Config, stage: Mapping[str, Any]) -> Config:
    """The config of a stage."""
    tree = config.model_dump(exclude={"stages"})
    for place, value in in_order(stage):
        assign(tree, place, copy.deepcopy(value))
    return checked(tree, "the stage")


def stages(config: Config) -> list[Config]:
    """The configs that run one after the other; one where there are no stages."""
    return [staged(config, stage) for stage in config.stages] or [config]


def dump(config: Config) -> str:
    """The resolved config as YAML: every value, defaults included."""
    return yaml.dump(config.model_dump(), Dumper=_Dumper, sort_keys=False, allow_unicode=True)


def differences(before: Any, after: Any, place: str = "") -> Iterator[str]:
    """What differs between two trees, as `a.b: old → new`."""
    if isinstance(before, dict) and isinstance(after, dict):
        for name in {**before, **after}:
            yield from differences(
                before.get(name, "missing"),
                after.get(name, "missing"),
                f"{place}.{name}" if place else str(name),
            )
    elif before != after:
        yield f"{place}: {before} → {after}"


def _problem(detail: Mapping[str, Any]) -> Problem:
    place = [str(name) for name in detail["loc"]]
    if detail["type"] == "extra_forbidden":
        known = list(_section(place[:-1]).model_fields)
        return Problem(
            ".".join(place),
            f"unknown key.{did_you_mean(place[-1], known)} Known: {', '.join(known)}.",
        )
    if detail["type"] == "missing":
        return Problem(".".join(place), "missing, and it has no default.")
    return Problem(".".join(place), complaint([detail], detail["input"]))


def _section(place: list[str]) -> type[BaseModel]:
    section: Any = Config
    for name in place:
        hint = typing.get_type_hints(section)[name]
        options = typing.get_args(hint) if isinstance(hint, types.UnionType) else (hint,)
        section = next(
            option
            for option in options
            if isinstance(option, type) and issubclass(option, BaseModel)
        )
    return section
