"""Starter configs: the values of a shipped config, and every other key with its default."""

import re

import pytest

from lrcn_seq.cli.init import STARTERS
from lrcn_seq.config import Config, parse, read, starter_text, state_keys, validate
from lrcn_seq.config.key_docs import section_docs

each_starter = pytest.mark.parametrize("name", STARTERS.values())


def uncommented(text: str) -> str:
    """Return a starter without the `#` in front of keys."""
    return re.sub(r"(?m)^( *)#(?=\S)", r"\1", text)


@each_starter
def test_a_starter_is_the_shipped_config(name):
    """The values that a starter sets are those of the shipped config."""
    assert validate(parse(starter_text(name, "mine.yaml"), "starter")) == read(name)


@each_starter
def test_a_starter_states_every_default(name):
    """With `#` removed from its keys, a starter states every key, and changes no value."""
    tree = parse(uncommented(starter_text(name, "mine.yaml")), "starter")
    assert tree.pop("init") == {"run": None, "parts": ["encoder", "decoder"]}
    assert set(tree) == set(Config.model_fields) - {"init"}
    assert state_keys(validate({**tree, "init": None})) == state_keys(read(name))


@each_starter
def test_every_key_is_commented(name):
    """Above every key, except the type of a part, stands a comment of one or more sentences."""
    lines = starter_text(name, "mine.yaml").splitlines()
    keys = [
        number
        for number, line in enumerate(lines)
        if re.match(r" *#?\w+:", line) and not re.match(r" +type: ", line)
    ]
    assert len(keys) > len([doc for doc in section_docs() if "optimizer.type" not in doc.key])
    for number in keys:
        above = lines[number - 1]
        assert re.match(r" *# .*\.$", above), lines[number]
        start = max(n for n in range(number) if not re.match(r" *# ", lines[n])) + 1
        assert re.match(r" *# ([^a-z]|beta_2)", lines[start]), lines[start]
    assert max(map(len, lines)) <= 100
    assert [line for line in lines if line.endswith(" ")] == []


def test_the_header_has_the_commands_for_the_new_file():
    """The commands in the header name the new file instead of the shipped config."""
    text = starter_text("captioning/own_table", "my/own.yaml")
    assert "#   lrcn train my/own.yaml data.source.table=my/captions.csv --run runs/mine\n" in text
    assert "`lrcn check my/own.yaml` lists every problem" in " ".join(text.split("\n# "))
    assert "configs/" not in text
