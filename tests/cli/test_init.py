"""The command `lrcn init`: starter configs that overwrite nothing."""

from pathlib import Path

import pytest

from lrcn_seq.cli.init import STARTERS
from lrcn_seq.config import read, starter_text
from lrcn_seq.registry import tasks


@pytest.mark.parametrize("task", STARTERS)
def test_starter_is_a_valid_config(lrcn, task, tmp_path, monkeypatch):
    """`lrcn init TASK` writes TASK.yaml, prints its name, and says how to check it."""
    monkeypatch.chdir(tmp_path)
    result = lrcn("init", task)
    assert result == (
        0,
        f"{task}.yaml\n",
        f"Set data.source to your own data, then run: lrcn check {task}.yaml --data\n",
    )
    assert read(f"{task}.yaml") == read(STARTERS[task])


def test_every_task_has_a_starter():
    """There is a starter for each task of the library."""
    assert sorted(STARTERS) == tasks.names()


def test_starter_is_written_into_a_new_folder(lrcn, tmp_path, monkeypatch):
    """The folder of FILE is created; commands in the starter quote the name of FILE."""
    monkeypatch.chdir(tmp_path)
    assert lrcn("init", "activity", "neu é/my config.yaml").out == "neu é/my config.yaml\n"
    text = Path("neu é/my config.yaml").read_text(encoding="utf-8")
    assert "#   lrcn train 'neu é/my config.yaml' data.source.folder=" in text


def test_starter_is_printed(lrcn, tmp_path, monkeypatch):
    """With `-` as FILE, the starter is printed, and no file is written."""
    monkeypatch.chdir(tmp_path)
    result = lrcn("init", "description", "-")
    assert result == (0, starter_text("description/own_table", "description.yaml"), "")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("kind", ["file", "folder", "link to nothing"])
def test_nothing_is_overwritten(lrcn, tmp_path, kind):
    """An existing file, folder or link is refused and stays unchanged."""
    path = tmp_path / "mine.yaml"
    if kind == "file":
        path.write_text("seed: 7")
    elif kind == "folder":
        path.mkdir()
    else:
        path.symlink_to(tmp_path / "nothing")
    result = lrcn("init", "captioning", path)
    assert (result.code, result.out) == (2, "")
    assert result.err.startswith(f"lrcn init: {path}: expected the name of a new file.")
    assert [item.name for item in tmp_path.iterdir()] == ["mine.yaml"]
    assert kind != "file" or path.read_text() == "seed: 7"


def test_folder_that_cannot_be_created_is_reported(lrcn, tmp_path):
    """If a parent of FILE is a file, the error is one sentence."""
    (tmp_path / "x").write_text("")
    result = lrcn("init", "captioning", tmp_path / "x" / "mine.yaml")
    assert result.code == 2
    assert "expected a folder that can be written. Received: File exists" in result.err


def test_unknown_task_is_reported(lrcn):
    """The error for an unknown task lists the tasks."""
    result = lrcn("init", "captions")
    assert result.code == 2
    assert "invalid choice: 'captions'" in result.err
