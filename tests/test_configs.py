"""Every shipped config: right, complete in itself, built without its data, trained where it is small."""

from pathlib import Path

import keras
import pytest

import lrcn_seq
from lrcn_seq import config
from lrcn_seq.registry import tasks

FOLDER = Path(__file__).resolve().parents[1] / "configs"
CONFIGS = sorted(FOLDER.rglob("*.y*ml"))
SMOKE = [path for path in CONFIGS if path.parent.name == "smoke"]
BUILT_ALWAYS = "lrcn_2f_coco"


def name(path: Path) -> str:
    """The path under configs/."""
    return str(path.relative_to(FOLDER))


def with_vgg(path: Path) -> pytest.param:
    """VGG-16 has 138 million weights: one of its configs is built always, the others when asked for."""
    heavy = "VGG" in path.read_text(encoding="utf-8") and path.stem != BUILT_ALWAYS
    return pytest.param(path, id=name(path), marks=[pytest.mark.slow] if heavy else [])


def test_the_list_is_not_empty_by_mistake():
    """All files below configs/ are tested, in folders named after what they are for."""
    assert len(CONFIGS) >= 24
    assert len(CONFIGS) == len([path for path in FOLDER.rglob("*") if path.is_file()])
    assert {path.parent.name for path in CONFIGS} <= {
        "activity",
        "captioning",
        "description",
        "smoke",
    }
    assert SMOKE


@pytest.mark.parametrize("path", CONFIGS, ids=name)
def test_a_config_is_right(path):
    """Sections, parts and stages have no problem, and the header says how to run it under this name."""
    found = config.read(path)
    assert config.Config.model_validate(config.parse(config.dump(found), "dumped")) == found
    assert f"lrcn train configs/{name(path)}" in path.read_text(encoding="utf-8")


@pytest.mark.parametrize("path", [with_vgg(path) for path in CONFIGS])
def test_a_config_is_built_without_its_data(path, monkeypatch):
    """`build` with the number of words or labels reads no source, downloads nothing, and gives a network of that size."""
    monkeypatch.setattr(
        "lrcn_seq.registry.sources.build", lambda *a, **k: pytest.fail("the source was opened")
    )
    monkeypatch.setattr(
        "keras.utils.get_file", lambda *a, **k: pytest.fail("something was downloaded")
    )
    kind = tasks.get(config.read(path).task["type"])
    task = (
        lrcn_seq.build(path, words=8801)
        if kind.needs == "vocabulary_size"
        else lrcn_seq.build(path, labels=7)
    )
    assert isinstance(task, kind)
    assert task.count_params() > 1000
    logits = keras.tree.flatten(task.compute_output_spec(task.example()))[0]
    assert logits.shape[-1] == (8801 if kind.needs == "vocabulary_size" else 7)


@pytest.mark.parametrize("path", SMOKE, ids=name)
def test_a_smoke_config_trains(path, request):
    """From the built-in data to weights, scores and a report."""
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
