"""The working folder of a training, relative to which a run states the paths of its data."""

import json
from pathlib import Path

import pytest

from lrcn_seq import config
from lrcn_seq.errors import DataError
from lrcn_seq.runs.folder import Run
from lrcn_seq.runs.training_folder import (
    check_source,
    evaluation_config,
    resolve_path,
    resolve_paths,
)

SPEC = {
    "task": {"type": "captioning"},
    "data": {"source": {"type": "caption_table", "table": "data/t.csv"}},
    "encoder": {"type": "tiny_cnn"},
    "decoder": {"type": "lrcn"},
}


@pytest.fixture
def project(tmp_path) -> Path:
    """Return a folder with a table, stored features, and a run that was trained in the folder."""
    folder = tmp_path / "project"
    for name in ("data", "runs/a", ".cache/features"):
        (folder / name).mkdir(parents=True)
    (folder / "data" / "t.csv").write_text("image,caption\n")
    record = {"working_folder": str(folder), "run_folder": str(folder / "runs" / "a")}
    (folder / "runs" / "a" / "machine.json").write_text(json.dumps(record))
    return folder


@pytest.fixture
def elsewhere(tmp_path, monkeypatch) -> Path:
    """Return another folder, which becomes the working folder."""
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    return tmp_path / "elsewhere"


def resolved(run: Path) -> tuple[str, str]:
    """Return the resolved paths of the table and of the feature store."""
    data = resolve_paths(Run(run), config.validate(SPEC)).data
    return data.source["table"], data.store.folder


def test_data_are_found_from_another_folder(project, elsewhere):
    """The table and the feature store are found in the working folder of the training."""
    expected = (str(project / "data" / "t.csv"), str(project / ".cache" / "features"))
    assert resolved(project / "runs" / "a") == expected


def test_data_of_a_moved_project_are_found(project, elsewhere, tmp_path):
    """Data that were moved together with the run are found relative to the run."""
    moved = project.rename(tmp_path / "moved")
    assert resolved(moved / "runs" / "a")[0] == str(moved / "data" / "t.csv")


def test_data_of_a_moved_run_are_found(project, elsewhere):
    """Data that stayed in their place are found when the run alone has moved."""
    run = (project / "runs" / "a").rename(elsewhere / "run")
    assert resolved(run)[0] == str(project / "data" / "t.csv")


def test_paths_are_unchanged_in_the_folder_of_the_training(project, monkeypatch):
    """In the working folder of the training, the config itself is returned."""
    monkeypatch.chdir(project)
    settings = config.validate(SPEC)
    assert resolve_paths(Run(project / "runs" / "a"), settings) is settings


def test_runs_without_a_record_use_the_working_folder(project, elsewhere):
    """A run of an earlier version, which recorded no folder, keeps its paths."""
    (project / "runs" / "a" / "machine.json").write_text('{"keras": "3"}')
    assert resolved(project / "runs" / "a") == ("data/t.csv", ".cache/features")


def test_absolute_paths_are_unchanged(project):
    """An absolute path is not searched elsewhere."""
    assert resolve_path("/no/t.csv", [project]) == "/no/t.csv"


def test_config_for_an_evaluation_has_resolved_paths_and_overrides(project, elsewhere):
    """The config for an evaluation has resolved data paths, or those of the overrides."""
    run = project / "runs" / "a"
    (run / "config.yaml").write_text(config.dump_run(config.validate(SPEC)))
    assert evaluation_config(run).data.source["table"] == str(project / "data" / "t.csv")
    (elsewhere / "u.csv").write_text("")
    assert evaluation_config(run, ["data.source.table=u.csv"]).data.source["table"] == "u.csv"
    with pytest.raises(DataError, match=r"Received: no no\.csv"):
        evaluation_config(run, ["data.source.table=no.csv"])


def test_missing_data_are_an_error_with_the_override(project, elsewhere):
    """The error names the places where the data were searched, and the override to use."""
    check_source(Run(project / "runs" / "a"), {"type": "shapes"})
    source = {"type": "caption_table", "table": "no.csv"}
    with pytest.raises(DataError) as caught:
        check_source(Run(project / "runs" / "a"), source)
    assert str(caught.value) == (
        f"{project / 'runs' / 'a'}: expected the data of the run. Received: no no.csv in {project} "
        f"or {elsewhere}; if it has moved, add data.source.table=PATH."
    )
