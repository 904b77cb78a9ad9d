"""Registries of parts, which are found by decorator, file name or entry point.

A part is a class in its own file, and its name follows from that of the file. Therefore, neither
listing names nor checking arguments imports parts, and getting a part imports only its file. Other
packages add parts through entry points in the group `lrcn_seq.SEAM`, such as `lrcn_seq.encoders`.
"""

from __future__ import annotations

import inspect
import pkgutil
import typing
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from importlib.util import find_spec
from typing import Any, TypeVar

from lrcn_seq.errors import (
    PROBLEMS_LIMIT,
    ConfigError,
    Problem,
    UnknownPartError,
    describe_errors,
    did_you_mean,
    shorten,
)
from lrcn_seq.part_source import Constructor, is_new_version, read_constructor

P = TypeVar("P", bound=type[Any])
PACKAGE = "lrcn_seq."
"""Prefix of the names of the packages whose parts `part_source` can read."""


class Registry:
    """The parts of one kind, such as encoders, by name.

    A part may list constructor arguments in its class attribute `derived`. These values, such as a
    vocabulary size, are computed by the program and must not be set in a config.

    Args:
        seam: Name of the kind of parts, such as `encoders`.
        package: Package that contains the files of the parts.
        files: File stems by part name, for parts whose file has a different name.
    """

    def __init__(self, seam: str, package: str, files: Mapping[str, str] | None = None):
        self.seam, self.package, self.files = seam, package, dict(files or {})
        self._parts: dict[str, type[Any]] = {}

    def register(self, part: P) -> P:
        """Register a class under the name of its file; to be used as a decorator.

        Raises:
            UnknownPartError: Another class has this name.
        """
        package, name = part.__module__.rpartition(".")[0], self._file_name(part)
        registered = self._parts.get(name)
        if registered is not None and not is_new_version(registered, part):
            raise self._name_conflict(name, _full_name(registered), part)
        if package != self.package and name in self._files():
            raise self._name_conflict(name, f"{self.package}.{self.file_of(name)}", part)
        self._parts[name] = part
        return part

    def add(self, name: str, part: type[Any]) -> None:
        """Register a class under any name, in place of an earlier class of this name."""
        self._parts[name] = part

    def registered(self, name: str) -> type[Any] | None:
        """Return the class with a name if it is imported already, or None."""
        return self._parts.get(name)

    def names(self) -> list[str]:
        """Return the names of all parts, sorted, without importing the parts."""
        return sorted({*self._files(), *self._entry_points(), *self._parts})

    def get(self, name: str) -> type[Any]:
        """Return the part with the given name, importing its file on first use.

        Raises:
            UnknownPartError: No part has this name; the message lists all names.
        """
        if name not in self._parts:
            if name in self._files():
                import_module(f"{self.package}.{self.file_of(name)}")
            elif name in self._entry_points():
                self._parts[name] = load_entry_point(self._entry_points()[name])
        if name not in self._parts:
            known = self.names()
            raise UnknownPartError(
                f"{self.seam} has no {name!r}.{did_you_mean(str(name), known)} "
                f"Known: {', '.join(known)}."
            )
        return self._parts[name]

    def name_of(self, part: type[Any]) -> str:
        """Return the name of a part: its registered name, or the name of its file."""
        names = [name for name, registered in self._parts.items() if registered is part]
        return names[-1] if names else self._file_name(part)

    def is_own(self, name: str) -> bool:
        """Return whether a part is defined in this library rather than in another package."""
        return name in self._files() and self.package.startswith(PACKAGE)

    def file_of(self, name: str) -> str:
        """Return the stem of the file of a part."""
        return self.files.get(name, name)

    def build(self, spec: dict[str, Any], *, place: str = "", **derived: Any) -> Any:
        """Build the part described by a spec.

        Args:
            spec: A mapping `{"type": NAME, argument: value, ...}`.
            place: Dotted key of the spec in errors; the seam by default.
            **derived: Values of derived arguments; those that the part does not accept are ignored.

        Raises:
            ConfigError: The spec has problems; all are listed.
        """
        problems = self.problems(spec, place or self.seam)
        if problems:
            raise ConfigError(problems)
        part = self.get(spec["type"])
        takes_all = any(p.kind is p.VAR_KEYWORD for p in _parameters(part))
        accepted = {
            name: value for name, value in derived.items() if takes_all or name in signature(part)
        }
        try:
            return part(**_arguments(spec), **accepted)
        # Parts raise ArgumentError; Keras raises ValueError for layers that do not fit together.
        except ValueError as error:
            raise ConfigError(
                [Problem(place or self.seam, " ".join(str(error).split()))]
            ) from error

    def problems(self, spec: Any, place: str) -> list[Problem]:
        """Return the problems of a spec.

        Args:
            spec: A value from a config; a valid spec is a mapping with a `type`.
            place: Dotted key of the spec.
        """
        if not isinstance(spec, dict) or not isinstance(spec.get("type"), str):
            message = (
                f"expected a mapping with a `type`. Received: {shorten(repr(spec))}; "
                f"known types: {', '.join(self.names())}."
            )
            return [Problem(place, message)]
        try:
            constructor = self.constructor(spec["type"])
        except UnknownPartError as error:
            return [Problem(f"{place}.type", str(error))]
        return argument_problems(constructor, _arguments(spec), place, self._parts_with)

    def constructor(self, name: str) -> Constructor:
        """Return the constructor of a part, without importing a part of this library.

        Raises:
            UnknownPartError: No part has this name; the message lists all names.
        """
        if name not in self._parts and self.is_own(name):
            return read_constructor(f"{self.package}.{self.file_of(name)}")
        return constructor_of(self.get(name))

    def _parts_with(self, argument: str) -> list[str]:
        """Return the names of the parts of this library that have an argument."""
        own = (name for name in self.names() if self.is_own(name))
        return [name for name in own if argument in self.constructor(name).parameters]

    def _name_conflict(self, name: str, owner: str, part: type[Any]) -> UnknownPartError:
        return UnknownPartError(
            f"{self.seam}: the name {name!r} is taken by {owner}. "
            f"Received: {_full_name(part)}; rename its file."
        )

    def _file_name(self, part: type[Any]) -> str:
        """Return the part name for the file that defines a class."""
        package, _, stem = part.__module__.rpartition(".")
        return self._public_name(stem) if package == self.package else stem

    def _public_name(self, stem: str) -> str:
        """Return the part name for a file stem of the package."""
        return next((name for name, file in self.files.items() if file == stem), stem)

    def _files(self) -> list[str]:
        return [self._public_name(stem) for stem in files_of(self.package)]

    def _entry_points(self) -> dict[str, EntryPoint]:
        return plugins(self.seam, frozenset(self._files()))


@cache
def files_of(package: str) -> list[str]:
    """Return the stems of the part files of a package, without importing them.

    Subpackages, private modules and `base` are not parts.
    """
    spec = find_spec(package)
    locations = (spec and spec.submodule_search_locations) or []
    return [
        module.name
        for module in pkgutil.iter_modules(locations)
        if not module.ispkg and module.name != "base" and not module.name.startswith("_")
    ]


def import_parts(package: str) -> None:
    """Import all part files of a package, which registers their classes with Keras."""
    for stem in files_of(package):
        import_module(f"{package}.{stem}")


@cache
def plugins(seam: str, taken: frozenset[str]) -> dict[str, EntryPoint]:
    """Return the entry points of other packages for one kind of part, by name.

    Args:
        seam: Name of the kind of parts.
        taken: Names that are already in use.

    Raises:
        UnknownPartError: The name of an entry point is already in use.
    """
    points: dict[str, EntryPoint] = {}
    for point in entry_points(group=f"lrcn_seq.{seam}"):
        same_name = points.get(point.name)
        if point.name in taken or (same_name is not None and same_name.value != point.value):
            raise UnknownPartError(
                f"{seam}: the name {point.name!r} is taken. "
                f"Received: entry point {point.value}; rename it."
            )
        points[point.name] = point
    return points


def load_entry_point(point: EntryPoint) -> type[Any]:
    """Return the class that an entry point names.

    Raises:
        UnknownPartError: The class cannot be imported.
    """
    try:
        part: type[Any] = point.load()
    except Exception as error:  # the import of another package may raise any exception
        reason = f"{type(error).__name__}: {error}"
        raise UnknownPartError(
            f"{point.group}: expected the part {point.name!r} in {point.value}. "
            f"Received: {reason}; repair or uninstall that package."
        ) from error
    return part


def signature(part: type[Any]) -> dict[str, inspect.Parameter]:
    """Return the named constructor arguments of a part, without `self` and `**kwargs`."""
    return {
        p.name: p
        for p in _parameters(part)
        if p.name != "self" and p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY)
    }


def _parameters(part: type[Any]) -> list[inspect.Parameter]:
    return list(inspect.signature(_constructor(part)).parameters.values())


def _constructor(part: type[Any]) -> Callable[..., None]:
    constructor: Callable[..., None] = part.__init__
    return constructor


def _arguments(spec: dict[str, Any]) -> dict[str, Any]:
    """Return the constructor arguments of a spec."""
    return {name: value for name, value in spec.items() if name != "type"}


def _full_name(part: type[Any]) -> str:
    return f"{part.__module__}.{part.__qualname__}"


def constructor_of(part: type[Any]) -> Constructor:
    """Return the constructor of a class."""
    derived, parameters = tuple(getattr(part, "derived", ())), signature(part)
    try:
        hints = typing.get_type_hints(_constructor(part), include_extras=True)
    except (NameError, TypeError, AttributeError) as error:
        raise UnknownPartError(
            f"{_full_name(part)}: expected annotations that can be evaluated. Received: {error}."
        ) from error
    types = {name: hints[name] for name in parameters if name in hints}
    return Constructor(parameters, types, derived, inspect.cleandoc(part.__doc__ or ""))


def argument_problems(
    constructor: Constructor,
    arguments: dict[str, Any],
    place: str,
    parts_with: Callable[[str], Sequence[str]] = lambda _: (),
) -> list[Problem]:
    """Return the problems of arguments for the constructor of a part.

    Problems are unknown, derived and missing arguments, wrong types and values out of range.

    Args:
        constructor: The constructor.
        arguments: Values of the arguments by name.
        place: Dotted key of the part in a config.
        parts_with: Returns the names of the parts that have an argument, for messages.
    """
    derived = constructor.derived
    parameters = {name: p for name, p in constructor.parameters.items() if name not in derived}
    problems: list[Problem] = []
    for name, value in arguments.items():
        if name in derived:
            message = "the program derives this value from the data; remove it."
            problems.append(Problem(f"{place}.{name}", message))
        elif name not in parameters:
            hint = did_you_mean(str(name), parameters) if len(problems) < PROBLEMS_LIMIT else ""
            message = f"unknown argument.{hint} Known: {', '.join(parameters) or 'none'}."
            if not hint and (parts := parts_with(str(name))):
                message += f" An argument of this name belongs to the type {' or '.join(parts)}."
            problems.append(Problem(f"{place}.{name}", message))
        elif name in constructor.hints:
            problems += _value_problems(constructor.hints[name], value, f"{place}.{name}")
    return problems + [
        Problem(f"{place}.{name}", "missing, and it has no default.")
        for name, parameter in parameters.items()
        if parameter.default is inspect.Parameter.empty and name not in arguments
    ]


def _value_problems(hint: Any, value: Any, place: str) -> list[Problem]:
    from pydantic import TypeAdapter, ValidationError

    try:
        TypeAdapter(hint).validate_python(value, strict=True)
    except ValidationError as error:
        return [Problem(place, describe_errors(error.errors(), value))]
    return []


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
