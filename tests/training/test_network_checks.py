"""Config problems that are found by building the networks."""

import pytest

from lrcn_seq.errors import ConfigError
from lrcn_seq.training.network_checks import (
    checked_shapes,
    shared_parts,
    stage_problems,
    weight_shapes,
)
from tests.training.small_runs import VECTORS, small_config, small_task


def places(folder, **changes) -> list[str]:
    """Return the keys of the problems of a config whose encoder takes vectors."""
    problems = stage_problems(small_config(folder, encoder=VECTORS, **changes))
    return [problem.place for problem in problems]


def test_a_config_that_can_be_built_has_no_problems(tmp_path):
    """A config whose networks can be built has no problems, with or without stages."""
    assert places(tmp_path) == []
    assert places(tmp_path, stages=[{}, {"training.epochs": 1}]) == []


def test_problems_name_their_stage(tmp_path):
    """The key of a problem contains the number of the stage in which it occurs."""
    rates = {"training.learning_rate_multipliers": {"encoder/absent": 0.1}}
    name = "training.learning_rate_multipliers.encoder/absent"
    assert places(tmp_path, stages=[{}, rates, rates]) == [f"stages.1.{name}", f"stages.2.{name}"]
    assert places(tmp_path, **rates) == [name]


@pytest.mark.parametrize(
    ("stage", "parts"),
    [({"decoder.units": 6}, ["decoder"]), ({"encoder.filters": 6}, ["encoder", "decoder"])],
)
def test_weights_of_another_shape_do_not_fit_the_previous_stage(tmp_path, stage, parts):
    """A stage whose weight shapes differ from those of the previous stage is refused."""
    found = stage_problems(small_config(tmp_path, stages=[{}, stage]))
    assert [problem.place for problem in found] == [f"stages.1.{part}" for part in parts]
    assert "do not fit those of the previous stage" in found[0].message


def test_a_decoder_of_another_type_may_have_other_shapes(tmp_path):
    """A stage may change the type of the decoder, which then starts with fresh weights."""
    replaced = {"decoder": {"type": "attention_lstm", "units": 4, "embedding": 4, "attention": 4}}
    assert places(tmp_path, stages=[{}, replaced]) == []


def test_batches_by_caption_need_stored_features(tmp_path):
    """`data.plan: by_caption` is refused if features are not stored."""
    config = small_config(tmp_path, **{"data.plan": "by_caption"})
    (problem,) = stage_problems(config)
    assert problem.place == "data.plan"
    assert "by_caption needs stored features" in problem.message


def test_shapes_are_those_of_the_weights(tmp_path):
    """`weight_shapes` lists the shapes of a part's weights, such as the word embedding."""
    task = small_task(tmp_path)
    assert weight_shapes(task.encoder) == []
    assert (6, 8) in weight_shapes(task.decoder)


def test_all_problems_of_a_network_are_raised(tmp_path):
    """`checked_shapes` raises a ConfigError for a network with problems."""
    with pytest.raises(ConfigError, match="by_caption needs stored features"):
        checked_shapes(small_config(tmp_path, **{"data.plan": "by_caption"}))


def test_stages_share_parts_of_the_same_type(tmp_path):
    """Consecutive stages share the parts whose type is unchanged."""
    before = small_config(tmp_path, encoder=VECTORS)
    units = small_config(tmp_path, encoder=VECTORS, **{"decoder.units": 4})
    other = small_config(tmp_path, encoder=VECTORS, decoder={"type": "attention_lstm"})
    assert tuple(shared_parts(before, units)) == ("encoder", "decoder")
    assert tuple(shared_parts(before, other)) == ("encoder",)
