"""Named parts: a decorator, a scan of file names, and entry points of other packages.

A part is one file; the stem of the file is its name, so that a name is known without importing anything
and only the part asked for is imported. Other packages add parts by entry points in the group
`lrcn_seq.SEAM` (for example `lrcn_seq.encoders`).
"""

from __future__ import annotations

import inspect
import pkgutil
import re
import typing
from collections.abc import Iterable, Mapping
from functools import cache
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from importlib.util import find_spec
from typing import Any

from lrcn_seq.errors import ConfigError, Problem, UnknownPartError, did_you_mean


class Registry:
    """The parts of one seam, by name.

    A part may name constructor arguments in its class attribute `derived`: the program works these out
    (a vocabulary size, say), and a config that gives them is refused.

    Args:
        seam: the name of the seam, as in the entry point group `lrcn_seq.SEAM`.
        package: the package whose files are the parts.
        files: file stems by part name, for parts whose file has another name.
    """

    def __init__(self, seam: str, package: str, files: Mapping[str, str] | None = None):
        self.seam, self.package, self.files = seam, package, dict(files or {})
        self._parts: dict[str, type] = {}

    def register(self, part: type) -> type:
        """Class decorator: registers `part` under the name of its file."""
        package, name = part.__module__.rpartition(".")[0], self._file_name(part)
        known = self._parts.get(name)
        if known is not None and (known.__module__, known.__qualname__) != (
            part.__module__,
            part.__qualname__,
        ):
            raise self._taken(name, f"{known.__module__}.{known.__qualname__}", part)
        if package != self.package and name in self._files():
            raise self._taken(name, f"{self.package}.{self.file_of(name)}", part)
        self._parts[name] = part
        return part

    def names(self) -> list[str]:
        """All names, sorted; imports no part."""
        return sorted({*self._files(), *self._entry_points(), *self._parts})

    def get(self, name: str) -> type:
        """The class of this name; imports its file on first use.

        Raises:
            UnknownPartError: no part has this name; the sentence lists those that exist.
        """
        if name not in self._parts:
            if name in self._files():
                import_module(f"{self.package}.{self.file_of(name)}")
            elif name in self._entry_points():
                self._parts[name] = loaded(self._entry_points()[name])
        if name not in self._parts:
            known = self.names()
            raise UnknownPartError(
                f"{self.seam} has no {name!r}.{did_you_mean(str(name), known)} Known: {', '.join(known)}."
            )
        return self._parts[name]

    def name_of(self, part: type) -> str:
        """Return the name of a part: its registered name, else the name of its file."""
        names = [name for name, known in self._parts.items() if known is part]
        return names[-1] if names else self._file_name(part)

    def file_of(self, name: str) -> str:
        """Return the stem of the file of the part `name`."""
        return self.files.get(name, name)

    def build(self, spec: dict[str, Any], *, place: str = "", **derived: Any) -> Any:
        """The part that `{"type": NAME, argument: value, ...}` describes, with what the program derives.

        Raises:
            ConfigError: with every problem of the spec.
        """
        problems = self.problems(spec, place or self.seam)
        if problems:
            raise ConfigError(problems)
        part = self.get(spec["type"])
        takes_all = any(
            p.kind is p.VAR_KEYWORD for p in inspect.signature(part.__init__).parameters.values()
        )
        accepted = {
            name: value for name, value in derived.items() if takes_all or name in signature(part)
        }
        try:
            return part(
                **{name: value for name, value in spec.items() if name != "type"}, **accepted
            )
        except (
            ValueError
        ) as error:  # an ArgumentError, or what Keras says of layers that do not fit together
            raise ConfigError(
                [Problem(place or self.seam, " ".join(str(error).split()))]
            ) from error

    def problems(self, spec: Any, place: str) -> list[Problem]:
        """Everything wrong with a spec, each with its place."""
        if not isinstance(spec, dict) or not isinstance(spec.get("type"), str):
            return [
                Problem(
                    place,
                    f"expected a mapping with a `type`. Received: {spec!r}; known types: {', '.join(self.names())}.",
                )
            ]
        try:
            part = self.get(spec["type"])
        except UnknownPartError as error:
            return [Problem(f"{place}.type", str(error))]
        return argument_problems(
            part, {name: value for name, value in spec.items() if name != "type"}, place
        )

    def _taken(self, name: str, owner: str, part: type) -> UnknownPartError:
        return UnknownPartError(
            f"{self.seam}: the name {name!r} is taken by {owner}. Received: {part.__module__}.{part.__qualname__}; give its file another name."
        )

    def _file_name(self, part: type) -> str:
        """Return the part name that belongs to the file in which `part` is defined."""
        package, _, stem = part.__module__.rpartition(".")
        return self._public(stem) if package == self.package else stem

    def _files(self) -> list[str]:
        return [self._public(stem) for stem in files_of(self.package)]

    def _public(self, stem: str) -> str:
        """Return the part name of a file stem of the package."""
        return next((name for name, file in self.files.items() if file == stem), stem)

    def _entry_points(self) -> dict[str, EntryPoint]:
        return plugins(self.seam, frozenset(self._files()))


@cache
def files_of(package: str) -> list[str]:
    """Stems of the part files of a package: neither `base` nor private nor packages; nothing is imported but parents."""
    locations = find_spec(package).submodule_search_locations
    return [
        module.name
        for module in pkgutil.iter_modules(locations)
        if not module.ispkg and module.name != "base" and not module.name.startswith("_")
    ]


@cache
def plugins(seam: str, taken: frozenset[str]) -> dict[str, EntryPoint]:
    """Entry points of a seam by name; a name that is taken is refused."""
    found: dict[str, EntryPoint] = {}
    for point in entry_points(group=f"lrcn_seq.{seam}"):
        if point.name in taken or (point.name in found and found[point.name].value != point.value):
            raise UnknownPartError(
                f"{seam}: the name {point.name!r} is taken already. Received: entry point {point.value}; rename it."
            )
        found[point.name] = point
    return found


def loaded(point: EntryPoint) -> type:
    """The class that an entry point names."""
    try:
        return point.load()
    except Exception as error:  # another package may raise anything while it is imported
        reason = f"{type(error).__name__}: {error}"
        raise UnknownPartError(
            f"{point.group}: expected the part {point.name!r} in {point.value}. Received: {reason}; repair that package or remove it."
        ) from error


def signature(part: type) -> dict[str, inspect.Parameter]:
    """The named constructor arguments of a part (without self and **kwargs)."""
    parameters = inspect.signature(part.__init__).parameters.values()
    return {
        p.name: p
        for p in parameters
        if p.name != "self" and p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY)
    }


def argument_problems(part: type, arguments: dict[str, Any], place: str) -> list[Problem]:
    """What is wrong with arguments for a part: unknown, derived, missing, of another type or out of range."""
    known, derived = signature(part), tuple(getattr(part, "derived", ()))
    open_to_configs = [name for name in known if name not in derived]
    problems = []
    for name, value in arguments.items():
        if name in derived:
            problems.append(
                Problem(
                    f"{place}.{name}", "the program derives this value from the data; remove it."
                )
            )
        elif name not in known:
            problems.append(
                Problem(
                    f"{place}.{name}",
                    f"unknown argument.{did_you_mean(name, open_to_configs)} Known: {', '.join(open_to_configs) or 'none'}.",
                )
            )
        else:
            problems += _value_problems(part, name, value, f"{place}.{name}")
    missing = [
        name
        for name in open_to_configs
        if known[name].default is inspect.Parameter.empty and name not in arguments
    ]
    return problems + [
        Problem(f"{place}.{name}", "missing, and it has no default.") for name in missing
    ]


def _value_problems(part: type, name: str, value: Any, place: str) -> list[Problem]:
    hint = typing.get_type_hints(part.__init__, include_extras=True).get(name)
    if hint is None:
        return []
    from pydantic import TypeAdapter, ValidationError

    try:
        TypeAdapter(hint).validate_python(value, strict=True)
    except ValidationError as error:
        return [Problem(place, complaint(error.errors(), value))]
    return []


def complaint(details: Iterable[Mapping[str, Any]], value: Any) -> str:
    """What pydantic found wrong with a value, in our words."""
    details = list(details)
    choices = [
        name
        for detail in details
        if detail["type"] == "literal_error"
        for name in re.findall("'([^']*)'", detail["ctx"]["expected"])
    ]
    expected = "; or ".join(dict.fromkeys(_expectation(detail["msg"]) for detail in details))
    return f"{expected}. Received: {value!r}.{did_you_mean(str(value), choices)}{_as_written({detail['type'] for detail in details}, value)}"


def _as_written(types: set[str], value: Any) -> str:
    """How YAML has what was meant, where it took it for something else."""
    if "list_type" in types and isinstance(value, str):
        return f" A list is written [{value}]."
    if types == {"string_type"} and isinstance(value, (bool, int, float)):
        return f""" In YAML such a text needs quotes: "{value}", in an override '"{value}"'."""
    return ""


def _expectation(message: str) -> str:
    if "valid dictionary" in message:
        return "expected a mapping"
    if "at least 1 item" in message:
        return "expected at least one value"
    return re.sub(
        "^Input should be ",
        "expected ",
        re.sub("^Input should be (?=greater|less)", "expected a number ", message),
    )


sources = Registry("sources", "lrcn_seq.data.sources")
views = Registry("views", "lrcn_seq.data.views")
samplings = Registry("samplings", "lrcn_seq.data.samplings")
tokenizers = Registry("tokenizers", "lrcn_seq.text", {"keras_hub": "keras_hub_tokenizer"})
metrics = Registry("metrics", "lrcn_seq.metrics")
encoders = Registry("encoders", "lrcn_seq.encoders")
decoders = Registry("decoders", "lrcn_seq.decoders")
searches = Registry("searches", "lrcn_seq.search", {"keras_hub": "keras_hub_sampler"})
tasks = Registry("tasks", "lrcn_seq.tasks")

SEAMS: dict[str, Registry] = {
    registry.seam: registry
    for registry in (
        sources,
        views,
        samplings,
        tokenizers,
        metrics,
        encoders,
        decoders,
        searches,
        tasks,
    )
}
