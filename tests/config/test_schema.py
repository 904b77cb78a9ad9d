"""The schema of the sections of a config."""

import pytest
from pydantic import ValidationError

from lrcn_seq.config import Config, schema

SMALLEST = {"task": {}, "data": {"source": {}}, "encoder": {}, "decoder": {}}
SECTIONS = {
    "Store": {},
    "Data": {"source": {}},
    "Optimizer": {},
    "Schedule": {},
    "Loss": {},
    "Objective": {},
    "ScheduledSampling": {},
    "Training": {},
    "Evaluation": {},
    "Init": {"run": "x"},
    "Config": SMALLEST,
}


def test_all_sections_are_tested():
    """Every section of the schema is tested in this module."""
    assert {section.__name__ for section in schema.Section.__subclasses__()} == set(SECTIONS)


@pytest.mark.parametrize("name", SECTIONS)
def test_unknown_keys_are_refused(name):
    """Unknown keys in a section are refused."""
    section = getattr(schema, name)
    section.model_validate(SECTIONS[name])
    with pytest.raises(ValidationError, match="Extra inputs are not permitted"):
        section.model_validate({**SECTIONS[name], "unknown": 1})


@pytest.mark.parametrize("name", SECTIONS)
def test_sections_cannot_be_changed(name):
    """The values of a validated section cannot be changed."""
    section = getattr(schema, name).model_validate(SECTIONS[name])
    with pytest.raises(ValidationError, match="frozen"):
        setattr(section, next(iter(type(section).model_fields)), None)


@pytest.mark.parametrize(
    "change",
    [
        {"seed": "1"},
        {"seed": 1.0},
        {"data": {"source": {}, "words_limit": "20"}},
        {"data": {"source": {}, "store": {"use": 1}}},
    ],
)
def test_types_are_not_converted(change):
    """Strings, floats, integers and booleans are not converted to one another."""
    with pytest.raises(ValidationError):
        Config.model_validate({**SMALLEST, **change})


def test_an_integer_is_valid_where_a_float_is_expected():
    """An integer is accepted where a float is expected."""
    config = Config.model_validate({**SMALLEST, "training": {"optimizer": {"learning_rate": 1}}})
    assert config.training.optimizer.learning_rate == 1.0


def test_configs_do_not_share_default_mappings():
    """Configs do not share default mappings."""
    first, second = (Config.model_validate(SMALLEST) for _ in range(2))
    first.search["beams"] = 1
    assert second.search["beams"] == 5
    assert Config.model_validate(SMALLEST).search["beams"] == 5
