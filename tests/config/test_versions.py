"""Configs of runs: the version, the keys that every run states, and the keys of later versions."""

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
    """Return a valid config with two stages."""
    return validate({**smallest, "stages": STAGES})


def dotted_keys(tree, place=""):
    """Yield the dotted keys of all sections and values of a nested mapping."""
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
    """The first line of a run's config states the version; reading the config removes it."""
    text = dump_run(config)
    assert text.startswith(f"version: {VERSION}\ntask:\n")
    path = write(text)
    assert read_version(path) == VERSION
    assert read(path) == read_run(path) == state_keys(config)


def test_a_run_states_every_argument_of_its_parts(config):
    """Each part in the config of a run states every argument except derived arguments."""
    tree = parse(dump_run(config), "run")
    for name in ("encoder", "decoder", "search", "tokenizer"):
        registry = SEAMS[versions.PARTS[name]]
        part = registry.get(tree[name]["type"])
        assert tree[name].keys() - {"type"} == signature(part).keys() - set(
            getattr(part, "derived", ())
        )


def test_a_stage_states_the_keys_of_its_new_parts_and_sections(config):
    """A stage that replaces a part or section states all its keys; other stages are unchanged."""
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
    """A config has the same stages after all keys are stated."""
    expected = [dump(state_keys(stage)) for stage in stage_configs(config)]
    assert [dump(stage) for stage in stage_configs(state_keys(config))] == expected
    assert dump_run(state_keys(config)) == dump_run(config)


def test_every_lost_key_is_named(config, write):
    """If any one key is missing from the config of a run, the error names the key."""
    tree = parse(dump_run(config), "run")
    keys = [key for key in dotted_keys(tree) if key != "version" and not key.endswith(".type")]
    assert len(keys) > 80
    for key in keys:
        with pytest.raises(ConfigError) as caught:
            read_run(write(without(tree, key)))
        assert [problem.place for problem in caught.value.problems] == [key]


def test_a_lost_key_of_a_stage_is_named(config, write):
    """The error for a lost key of a stage has the number of the stage in the key."""
    tree = parse(dump_run(config), "run")
    del tree["stages"][1]["decoder"]["forget_bias"]
    with pytest.raises(ConfigError, match=r"stages\.1\.decoder\.forget_bias: expected every key"):
        read_run(write(tree))


def test_a_config_that_was_cut_short_is_refused(config, write):
    """If the end of a run's config is missing, the error names all keys of the missing part."""
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
    """Pretend that version 2 added keys: three that exist and one that no part accepts."""
    rows = (
        AddedKey(2, "search.beams", 1),
        AddedKey(2, "data.source.pixels", 99),
        AddedKey(2, "training.schedule.floor", 0.5),
        AddedKey(2, "data.source.no_such_argument", 1),
    )
    monkeypatch.setattr(versions, "ADDED_KEYS", rows)


def test_keys_that_came_later_keep_the_behavior_of_a_run(smallest, write, added_keys):
    """In a run of version 1, missing keys of version 2 have the value of `ADDED_KEYS`."""
    tree = parse(dump(validate({**smallest, "search": {"type": "beam"}})), "version 1")
    read_back = read_run(write(without(tree, "training.schedule.floor")))
    assert read_back.search["beams"] == 1
    assert read_back.data.source["pixels"] == 99
    assert "no_such_argument" not in read_back.data.source
    assert read_back.training.schedule.floor == 0.5
    greedy = read_run(write({**tree, "search": {"type": "greedy"}}))
    assert "beams" not in greedy.search


def test_an_older_run_may_state_a_later_key(smallest, write, added_keys):
    """The value that a run of version 1 states for a key of version 2 is kept."""
    tree = parse(dump(validate({**smallest, "search": {"type": "beam", "beams": 7}})), "1")
    assert read_run(write(tree)).search["beams"] == 7


def test_new_stages_of_an_older_run_have_the_earlier_values(smallest, write, added_keys):
    """In a run of version 1, the new part of a stage takes missing keys from `ADDED_KEYS`."""
    stages = [{"search.type": "beam"}]
    tree = parse(dump(validate({**smallest, "search": {"type": "greedy"}, "stages": stages})), "1")
    assert stage_configs(read_run(write(tree)))[0].search["beams"] == 1


def test_a_later_key_is_not_missing_from_a_new_config(smallest, write, added_keys):
    """A new run of a user's config states the current defaults for keys of the latest version."""
    config = read(write({**smallest, "search": {"type": "beam"}}))
    assert read_run(write(dump_run(config))).search["beams"] == 5
    assert state_keys(config, 1).search["beams"] == 1


@pytest.mark.parametrize("version", [0, VERSION + 1, "2", True, 1.0, None])
def test_an_unknown_version_is_refused(config, write, version):
    """The error for an unknown version states which versions can be read."""
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
    """A value of a wrong type is reported as such and not as a lost key."""
    tree = {**parse(dump_run(config), "run"), **change}
    with pytest.raises(ConfigError) as caught:
        read_run(write(tree))
    assert "expected every key" not in str(caught.value)


def test_a_part_of_another_package_may_have_new_arguments(config, write, monkeypatch):
    """A missing argument of another package's part gets its default; it is not an error."""
    tree = parse(dump_run(config), "run")
    del tree["search"]["alpha"]
    monkeypatch.setattr(SEAMS["searches"], "is_own", lambda name: False)
    assert read_run(write(tree)).search["alpha"] == 0.6


def test_the_defaults_of_all_parts_are_valid_values():
    """The default of every argument of every part is valid and can be written in YAML."""
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
    """The version of every added key is from 2 to the current version."""
    assert {row.version for row in versions.ADDED_KEYS} <= set(range(2, VERSION + 1))


def test_completing_leaves_the_mapping_unchanged(smallest):
    """`complete` does not modify the given mapping."""
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
