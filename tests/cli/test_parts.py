"""The command `lrcn parts`: names, summaries and arguments of the parts."""

import importlib
from typing import Annotated, Literal

import pytest
from annotated_types import Ge, Gt, Le, Lt

from lrcn_seq.cli.parts import bounds_text, describe_part, describe_seam, summary, type_text
from lrcn_seq.registry import SEAMS, Registry

WHEEL = '''"""Wheel: a round part.

More about wheels.
"""

from typing import Annotated, Literal

from annotated_types import Gt


class Wheel:
    """Rolls.

    Args:
        spokes: how many.
    """

    derived = ("axle",)

    def __init__(
        self,
        axle: int,
        spokes: Annotated[int, Gt(2)] = 32,
        rim: Literal["wood", "steel"] | None = None,
    ):
        pass
'''


@pytest.fixture
def gadgets(tmp_path, monkeypatch) -> Registry:
    """Return a registry with two parts of the library and one part of another package."""
    folder = tmp_path / "gadgets_of_a_test"
    folder.mkdir()
    (folder / "__init__.py").write_text("")
    (folder / "wheel.py").write_text(WHEEL)
    (folder / "lever.py").write_text("raise ImportError('imported')")
    monkeypatch.syspath_prepend(tmp_path)
    registry = Registry("gadgets", "gadgets_of_a_test")
    registry.register(importlib.import_module("gadgets_of_a_test.wheel").Wheel)
    registry.register(type("Foreign", (), {"__module__": "elsewhere.foreign"}))
    return registry


def test_seam_lists_parts_with_their_summaries(gadgets):
    """Parts are listed by name with aligned summaries, without importing their files."""
    assert describe_seam(gadgets).splitlines() == [
        "foreign  a part of another package",
        "lever    ",
        "wheel    Wheel: a round part.",
    ]


def test_summary_is_the_first_line_of_the_file(gadgets):
    """The summary of a part is taken from the docstring of its file instead of its class."""
    assert summary(gadgets, "wheel") == "Wheel: a round part."


def test_summary_of_an_imported_class_is_its_docstring(gadgets):
    """The summary of an imported part is the summary line of its class."""
    gadgets.add("own.py:Lamp", type("Lamp", (), {"__doc__": "Shines.\n\nBrightly."}))
    assert summary(gadgets, "own.py:Lamp") == "Shines."


def test_part_is_described_with_its_arguments(gadgets):
    """The description of a part lists all its arguments except derived arguments."""
    assert describe_part(gadgets, "wheel").splitlines() == [
        "gadgets.wheel",
        "",
        "Rolls.",
        "",
        "Args:",
        "    spokes: how many.",
        "",
        "arguments:",
        "  spokes: int > 2 (default 32)",
        "  rim: wood | steel | None (default None)",
    ]


def test_part_without_arguments(gadgets):
    """The description of a part without arguments says "none"."""
    assert describe_part(gadgets, "foreign").splitlines()[-2:] == ["arguments:", "  none"]


@pytest.mark.parametrize(
    ("hint", "text"),
    [
        (int, "int"),
        (Annotated[float, Gt(0)], "float > 0"),
        (Annotated[float, Gt(0), Lt(float("inf"))], "float > 0"),
        (Annotated[float, Ge(0), Lt(1)], "float ≥ 0 and < 1"),
        (Annotated[int, Ge(1), Le(8)], "int ≥ 1 and ≤ 8"),
        (Annotated[int, "a note"], "int"),
        (Annotated[float, Gt(0), Lt(2)] | None, "float > 0 and < 2 | None"),
        (Literal["a", 2], "a | 2"),
        (list[str], "list of str"),
        (dict[str, list[int]], "dict of str, list of int"),
    ],
)
def test_type_is_written_for_users(hint, text):
    """A type is written with bounds and choices instead of Python's notation."""
    assert type_text(hint) == text


def test_no_bounds_are_an_empty_text():
    """A type without bounds has an empty text for its bounds."""
    assert bounds_text(()) == ""


def test_all_seams_are_listed_with_their_parts(lrcn):
    """`lrcn parts` lists all parts by kind, all sections, and the calls that show details."""
    result = lrcn("parts")
    assert result.code == 0
    assert (
        "\nsearches    beam, diverse_beam, greedy, keras_hub, minimum_bayes_risk, sampling\n"
        in result.out
    )
    assert "\ntasks       activity, captioning, description\n" in result.out
    assert "\nsections    config, data, data.store, training, " in result.out
    assert [line.split()[0] for line in result.out.splitlines()[:9]] == list(SEAMS)
    assert "\nSee `lrcn parts SEAM` for summaries," in result.out


@pytest.mark.parametrize("seam", sorted(SEAMS))
def test_every_part_has_a_summary(lrcn, seam):
    """Every part has a summary of at least two words."""
    lines = lrcn("parts", seam).out.splitlines()
    assert len(lines) >= 2
    assert all(len(line.split(maxsplit=1)[1].split()) >= 2 for line in lines)


@pytest.mark.parametrize("seam", sorted(SEAMS))
def test_every_part_is_described_in_words(lrcn, seam):
    """The arguments of every part fit into 110 columns, without type aliases."""
    names = ("Positive", "NotNegative", "Annotated", "Literal", "ForwardRef", "vocabulary_size:")
    for name in SEAMS[seam].names():
        result = lrcn("parts", seam, name)
        heading, _, arguments = result.out.partition("\narguments:\n")
        assert heading.startswith(f"{seam}.{name}\n\n")
        assert len(heading.split()) > 3
        assert arguments
        assert max(map(len, arguments.splitlines())) <= 110
        assert not [alias for alias in names if alias in arguments]


def test_long_choices_are_wrapped(lrcn):
    """A long list of choices, such as network names, is wrapped over several lines."""
    arguments = lrcn("parts", "encoders", "applications").out.partition("arguments:\n")[2]
    assert arguments.startswith("  network: ConvNeXtBase | ConvNeXtLarge | ")
    assert "VGG16 | VGG19 | Xception\n" in arguments
    assert "\n  size: int > 0 and ≤ 2048 | None (default None)\n" in arguments


def test_unknown_part_is_reported_with_a_suggestion(lrcn):
    """The error for an unknown part suggests the closest name and lists all names."""
    result = lrcn("parts", "encoders", "aplications")
    assert result.code == 2
    assert result.err.startswith(
        "lrcn parts: encoders has no 'aplications'. Did you mean 'applications'? Known: "
    )


@pytest.mark.parametrize(
    ("name", "seam"),
    [
        ("encoder", "encoders"),
        ("search", "searches"),
        ("data.source", "sources"),
        ("sampling", "samplings"),
        ("metric", "metrics"),
    ],
)
def test_config_keys_name_the_parts(lrcn, name, seam):
    """A config key such as `encoder` or `data.source` names the parts that it accepts."""
    assert lrcn("parts", name) == lrcn("parts", seam)


def test_section_is_documented_with_types_and_defaults(lrcn):
    """`lrcn parts training` shows the type, the default and the meaning of every key."""
    lines = lrcn("parts", "training").out.splitlines()
    assert lines[:2] == [
        "training.batch_size: int > 0 and ≤ 2147483647 | auto (default 'auto')",
        "    Number of captions or labeled clips in a batch.",
    ]
    assert "training.optimizer: section" in lines
    assert "training.optimizer.type: sgd | adam | rmsprop (default 'adam')" in lines
    assert max(map(len, lines)) <= 110


def test_part_of_a_section_refers_to_its_kind(lrcn):
    """A key whose value is a part refers to the list of the parts."""
    out = lrcn("parts", "data").out
    assert out.startswith("data.source: part; see `lrcn parts sources` (required)\n")
    assert "\ndata.sampling: part; see `lrcn parts samplings` (default None)\n" in out


def test_whole_config_is_documented(lrcn):
    """`lrcn parts config` shows the keys of all sections; `init` may be left out."""
    out = lrcn("parts", "config").out
    assert "\ninit: section or None\n" in out
    for section in ("data", "training", "evaluation"):
        assert lrcn("parts", section).out in out


@pytest.mark.parametrize("key", ["optimizer.l2", "training.optimizer.l2"])
def test_one_key_is_documented(lrcn, key):
    """A key may be given with or without the name of its section."""
    assert lrcn("parts", "training", key).out == (
        "training.optimizer.l2: float ≥ 0 (default 0.0)\n"
        "    Weight decay as in Caffe: this factor times the weight is added to the clipped "
        "gradient.\n"
    )


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["enkoders"], "Received: 'enkoders'. Did you mean 'encoders'? Known: sources, views, "),
        (["training", "epoch"], "training has no key 'epoch'. Did you mean 'epochs'? Known: "),
    ],
)
def test_unknown_section_or_key_is_reported_with_a_suggestion(lrcn, arguments, message):
    """The error for an unknown section or key suggests the closest name and lists all names."""
    result = lrcn("parts", *arguments)
    assert (result.code, result.out) == (2, "")
    assert message in result.err
