"""The command `lrcn check`, which reports every problem of a config without training."""

import os
from pathlib import Path

import keras
import pytest
from PIL import Image

ABSENT_TABLE = "data.source={type: caption_table, table: absent.csv}"
ABSENT_WEIGHTS = "encoder={type: applications, network: MobileNet, size: 32, weights: absent.h5}"


def write_frames(folder: Path, count: int) -> None:
    """Write a folder with the given number of frames."""
    folder.mkdir(parents=True)
    for number in range(count):
        Image.new("RGB", (8, 8)).save(folder / f"{number}.png")


def test_valid_config_is_confirmed_with_its_sizes(lrcn, smoke_config):
    """The message for a valid config states the number of samples of each split."""
    assert lrcn("check", smoke_config, "data.source.train=3") == (
        0,
        f"{smoke_config}: Config is valid; 3 train, 8 dev, 8 test samples.\n",
        "",
    )


def test_missing_data_is_a_warning(lrcn, smoke_config):
    """Missing data gives a warning only, since a config may be checked on another machine."""
    result = lrcn("check", smoke_config, ABSENT_TABLE)
    assert result.code == 0
    assert result.out == (
        f"{smoke_config}: Config is valid; its data is missing or insufficient.\n"
    )
    assert result.err.startswith("warning: absent.csv: expected a table ")


@pytest.mark.parametrize(
    ("override", "message"),
    [
        (ABSENT_TABLE, "absent.csv: expected a table "),
        ("init.run=absent", "init.run: expected a run with model.weights.h5. Received: absent."),
        (
            ABSENT_WEIGHTS,
            "encoder.weights: expected none, imagenet, or a file of weights. "
            "Received: absent.h5; there is no such file.",
        ),
        ("data.source.train=0", "Expected training samples."),
        ("data.source.dev=0", "Expected dev samples"),
        ("tokenizer.minimum_count=5000", ""),
    ],
)
def test_missing_data_is_an_error_with_data(lrcn, smoke_config, override, message):
    """With `--data`, missing files, empty splits and an empty vocabulary are errors."""
    result = lrcn("check", smoke_config, override, "--data")
    assert (result.code, result.out) == (1, "")
    assert result.err.startswith(f"error: {message}")
    assert lrcn("check", smoke_config, override).code == 0


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
                "stages=[{encoder.filters: 4}, {training.learning_rate_multipliers: {x: 1}}, "
                "{training.monitor: x}]"
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
def test_all_problems_are_reported_with_their_place(lrcn, smoke_config, overrides, places):
    """All problems are reported with their keys, even those that appear when networks are built."""
    result = lrcn("check", smoke_config, *overrides)
    assert (result.code, result.out) == (2, "")
    lines = result.err.splitlines()[1:]
    assert [line.strip().partition(": ")[0] for line in lines] == places


def test_single_class_is_insufficient(lrcn, tmp_path):
    """With `--data`, a source with a single class is an error for a classifier."""
    for clip in range(12):
        write_frames(tmp_path / "walk" / str(clip), 2)
    source = f"data.source={{type: class_folders, folder: {tmp_path}, dev: 0.3, test: 0.1}}"
    result = lrcn("check", "configs/smoke/activity.yaml", source, "--data")
    assert result.code == 1
    assert result.err.startswith("error: Expected samples of at least two classes. Received: walk")


def test_notes_of_a_source_are_on_stderr(lrcn, smoke_config, tmp_path):
    """The notes of a source, such as missing images, are printed on stderr."""
    write_frames(tmp_path / "images", 30)
    rows = "".join(f"{number}.png,A dog.\n" for number in range(40))
    (tmp_path / "captions.txt").write_text(f"image,caption\n{rows}")
    source = f"type: flickr8k, captions: {tmp_path}/captions.txt, images: {tmp_path}/images"
    result = lrcn("check", smoke_config, f"data.source={{{source}, dev: 0.3}}")
    assert result.code == 0
    assert result.err.startswith("10 ")
    assert "30.png, 31.png" in result.err


def test_nothing_is_written(lrcn, smoke_config, tmp_path, monkeypatch):
    """Checking a config writes no files."""
    monkeypatch.chdir(tmp_path)
    assert lrcn("check", smoke_config).code == 0
    assert list(tmp_path.iterdir()) == []


def table_of(folder: Path, files: list[str]) -> str:
    """Write images and a table with them and `files`; return the config override for the table."""
    write_frames(folder, 12)
    rows = [f"{number}.png,A dog.,{'train' if number < 10 else 'dev'}" for number in range(12)]
    rows += [f"{name},A dog.,test" for name in files]
    (folder / "t.csv").write_text("\n".join(["image,caption,split", *rows]))
    return f"data.source={{type: caption_table, table: {folder / 't.csv'}}}"


def test_every_file_is_opened_with_data(lrcn, smoke_config, tmp_path, monkeypatch):
    """With `--data`, each file that cannot be read is an error with its reason."""
    folder = tmp_path / "images"
    source = table_of(folder, ["none.png", "fifo.png", "folder", "text.png", "0.png/a.png"])
    os.mkfifo(folder / "fifo.png")
    (folder / "folder").mkdir()
    (folder / "text.png").write_text("no image")
    monkeypatch.chdir(tmp_path)
    result = lrcn("check", smoke_config, source, "--data")
    assert (result.code, result.out) == (1, "")
    errors = [line for line in result.err.splitlines() if line.startswith("error: ")]
    assert [error.split(":")[1].strip() for error in errors] == [
        str(folder / name) for name in ("none.png", "fifo.png", "folder", "text.png", "0.png/a.png")
    ]
    assert "there is no such file" in errors[0]
    assert "FIFO" in errors[1]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["images"]
    assert lrcn("check", smoke_config, source).code == 0


def test_files_that_training_skips_are_warnings(lrcn, smoke_config, tmp_path):
    """With `data.on_error=skip`, unreadable files up to `data.lost_share_limit` are warnings."""
    source = table_of(tmp_path / "images", ["none.png"])
    options = (source, "--data", "data.on_error=skip")
    allowed = lrcn("check", smoke_config, *options, "data.lost_share_limit=0.1")
    assert (allowed.code, "warning: " in allowed.err) == (0, True)
    refused = lrcn("check", smoke_config, *options, "data.lost_share_limit=0.05")
    assert (refused.code, "error: " in refused.err) == (1, True)


def test_a_url_is_an_error_that_names_its_row(lrcn, smoke_config, tmp_path):
    """A URL in a table is refused with its line number, since media must be files."""
    source = table_of(tmp_path / "images", ["https://images.org/1.png"])
    result = lrcn("check", smoke_config, source, "--data")
    assert result.code == 1
    assert "t.csv, line 14: expected the path of a file. Received: the URL" in result.err


def test_one_sided_splits_are_warned_of(lrcn, tmp_path):
    """Splits with missing classes or few samples are valid, but give a warning on stderr."""
    for label, count in (("walk", 12), ("run", 1)):
        for clip in range(count):
            write_frames(tmp_path / label / str(clip), 1)
    source = f"data.source={{type: class_folders, folder: {tmp_path}}}"
    result = lrcn("check", "configs/smoke/activity.yaml", source)
    assert (result.code, "valid" in result.out) == (0, True)
    assert "The split test has only 3 samples; its scores depend on chance." in result.err
    assert "The split test has a single class (walk) of 2" in result.err


def test_data_that_are_few_are_described_with_data(lrcn, smoke_config):
    """`lrcn check --data` reports too few data, and the training sizes that `auto` stands for."""
    result = lrcn("check", smoke_config, "training.batch_size=auto", "--data")
    assert result.code == 0
    assert "Training has only 60 images with 240 captions." in result.err
    assert "Training is sized to the data: training.batch_size=16, " in result.err


def test_weights_of_another_width_are_an_error_with_data(lrcn, smoke_config, tmp_path):
    """With `--data`, the file of `encoder.weights` is loaded, and must fit the encoder."""
    path = tmp_path / "mobilenet.weights.h5"
    options = {"input_shape": (32, 32, 3), "weights": None, "include_top": False}
    keras.applications.MobileNet(alpha=0.5, **options).save_weights(path)
    encoder = f"{{type: applications, network: MobileNet, size: 32, alpha: 0.25, weights: {path}}}"
    result = lrcn("check", smoke_config, f"encoder={encoder}", "--data")
    assert (result.code, result.out) == (1, "")
    message = f"error: {path}: expected weights of MobileNet with alpha=0.25; the file is "
    assert message in result.err
