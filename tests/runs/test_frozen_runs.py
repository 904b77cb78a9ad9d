"""Runs that version 0.1.0 trained still give the predictions of that version.

The runs, six inputs each, and the expected predictions are in `frozen_runs`, in the folder of
shared test data beside the repository.
"""

import json
import shutil
from pathlib import Path

import pytest

import lrcn_seq
from lrcn_seq import config
from lrcn_seq.runs.corpus import read_corpus
from lrcn_seq.runs.loading import read_config

FROZEN = Path(__file__).parents[2] / ".." / "shared" / "frozen_runs"
OPTIONS = {"captioning": {"best": 3}, "activity": {"top": 3}, "description": {"best": 3}}
"""Options of `predict` that version 0.1.0 used for the expected predictions, by task."""
TOLERANCE = 1e-5


@pytest.fixture
def frozen(request, tmp_path, monkeypatch) -> Path:
    """Return a copy of a frozen run's folder, which becomes the working folder."""
    if not (FROZEN / request.param).is_dir():
        pytest.skip("the runs of version 0.1.0 are not beside this checkout")
    folder = shutil.copytree(FROZEN / request.param, tmp_path / request.param)
    monkeypatch.chdir(folder)
    return folder


every_run = pytest.mark.parametrize("frozen", OPTIONS, indirect=True)


def texts_of(rows: list[dict], kind: str, text: str) -> list[tuple[str, list[str]]]:
    """Return the file name and the texts of each prediction, best text first."""
    return [(row["file"], [one[text] for one in row[kind]]) for row in rows]


def numbers(rows: list[dict], kind: str, name: str) -> list[float]:
    """Return the field `name` of all captions or labels in all predictions."""
    return [one[name] for row in rows for one in row[kind]]


@every_run
def test_predictions_are_those_of_version_0_1(frozen):
    """Texts and labels equal those of version 0.1.0, and numbers differ by at most 1e-5."""
    expected = json.loads(Path("expected.json").read_text())["results"]
    files = sorted(map(str, Path("media").iterdir()))
    assert len(files) == 6
    task = lrcn_seq.load("run")
    rows = [prediction.row() for prediction in task.predict(files, **OPTIONS[frozen.name])]
    if frozen.name == "activity":
        kind, text, values = "labels", "label", ("probability",)
    else:
        kind, text, values = "captions", "text", ("log_probability", "score")
    assert texts_of(rows, kind, text) == texts_of(expected, kind, text)
    assert all(len(row[kind]) == 3 for row in rows)
    for name in values:
        found = numbers(rows, kind, name)
        assert found == pytest.approx(numbers(expected, kind, name), abs=TOLERANCE, rel=0)


@every_run
def test_old_config_keys_are_read_silently(frozen, capsys):
    """Deprecated keys are read silently from a run and with a message from a config of the user."""
    settings = read_config(frozen / "run").training
    assert capsys.readouterr().err == ""
    assert (settings.batch_size, settings.optimizer.learning_rate) == (32, 0.003)
    assert (settings.optimizer.global_clipnorm, settings.optimizer.ema_momentum) == (5.0, 0.0)
    config.read(frozen / "run" / "config.yaml")
    assert "deprecated names; rename" in capsys.readouterr().err


@pytest.mark.parametrize("frozen", ["activity"], indirect=True)
def test_the_samples_of_a_run_have_the_fingerprint_of_version_0_1(frozen):
    """The samples of a run have the fingerprint that version 0.1.0 recorded."""
    overrides = [f"data.store.folder={frozen / 'features'}"]
    settings = config.read(frozen / "run" / "config.yaml", overrides, deprecations=False)
    stored = json.loads((frozen / "run" / "derived.json").read_text())
    assert read_corpus(settings).fingerprint == stored["samples"]
