"""Constructors of parts, read from source files, compared with those of the imported classes."""

import inspect
import subprocess
import sys
import typing

import pytest

from lrcn_seq.part_source import read_constructor
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
