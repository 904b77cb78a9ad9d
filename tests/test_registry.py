"""Named parts: found by file name, imported when asked for, their arguments checked all at once."""

import subprocess
import sys
from typing import Annotated, Literal

import pytest
from annotated_types import Gt

from lrcn_seq import registry
from lrcn_seq.cli.parts import first_line
from lrcn_seq.errors import ArgumentError, ConfigError, UnknownPartError
from lrcn_seq.registry import SEAMS, Registry, argument_problems


class Part:
    """A part for these tests."""

    derived = ("classes",)

    def __init__(
        self,
        classes: int,
        size: Annotated[int, Gt(0)],
        *,
        kind: Literal["pooled", "grid"] = "grid",
        rate: float = 0.5,
        name: str | None = None,
    ):
        if rate > 1:
            raise ArgumentError(f"rate: expected a share. Received: rate={rate}.")
        self.arguments = (classes, size, kind, rate, name)


@pytest.fixture
def seam() -> Registry:
    """A registry of one part, `thing`."""
    found = Registry("encoders", "lrcn_seq.text")
    found._parts["thing"] = Part
    return found


def problems(**arguments) -> dict[str, str]:
    """What is wrong with arguments of the part, by place."""
    return {
        problem.place: problem.message for problem in argument_problems(Part, arguments, "encoder")
    }


@pytest.mark.parametrize("name", SEAMS)
def test_every_part_is_named_as_its_file(name):
    """The class under a name comes from the file of that name, or from the file that the seam names."""
    seam = SEAMS[name]
    assert seam.names()
    for part in seam.names():
        assert seam.get(part).__module__ == f"{seam.package}.{seam.files.get(part, part)}"


@pytest.fixture
def renamed(tmp_path, monkeypatch) -> Registry:
    """A registry whose part `gadget` is in the file gadget_file.py."""
    folder = tmp_path / "renamed_seam"
    folder.mkdir()
    (folder / "__init__.py").write_text("")
    (folder / "gadget_file.py").write_text("class Gadget:\n    pass\n")
    monkeypatch.syspath_prepend(tmp_path)
    for module in ("renamed_seam", "renamed_seam.gadget_file"):
        monkeypatch.delitem(sys.modules, module, raising=False)
    registry.files_of.cache_clear()
    return Registry("encoders", "renamed_seam", files={"gadget": "gadget_file"})


def test_a_file_may_have_another_name_than_its_part(renamed):
    """`names`, `register`, `name_of` and `get` use the name of the part, not the stem of its file."""
    from renamed_seam.gadget_file import Gadget

    assert renamed.names() == ["gadget"]
    assert renamed.register(Gadget) is Gadget
    assert renamed.name_of(Gadget) == "gadget"
    assert renamed.file_of("gadget") == "gadget_file"
    assert renamed.get("gadget") is Gadget
    with pytest.raises(UnknownPartError, match="encoders has no 'gadget_file'"):
        renamed.get("gadget_file")


def test_a_renamed_file_is_imported_on_demand(renamed):
    """`get` imports the file that belongs to the name."""
    with pytest.raises(UnknownPartError, match="Known: gadget"):
        renamed.get("gadget")  # the file registers nothing
    assert "renamed_seam.gadget_file" in sys.modules


def test_a_stranger_cannot_take_the_name_of_a_renamed_part(renamed):
    """The error names the file of the part that has the name."""
    stranger = type("Mine", (), {"__module__": "mine.gadget"})
    with pytest.raises(UnknownPartError, match=r"'gadget' is taken by renamed_seam\.gadget_file"):
        renamed.register(stranger)


@pytest.mark.parametrize("seam", ["tokenizers", "searches"])
def test_lrcn_parts_finds_a_renamed_file(seam):
    """The first line of the part's file is its description."""
    assert "KerasHub" in first_line(SEAMS[seam], "keras_hub")


def test_a_part_of_another_package_is_named_by_its_entry_point(package):
    """`name_of` returns the name that a config gives, not the stem of the file."""
    seam = package(mine="strangers_words:Mine")
    assert seam.name_of(seam.get("mine")) == "mine"


@pytest.mark.parametrize(
    ("seam", "asked", "other"), [("tokenizers", "character", "bpe"), ("sources", "shapes", "coco")]
)
def test_only_the_part_asked_for_is_imported(seam, asked, other):
    """Listing imports no part, asking for one imports that one."""
    code = f"""
import sys
from lrcn_seq.registry import SEAMS
seam = SEAMS[{seam!r}]
assert {{{asked!r}, {other!r}}} <= set(seam.names())
assert not [name for name in sys.modules if name.startswith(seam.package + ".")]
seam.get({asked!r})
assert f"{{seam.package}}.{asked}" in sys.modules
assert f"{{seam.package}}.{other}" not in sys.modules
"""
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stderr


def test_files_that_are_no_parts_are_not_listed():
    """Neither the contract nor private files nor packages are names."""
    names = {name for seam in SEAMS.values() for name in seam.names()}
    assert "base" not in names
    assert not [name for name in names if name.startswith("_")]
    assert "report" not in registry.files_of("lrcn_seq.training")


def test_a_name_is_registered_once(seam):
    """A second class of the same name is refused, the same class again is not."""
    first = type("First", (), {"__module__": "somewhere.thing_2"})
    second = type("Second", (), {"__module__": "elsewhere.thing_2"})
    assert seam.register(first) is first
    seam.register(first)
    with pytest.raises(
        UnknownPartError,
        match=r"'thing_2' is taken by somewhere\.thing_2\.First\. Received: elsewhere\.thing_2\.Second; give its file another name",
    ):
        seam.register(second)


def test_a_strangers_file_does_not_take_the_name_of_a_part_of_ours():
    """A class of another package whose file is named as one of ours is refused even before ours is imported."""
    with pytest.raises(UnknownPartError, match=r"'word' is taken by lrcn_seq\.text\.word"):
        Registry("tokenizers", "lrcn_seq.text").register(
            type("Word", (), {"__module__": "mine.word"})
        )


def test_an_unknown_name_gets_a_suggestion_and_the_list():
    """The sentence says what was meant and what there is."""
    with pytest.raises(
        UnknownPartError,
        match=r"tokenizers has no 'wrod'\. Did you mean 'word'\? Known: .*character.*word",
    ):
        SEAMS["tokenizers"].get("wrod")


@pytest.mark.parametrize("spec", [None, 3, [], {}, {"size": 3}, {"type": 3}, "thing"])
def test_a_spec_is_a_mapping_with_a_type(seam, spec):
    """Anything else is one problem that lists what there is."""
    (problem,) = seam.problems(spec, "encoder")
    assert problem.place == "encoder"
    assert "expected a mapping with a `type`" in problem.message
    assert "thing" in problem.message


def test_right_arguments_have_no_problem():
    """Types, bounds and choices that hold are not complained about; an int does where a float is expected."""
    assert problems(size=3, kind="pooled", rate=1, name=None) == {}


def test_all_problems_come_at_once():
    """Unknown, derived, ill-typed, out of range, not among the choices, and missing: each at its place."""
    found = problems(sise=3, classes=5, kind="grids", rate="fast", name=3)
    assert found.keys() == {
        "encoder.sise",
        "encoder.classes",
        "encoder.kind",
        "encoder.rate",
        "encoder.name",
        "encoder.size",
    }
    assert (
        found["encoder.sise"]
        == "unknown argument. Did you mean 'size'? Known: size, kind, rate, name."
    )
    assert found["encoder.classes"] == "the program derives this value from the data; remove it."
    assert (
        found["encoder.kind"]
        == "expected 'pooled' or 'grid'. Received: 'grids'. Did you mean 'grid'?"
    )
    assert found["encoder.rate"] == "expected a valid number. Received: 'fast'."
    assert found["encoder.name"].startswith("expected a valid string")
    assert found["encoder.size"] == "missing, and it has no default."


@pytest.mark.parametrize("size", [0, -1, 1.5, "3", True, None])
def test_wrong_sizes(size):
    """Strict: neither text, nor truth values, nor fractions pass for a whole number."""
    assert list(problems(size=size)) == ["encoder.size"]
    assert f"Received: {size!r}." in problems(size=size)["encoder.size"]


def test_build_gives_what_is_derived(seam):
    """Derived values join those of the spec; what the part does not take is left out."""
    built = seam.build({"type": "thing", "size": 2}, classes=7, vocabulary_size=9)
    assert built.arguments == (7, 2, "grid", 0.5, None)


def test_build_tells_all_problems_with_their_place(seam):
    """What `problems` finds is raised, under the place given."""
    with pytest.raises(ConfigError) as caught:
        seam.build({"type": "thing", "size": 0, "kinds": 1}, place="encoder", classes=7)
    assert [problem.place for problem in caught.value.problems] == ["encoder.size", "encoder.kinds"]


def test_what_a_constructor_refuses_gets_a_place(seam):
    """A combination that only the part itself can judge is a problem of the config too."""
    with pytest.raises(ConfigError, match=r"encoder: rate: expected a share\. Received: rate=2\.0"):
        seam.build({"type": "thing", "size": 2, "rate": 2.0}, place="encoder", classes=7)


@pytest.fixture
def package(tmp_path, monkeypatch):
    """A function that installs another package with entry points of the seam `tokenizers`: {name: value}."""

    def install(**points: str) -> Registry:
        (tmp_path / "strangers_words.py").write_text(
            "class Mine:\n    def __init__(self, size: int = 3):\n        self.size = size\n"
        )
        (tmp_path / "strangers_broken.py").write_text("import a_package_that_is_not_here\n")
        info = tmp_path / "strangers-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text("Metadata-Version: 2.1\nName: strangers\nVersion: 1.0\n")
        (info / "entry_points.txt").write_text(
            "[lrcn_seq.tokenizers]\n"
            + "".join(f"{name} = {value}\n" for name, value in points.items())
        )
        monkeypatch.syspath_prepend(tmp_path)
        registry.plugins.cache_clear()
        return Registry("tokenizers", "lrcn_seq.text")

    yield install
    registry.plugins.cache_clear()


def test_another_package_adds_a_part(package):
    """An entry point is listed beside ours, loaded when asked for, and its arguments are checked."""
    seam = package(mine="strangers_words:Mine")
    sys.modules.pop("strangers_words", None)
    assert {"mine", "word"} <= set(seam.names())
    assert "strangers_words" not in sys.modules
    assert seam.build({"type": "mine", "size": 4}).size == 4
    assert [
        problem.place for problem in seam.problems({"type": "mine", "size": "x"}, "tokenizer")
    ] == ["tokenizer.size"]


def test_another_package_does_not_take_our_names(package):
    """An entry point under one of our names is refused by name."""
    with pytest.raises(
        UnknownPartError,
        match=r"tokenizers: the name 'word' is taken already\. Received: entry point strangers_words:Mine; rename it",
    ):
        package(word="strangers_words:Mine").names()


@pytest.mark.parametrize(
    "value", ["strangers_broken:Mine", "strangers_words:Other", "strangers_absent:Mine"]
)
def test_a_broken_package_is_one_sentence(package, value):
    """What cannot be loaded is a problem of the config that names package and reason."""
    (problem,) = package(mine=value).problems({"type": "mine"}, "tokenizer")
    assert problem.place == "tokenizer.type"
    assert f"expected the part 'mine' in {value}. Received: " in problem.message


def test_a_file_without_a_part_is_not_one(tmp_path, monkeypatch):
    """A module that registers nothing under its name gives a sentence, not a KeyError."""
    (tmp_path / "strangers_seam").mkdir()
    (tmp_path / "strangers_seam" / "__init__.py").write_text("")
    (tmp_path / "strangers_seam" / "hollow.py").write_text("")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(UnknownPartError, match="encoders has no 'hollow'"):
        Registry("encoders", "strangers_seam").get("hollow")
