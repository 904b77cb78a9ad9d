"""Documentation of config keys, read from the schema and from the docstrings of parts."""

from __future__ import annotations

import ast
import inspect
import re
import textwrap
import typing
from collections.abc import Iterator
from functools import cache
from typing import Any, NamedTuple

from pydantic import BaseModel

from lrcn_seq.config import schema
from lrcn_seq.config.schema import Config
from lrcn_seq.part_source import Constructor

REQUIRED = inspect.Parameter.empty
"""Default of a key that must be set."""


class KeyDoc(NamedTuple):
    """The documentation of a key.

    Attributes:
        key: Dotted key in a config, or the name of an argument of a part.
        hint: Type of its values.
        default: Its default as a plain value, or `REQUIRED`.
        text: Its documentation in one paragraph; "" if there is none.
    """

    key: str
    hint: Any
    default: Any
    text: str


def section_docs(key: str = "") -> list[KeyDoc]:
    """Return the documentation of the keys of a section, each before the keys below it.

    Args:
        key: Dotted key of the section, such as `training.optimizer`; "" for the whole config.

    Raises:
        KeyError: The schema has no section with this key.
    """
    sections: dict[str, type[BaseModel]] = {"": Config, **dict(_sections(Config, ""))}
    return list(_section_docs(sections[key], f"{key}." if key else ""))


def section_keys() -> list[str]:
    """Return the dotted keys of all sections."""
    return [key for key, _ in _sections(Config, "")]


def argument_docs(constructor: Constructor) -> list[KeyDoc]:
    """Return the documentation of the arguments of a part that a config may set."""
    texts = argument_texts(constructor.documentation)
    return [
        KeyDoc(name, constructor.hints.get(name, Any), parameter.default, texts.get(name, ""))
        for name, parameter in constructor.parameters.items()
        if name not in constructor.derived
    ]


def argument_texts(documentation: str) -> dict[str, str]:
    """Return the text of each argument in the section `Args:` of a docstring."""
    found = re.search(r"^Args:\n((?:[ \t]+.*\n|\n)*)", f"{documentation}\n", re.MULTILINE)
    items = re.findall(
        r"^(\w+): (.*(?:\n(?:[ \t]+.*|$))*)",
        textwrap.dedent(found[1]) if found else "",
        re.MULTILINE,
    )
    return {name: " ".join(text.split()) for name, text in items}


def section_type(hint: Any) -> type[BaseModel] | None:
    """Return the schema of a section from the type of its key, or None for other keys."""
    for option in (hint, *typing.get_args(hint)):
        if isinstance(option, type) and issubclass(option, BaseModel):
            return option
    return None


def _section_docs(section: type[BaseModel], prefix: str) -> Iterator[KeyDoc]:
    texts, hints = _field_texts().get(section.__name__, {}), _hints(section)
    for name, field in section.model_fields.items():
        nested, default = section_type(hints[name]), field.get_default(call_default_factory=True)
        default = default.model_dump() if isinstance(default, BaseModel) else default
        text = texts.get(name) or (nested and inspect.cleandoc(nested.__doc__ or "")) or ""
        yield KeyDoc(
            f"{prefix}{name}",
            hints[name],
            REQUIRED if field.is_required() else default,
            " ".join(text.split()),
        )
        if nested:
            yield from _section_docs(nested, f"{prefix}{name}.")


def _sections(section: type[BaseModel], prefix: str) -> Iterator[tuple[str, type[BaseModel]]]:
    for name, hint in _hints(section).items():
        if nested := section_type(hint):
            yield f"{prefix}{name}", nested
            yield from _sections(nested, f"{prefix}{name}.")


def _hints(section: type[BaseModel]) -> dict[str, Any]:
    hints = typing.get_type_hints(section, include_extras=True)
    return {name: hints[name] for name in section.model_fields}


@cache
def _field_texts() -> dict[str, dict[str, str]]:
    """Return the strings below the fields of the schema, by class and field.

    Pydantic reads them too, but when the module is imported, which would slow down all commands.
    """
    tree = ast.parse(inspect.getsource(schema))
    return {
        node.name: {
            field.target.id: str(text.value.value)
            for field, text in zip(node.body, node.body[1:], strict=False)
            if isinstance(field, ast.AnnAssign)
            and isinstance(field.target, ast.Name)
            and isinstance(text, ast.Expr)
            and isinstance(text.value, ast.Constant)
        }
        for node in tree.body
        if isinstance(node, ast.ClassDef)
    }
