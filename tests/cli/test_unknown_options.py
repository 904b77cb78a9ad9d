"""Errors for unknown options, which name the config key that was probably meant."""

import argparse

import pytest

from lrcn_seq.cli._unknown_options import matching_keys, unknown_option_error


@pytest.mark.parametrize(
    ("arguments", "keys"),
    [
        (["train", "x.yaml", "--epochs", "3"], "training.epochs=3"),
        (["train", "--epochs", "3", "x.yaml"], "training.epochs=3"),
        (["train", "x.yaml", "--epochs=3"], "training.epochs=3"),
        (["train", "x.yaml", "--epochs"], "training.epochs=VALUE"),
        (["train", "x.yaml", "--epochs", "--resume"], "training.epochs=VALUE"),
        (["train", "x.yaml", "--lr", "1e-3"], "training.optimizer.learning_rate=1e-3"),
        (["train", "x.yaml", "--training.patience", "0"], "training.patience=0"),
        (["train", "x.yaml", "--batch", "8"], "training.batch_size=8 or evaluation.batch_size=8"),
        (["check", "x.yaml", "--optimizer", "sgd"], "training.optimizer.type=sgd"),
        (["extract", "x.yaml", "--encoder", "tiny_cnn"], "encoder.type=tiny_cnn"),
        (["check", "x.yaml", "--feature-units", "8"], "decoder.feature_units=8"),
        (["caption", "run", "a.jpg", "--length", "none"], "search.length=none"),
        (["evaluate", "run", "--table", "a b.csv"], "'data.source.table=a b.csv'"),
    ],
)
def test_option_that_is_a_config_key(lrcn, arguments, keys):
    """The error for an option that is a config key shows how to set the key."""
    option = next(word for word in arguments if word.startswith("--")).partition("=")[0]
    result = lrcn(*arguments)
    assert (result.code, result.out) == (2, "")
    assert result.err == (
        f"lrcn {arguments[0]}: {option}: expected a value of the config as section.key=value. "
        f"Received: an option; write {keys}.\n"
    )


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ["train", "x.yaml", "--rusume"],
            "unrecognized arguments: --rusume. Did you mean '--resume'? See `lrcn train --help`.",
        ),
        (
            ["train", "x.yaml", "--gpus", "1"],
            "unrecognized arguments: --gpus 1. See `lrcn train --help`.",
        ),
        (
            ["caption", "run", "a.jpg", "--epochs", "3"],
            "unrecognized arguments: --epochs 3. See `lrcn caption --help`.",
        ),
        (
            ["parts", "--epochs"],
            "unrecognized arguments: --epochs. See `lrcn parts --help`.",
        ),
    ],
)
def test_other_unknown_option(lrcn, arguments, message):
    """The error for another option suggests the closest option, and refers to the help."""
    assert lrcn(*arguments) == (2, "", f"lrcn {arguments[0]}: {message}\n")


def test_keys_of_sections_precede_arguments_of_parts():
    """A name that sections and parts share stands for the key of the section."""
    assert matching_keys("--seed") == ["seed"]
    assert matching_keys("--seed", "data.source.") == ["data.source.seed"]
    assert matching_keys("--unheard-of") == []


def test_verb_without_overrides_suggests_no_key():
    """A command without config overrides suggests no config key."""
    error = unknown_option_error(argparse.ArgumentParser("lrcn x"), ["--epochs"], [], None)
    assert str(error) == "unrecognized arguments: --epochs. See `lrcn x --help`."
