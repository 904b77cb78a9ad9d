"""Validation of sections, parts, metrics and stages, with all problems reported at once."""

import copy
import time

import pytest

from lrcn_seq.config import PARTS, validate
from lrcn_seq.config.overrides import apply_overrides
from lrcn_seq.errors import ConfigError
from lrcn_seq.registry import SEAMS


@pytest.fixture
def problems(smallest):
    """Return a function that applies overrides and returns the message of each problem by key."""

    def problems_of(*overrides: str, **sections) -> dict[str, str]:
        tree = {**copy.deepcopy(smallest), **sections}
        assert apply_overrides(tree, overrides) == []
        with pytest.raises(ConfigError) as caught:
            validate(tree)
        found = {problem.place: problem.message for problem in caught.value.problems}
        assert len(found) == len(caught.value.problems)
        return found

    return problems_of


def test_the_smallest_config_is_completed_by_defaults(smallest):
    """A config with only task, source, encoder and decoder is completed by defaults."""
    config = validate(smallest)
    assert config.training.epochs == "auto"
    assert config.search == {"type": "beam", "beams": 5}
    assert config.data.source == {"type": "shapes"}


def test_problems_of_all_kinds_come_at_once(problems):
    """Problems of sections, parts, metrics and stages are reported together."""
    found = problems(
        "seeed=1",
        "training.epochs=0",
        "training.optimizer.learning_rates=1",
        "encoder.type=tiny_cn",
        "decoder.unitz=3",
        "decoder.layers=3",
        "data.view.type=mirror",
        "evaluation.metrics=[bleu, blue]",
        "stages=[{training.batch_size: 0}]",
        "search=beam",
        "data.words_limit=many",
    )
    assert found.keys() == {
        "seeed",
        "training.epochs",
        "training.optimizer.learning_rates",
        "encoder.type",
        "decoder.unitz",
        "decoder.layers",
        "data.view.type",
        "evaluation.metrics.1",
        "stages.0.training.batch_size",
        "search",
        "data.words_limit",
    }
    assert found["training.epochs"] == "expected a number greater than 0. Received: 0."
    assert found["decoder.layers"] == "expected 1, 2 or 4. Received: 3."
    assert found["data.words_limit"] == "expected a valid integer. Received: 'many'."


@pytest.mark.parametrize(
    ("text", "place", "suggestion"),
    [
        ("seeed=1", "seeed", "seed"),
        (
            "training.optimizer.learning_rates=1",
            "training.optimizer.learning_rates",
            "learning_rate",
        ),
        ("encoder.type=tiny_cn", "encoder.type", "tiny_cnn"),
        ("decoder.unitz=3", "decoder.unitz", "units"),
        ("evaluation.metrics=[blue]", "evaluation.metrics.0", "bleu"),
        ("training.precision=float", "training.precision", "float32"),
    ],
)
def test_a_close_name_is_suggested(problems, text, place, suggestion):
    """A close name is suggested for a misspelled key, type, argument, metric or choice."""
    assert f"Did you mean '{suggestion}'?" in problems(text)[place]


def test_an_unknown_key_lists_the_keys_of_its_section(problems):
    """The message for an unknown key lists all keys of the section."""
    assert problems("data.store.size=1") == {
        "data.store.size": "unknown key. Known: use, folder, dtype."
    }


@pytest.mark.parametrize("key", ["training.epochs", "a.b", "data.source"])
def test_an_unknown_key_with_a_dot_is_explained(smallest, key):
    """A key with a dot is refused with the advice to write it inside its section."""
    with pytest.raises(ConfigError) as caught:
        validate(smallest | {key: 1})
    ((place, message),) = caught.value.problems
    assert place == key
    assert message.startswith("unknown key. Write the key without a dot, inside its section.")


@pytest.mark.parametrize(("section", "place"), [(None, ""), ("training", "training")])
def test_a_key_that_is_not_unicode_is_refused(smallest, section, place):
    """A key that contains a surrogate, as YAML can escape it, is reported in its section."""
    changes = {"\ud800": 1} if section is None else {section: {"\ud800": 1}}
    with pytest.raises(ConfigError) as caught:
        validate(smallest | changes)
    assert [problem.place for problem in caught.value.problems] == [place]


def test_an_old_key_beside_its_new_key_is_refused(problems):
    """A deprecated key beside its new key is refused with the key to use."""
    found = problems(training={"batch": 8, "batch_size": 16})
    assert found == {"training.batch": "this key was renamed; use training.batch_size alone."}


@pytest.mark.parametrize("name", ["task", "data", "encoder", "decoder"])
def test_a_missing_section_is_named(smallest, name):
    """A missing section that has no default is reported."""
    del smallest[name]
    with pytest.raises(ConfigError) as caught:
        validate(smallest)
    assert caught.value.problems == [(name, "missing, and it has no default.")]


@pytest.mark.parametrize("text", ["training=3", "training=[1]", "data.store=yes", "init=run"])
def test_a_section_must_be_a_mapping(problems, text):
    """A section that is not a mapping is refused."""
    (message,) = problems(text).values()
    assert message.startswith("expected a mapping. Received: ")


@pytest.mark.parametrize("key", sorted(set(PARTS) - {"data.sampling"}))
def test_a_part_must_not_be_null(problems, key):
    """A null part is refused with a list of the known types."""
    (message,) = problems(f"{key}=null").values()
    types = ", ".join(SEAMS[PARTS[key]].names())
    assert message == f"expected a mapping with a `type`. Received: None; known types: {types}."


def test_the_sampling_may_be_null(smallest):
    """`data.sampling` may be null, since images need no selection of frames."""
    smallest["data"]["sampling"] = None
    assert validate(smallest).data.sampling is None


def test_a_sampling_that_is_not_null_is_validated(problems):
    """A value for `data.sampling` is validated like other parts."""
    assert problems("data.sampling={type: uniform, frames: 0}").keys() == {"data.sampling.frames"}


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("training.optimizer.learning_rate=.inf", "training.optimizer.learning_rate"),
        ("training.optimizer.learning_rate=.nan", "training.optimizer.learning_rate"),
        ("training.loss.weight=.inf", "training.loss.weight"),
        ("training.optimizer.global_clipnorm=-1", "training.optimizer.global_clipnorm"),
        ("training.optimizer.ema_momentum=1.0", "training.optimizer.ema_momentum"),
        ("data.lost_share_limit=1.1", "data.lost_share_limit"),
        ("seed=1.0", "seed"),
        ("seed=true", "seed"),
        ("evaluation.metrics=[]", "evaluation.metrics"),
        ("init={run: x, parts: [decodr]}", "init.parts.0"),
    ],
)
def test_values_out_of_range_are_refused(problems, text, place):
    """Values that are out of range, of a wrong type or not among the choices are refused."""
    assert problems(text).keys() == {place}


def test_keys_must_be_strings(smallest):
    """Keys that are not strings are refused."""
    with pytest.raises(ConfigError) as caught:
        validate({**smallest, 1: 2})
    assert caught.value.problems == [("1", "Keys should be strings. Received: 1.")]


def test_problems_of_stages_have_the_stage_in_their_place(problems):
    """Problems of a stage have the number of the stage in their key."""
    found = problems(
        "stages=[{encoder.filters: 0, x: 1}, {}, {a..b: 1}, 5, {1: 2}]", "decoder.units=0"
    )
    assert found.keys() == {
        "decoder.units",
        "stages.0.encoder.filters",
        "stages.0.x",
        "stages.2.a..b",
        "stages.3",
        "stages.4.1.[key]",
    }


@pytest.mark.parametrize(
    "key",
    ["seed", "seed.x", "stages", "task.type", "tokenizer", "init", "data.source.seed"],
)
def test_a_stage_cannot_change_keys_of_the_whole_run(problems, key):
    """A stage that changes a key of the whole run is refused."""
    assert problems(f"stages=[{{{key}: 2}}]") == {
        f"stages.0.{key}": "a stage cannot change this key; set it for the whole run."
    }


def test_the_source_names_the_config_in_the_error(smallest):
    """The error for an invalid config names the source of the config, such as its path."""
    with pytest.raises(ConfigError, match=r"^x\.yaml: 1 problem\n  seed: "):
        validate({**smallest, "seed": "x"}, "x.yaml")


def test_validation_does_not_change_its_argument(smallest):
    """Validation does not modify the given mapping."""
    smallest["stages"] = [
        {"training.epochs": 3, "data.view": {"type": "crop_mirror"}},
        {"data.view.margin": 1.5, "data.view.type": "crop_mirror"},
    ]
    before = copy.deepcopy(smallest)
    validate(smallest)
    assert smallest == before


def test_the_time_of_validation_is_linear_in_the_number_of_stages(smallest):
    """The time of validation grows linearly with the number of stages."""
    smallest["stages"] = [{"training.epochs": 3}] * 50
    validate(smallest)
    start = time.perf_counter()
    validate(smallest)
    assert time.perf_counter() - start < 3
