"""Comparison of several runs on the same samples."""

import shutil

import pytest

from lrcn_seq.errors import UsageError
from lrcn_seq.registry import sources
from lrcn_seq.runs.run_comparison import compare_runs, read_same_samples, run_names


def test_runs_are_named_by_their_folders_if_these_differ(tmp_path):
    """Runs are named by their folders, or by their paths if two folders have the same name."""
    assert run_names(["runs/v1.5", "runs/b/"]) == ["v1.5", "b"]
    assert run_names(["x/run", "y/run"]) == ["x/run", "y/run"]


def test_one_run_is_not_compared_with_itself():
    """A run that is given twice, even in two spellings, is refused."""
    with pytest.raises(UsageError, match="Expected every run once"):
        run_names(["runs/a", "runs/../runs/a"])


def test_runs_of_other_tasks_or_samples_are_refused(smoke_run, activity_run, tmp_path):
    """Runs are compared only if their task and the IDs of their samples are the same."""
    other = shutil.copytree(smoke_run, tmp_path / "other")
    first, second = read_same_samples([str(smoke_run), str(other)], "test", [])
    assert first is second
    text = (other / "config.yaml").read_text()
    (other / "config.yaml").write_text(text.replace("test: 8", "test: 9"))
    with pytest.raises(UsageError, match="Received: 8 of 8, and 1 others; name one source"):
        read_same_samples([str(smoke_run), str(other)], "test", [])
    read_same_samples([str(smoke_run), str(other)], "test", ["data.source.test=5"])
    with pytest.raises(UsageError, match="expected a run of the task captioning"):
        read_same_samples([str(smoke_run), str(activity_run)], "test", [])


def test_equal_sources_are_read_once(smoke_run, tmp_path, monkeypatch):
    """The data source that two compared runs share is read once for the check and both scores."""
    folders = [str(shutil.copytree(smoke_run, tmp_path / name)) for name in ("a", "b")]
    built, build = [], sources.build
    monkeypatch.setattr(
        sources, "build", lambda *args, **kw: built.append(args) or build(*args, **kw)
    )
    compare_runs(folders, limit=2)
    assert len(built) == 1
