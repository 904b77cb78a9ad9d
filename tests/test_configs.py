"""The shipped configs: validation, networks without data, and training of the small ones."""

from pathlib import Path

import keras
import pytest

import lrcn_seq
from lrcn_seq import config
from lrcn_seq.registry import tasks
from lrcn_seq.tasks import Vocabulary

FOLDER = Path(__file__).resolve().parents[1] / "configs"
CONFIGS = sorted(FOLDER.rglob("*.y*ml"))
SMOKE = [path for path in CONFIGS if path.parent.name == "smoke"]
BUILT_ALWAYS = "lrcn_2f_coco"


def name(path: Path) -> str:
    """Return the path of a config below the folder configs."""
    return str(path.relative_to(FOLDER))


def marked(path: Path) -> pytest.param:
    """Return a config as a test parameter, marked as slow if it has VGG-16 (except for one config).

    Networks with VGG-16 have 138 million weights, so building them takes long.
    """
    heavy = "VGG" in path.read_text(encoding="utf-8") and path.stem != BUILT_ALWAYS
    return pytest.param(path, id=name(path), marks=[pytest.mark.slow] if heavy else [])


def test_all_files_are_tested():
    """The folder configs has a subfolder per task and one for smoke tests, with YAML files only."""
    assert [path for path in FOLDER.rglob("*") if path.is_file() and path not in CONFIGS] == []
    assert {folder.name: len(list(folder.iterdir())) for folder in FOLDER.iterdir()} == {
        "activity": 12,
        "captioning": 7,
        "description": 6,
        "smoke": 3,
    }


@pytest.mark.parametrize("path", CONFIGS, ids=name)
def test_a_config_is_valid(path):
    """A shipped config has no problems in its sections, parts and stages."""
    assert config.read(path).task["type"] in {path.parent.name, path.stem}


@pytest.mark.parametrize("path", CONFIGS, ids=name)
def test_a_config_uses_current_names(path, capsys):
    """A shipped config has no deprecated names."""
    config.read_mapping(path)
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("path", CONFIGS, ids=name)
def test_the_header_of_a_config_has_its_command(path):
    """The header of a shipped config has the command that trains it."""
    header, _, _ = path.read_text(encoding="utf-8").partition("\ntask:")
    assert f"\n#   lrcn train configs/{name(path)} " in header


@pytest.mark.parametrize("path", [marked(path) for path in CONFIGS])
def test_a_network_is_built_without_data(path, monkeypatch):
    """Building the network of a config for a given number of words or labels needs no data."""
    monkeypatch.setattr(
        "lrcn_seq.registry.sources.build", lambda *a, **k: pytest.fail("the source was read")
    )
    monkeypatch.setattr("keras.utils.get_file", lambda *a, **k: pytest.fail("a file was loaded"))
    kind = tasks.get(config.read(path).task["type"])
    task = (
        lrcn_seq.build(path, words=8801)
        if kind.outputs_type is Vocabulary
        else lrcn_seq.build(path, labels=7)
    )
    assert isinstance(task, kind)
    assert task.count_params() > 1000
    logits = keras.tree.flatten(task.compute_output_spec(task.example()))[0]
    assert logits.shape[-1] == (8801 if kind.outputs_type is Vocabulary else 7)


@pytest.mark.parametrize("path", SMOKE, ids=name)
def test_a_smoke_config_trains(path, request):
    """Training a smoke config writes weights, scores, a report and a history row per epoch."""
    run = request.getfixturevalue(
        {"captioning": "smoke_run", "activity": "activity_run", "description": "description_run"}[
            path.stem
        ]
    )
    assert {
        "config.yaml",
        "derived.json",
        "model.weights.h5",
        "history.jsonl",
        "predictions.jsonl",
        "scores.json",
        "report.html",
    } <= {file.name for file in run.iterdir()}
    assert (
        len((run / "history.jsonl").read_text().splitlines()) == config.read(path).training.epochs
    )
