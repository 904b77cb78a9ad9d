"""Documentation of config keys from the schema and from the docstrings of parts."""

import inspect
from typing import Any

import pytest

from lrcn_seq.config import Config
from lrcn_seq.config.key_docs import (
    REQUIRED,
    argument_docs,
    argument_texts,
    section_docs,
    section_keys,
    section_type,
)
from lrcn_seq.config.schema import Init, Store
from lrcn_seq.part_source import Constructor
from lrcn_seq.registry import SEAMS

DOCUMENTATION = """Rolls.

Args:
    spokes: Number of spokes,
        at least two.

        Wood needs more.
    rim: Material: wood or steel.

Raises:
    ValueError: never.
"""


def leaves(tree: dict[str, Any], prefix: str = "") -> set[str]:
    """Return the dotted keys of all values of a mapping; a part counts as one value."""
    keys = set()
    for name, value in tree.items():
        is_section = isinstance(value, dict) and "type" not in value and value
        keys |= leaves(value, f"{prefix}{name}.") if is_section else {f"{prefix}{name}"}
    return keys


def test_every_key_of_a_config_is_documented():
    """The documentation has all keys of a complete config, and each has a text."""
    docs = {doc.key: doc for doc in section_docs()}
    config = Config(
        task={"type": "captioning"},
        data={"source": {"type": "shapes"}},
        encoder={"type": "tiny_cnn"},
        decoder={"type": "lrcn"},
        init={"run": "x"},
    )
    assert leaves(config.model_dump()) - {"training.optimizer", "training.schedule"} <= {*docs}
    assert len(docs) > 50
    assert [key for key, doc in docs.items() if not doc.text.endswith(".")] == []


def test_a_key_has_its_default_and_its_text():
    """A key is documented by the string below it in the schema, a section by its docstring."""
    docs = {doc.key: doc for doc in section_docs("data")}
    assert docs["data.words_limit"].default == 20
    assert docs["data.on_error"].text == ("Whether an unreadable file ends the run or is skipped.")
    assert docs["data.source"].default is REQUIRED
    assert docs["data.store"].default == Store().model_dump()
    assert docs["data.store"].text == inspect.getdoc(Store)


def test_sections_are_listed_with_dots():
    """Nested sections have dotted keys; an unknown section raises a KeyError."""
    assert {"data", "data.store", "training.optimizer", "init"} <= {*section_keys()}
    with pytest.raises(KeyError):
        section_docs("training.optimiser")


@pytest.mark.parametrize(("hint", "section"), [(Init | None, Init), (Store, Store), (int, None)])
def test_section_of_a_type(hint, section):
    """A section type is found in an optional type too; for other types, the result is None."""
    assert section_type(hint) is section


def test_texts_of_arguments_are_joined_paragraphs():
    """The paragraphs of an argument become one line; colons in them are kept."""
    assert argument_texts(DOCUMENTATION) == {
        "spokes": "Number of spokes, at least two. Wood needs more.",
        "rim": "Material: wood or steel.",
    }
    assert argument_texts("Rolls.") == {}


def test_derived_arguments_are_not_documented():
    """Arguments that the library computes are left out; others have their type and default."""

    def build(axle: int, spokes: int = 32): ...

    parameters = dict(inspect.signature(build).parameters)
    constructor = Constructor(parameters, {"spokes": int}, ("axle",), DOCUMENTATION)
    (doc,) = argument_docs(constructor)
    assert doc == ("spokes", int, 32, "Number of spokes, at least two. Wood needs more.")


@pytest.mark.parametrize("seam", sorted(SEAMS))
def test_every_argument_of_a_part_is_documented(seam):
    """The docstring of every part has a text for each argument that a config may set."""
    names = SEAMS[seam].names()
    assert names
    for name in names:
        docs = argument_docs(SEAMS[seam].constructor(name))
        assert [(name, doc.key) for doc in docs if not doc.text] == []
