"""The sections of a config."""

import pytest
from pydantic import BaseModel, ValidationError

from lrcn_seq.config import Config, schema

SECTIONS = [
    value
    for value in vars(schema).values()
    if isinstance(value, type) and issubclass(value, schema.Section) and value is not schema.Section
]


@pytest.mark.parametrize("section", SECTIONS, ids=lambda section: section.__name__)
def test_sections_are_strict_and_frozen(section):
    """No unknown key, no silent conversion, no change after checking; and each says what it is."""
    assert issubclass(section, BaseModel)
    assert (
        section.model_config["extra"],
        section.model_config["strict"],
        section.model_config["frozen"],
    ) == ("forbid", True, True)
    assert section.__doc__
    assert len(SECTIONS) >= 10


def test_a_config_cannot_be_changed_after_checking():
    """What was checked stays so."""
    config = Config.model_validate(
        {"task": {}, "data": {"source": {}}, "encoder": {}, "decoder": {}}
    )
    with pytest.raises(ValidationError, match="frozen"):
        config.seed = 3


def test_defaults_are_not_shared():
    """Two configs do not share a mapping that one could change under the other."""
    first, second = (
        Config.model_validate({"task": {}, "data": {"source": {}}, "encoder": {}, "decoder": {}})
        for _ in range(2)
    )
    first.search["beams"] = 1
    assert second.search["beams"] == 5
    assert Config.model_fields["search"].default["beams"] == 5
