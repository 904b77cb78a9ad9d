"""Overrides of a config by dotted key."""

import copy

import pytest

from lrcn_seq.config.overrides import (
    apply_changes,
    apply_overrides,
    overridden_section,
    override_section,
    set_value,
)
from lrcn_seq.errors import ConfigError


@pytest.mark.parametrize(
    ("text", "keys", "value"),
    [
        ("seed=7", ("seed",), 7),
        (" seed = 7", ("seed",), 7),
        ("training.optimizer.learning_rate=1e-4", ("training", "optimizer", "learning_rate"), 1e-4),
        ("data.source.type=coco", ("data", "source", "type"), "coco"),
        ("evaluation.metrics=[bleu, cider]", ("evaluation", "metrics"), ["bleu", "cider"]),
        ("encoder={type: vectors, width: 3}", ("encoder",), {"type": "vectors", "width": 3}),
        ("init=null", ("init",), None),
        ("init=", ("init",), None),
        ("data.store.use=false", ("data", "store", "use"), False),
        ("data.source.table=a=b.csv", ("data", "source", "table"), "a=b.csv"),
        ("data.source.table='1e3'", ("data", "source", "table"), "1e3"),
        ("new.section.key=1", ("new", "section", "key"), 1),
    ],
)
def test_an_override_sets_a_value_of_yaml(smallest, text, keys, value):
    """The value of an override has its YAML type, and missing sections are created."""
    assert apply_overrides(smallest, [text]) == []
    found = smallest
    for key in keys:
        found = found[key]
    assert found == value
    assert type(found) is type(value)


def test_an_override_keeps_other_values(smallest):
    """An override changes only the value of its key."""
    before = copy.deepcopy(smallest)
    apply_overrides(smallest, ["data.source.pixels=32"])
    assert smallest == {**before, "data": {"source": {"type": "shapes", "pixels": 32}}}


def test_the_last_override_of_a_key_wins(smallest):
    """If a key is overridden several times, the last override applies."""
    apply_overrides(smallest, ["seed=2", "seed=3"])
    assert smallest["seed"] == 3


@pytest.mark.parametrize("order", [1, -1])
def test_another_type_removes_the_previous_arguments(order):
    """Overriding a type removes the arguments of the previous type."""
    tree = {"search": {"type": "beam", "beams": 5}}
    apply_overrides(tree, ["search.type=sampling", "search.temperature=2"][::order])
    assert tree["search"] == {"type": "sampling", "temperature": 2}


def test_the_same_type_keeps_its_arguments():
    """Overriding a type with its present value keeps the arguments."""
    tree = {"search": {"type": "beam", "beams": 5}}
    apply_overrides(tree, ["search.type=beam"])
    assert tree["search"] == {"type": "beam", "beams": 5}


def test_invalid_overrides_are_reported_together(smallest):
    """All invalid overrides are reported together, and valid overrides are applied."""
    wrong = ["seed", "=3", "a..b=1", "seed.x=1", "a=[", "b=: :"]
    problems = apply_overrides(smallest, ["seed=4", *wrong])
    assert [problem.place for problem in problems] == wrong
    messages = [problem.message for problem in problems]
    assert messages[0].startswith("expected section.key=value.")
    assert messages[1] == messages[2] == "expected a dotted key such as section.key."
    assert messages[3] == "seed is not a section. Received: seed=4."
    assert all(message.startswith("expected YAML. Received: ") for message in messages[4:])
    assert smallest["seed"] == 4


@pytest.mark.parametrize(
    ("text", "training"),
    [
        ("training.batch=8", {"batch_size": 8, "learning_rate_multipliers": {"decoder": 2.0}}),
        (
            "training.rates.encoder=0.5",
            {"batch_size": 4, "learning_rate_multipliers": {"decoder": 2.0, "encoder": 0.5}},
        ),
        ("training={batch: 8}", {"batch_size": 8}),
    ],
)
def test_an_override_may_use_an_old_name(capsys, text, training):
    """An override with a deprecated key sets the new key and prints a message."""
    tree = {"training": {"batch_size": 4, "learning_rate_multipliers": {"decoder": 2.0}}}
    assert apply_overrides(tree, [text]) == []
    assert tree["training"] == training
    error = capsys.readouterr().err
    assert error.startswith("the overrides: deprecated names; rename training.")
    assert error.count("\n") == 1


def test_a_section_is_overridden_alone():
    """`override_section` applies overrides of the given section."""
    tree = {"search": {"type": "beam", "beams": 5}}
    override_section("search", tree, iter(["search.beams=3"]))
    assert tree == {"search": {"type": "beam", "beams": 3}}


@pytest.mark.parametrize("text", ["seed=2", "search=beam", "searches.beams=3"])
def test_an_override_of_another_section_is_refused(text):
    """`override_section` refuses an override of another section."""
    with pytest.raises(ConfigError) as caught:
        override_section("search", {"search": {"type": "beam"}}, [text])
    assert caught.value.problems == [
        (text, "expected search.key=value; other sections cannot be changed here.")
    ]


def test_changes_are_copied():
    """A mapping in the changes of a stage is copied, so that stages and config share no values."""
    view = {"type": "crop_mirror"}
    tree: dict = {}
    assert apply_changes(tree, {"data.view": view}) == []
    tree["data"]["view"]["margin"] = 2
    assert view == {"type": "crop_mirror"}


def test_changes_of_a_type_come_first():
    """Changes of a type are applied before changes of its arguments."""
    tree = {"decoder": {"type": "lrcn", "layers": 2}}
    apply_changes(tree, {"decoder.units": 7, "decoder.type": "s2vt"})
    assert tree == {"decoder": {"type": "s2vt", "units": 7}}


def test_changes_that_cannot_be_set_are_reported():
    """Changes that cannot be applied are reported with their dotted keys."""
    problems = apply_changes({"seed": 1}, {"seed.x": 2, "a..b": 3, "c": 4})
    assert [problem.place for problem in problems] == ["seed.x", "a..b"]


def test_a_null_section_is_replaced():
    """Setting a value in a null section creates the section."""
    tree = {"init": None}
    assert set_value(tree, "init.run", "x") is None
    assert tree == {"init": {"run": "x"}}


def test_a_key_named_type_at_the_top_removes_nothing():
    """Setting a top-level key named `type` keeps the other top-level values."""
    tree = {"type": "a", "seed": 1}
    set_value(tree, "type", "b")
    assert tree == {"type": "b", "seed": 1}


def test_a_section_is_overridden_in_a_copy():
    """Overrides give a new section; the given one and its nested values stay unchanged."""
    search = {"type": "a", "beams": 3, "search": {"beams": 2}}
    before = copy.deepcopy(search)
    changed = overridden_section("search", search, ["search.search.beams=4", "search.beams=5"])
    assert changed == {"type": "a", "beams": 5, "search": {"beams": 4}}
    assert search == before


def test_another_type_resets_a_section():
    """A new type drops the other values of a section."""
    changed = overridden_section("search", {"type": "beam", "beams": 3}, ["search.type=greedy"])
    assert changed == {"type": "greedy"}


def test_overridden_section_refuses_other_sections():
    """An override outside the section raises a ConfigError."""
    with pytest.raises(ConfigError, match=r"training\.epochs=3: expected search\.key=value"):
        overridden_section("search", {"type": "greedy"}, ["training.epochs=3"])
