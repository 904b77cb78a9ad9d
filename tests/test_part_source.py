"""Constructors of parts, read from source files, compared with those of the imported classes."""

import inspect
import subprocess
import sys
import typing

import pytest

from lrcn_seq.part_source import FILE_PACKAGE, code_hash, is_new_version, read_constructor
from lrcn_seq.registry import SEAMS, signature

PARTS = [(seam, name) for seam, registry in SEAMS.items() for name in registry.names()]


@pytest.mark.parametrize(("seam", "name"), PARTS)
def test_source_and_class_have_the_same_constructor(seam, name):
    """Reading a part from its source gives the same constructor as importing its class."""
    registry = SEAMS[seam]
    constructor = read_constructor(f"{registry.package}.{registry.file_of(name)}")
    part = registry.get(name)
    expected = signature(part)
    assert list(constructor.parameters) == list(expected)
    for parameter, own in constructor.parameters.items():
        assert (own.default, own.kind) == (expected[parameter].default, expected[parameter].kind)
    assert constructor.documentation == inspect.cleandoc(part.__doc__)
    assert constructor.derived == tuple(getattr(part, "derived", ()))
    hints = typing.get_type_hints(part.__init__, include_extras=True)
    assert constructor.hints == {
        parameter: hints[parameter]
        for parameter in expected
        if parameter in hints and parameter not in constructor.derived
    }


def test_a_module_without_a_part():
    """A module that registers no part raises LookupError."""
    with pytest.raises(LookupError, match=r"lrcn_seq\.records registers no part"):
        read_constructor("lrcn_seq.records")


def test_checking_every_part_imports_no_backend():
    """The arguments of all parts can be checked without importing Keras."""
    code = """
import sys
from lrcn_seq.registry import SEAMS
for registry in SEAMS.values():
    for name in registry.names():
        problems = registry.problems({"type": name, "unknown_argument": 1}, "part")
        assert any("unknown argument" in problem.message for problem in problems)
print(sorted({"keras", "tensorflow", "jax", "torch"} & set(sys.modules)))
"""
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert result.stdout.strip() == "[]"


def make_class(module: str, name: str = "Part") -> type:
    """Return an empty class of a module."""
    return type(name, (), {"__module__": module})


def test_a_class_in_a_file_of_the_user_has_the_hash_of_the_file():
    """The hash of a user's file is part of the name of its module; other classes have no hash."""
    assert code_hash(make_class(f"{FILE_PACKAGE}0123abcd.my_parts")) == "0123abcd"
    assert code_hash(make_class("lrcn_seq.encoders.tiny_cnn")) == ""


@pytest.mark.parametrize(
    ("first", "second", "is_new"),
    [
        (("a.x", "A"), ("a.x", "A"), True),
        (("a.x", "A"), ("a.x", "B"), False),
        (("a.x", "A"), ("b.x", "A"), False),
        ((f"{FILE_PACKAGE}1.x", "A"), (f"{FILE_PACKAGE}2.x", "B"), True),
        ((f"{FILE_PACKAGE}1.x", "A"), (f"{FILE_PACKAGE}1.x", "B"), False),
        (("x", "A"), (f"{FILE_PACKAGE}1.x", "A"), False),
    ],
)
def test_a_class_replaces_its_earlier_version(first, second, is_new):
    """A class replaces one of the same full name, or one of an earlier version of its file."""
    assert is_new_version(make_class(*first), make_class(*second)) is is_new
