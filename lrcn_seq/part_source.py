"""Constructors of parts, read from the source files of the library without importing them.

Importing an encoder imports Keras and its backend, which takes seconds. The arguments in a config
are therefore checked against the constructor in the source. Names in annotations and defaults are
resolved through the imports and assignments of the module; other packages are imported.
"""

from __future__ import annotations

import ast
import builtins
import inspect
from collections.abc import Iterator, Mapping
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).parent
PACKAGE = __package__
FILE_PACKAGE = "lrcn_seq_file_"
"""Start of the package names of modules in files of the user; a hash of the content follows."""


class Constructor(NamedTuple):
    """The constructor of a part.

    Attributes:
        parameters: The named parameters, without `self` and `**kwargs`.
        hints: The types of the parameters that a config may set, by name.
        derived: Names of the arguments that the program computes.
        documentation: The docstring of the class.
    """

    parameters: dict[str, inspect.Parameter]
    hints: dict[str, Any]
    derived: tuple[str, ...]
    documentation: str


def code_hash(part: type[Any]) -> str:
    """Return the hash of the user's file that defines a class; "" for classes of packages."""
    package = part.__module__.partition(".")[0]
    return package.removeprefix(FILE_PACKAGE) if package.startswith(FILE_PACKAGE) else ""


def is_new_version(registered: type[Any], part: type[Any]) -> bool:
    """Return whether a class is another version of a registered one, which it may replace.

    Both have the same full name, or both come from files of the user with different contents.
    """
    if code_hash(registered) and code_hash(part):
        return registered.__module__ != part.__module__
    names = [(kind.__module__, kind.__qualname__) for kind in (registered, part)]
    return names[0] == names[1]


class _Class(NamedTuple):
    """A class definition in a module of the library."""

    module: str
    node: ast.ClassDef


class _Names(Mapping[str, Any]):
    """A mapping from names in a module to their values, which are evaluated on first use."""

    def __init__(self, module: str):
        self.module = module

    def __getitem__(self, name: str) -> Any:
        return _resolve(self.module, name)

    def __iter__(self) -> Iterator[str]:
        return iter(())

    def __len__(self) -> int:
        return 0


@cache
def read_constructor(module: str) -> Constructor:
    """Return the constructor of the part that a module of the library registers.

    Args:
        module: Name of the module, such as `lrcn_seq.encoders.tiny_cnn`.

    Raises:
        LookupError: The module registers no part.
    """
    classes = list(_ancestors(_registered_class(module)))
    derived = _derived(classes)
    documentation = ast.get_docstring(classes[0].node) or ""
    for owner in classes:
        for node in owner.node.body:
            if isinstance(node, ast.FunctionDef) and node.name == "__init__":
                parameters, hints = _signature(owner.module, node, derived)
                return Constructor(parameters, hints, derived, documentation)
    return Constructor({}, {}, derived, documentation)


def _registered_class(module: str) -> _Class:
    """Return the class of a module that is decorated by `REGISTRY.register`."""
    for node in _tree(module).body:
        if isinstance(node, ast.ClassDef) and any(
            isinstance(decorator, ast.Attribute) and decorator.attr == "register"
            for decorator in node.decorator_list
        ):
            return _Class(module, node)
    raise LookupError(f"{module} registers no part")


def _ancestors(owner: _Class) -> Iterator[_Class]:
    """Yield a class and those of its base classes that the library defines, depth first."""
    yield owner
    for base in owner.node.bases:
        if isinstance(base, ast.Name):
            parent = _resolve(owner.module, base.id)
            if isinstance(parent, _Class):
                yield from _ancestors(parent)


def _derived(classes: list[_Class]) -> tuple[str, ...]:
    """Return the attribute `derived` of the first given class that assigns it, or ()."""
    for owner in classes:
        value = _assigned(owner.node.body, "derived")
        if value is not None:
            return tuple(ast.literal_eval(value))
    return ()


def _signature(
    module: str, node: ast.FunctionDef, derived: tuple[str, ...]
) -> tuple[dict[str, inspect.Parameter], dict[str, Any]]:
    """Return the parameters except `self`, and the types of those that a config may set."""
    arguments = node.args
    positional = [*arguments.posonlyargs, *arguments.args]
    defaults: list[ast.expr | None] = [
        *[None] * (len(positional) - len(arguments.defaults)),
        *arguments.defaults,
    ]
    rows = [
        *(
            (argument, default, False)
            for argument, default in zip(positional, defaults, strict=True)
        ),
        *(
            (argument, default, True)
            for argument, default in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True)
        ),
    ][1:]
    kinds = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
    parameters = {
        argument.arg: inspect.Parameter(
            argument.arg,
            kinds[keyword_only],
            default=inspect.Parameter.empty if default is None else _evaluate(module, default),
        )
        for argument, default, keyword_only in rows
    }
    hints = {
        argument.arg: _evaluate(module, argument.annotation)
        for argument, _, _ in rows
        if argument.annotation is not None and argument.arg not in derived
    }
    return parameters, hints


def _evaluate(module: str, expression: ast.expr) -> Any:
    """Return the value of an expression in the source of a library module."""
    code = compile(ast.Expression(expression), module, "eval")
    return eval(code, {}, _Names(module))


def _resolve(module: str, name: str) -> Any:
    """Return the value of a name in a module, or the definition if the name is a class."""
    for node in _statements(_tree(module).body):
        if isinstance(node, ast.ImportFrom):
            for alias in node.names:
                if (alias.asname or alias.name) == name:
                    return _imported(node.module or "", alias.name)
        elif isinstance(node, ast.Import):
            for alias in node.names:
                if (alias.asname or alias.name) == name:
                    return import_module(alias.name)
        elif isinstance(node, ast.ClassDef) and node.name == name:
            return _Class(module, node)
    value = _assigned(_tree(module).body, name)
    return getattr(builtins, name) if value is None else _evaluate(module, value)


def _imported(module: str, name: str) -> Any:
    if module.partition(".")[0] == PACKAGE:
        return _resolve(module, name)
    return getattr(import_module(module), name)


def _assigned(body: list[ast.stmt], name: str) -> ast.expr | None:
    """Return the expression that the body of a module or class assigns to a name, or None."""
    for node in body:
        targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
        if any(isinstance(target, ast.Name) and target.id == name for target in targets):
            value: ast.expr | None = getattr(node, "value", None)
            return value
    return None


def _statements(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    """Yield the statements of a module, including those under `if TYPE_CHECKING`."""
    for node in body:
        yield from node.body if isinstance(node, ast.If) else [node]


@cache
def _tree(module: str) -> ast.Module:
    path = ROOT.joinpath(*module.split(".")[1:])
    file = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
    return ast.parse(file.read_text(encoding="utf-8"))
