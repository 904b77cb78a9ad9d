"""`lrcn check`: every problem of a config, without training."""

from pathlib import Path

import pytest
from PIL import Image

CONFIGS = "configs/captioning"


def test_a_right_config(lrcn, smoke_config):
    """Says so, with the number of samples of each split."""
    called = lrcn("check", smoke_config)
    assert called == (
        0,
        f"{smoke_config}: the config is right; 60 train, 8 dev, 8 test samples.\n",
        "",
    )
    assert "3 train, 8 dev, 8 test" in lrcn("check", smoke_config, "data.source.train=3").out


def test_data_that_is_not_here(lrcn, smoke_config):
    """Is a warning, with --data an error; a run to begin from counts as data."""
    missing = "data.source={type: caption_table, table: absent.csv}"
    sentence = (
        f"absent.csv: expected a table of media and text; there is no such file in {Path.cwd()}.\n"
    )
    assert lrcn("check", smoke_config, missing) == (
        0,
        f"{smoke_config}: the config is right; its data is not here, or not enough.\n",
        f"warning: {sentence}",
    )
    assert lrcn("check", smoke_config, missing, "--data") == (1, "", f"error: {sentence}")
    called = lrcn("check", smoke_config, "init.run=absent")
    assert (called.code, called.err) == (
        0,
        "warning: init.run: expected a run with model.weights.h5. Received: absent.\n",
    )
    assert lrcn("check", smoke_config, "init.run=absent", "--data").code == 1
    called = lrcn(
        "check",
        smoke_config,
        "encoder={type: applications, network: MobileNet, size: 32, weights: absent.h5}",
        "--data",
    )
    assert (called.code, called.err) == (
        1,
        "error: encoder.weights: expected none, imagenet, or a file of weights. Received: absent.h5; there is no such file.\n",
    )


@pytest.mark.parametrize("split", ["train", "dev"])
def test_a_split_that_training_needs(lrcn, smoke_config, split):
    """Is missed before the training."""
    called = lrcn("check", smoke_config, f"data.source.{split}=0", "--data")
    assert called.code == 1
    assert called.err.startswith(
        f"error: Expected {'training' if split == 'train' else 'dev'} samples"
    )


@pytest.mark.parametrize(
    ("overrides", "places"),
    [
        (
            ["training.epoch=1", "decoder.units=0", "encoder.type=x"],
            ["training.epoch", "encoder.type", "decoder.units"],
        ),
        (["training.monitor=x", "search.minimum_length=99"], ["search", "training.monitor"]),
        (
            ["training.learning_rate_multipliers={encodr: 0.1, decoder/x: 0.1, decoder: 0.5}"],
            [
                "training.learning_rate_multipliers.encodr",
                "training.learning_rate_multipliers.decoder/x",
            ],
        ),
        (
            [
                "stages=[{encoder.filters: 4}, {training.learning_rate_multipliers: {x: 1}}, {training.monitor: x}]"
            ],
            ["stages.1.training.learning_rate_multipliers.x", "stages.2.training.monitor"],
        ),
        (["decoder={type: mlp}"], ["decoder.type"]),
        (["data.plan=by_caption"], ["data.plan"]),
        (["data.view={type: crop_mirror}", "data.plan=by_caption"], ["data.plan"]),
        (
            [
                "encoder={type: applications, network: MobileNetV2, alpha: 0.35}",
                "data.plan=by_caption",
                "stages=[{}, {encoder.train: all}]",
            ],
            ["stages.1.data.plan"],
        ),
        (["data.source={type: caption_table, table: x.csv, dev: 0.5, test: 0.5}"], ["data.source"]),
        (["search={type: sampling, temperature: 0.5, inverse_temperature: 2.0}"], ["search"]),
    ],
)
def test_problems(lrcn, smoke_config, overrides, places):
    """All of one kind come at once, each with its place: also what shows only when the networks are built."""
    called = lrcn("check", smoke_config, *overrides)
    assert called.code == 2
    assert called.out == ""
    assert [line.strip().partition(": ")[0] for line in called.err.splitlines()[1:]] == places


def test_words_that_training_needs(lrcn, smoke_config):
    """Are missed before the training."""
    called = lrcn("check", smoke_config, "tokenizer.minimum_count=5000", "--data")
    assert called.code == 1
    assert called.err.startswith("error: ")
    assert "give more sentences or a lower minimum_count" in called.err


def test_classes_that_training_needs(lrcn, tmp_path):
    """One alone is none to choose from."""
    for clip in range(12):
        (tmp_path / "walk" / str(clip)).mkdir(parents=True)
        for frame in range(2):
            Image.new("RGB", (8, 8)).save(tmp_path / "walk" / str(clip) / f"{frame}.png")
    called = lrcn(
        "check",
        "configs/smoke/activity.yaml",
        f"data.source={{type: class_folders, folder: {tmp_path}, dev: 0.3, test: 0.1}}",
        "--data",
    )
    assert (called.code, called.err) == (
        1,
        "error: Expected clips of at least two classes. Received: walk.\n",
    )


def test_what_a_source_leaves_out_is_said(lrcn, smoke_config, tmp_path):
    """Pictures that are described but not there, by number and name, on stderr."""
    (tmp_path / "captions.txt").write_text(
        "image,caption\n" + "".join(f"{number}.png,A dog.\n" for number in range(40))
    )
    for number in range(30):
        Image.new("RGB", (8, 8)).save(tmp_path / f"{number}.png")
    called = lrcn(
        "check",
        smoke_config,
        f"data.source={{type: flickr8k, captions: {tmp_path}/captions.txt, images: {tmp_path}, dev: 0.3}}",
    )
    assert called.code == 0
    assert (
        "10 listed images with captions are not in the folder and were left out (30.png, 31.png"
        in called.err
    )


def test_no_run_is_made(lrcn, smoke_config, tmp_path, monkeypatch):
    """Checking writes nothing."""
    monkeypatch.chdir(tmp_path)
    assert lrcn("check", smoke_config).code == 0
    assert list(tmp_path.iterdir()) == []
