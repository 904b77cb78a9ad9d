"""`lrcn parts`: what can be plugged in."""

from typing import Annotated, Literal

import pytest
from annotated_types import Ge, Gt, Le, Lt

from lrcn_seq.cli.parts import in_words
from lrcn_seq.records import PositiveNumber, Rate
from lrcn_seq.registry import SEAMS


def test_all_seams(lrcn):
    """Each with the names of its parts."""
    called = lrcn("parts")
    assert called.code == 0
    for seam, registry in SEAMS.items():
        (line,) = [line for line in called.out.splitlines() if line.startswith(f"{seam} ")]
        assert line.removeprefix(seam).strip() == ", ".join(registry.names())


@pytest.mark.parametrize("seam", SEAMS)
def test_one_seam(lrcn, seam):
    """A line that says what it is for every part."""
    lines = lrcn("parts", seam).out.splitlines()
    assert [line.split()[0] for line in lines] == SEAMS[seam].names()
    assert all(len(line.split(maxsplit=1)[1]) > 10 for line in lines)


@pytest.mark.parametrize(
    ("seam", "name"), [(seam, name) for seam in SEAMS for name in SEAMS[seam].names()]
)
def test_one_part(lrcn, seam, name):
    """Its documentation and its arguments, in lines that fit a terminal; nothing the program derives, and no name of a type alias."""
    called = lrcn("parts", seam, name)
    assert called.code == 0
    head, _, arguments = called.out.partition("\narguments:\n")
    assert head.startswith(f"{seam}.{name}\n\n")
    assert len(head) > len(f"{seam}.{name}") + 15
    assert arguments
    assert all(len(line) <= 110 for line in arguments.splitlines())
    for word in (
        "Positive",
        "NotNegative",
        "Annotated",
        "Literal",
        "Network",
        "vocabulary_size:",
        "ForwardRef",
    ):
        assert word not in arguments


def test_a_long_list_of_choices_is_wrapped(lrcn):
    """The networks of keras.applications, by name."""
    arguments = lrcn("parts", "encoders", "applications").out.partition("arguments:\n")[2]
    assert "  network: ConvNeXtBase | ConvNeXtLarge | " in arguments
    assert "VGG16 | VGG19 | Xception\n" in arguments
    assert "\n  output: str (default 'pooled')\n" in arguments
    assert "\n  size: int > 0 | None (default None)\n" in arguments


def test_an_unknown_part(lrcn):
    """Is told what was meant."""
    called = lrcn("parts", "encoders", "aplications")
    assert called.code == 2
    assert called.err.startswith(
        "lrcn parts: encoders has no 'aplications'. Did you mean 'applications'? Known: "
    )


@pytest.mark.parametrize(
    ("hint", "words"),
    [
        (int, "int"),
        (PositiveNumber, "float > 0"),
        (Rate, "float ≥ 0 and < 1"),
        (Annotated[int, Ge(1), Le(8)], "int ≥ 1 and ≤ 8"),
        (Annotated[float, Gt(0), Lt(2)] | None, "float > 0 and < 2 | None"),
        (Literal["a", 2], "a | 2"),
        (list[str], "list of str"),
        (dict[str, list[int]], "dict of str, list of int"),
    ],
)
def test_types_in_words(hint, words):
    """As people write them."""
    assert in_words(hint) == words
