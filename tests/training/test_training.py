"""Runs from config to report, stopped in this process and gone on with."""

import json
from pathlib import Path

import pytest

from lrcn_seq import config
from lrcn_seq.training import train
from lrcn_seq.training.extraction import extract

SPEC = {
    "task": {"type": "captioning"},
    "data": {"source": {"type": "shapes", "train": 12, "dev": 4, "test": 4, "pixels": 32}, "words_limit": 14},
    "tokenizer": {"type": "word", "minimum_count": 1},
    "encoder": {"type": "applications", "network": "MobileNet", "alpha": 0.25, "size": 32, "weights": "none", "output": "pooled", "train": "frozen"},
    "decoder": {"type": "lrcn", "layers": 1, "units": 8, "embedding": 8},
    "search": {"type": "greedy"},
    "training": {"batch": 24, "epochs": 2, "monitor": "bleu_1", "precision": "float32", "optimizer": {"rate": 0.01}},
    "evaluation": {"metrics": ["bleu"]},
}


class Stop(BaseException):
    """What no part of the program catches, as a signal would be."""


def spec(folder: Path, **changes) -> config.Config:
    """SPEC with its features under folder and values at dotted places changed."""
    tree = json.loads(json.dumps(SPEC))
    for place, value in {"data.store.folder": str(folder / "features"), **changes}.items():
        config.loading.assign(tree, place, value)
    return config.checked(tree)


def stopped(settings: config.Config, folder: Path, epochs: int) -> None:
    """Trains so many epochs, without the dev score of the last, and stops."""
    left = epochs

    def pause(phase):
        nonlocal left
        left -= phase == "trained"
        if not left:
            raise Stop

    with pytest.raises(Stop):
        train(settings, folder, pause=pause)


@pytest.fixture(scope="module")
def donor(tmp_path_factory):
    """A run whose encoder others take over."""
    folder = tmp_path_factory.mktemp("donor")
    train(spec(folder, seed=7, **{"training.epochs": 1}), folder / "run")
    return {"run": str(folder / "run"), "parts": ["encoder"]}


@pytest.mark.parametrize("epochs", [1, 2])
def test_a_resumed_run_sees_the_features_of_its_own_encoder(tmp_path, donor, epochs):
    """Weights of a frozen encoder that come from elsewhere are there when a resumed run asks for features, before and after the first best weights."""
    for name in ("whole", "resumed"):
        (tmp_path / name).mkdir()
    train(spec(tmp_path / "whole", init=donor), tmp_path / "whole" / "run")
    settings = spec(tmp_path / "resumed", init=donor)
    stopped(settings, tmp_path / "resumed" / "run", epochs)
    train(settings, tmp_path / "resumed" / "run", resume=True)
    assert len([path for path in (tmp_path / "resumed" / "features").iterdir() if path.is_dir()]) == 1
    histories = [(tmp_path / name / "run" / "history.jsonl").read_text() for name in ("whole", "resumed")]
    assert histories[0] == histories[1]


def test_a_row_of_history_survives_a_stop_before_it_was_written(tmp_path):
    """The state knows the epochs; a run that goes on writes down those that it had not."""
    settings = spec(tmp_path, **{"encoder.type": "tiny_cnn", "encoder.size": 32})
    train(settings, tmp_path / "run")
    whole = (tmp_path / "run" / "history.jsonl").read_text()
    (tmp_path / "run" / "history.jsonl").write_text(whole.splitlines(keepends=True)[0])
    train(settings, tmp_path / "run", resume=True)
    assert (tmp_path / "run" / "history.jsonl").read_text() == whole


def test_a_run_in_16_bits_goes_on(tmp_path):
    """The scaled loss of mixed_float16 has variables of its own, which are restored with the others."""
    settings = spec(tmp_path, **{"encoder.type": "tiny_cnn", "encoder.size": 32, "training.precision": "mixed_float16"})
    stopped(settings, tmp_path / "run", 2)
    train(settings, tmp_path / "run", resume=True)
    assert len((tmp_path / "run" / "history.jsonl").read_text().splitlines()) == 2


def test_features_are_extracted_with_the_encoder_that_training_takes_over(tmp_path, donor):
    """`lrcn extract` fills the store that a run with `init` reads."""
    settings = spec(tmp_path, init=donor)
    store, count = extract(settings)
    assert count == 20
    train(settings, tmp_path / "run")
    assert [path.name for path in (tmp_path / "features").iterdir() if path.is_dir()] == [Path(store.folder).name]
