"""The configs of training stages."""

import pytest

from lrcn_seq.config import stage_configs, validate


def test_a_stage_is_the_config_with_its_changes(smallest):
    """The config of a stage is the config of the run with the changes of the stage."""
    changes = {"training.epochs": 3, "encoder.filters": 4, "data.view": {"type": "crop_mirror"}}
    config = validate({**smallest, "training": {"batch_size": 8}, "stages": [{}, changes]})
    first, second = stage_configs(config)
    assert (first.training.epochs, second.training.epochs) == ("auto", 3)
    assert (first.training.batch_size, second.training.batch_size) == (8, 8)
    assert first.encoder == {"type": "tiny_cnn"}
    assert second.encoder == {"type": "tiny_cnn", "filters": 4}
    assert second.data.view == {"type": "crop_mirror"}


def test_stages_do_not_build_on_each_other(smallest):
    """The changes of a stage do not apply to the next stage."""
    config = validate({**smallest, "stages": [{"training.epochs": 3}, {"training.patience": 1}]})
    assert [stage.training.epochs for stage in stage_configs(config)] == [3, "auto"]


def test_the_config_of_a_stage_has_no_stages(smallest):
    """The config of a stage has no stages."""
    config = validate({**smallest, "stages": [{}, {}]})
    assert [stage.stages for stage in stage_configs(config)] == [[], []]


def test_without_stages_the_config_is_the_only_one(smallest):
    """For a config without stages, `stage_configs` returns only the config itself."""
    config = validate(smallest)
    assert stage_configs(config) == [config]


@pytest.mark.parametrize("keys", [["units", "type"], ["type", "units"]])
def test_the_type_of_a_stage_is_set_before_its_arguments(smallest, keys):
    """A stage may list the changes of a type and of its arguments in any order."""
    changes = {"units": 7, "type": "attention_lstm"}
    stage = {f"decoder.{key}": changes[key] for key in keys}
    config = validate({**smallest, "stages": [stage]})
    assert stage_configs(config)[0].decoder == {"type": "attention_lstm", "units": 7}


def test_the_config_is_not_changed(smallest):
    """Building the configs of stages does not modify the config of the run."""
    config = validate({**smallest, "stages": [{"encoder.filters": 4}]})
    stage_configs(config)
    assert config.encoder == {"type": "tiny_cnn"}
