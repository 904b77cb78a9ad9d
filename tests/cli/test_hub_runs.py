"""Runs on the hub as arguments of commands, tested with a server on loopback."""

import shutil
from pathlib import Path

import pytest

from lrcn_seq.runs.hub import push

ADDRESS = "hf://user/run"


@pytest.fixture
def pushed(hub, smoke_run):
    """Upload the smoke run to the local hub server, and return its folder."""
    push(smoke_run, ADDRESS, token="secret")
    return smoke_run


def cached_files(tmp_path) -> dict[Path, bytes]:
    """Return the downloaded files of all runs with their content."""
    return {path: path.read_bytes() for path in (tmp_path / "cache").glob("**/snapshots/*/*")}


@pytest.mark.parametrize("verb", ["caption", "predict"])
def test_a_run_on_the_hub_predicts(pushed, lrcn, images, verb):
    """A prediction with an address gives the words of the run that was pushed."""
    downloaded = lrcn(verb, ADDRESS, images)
    assert downloaded.code == 0
    assert downloaded.out == lrcn(verb, pushed, images).out != ""


def test_the_task_of_a_run_on_the_hub_is_checked(pushed, lrcn, images):
    """A command for another task names the address and the command to use."""
    result = lrcn("classify", ADDRESS, images)
    assert result.code == 2
    assert f"{ADDRESS}: expected a run for `lrcn classify`" in result.err
    assert "use `lrcn caption`" in result.err


def test_evaluation_writes_into_its_own_folder(pushed, lrcn, tmp_path):
    """A run on the hub is evaluated into `--output`, and its cached files stay unchanged."""
    first = lrcn("evaluate", ADDRESS, "--output", tmp_path / "results")
    cached = cached_files(tmp_path)
    again = lrcn("evaluate", ADDRESS, "--output", tmp_path / "results")
    local = lrcn("evaluate", shutil.copytree(pushed, tmp_path / "local"))
    assert (first.code, first.out) == (0, local.out)
    assert again.out == first.out
    assert cached_files(tmp_path) == cached
    assert {path.name for path in (tmp_path / "results").iterdir()} >= {
        "predictions.jsonl",
        "report.html",
        "scores.json",
    }


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([ADDRESS], f"{ADDRESS}: expected --output DIR"),
        (["runs/mine", ADDRESS, "--output", "results"], f"{ADDRESS}: expected run folders on this"),
    ],
)
def test_evaluation_needs_a_folder_for_its_results(lrcn, arguments, message):
    """Without a folder for its results, a run on the hub is refused before the download."""
    result = lrcn("evaluate", *arguments)
    assert result.code == 2
    assert message in result.err


@pytest.mark.parametrize("options", [[], ["--resume"]])
def test_training_refuses_an_address(lrcn, project, options):
    """Training writes into its run and therefore refuses an address."""
    result = lrcn("train", project / "config.yaml", "--run", ADDRESS, *options)
    assert result.code == 2
    assert "--run: expected a folder on this machine" in result.err
    assert ADDRESS in result.err


@pytest.mark.parametrize("verb", ["caption", "classify", "describe", "evaluate", "predict"])
def test_an_unreachable_hub_is_reported(hub, lrcn, monkeypatch, verb):
    """The error names the address and the server that cannot be reached."""
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    rest = ["--output", "results"] if verb == "evaluate" else ["photo.jpg"]
    result = lrcn(verb, ADDRESS, *rest)
    assert result.code == 1
    assert (
        f"{ADDRESS}: expected to download at http://127.0.0.1:9. Received: no connection"
        in result.err
    )


def test_a_malformed_address_is_refused(lrcn):
    """An address without a user is refused, and the expected form is shown."""
    result = lrcn("caption", "hf://run", "photo.jpg")
    assert result.code == 2
    assert "hf://USER/NAME" in result.err
