"""YAML to a checked config: overrides, stages, and every problem at once."""

import copy
import time

import pytest
import yaml

from lrcn_seq import config
from lrcn_seq.errors import ConfigError

SMALLEST = {
    "task": {"type": "captioning"},
    "data": {"source": {"type": "shapes"}},
    "encoder": {"type": "tiny_cnn"},
    "decoder": {"type": "lrcn"},
}


@pytest.fixture
def written(tmp_path):
    """A function that writes text (or a tree as YAML) to a config file and gives its path."""

    def write(content) -> str:
        path = tmp_path / "config.yaml"
        path.write_bytes(
            content
            if isinstance(content, bytes)
            else (content if isinstance(content, str) else yaml.safe_dump(content)).encode()
        )
        return str(path)

    return write


def changed(*overrides: str) -> dict:
    """The smallest config with overrides, unchecked."""
    tree = copy.deepcopy(SMALLEST)
    for text in overrides:
        assert config.loading.override(tree, text) is None
    return tree


def problems(tree) -> dict[str, str]:
    """What is wrong with a tree, by place; no place is named twice."""
    with pytest.raises(ConfigError) as caught:
        config.checked(tree)
    found = {problem.place: problem.message for problem in caught.value.problems}
    assert len(found) == len(caught.value.problems)
    return found


def test_the_smallest_config_is_right(written):
    """Four sections are enough; the rest has defaults."""
    found = config.read(written(SMALLEST))
    assert found.training.epochs == 20
    assert found.search == {"type": "beam", "beams": 5}
    assert found.data.source == {"type": "shapes"}


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("", "expected a mapping of sections. Received: an empty file."),
        ("# only a comment\n", "expected a mapping of sections. Received: an empty file."),
        ("- 1\n", "expected a mapping of sections. Received: list."),
        ("seed", "expected a mapping of sections. Received: str."),
        (
            "seed: 1\nseed: 2\n",
            "expected YAML. Received: the key 'seed' stands twice in line 1, column 1.",
        ),
        (
            "data: {source: 1, source: 2}\n",
            "expected YAML. Received: the key 'source' stands twice in line 1, column 7.",
        ),
        (
            "a: [\n",
            "expected YAML. Received: expected the node content, but found '<stream end>' in line 2, column 1.",
        ),
        (
            "a:\n\t- b",
            "expected YAML. Received: found character '\\t' that cannot start any token in line 2, column 1.",
        ),
        (
            "a: 1\n---\nb: 2\n",
            "expected YAML. Received: but found another document in line 2, column 1.",
        ),
        (
            "a: !!python/object:os.system x\n",
            "expected YAML. Received: could not determine a constructor for the tag",
        ),
        ("? [1, 2]\n: 3\n", "expected YAML. Received: found unhashable key in line 1, column 3."),
        ("a: \0", "expected YAML. Received: unacceptable character #x0000"),
        ("[" * 500, "expected YAML. Received: sections nested too deeply."),
        (
            "seed: é".encode("latin-1"),
            "expected a YAML file in UTF-8. Received: 'utf-8' codec can't decode byte 0xe9",
        ),
    ],
)
def test_what_is_not_a_mapping_in_yaml(written, content, sentence):
    """One sentence says what the file is instead, and where."""
    path = written(content)
    with pytest.raises(ConfigError) as caught:
        config.read(path)
    assert str(caught.value).startswith(f"{path}: 1 problem\n  {sentence}")


def test_files_that_are_not_there(tmp_path):
    """A missing file, a folder, a path that no file system takes."""
    for path, sentence in [
        (tmp_path / "x.yaml", "there is no such file"),
        (tmp_path, "Is a directory"),
        ("x\0.yaml", "null byte"),
    ]:
        with pytest.raises(ConfigError, match=sentence):
            config.read(path)


def test_numbers_are_those_of_yaml_1_2(written):
    """1e-3 is a number, with or without a point and a sign."""
    for text in ("1e-3", "1.0e-3", "+1E-3", ".1e-2", "0.001"):
        assert (
            config.read(
                written(SMALLEST), [f"training.optimizer.rate={text}"]
            ).training.optimizer.rate
            == 0.001
        )


def test_merge_keys_work(written):
    """`<<` takes over a mapping; what stands beside it counts more."""
    found = config.raw(written("a: &a {x: 1, y: 2}\nb:\n  <<: *a\n  x: 3\n"))
    assert found["b"] == {"x": 3, "y": 2}


@pytest.mark.parametrize(
    ("text", "place", "value"),
    [
        ("seed=7", ("seed",), 7),
        ("training.optimizer.rate=1e-4", ("training", "optimizer", "rate"), 1e-4),
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
def test_overrides_are_yaml(text, place, value):
    """Values have the types that YAML gives them; sections are made where there are none."""
    tree = changed(text)
    for name in place:
        tree = tree[name]
    assert tree == value
    assert type(tree) is type(value)


def test_an_override_leaves_the_rest_alone():
    """Beside the changed value nothing changes."""
    tree = changed("data.source.pixels=32")
    assert tree == {**SMALLEST, "data": {"source": {"type": "shapes", "pixels": 32}}}


@pytest.mark.parametrize("order", [1, -1])
def test_another_type_takes_the_old_arguments_away(written, order):
    """Whichever override stands first; the same type keeps them."""
    path = written({**SMALLEST, "data": {"source": {"type": "shapes", "pixels": 32}}})
    given = ["data.source.type=moving_shapes", "data.source.steps=5"][::order]
    assert config.raw(path, given)["data"]["source"] == {"type": "moving_shapes", "steps": 5}
    assert config.raw(path, ["data.source.type=shapes"])["data"]["source"] == {
        "type": "shapes",
        "pixels": 32,
    }


def test_all_wrong_overrides_come_at_once(written):
    """Each is named as it was written, with what was expected."""
    wrong = ["seed", "=3", "a..b=1", "seed.x=1", "a=[", "b=: :"]
    with pytest.raises(ConfigError) as caught:
        config.read(written(SMALLEST), ["seed=4", *wrong])
    assert [problem.place for problem in caught.value.problems] == wrong
    messages = [problem.message for problem in caught.value.problems]
    assert messages[0].startswith("expected section.key=value;")
    assert messages[1] == messages[2] == "expected a place like section.key."
    assert messages[3] == "seed is not a section. Received: seed=4."
    assert all(message.startswith("expected YAML. Received: ") for message in messages[4:])


def test_every_problem_comes_at_once_with_its_place():
    """Sections, parts, metrics and stages are judged together, and close names are offered."""
    found = problems(
        changed(
            "seeed=1", "training.epochs=0", "training.optimizer.rates=1", "encoder.type=tiny_cn", "decoder.unitz=3", "decoder.layers=3",
            "data.view.type=mirror", "evaluation.metrics=[bleu, blue]", "stages=[{training.batch: 0}]", "search=beam", "data.words_limit=many",
        )
    )  # fmt: skip
    assert found.keys() == {
        "seeed", "training.epochs", "training.optimizer.rates", "encoder.type", "decoder.unitz", "decoder.layers",
        "data.view.type", "evaluation.metrics.1", "stages.0.training.batch", "search", "data.words_limit",
    }  # fmt: skip
    assert found["seeed"].startswith("unknown key. Did you mean 'seed'? Known: task, seed,")
    assert found["training.epochs"] == "expected a number greater than 0. Received: 0."
    assert "Did you mean 'rate'?" in found["training.optimizer.rates"]
    assert "Did you mean 'tiny_cnn'?" in found["encoder.type"]
    assert "Did you mean 'units'?" in found["decoder.unitz"]
    assert found["decoder.layers"] == "expected 1, 2 or 4. Received: 3."
    assert "Did you mean 'bleu'?" in found["evaluation.metrics.1"]
    assert found["data.words_limit"] == "expected a valid integer. Received: 'many'."


@pytest.mark.parametrize("name", ["task", "data", "encoder", "decoder"])
def test_what_has_no_default_is_asked_for(name):
    """A missing section is named; an empty one too."""
    assert problems({key: value for key, value in SMALLEST.items() if key != name}) == {
        name: "missing, and it has no default."
    }
    (place,) = problems({**SMALLEST, name: None})
    assert place == name


@pytest.mark.parametrize("text", ["training=3", "training=[1]", "data.store=yes", "init=run"])
def test_a_section_is_a_mapping(text):
    """Something else in its place is said so."""
    (message,) = problems(changed(text)).values()
    assert message.startswith("expected a mapping. Received: ")


@pytest.mark.parametrize(
    "text",
    [
        "training.optimizer.rate=.inf",
        "training.optimizer.rate=.nan",
        "training.loss.weight=.inf",
        "training.optimizer.clip=-1",
        "seed=1.0",
        "seed=true",
        "evaluation.metrics=[]",
        "init={run: x, parts: [decodr]}",
    ],
)
def test_values_out_of_range(text):
    """Neither infinite nor negative nor of another type."""
    assert len(problems(changed(text))) == 1


def test_keys_that_are_no_text():
    """YAML allows numbers as keys, a config does not."""
    assert problems({**SMALLEST, 1: 2}) == {"1": "Keys should be strings. Received: 1."}


def test_stages_are_configs_with_changes():
    """One config a stage, each the whole with its changes; without stages the config itself."""
    whole = config.checked(
        changed(
            "stages=[{}, {training.epochs: 3, encoder.filters: 4, data.view: {type: crop_mirror}}]",
            "training.batch=8",
        )
    )
    first, second = config.stages(whole)
    assert (first.training.epochs, second.training.epochs) == (20, 3)
    assert (first.training.batch, second.training.batch) == (8, 8)
    assert (first.encoder, second.encoder) == (
        {"type": "tiny_cnn"},
        {"type": "tiny_cnn", "filters": 4},
    )
    assert second.data.view == {"type": "crop_mirror"}
    assert first.stages == second.stages == []
    alone = config.checked(SMALLEST)
    assert config.stages(alone) == [alone]


def test_a_type_of_a_stage_comes_before_its_arguments():
    """In whatever order they stand: another type takes the arguments of the old one away, not those beside it."""
    whole = config.checked(changed("stages=[{}, {decoder.units: 7, decoder.type: attention_lstm}]"))
    assert config.stages(whole)[1].decoder == {"type": "attention_lstm", "units": 7}


def test_problems_of_stages_have_the_stage_in_their_place():
    """Every stage is judged with its changes; what is wrong without them is said once."""
    found = problems(
        changed(
            "stages=[{encoder.filters: 0, x: 1}, {}, {seed: 2}, {seed.x: 2}, {stages: []}, {data.source.seed: 2}, {a..b: 1}, 5]",
            "decoder.units=0",
        )
    )
    assert found.keys() == {
        "decoder.units", "stages.0.encoder.filters", "stages.0.x", "stages.2.seed", "stages.3.seed.x", "stages.4.stages", "stages.5.data.source.seed", "stages.6.a..b", "stages.7",
    }  # fmt: skip
    assert found["stages.2.seed"] == "this holds for the whole run; a stage cannot change it."


def test_checking_changes_nothing():
    """The tree that is checked, stages and all, is the tree that was given."""
    tree = changed(
        "stages=[{training.epochs: 3, encoder.filters: 4, data.view: {type: crop_mirror}}, {data.view.margin: 1.5, data.view.type: crop_mirror}]"
    )
    before = copy.deepcopy(tree)
    whole = config.checked(tree)
    config.stages(whole)
    assert tree == before
    assert whole == config.checked(before)


def test_many_stages_are_checked_soon():
    """Time grows with the number of stages, not faster."""
    tree = changed("stages=[" + ", ".join(["{training.epochs: 3}"] * 50) + "]")
    config.checked(tree)
    began = time.perf_counter()
    config.checked(tree)
    assert time.perf_counter() - began < 3


@pytest.mark.parametrize(
    "text",
    [
        "seed=3",
        "data.source.table='1e3'",
        "data.source.type='no'",
        "training.optimizer.rate=1e-5",
        "init={run: 'ünï côde: #1', parts: [encoder]}",
        "stages=[{training.epochs: 1}, {}]",
    ],
)
def test_dump_and_read_come_back_equal(text):
    """The resolved config says the same as the config, every default written out."""
    found = config.Config.model_validate(changed(text))
    dumped = config.dump(found)
    assert config.Config.model_validate(config.parse(dumped, "dumped")) == found
    assert "decoupled_decay: 0.0" in dumped
