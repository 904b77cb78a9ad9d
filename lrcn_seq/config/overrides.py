"""Changes of a config by dotted key: overrides `section.key=value` and the mappings of stages."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

from lrcn_seq.config.renamed_keys import Renames, rename_keys, warn_renamed
from lrcn_seq.config.yaml_format import parse
from lrcn_seq.errors import ConfigError, Problem, shorten

T = TypeVar("T")


def apply_overrides(tree: dict[str, Any], texts: Iterable[str]) -> list[Problem]:
    """Apply overrides to a mapping in place.

    Args:
        tree: The mapping of a config.
        texts: Overrides `section.key=value` with values in YAML. Overrides of a `type` are
            applied first, because a new `type` removes the arguments of the previous one.

    Returns:
        One problem per override that could not be applied.
    """
    problems: list[Problem] = []
    renames: Renames = {}
    for text in _types_first(texts, key_of=lambda text: text.partition("=")[0].strip()):
        try:
            change, names = rename_keys(_parse_override(text))
        except ConfigError as error:
            problems += [problem._replace(place=shorten(text)) for problem in error.problems]
            continue
        renames |= names
        problems += [
            problem._replace(place=shorten(text)) for problem in apply_changes(tree, change)
        ]
    warn_renamed("the overrides", renames)
    return problems


def _parse_override(text: str) -> dict[str, Any]:
    """Return the key and the value of an override as a mapping."""
    key, equals, value = text.partition("=")
    if not equals:
        message = "expected section.key=value. Put quotes around an override that contains spaces."
        raise ConfigError([Problem(text, message)])
    return {key.strip(): parse(value, key)}


def override_section(section: str, tree: dict[str, Any], texts: Iterable[str]) -> None:
    """Apply overrides of one section to a mapping in place; refuse overrides of other sections.

    Args:
        section: Dotted key of the section, such as `data.source`.
        tree: The mapping of a config.
        texts: Overrides `section.key=value`.

    Raises:
        ConfigError: An override changes another section or cannot be applied.
    """
    texts = list(texts)
    problems = [
        Problem(text, f"expected {section}.key=value; other sections cannot be changed here.")
        for text in texts
        if not text.startswith(f"{section}.")
    ]
    if problems := problems + apply_overrides(tree, texts):
        raise ConfigError(problems, "the call")


def overridden_section(
    section: str, values: Mapping[str, Any], texts: Iterable[str]
) -> dict[str, Any]:
    """Return a section with overrides; a new `type` resets the other arguments.

    Args:
        section: Name of a top-level section, such as `search`.
        values: The section, which stays unchanged.
        texts: Overrides `section.key=value`.

    Raises:
        ConfigError: An override changes another section or cannot be applied.
    """
    tree: dict[str, Any] = {section: copy.deepcopy(dict(values))}
    override_section(section, tree, texts)
    changed: dict[str, Any] = tree[section]
    return changed


def apply_changes(tree: dict[str, Any], changes: Mapping[str, Any]) -> list[Problem]:
    """Set the values of dotted keys, such as those of a stage, in a mapping in place.

    Args:
        tree: The mapping of a config.
        changes: Values by dotted key; they are copied. Keys that end in `.type` are set first.

    Returns:
        One problem per key that cannot be set.
    """
    return [
        problem
        for key, value in _types_first(changes.items(), key_of=lambda change: change[0])
        if (problem := set_value(tree, key, copy.deepcopy(value)))
    ]


def set_value(tree: dict[str, Any], key: str, value: Any) -> Problem | None:
    """Set the value of a dotted key in a mapping in place, and create missing sections.

    A new `type` removes the other arguments of the section.

    Returns:
        The problem if the key is malformed or passes through a value that is not a section.
    """
    if not all(key.split(".")):
        return Problem(key, "expected a dotted key such as section.key.")
    *sections, last = key.split(".")
    for name in sections:
        child = tree.get(name)
        tree[name] = tree = {} if child is None else child
        if not isinstance(tree, dict):
            return Problem(
                key, f"{name} is not a section. Received: {name}={shorten(repr(child))}."
            )
    if last == "type" and sections and tree.get("type") != value:
        tree.clear()
    tree[last] = value
    return None


def _types_first(changes: Iterable[T], *, key_of: Callable[[T], str]) -> list[T]:
    """Sort changes so that those of a `type` precede those of its arguments."""
    return sorted(changes, key=lambda change: not key_of(change).endswith(".type"))
