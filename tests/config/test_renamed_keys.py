"""Deprecated names of config keys and values."""

import copy

import pytest

from lrcn_seq.config import Config
from lrcn_seq.config.renamed_keys import RENAMED_KEYS, current_key, rename_keys, warn_renamed

OLD = {
    "task": {"type": "captioning"},
    "data": {"source": {"type": "shapes"}, "captions_per_picture": 2, "plan": "by_picture"},
    "encoder": {"type": "tiny_cnn"},
    "decoder": {"type": "lrcn"},
    "training": {
        "batch": 8,
        "rates": {"encoder": 0.1},
        "optimizer": {
            "rate": 0.1,
            "clip": 1.0,
            "decoupled_decay": 0.2,
            "ema": 0.9,
            "accumulate": 3,
        },
    },
    "evaluation": {"batch": 7},
    "stages": [{"training.batch": 9, "training.optimizer": {"rate": 0.5}}],
}


def test_every_old_key_sets_the_value_of_its_new_key():
    """Each deprecated key of version 0.1 sets the value of its new key."""
    tree, _ = rename_keys(OLD)
    config = Config.model_validate(tree)
    training, optimizer = config.training, config.training.optimizer
    assert (config.data.captions_per_image, config.data.plan) == (2, "by_image")
    assert (training.batch_size, training.learning_rate_multipliers) == (8, {"encoder": 0.1})
    assert (optimizer.learning_rate, optimizer.global_clipnorm) == (0.1, 1.0)
    assert (optimizer.weight_decay, optimizer.ema_momentum) == (0.2, 0.9)
    assert optimizer.gradient_accumulation_steps == 3
    assert config.evaluation.batch_size == 7
    assert config.stages == [
        {"training.batch_size": 9, "training.optimizer": {"learning_rate": 0.5}}
    ]


def test_the_names_that_a_config_uses_are_returned():
    """`rename_keys` returns the deprecated names that a config uses, including those in stages."""
    _, renames = rename_keys(OLD)
    assert renames == {**RENAMED_KEYS, "data.plan=by_picture": "data.plan=by_image"}


def test_a_config_under_current_names_is_returned_unchanged():
    """A config without deprecated names is returned unchanged."""
    tree = {
        1: 2,
        "training": {"batch_size": 8, "learning_rate_multipliers": {"rate": 1, "batch": 2}},
        "decoder": {"rate": 0.5},
        "data": {"plan": "by_caption"},
        "stages": [{"training.epochs": 1}, 5],
    }
    assert rename_keys(tree) == (tree, {})


def test_renaming_does_not_change_its_argument():
    """`rename_keys` does not modify its argument."""
    tree = copy.deepcopy(OLD)
    rename_keys(tree)
    assert tree == OLD


def test_an_old_key_beside_its_new_key_is_kept():
    """A deprecated key beside its new key is kept, so that validation refuses it."""
    tree = {"training": {"batch": 8, "batch_size": 16}}
    assert rename_keys(tree) == (tree, {})


@pytest.mark.parametrize(
    ("key", "current"),
    [
        ("training.rates.encoder", "training.learning_rate_multipliers.encoder"),
        ("training.batch", "training.batch_size"),
        ("training.batch_size", "training.batch_size"),
        ("batch", "batch"),
        ("data.source.training.batch", "data.source.training.batch"),
    ],
)
def test_dotted_keys_are_renamed_as_a_whole_or_with_their_section(key, current):
    """Dotted keys are renamed as a whole or with their section."""
    assert current_key(key) == current


@pytest.mark.parametrize(("old", "new"), RENAMED_KEYS.items())
def test_a_key_stays_in_its_section(old, new):
    """Each new key is in the same section as its deprecated key."""
    assert old.rpartition(".")[0] == new.rpartition(".")[0]


def test_old_names_are_reported_in_one_line(capsys):
    """The deprecation message names the file and the keys and is printed once."""
    for _ in range(2):
        warn_renamed("x.yaml", {"a.b": "a.c", "d.e": "d.f"})
    assert capsys.readouterr().err == "x.yaml: deprecated names; rename a.b to a.c, d.e to d.f.\n"


def test_current_names_are_not_reported(capsys):
    """Without deprecated names, no message is printed."""
    warn_renamed("x.yaml", {})
    assert capsys.readouterr().err == ""
