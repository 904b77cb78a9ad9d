"""Conversion between YAML text and plain values."""

import pytest

from lrcn_seq.config import Config, dump, parse
from lrcn_seq.config.yaml_format import flow_text
from lrcn_seq.errors import ConfigError


@pytest.mark.parametrize("text", ["1e-3", "1.0e-3", "+1E-3", ".1e-2", "0.001"])
def test_floats_are_those_of_yaml_1_2(text):
    """As in YAML 1.2, a float may have an exponent without a decimal point and without a sign."""
    assert parse(f"rate: {text}", "x") == {"rate": 0.001}


@pytest.mark.parametrize("text", ["'1e-3'", "e-3", "1e", "1-3", "1e-3x"])
def test_other_text_is_a_string(text):
    """Quoted numbers and text that only resembles a number are read as strings."""
    assert parse(text, "x") == text.strip("'")


def test_merge_keys_copy_a_mapping():
    """A YAML merge key copies the keys of a mapping, of which some may be overridden."""
    found = parse("a: &a {x: 1, y: 2}\nb:\n  <<: *a\n  x: 3\n", "x")
    assert found["b"] == {"x": 3, "y": 2}


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("seed: 1\nseed: 2\n", "the repeated key 'seed' in line 1, column 1."),
        ("a: {b: 1, b: 2}\n", "the repeated key 'b' in line 1, column 4."),
        (
            "a: [\n",
            "expected the node content, but found '<stream end>' in line 2, column 1.",
        ),
        (
            "a:\n\t- b",
            "found character '\\t' that cannot start any token in line 2, column 1.",
        ),
        ("a: 1\n---\nb: 2\n", "but found another document in line 2, column 1."),
        ("a: !!python/object:os.system x\n", "could not determine a constructor for the tag"),
        ("? [1, 2]\n: 3\n", "found unhashable key in line 1, column 3."),
        ("a: \0", "unacceptable character #x0000"),
        ("[" * 500, "sections nested too deeply, over 50 levels."),
        ("a: 2001-13-01", "'2001-13-01', which is no timestamp in line 1, column 4."),
        ("a: !!int abc", "'abc', which is no int in line 1, column 4."),
        ("a: !!timestamp x", "'x', which is no timestamp in line 1, column 4."),
        ("a: !!binary é", "failed to convert base64 data into ascii"),
        ("a: !!map [1]", "cannot unpack non-iterable ScalarNode object."),
        ("a: " + "9" * 5000, "an integer of more than 64 bits in line 1, column 4."),
        ("a: 0x" + "f" * 5000, "an integer of more than 64 bits in line 1, column 4."),
        ("a: " + "1:" * 5000 + "1", "an integer of more than 64 bits in line 1, column 4."),
        ("a: &a [*a]", "a section that contains itself in line 1, column 4."),
        ("&a b: {c: &c {d: *c}}", "a section that contains itself in line 1, column 11."),
    ],
)
def test_an_error_of_the_parser_names_source_reason_and_line(text, reason):
    """A YAML error is one problem with the source, the reason and the line."""
    with pytest.raises(ConfigError) as caught:
        parse(text, "x.yaml")
    message = str(caught.value)
    assert message.startswith(f"x.yaml: 1 problem\n  expected YAML. Received: {reason}")


def nested_aliases(levels: int, repeats: int) -> str:
    """Return YAML in which each list repeats the previous one."""
    rows = [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * repeats)}]" for n in range(1, levels)]
    return "\n".join(["a0: &a0 [x]", *rows])


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (nested_aliases(10, 10), "more than 50,000 values, including aliases in line 6"),
        (nested_aliases(200, 1), "sections nested too deeply, over 50 levels in line 50"),
        ("[" + "1, " * 50_001 + "]", "more than 50,000 values, including aliases in line 1"),
        (
            "a0: &a0 {x: 1}\n"
            + "\n".join(f"a{n}: &a{n} {{<<: [*a{n - 1}, *a{n - 1}]}}" for n in range(1, 40)),
            "more than 50,000 values, including aliases in line 15",
        ),
    ],
    ids=["aliases", "chain of aliases", "list", "merge keys"],
)
def test_text_that_would_blow_up_is_refused(text, reason):
    """YAML text that is nested too deeply or has too many values, including aliases, is refused."""
    with pytest.raises(ConfigError, match=reason):
        parse(text, "x.yaml")


def test_aliases_within_the_bounds_are_read():
    """A config with a few aliases, or with 20,000 keys, is read."""
    assert parse("a: &a [1, {b: 2}]\nc: [*a, *a]", "x")["c"] == [[1, {"b": 2}]] * 2
    assert len(parse("".join(f"k{n}: 1\n" for n in range(20_000)), "x")) == 20_000


@pytest.mark.parametrize(
    "change",
    [
        {"seed": 3},
        {"data": {"source": {"type": "shapes", "table": "1e3"}}},
        {"data": {"source": {"type": "no"}}},
        {"training": {"optimizer": {"learning_rate": 1e-5}}},
        {"init": {"run": "ünï côde: #1", "parts": ["encoder"]}},
        {"stages": [{"training.epochs": 1}, {}]},
    ],
)
def test_a_dumped_config_is_parsed_to_an_equal_config(smallest, change):
    """A dumped config is parsed to an equal config."""
    config = Config.model_validate({**smallest, **change})
    assert Config.model_validate(parse(dump(config), "dumped")) == config


def test_dump_writes_defaults_and_keeps_the_order_of_sections(smallest):
    """A dumped config has all values in the order of the schema."""
    smallest["data"]["source"]["table"] = "ü"
    lines = dump(Config.model_validate(smallest)).splitlines()
    assert lines[:4] == ["task:", "  type: captioning", "seed: 1", "data:"]
    assert "    table: ü" in lines
    assert "    weight_decay: 0.0" in lines


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "null"),
        (True, "true"),
        (1e-05, "1.0e-05"),
        ("1e-3", "'1e-3'"),
        ("ü: x", "'ü: x'"),
        (["bleu"] * 30, f"[{', '.join(['bleu'] * 30)}]"),
        ({"type": "none"}, "{type: none}"),
    ],
)
def test_a_value_is_one_line_of_yaml(value, text):
    """`flow_text` writes any value in one line, which is read as the same value."""
    assert flow_text(value) == text
    assert parse(text, "x") == value
