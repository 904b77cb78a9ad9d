"""Registries of parts: names from files and entry points, lazy imports, checked arguments."""

import subprocess
import sys
from pathlib import Path
from typing import Annotated, Literal

import pytest
from annotated_types import Gt

from lrcn_seq import registry
from lrcn_seq.cli.parts import summary
from lrcn_seq.errors import ArgumentError, ConfigError, UnknownPartError
from lrcn_seq.registry import (
    SEAMS,
    Registry,
    argument_problems,
    constructor_of,
    signature,
    sources,
)


class Part:
    """A part with derived, bounded and enumerated arguments; its constructor may raise an error."""

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
    """Return a registry that contains one part, `thing`."""
    registry_of_one = Registry("encoders", "lrcn_seq.text")
    registry_of_one._parts["thing"] = Part
    return registry_of_one


def problems(**arguments) -> dict[str, str]:
    """Return the problems of the part's arguments by key."""
    return {
        problem.place: problem.message
        for problem in argument_problems(constructor_of(Part), arguments, "encoder")
    }


@pytest.mark.parametrize("name", SEAMS)
def test_a_part_has_the_name_of_its_file(name):
    """Each part is defined in the file of its name, or in the file that the registry states."""
    seam = SEAMS[name]
    assert seam.names()
    for part in seam.names():
        assert seam.get(part).__module__ == f"{seam.package}.{seam.files.get(part, part)}"


@pytest.fixture
def renamed(tmp_path, monkeypatch) -> Registry:
    """Return a registry whose part `gadget` is defined in the file gadget_file.py."""
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
    """A registry finds a part by its name if the file of the part has another name."""
    from renamed_seam.gadget_file import Gadget

    assert renamed.names() == ["gadget"]
    assert renamed.register(Gadget) is Gadget
    assert renamed.name_of(Gadget) == "gadget"
    assert renamed.file_of("gadget") == "gadget_file"
    assert renamed.get("gadget") is Gadget
    with pytest.raises(UnknownPartError, match="encoders has no 'gadget_file'"):
        renamed.get("gadget_file")


def test_a_renamed_file_is_imported_on_demand(renamed):
    """Getting a part whose file has another name imports this file."""
    with pytest.raises(UnknownPartError, match="Known: gadget"):
        renamed.get("gadget")  # the imported file registers no part
    assert "renamed_seam.gadget_file" in sys.modules


def test_another_class_cannot_take_the_name_of_a_renamed_part(renamed):
    """A class cannot be registered under the name of a part whose file has another name."""
    other = type("Mine", (), {"__module__": "mine.gadget"})
    with pytest.raises(UnknownPartError, match=r"'gadget' is taken by renamed_seam\.gadget_file"):
        renamed.register(other)


@pytest.mark.parametrize("seam", ["tokenizers", "searches"])
def test_the_summary_of_a_renamed_file_is_found(seam):
    """The summary of a part is found even if its file does not have the name of the part."""
    assert "KerasHub" in summary(SEAMS[seam], "keras_hub")


@pytest.mark.parametrize(
    ("seam", "asked", "other"), [("tokenizers", "character", "bpe"), ("sources", "shapes", "coco")]
)
def test_only_the_part_asked_for_is_imported(seam, asked, other):
    """Listing parts imports none of them, and getting a part imports its file only."""
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


def test_files_that_are_not_parts_are_not_listed(tmp_path, monkeypatch):
    """`base`, private modules and subpackages are not listed as parts."""
    package = tmp_path / "package_of_parts"
    (package / "folder").mkdir(parents=True)
    for name in ("__init__", "base", "_private", "second", "first", "folder/__init__"):
        (package / f"{name}.py").write_text("")
    monkeypatch.syspath_prepend(tmp_path)
    assert registry.files_of("package_of_parts") == ["first", "second"]


def test_a_name_is_registered_once(seam):
    """A second class cannot be registered under a name that is taken."""
    first = type("First", (), {"__module__": "somewhere.thing_2"})
    second = type("Second", (), {"__module__": "elsewhere.thing_2"})
    assert seam.register(first) is first
    seam.register(first)
    with pytest.raises(
        UnknownPartError,
        match=r"'thing_2' is taken by somewhere\.thing_2\.First\. "
        r"Received: elsewhere\.thing_2\.Second; rename its file",
    ):
        seam.register(second)


def test_a_class_of_another_package_cannot_have_the_name_of_a_file():
    """A class of another package cannot have the name of a file of the library."""
    with pytest.raises(UnknownPartError, match=r"'word' is taken by lrcn_seq\.text\.word"):
        Registry("tokenizers", "lrcn_seq.text").register(
            type("Word", (), {"__module__": "mine.word"})
        )


def test_an_unknown_name_is_refused_with_a_suggestion_and_all_names():
    """An unknown part is refused with a suggestion and a list of all parts."""
    with pytest.raises(
        UnknownPartError,
        match=r"tokenizers has no 'wrod'\. Did you mean 'word'\? Known: .*character.*word",
    ):
        SEAMS["tokenizers"].get("wrod")


@pytest.mark.parametrize("spec", [None, 3, [], {}, {"size": 3}, {"type": 3}, "thing"])
def test_a_spec_is_a_mapping_with_a_type(seam, spec):
    """A part spec that is not a mapping with a type is refused with a list of the parts."""
    (problem,) = seam.problems(spec, "encoder")
    assert problem.place == "encoder"
    assert "expected a mapping with a `type`" in problem.message
    assert "thing" in problem.message


def test_valid_arguments_have_no_problems():
    """Valid arguments have no problems; an integer is accepted as a float."""
    assert problems(size=3, kind="pooled", rate=1, name=None) == {}


def test_unknown_argument_names_the_types_that_have_it():
    """The problem of an unknown argument names the parts of the library that have it."""
    [problem] = sources.problems({"type": "class_folders", "folder": "a", "table": "t"}, "source")
    assert problem.message.endswith(
        "An argument of this name belongs to the type caption_table or video_table."
    )


def test_all_problems_come_at_once():
    """Unknown, derived, missing and invalid arguments are reported together."""
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
def test_types_are_not_converted(size):
    """Arguments of the wrong type or out of range are refused without conversion."""
    assert list(problems(size=size)) == ["encoder.size"]
    assert f"Received: {size!r}." in problems(size=size)["encoder.size"]


def test_build_passes_derived_values(seam):
    """`build` passes the derived values that the constructor takes and ignores others."""
    built = seam.build({"type": "thing", "size": 2}, classes=7, vocabulary_size=9)
    assert built.arguments == (7, 2, "grid", 0.5, None)


def test_build_raises_all_problems_of_a_spec(seam):
    """`build` raises all problems of a spec together."""
    with pytest.raises(ConfigError) as caught:
        seam.build({"type": "thing", "size": 0, "kinds": 1}, place="encoder", classes=7)
    assert [problem.place for problem in caught.value.problems] == ["encoder.size", "encoder.kinds"]


def test_an_error_of_a_constructor_is_a_problem_of_the_config(seam):
    """An error raised by a constructor becomes a problem of the config."""
    with pytest.raises(ConfigError, match=r"encoder: rate: expected a share\. Received: rate=2\.0"):
        seam.build({"type": "thing", "size": 2, "rate": 2.0}, place="encoder", classes=7)


def test_signature_lists_named_arguments():
    """The signature of a part lists its named arguments."""

    class Layer:
        def __init__(self, width, *sizes, height=2, **kwargs):
            pass

    assert list(signature(Layer)) == ["width", "height"]


def test_a_part_with_keyword_arguments_gets_all_derived_values():
    """A constructor with `**kwargs` receives all derived values."""

    class Layer:
        def __init__(self, **kwargs):
            self.kwargs = kwargs

    seam = Registry("encoders", "lrcn_seq.text")
    seam._parts["layer"] = Layer
    assert seam.build({"type": "layer"}, name="encoder").kwargs == {"name": "encoder"}


@pytest.fixture
def install(tmp_path, monkeypatch):
    """Return a function that installs a new package with tokenizer entry points.

    The function returns a registry of tokenizers. Each call installs a different distribution.
    """

    def install_package(**points: str) -> Registry:
        name = f"others{len(list(tmp_path.iterdir()))}"
        folder = tmp_path / name
        info = folder / f"{name}-1.0.dist-info"
        info.mkdir(parents=True)
        (folder / "others_words.py").write_text(
            "class Mine:\n    def __init__(self, size: int = 3):\n        self.size = size\n"
        )
        (folder / "others_broken.py").write_text("import a_package_that_does_not_exist\n")
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
        lines = [f"{point} = {value}\n" for point, value in points.items()]
        (info / "entry_points.txt").write_text("[lrcn_seq.tokenizers]\n" + "".join(lines))
        monkeypatch.syspath_prepend(folder)
        registry.plugins.cache_clear()
        return Registry("tokenizers", "lrcn_seq.text")

    yield install_package
    registry.plugins.cache_clear()


def test_another_package_adds_a_part(install):
    """A part of another package is listed, imported on use and checked like other parts."""
    seam = install(mine="others_words:Mine")
    sys.modules.pop("others_words", None)
    assert {"mine", "word"} <= set(seam.names())
    assert "others_words" not in sys.modules
    assert seam.build({"type": "mine", "size": 4}).size == 4
    (problem,) = seam.problems({"type": "mine", "size": "x"}, "tokenizer")
    assert problem.place == "tokenizer.size"


def test_an_entry_point_cannot_have_the_name_of_a_part_of_the_library(install):
    """An entry point cannot have the name of a part of the library."""
    with pytest.raises(
        UnknownPartError,
        match=r"tokenizers: the name 'word' is taken\. "
        r"Received: entry point others_words:Mine; rename it",
    ):
        install(word="others_words:Mine").names()


def test_two_packages_cannot_add_different_parts_of_one_name(install):
    """Two packages cannot register different parts under one name."""
    install(mine="others_words:Mine")
    seam = install(mine="others_words:Yours")
    with pytest.raises(UnknownPartError, match=r"the name 'mine' is taken\. .*others_words:"):
        seam.names()


def test_an_entry_point_may_be_found_twice(install):
    """An entry point may be found twice, for example with an editable installation."""
    install(mine="others_words:Mine")
    seam = install(mine="others_words:Mine")
    assert seam.names().count("mine") == 1


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ("others_broken:Mine", "ModuleNotFoundError: No module named 'a_package_that_"),
        ("others_words:Other", "AttributeError: module 'others_words' has no attribute 'Other'"),
        ("others_absent:Mine", "ModuleNotFoundError: No module named 'others_absent'"),
    ],
)
def test_an_entry_point_that_cannot_be_imported_is_a_problem(install, value, reason):
    """An entry point that cannot be imported is reported with its name and the reason."""
    (problem,) = install(mine=value).problems({"type": "mine"}, "tokenizer")
    assert problem.place == "tokenizer.type"
    assert f"expected the part 'mine' in {value}. Received: {reason}" in problem.message


def test_a_file_that_registers_nothing_is_not_a_part(tmp_path, monkeypatch):
    """A file that registers nothing is not a part."""
    package: Path = tmp_path / "package_without_parts"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "hollow.py").write_text("")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(UnknownPartError, match="encoders has no 'hollow'"):
        Registry("encoders", "package_without_parts").get("hollow")


def test_a_class_is_added_under_any_name():
    """`add` registers a class under a name, in place of an earlier class; no file is imported."""
    registry = Registry("gadgets", "lrcn_seq.data.views")
    first, second = type("First", (), {}), type("Second", (), {})
    assert registry.registered("x.py:First") is None
    registry.add("x.py:First", first)
    assert registry.get("x.py:First") is registry.registered("x.py:First") is first
    registry.add("x.py:First", second)
    assert registry.get("x.py:First") is second
    assert registry.registered("none") is None
