"""Configs of runs: their version, the keys that they state, and keys that came later."""

import copy

import pytest
import yaml

from lrcn_seq.config import (
    VERSION,
    Config,
    dump,
    dump_run,
    parse,
    read,
    read_run,
    read_version,
    stage_configs,
    state_keys,
    validate,
    versions,
)
from lrcn_seq.config.versions import AddedKey, complete
from lrcn_seq.errors import ConfigError
from lrcn_seq.registry import SEAMS, decoders, signature

STAGES = [{}, {"decoder.type": "s2vt", "decoder.units": 7, "training.optimizer.type": "sgd"}]


@pytest.fixture
def config(smallest) -> Config:
    """A valid config with two stages."""
    return validate({**smallest, "stages": STAGES})


def dotted_keys(tree, place=""):
    """Yield the dotted keys of a nested mapping, sections included."""
    for name, value in tree.items():
        yield f"{place}{name}"
        if isinstance(value, dict):
            yield from dotted_keys(value, f"{place}{name}.")


def without(tree, key):
    """Return a copy of a mapping without a dotted key."""
    result = copy.deepcopy(tree)
    *sections, name = key.split(".")
    section = result
    for part in sections:
        section = section[part]
    del section[name]
    return result


def test_a_run_states_its_version_first(config, write):
    """The first line is the version, which is not part of the config."""
    text = dump_run(config)
    assert text.startswith(f"version: {VERSION}\ntask:\n")
    path = write(text)
    assert read_version(path) == VERSION
    assert read(path) == read_run(path) == state_keys(config)


def test_a_run_states_every_argument_of_its_parts(config):
    """The parts state the defaults of their constructors, except derived arguments."""
    tree = parse(dump_run(config), "run")
    for name in ("encoder", "decoder", "search", "tokenizer"):
        registry = SEAMS[versions.PARTS[name]]
        part = registry.get(tree[name]["type"])
        assert tree[name].keys() - {"type"} == signature(part).keys() - set(
            getattr(part, "derived", ())
        )


def test_a_stage_states_the_keys_of_its_new_parts_and_sections(config):
    """A stage that resets a part or a section states all its keys, and others stay as they are."""
    stated = state_keys(config)
    assert stated.stages[0] == {}
    stage = stated.stages[1]
    assert stage.keys() == {"decoder", "training.optimizer"}
    assert stage["decoder"].keys() - {"type"} == signature(decoders.get("s2vt")).keys() - {
        "vocabulary_size"
    }
    assert stage["decoder"]["units"] == 7
    assert stage["training.optimizer"]["learning_rate"] == 1e-3
    plain = validate({**config.model_dump(), "stages": [{"training.epochs": 3}]})
    assert state_keys(plain).stages == [{"training.epochs": 3}]


def test_stated_keys_do_not_change_the_stages(config):
    """The stages of a config that states every key are those of the config."""
    expected = [dump(state_keys(stage)) for stage in stage_configs(config)]
    assert [dump(stage) for stage in stage_configs(state_keys(config))] == expected
    assert dump_run(state_keys(config)) == dump_run(config)


def test_every_lost_key_is_named(config, write):
    """The config of a run that lacks any one key is refused with the name of the key."""
    tree = parse(dump_run(config), "run")
    keys = [key for key in dotted_keys(tree) if key != "version" and not key.endswith(".type")]
    assert len(keys) > 80
    for key in keys:
        with pytest.raises(ConfigError) as caught:
            read_run(write(without(tree, key)))
        assert [problem.place for problem in caught.value.problems] == [key]


def test_a_lost_key_of_a_stage_is_named(config, write):
    """The key has the number of the stage."""
    tree = parse(dump_run(config), "run")
    del tree["stages"][1]["decoder"]["forget_bias"]
    with pytest.raises(ConfigError, match=r"stages\.1\.decoder\.forget_bias: expected every key"):
        read_run(write(tree))


def test_a_config_that_was_cut_short_is_refused(config, write):
    """All keys after the cut are named."""
    text = dump_run(config)
    with pytest.raises(ConfigError) as caught:
        read_run(write(text[: text.index("evaluation:")]))
    assert {problem.place for problem in caught.value.problems} == {"evaluation", "init", "stages"}


def test_version_1_states_sections_but_not_parts(config, write):
    """Without a version, parts and stages may leave out defaults, but sections may not."""
    tree = parse(dump(config), "version 1")
    assert tree["decoder"] == {"type": "lrcn"}
    assert read_run(write(tree)) == state_keys(config, 1)
    for key in ("training.patience", "data.store.dtype", "evaluation"):
        with pytest.raises(ConfigError, match=f"{key}: expected every key"):
            read_run(write(without(tree, key)))


@pytest.fixture
def added_keys(monkeypatch):
    """Three keys that came with version 2."""
    rows = (
        AddedKey(2, "search.beams", 1),
        AddedKey(2, "data.source.pixels", 99),
        AddedKey(2, "training.schedule.floor", 0.5),
        AddedKey(2, "data.source.no_such_argument", 1),
    )
    monkeypatch.setattr(versions, "ADDED_KEYS", rows)


def test_keys_that_came_later_keep_the_behavior_of_a_run(smallest, write, added_keys):
    """A run of an earlier version has the earlier values, in parts that accept the key."""
    tree = parse(dump(validate({**smallest, "search": {"type": "beam"}})), "version 1")
    read_back = read_run(write(without(tree, "training.schedule.floor")))
    assert read_back.search["beams"] == 1
    assert read_back.data.source["pixels"] == 99
    assert "no_such_argument" not in read_back.data.source
    assert read_back.training.schedule.floor == 0.5
    greedy = read_run(write({**tree, "search": {"type": "greedy"}}))
    assert "beams" not in greedy.search


def test_an_older_run_may_state_a_later_key(smallest, write, added_keys):
    """A stated value is kept."""
    tree = parse(dump(validate({**smallest, "search": {"type": "beam", "beams": 7}})), "1")
    assert read_run(write(tree)).search["beams"] == 7


def test_new_stages_of_an_older_run_have_the_earlier_values(smallest, write, added_keys):
    """A part that a stage resets has the values of the version of the run."""
    stages = [{"search.type": "beam"}]
    tree = parse(dump(validate({**smallest, "search": {"type": "greedy"}, "stages": stages})), "1")
    assert stage_configs(read_run(write(tree)))[0].search["beams"] == 1


def test_a_later_key_is_not_missing_from_a_new_config(smallest, write, added_keys):
    """A config of the user has today's defaults, and its run states them."""
    config = read(write({**smallest, "search": {"type": "beam"}}))
    assert read_run(write(dump_run(config))).search["beams"] == 5
    assert state_keys(config, 1).search["beams"] == 1


@pytest.mark.parametrize("version", [0, VERSION + 1, "2", True, 1.0, None])
def test_an_unknown_version_is_refused(config, write, version):
    """The message says which versions are read."""
    tree = {**parse(dump_run(config), "run"), "version": version}
    for reader in (read, read_run, read_version):
        with pytest.raises(ConfigError, match=f"from 1 to {VERSION}. Received: {version!r}"):
            reader(write(tree))


@pytest.mark.parametrize(
    "change",
    [
        {"training": 5},
        {"stages": 5},
        {"stages": [5]},
        {"stages": [{"a..b": 1}]},
        {"decoder": []},
        {"decoder": {"type": "none"}},
        {"decoder": {"type": []}},
    ],
)
def test_malformed_values_are_reported_by_validation(config, write, change):
    """A value of the wrong type is not mistaken for a lost key."""
    tree = {**parse(dump_run(config), "run"), **change}
    with pytest.raises(ConfigError) as caught:
        read_run(write(tree))
    assert "expected every key" not in str(caught.value)


def test_a_part_of_another_package_may_have_new_arguments(config, write, monkeypatch):
    """Its versions are unknown, so a missing argument has its default."""
    tree = parse(dump_run(config), "run")
    del tree["search"]["alpha"]
    monkeypatch.setattr(SEAMS["searches"], "is_own", lambda name: False)
    assert read_run(write(tree)).search["alpha"] == 0.6


def test_the_defaults_of_all_parts_are_valid_values():
    """A config may state every default, in YAML."""
    count = 0
    for registry in SEAMS.values():
        for name in registry.names():
            part = registry.constructor(name)
            defaults = {
                argument: parameter.default
                for argument, parameter in part.parameters.items()
                if argument not in part.derived and parameter.default is not parameter.empty
            }
            spec = {"type": name, **yaml.safe_load(yaml.safe_dump(defaults))}
            problems = registry.problems(spec, name)
            assert [one for one in problems if "missing" not in one.message] == [], name
            count += len(defaults)
    assert count > 100


def test_every_added_key_is_known_to_its_version():
    """A row has a version that exists; rows of later versions would never apply."""
    assert {row.version for row in versions.ADDED_KEYS} <= set(range(2, VERSION + 1))


def test_completing_leaves_the_mapping_unchanged(smallest):
    """The function returns a copy."""
    before = copy.deepcopy(smallest)
    complete(smallest, VERSION)
    assert smallest == before


def test_a_stage_of_version_1_has_the_defaults_of_its_time(config, write):
    """A section that a stage of version 1 resets has the defaults of version 1, not `auto`."""
    tree = parse(dump(config), "version 1")
    tree["stages"] = [{"training": {"schedule": {"type": "steps"}}}]
    (stage,) = stage_configs(read_run(write(tree)))
    training = stage.training
    assert (training.batch_size, training.epochs, training.patience) == (64, 20, 5)
    assert (training.schedule.every, training.start_from_epoch) == (20_000, 0)
    assert (training.restore_best_weights, training.dev_loss) == (True, False)
