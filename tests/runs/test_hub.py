"""Runs on the Hugging Face Hub, tested with a server on loopback."""

import json
import re
import shutil
import sys

import numpy as np
import pytest
import yaml

import lrcn_seq
from lrcn_seq.errors import ArgumentError, MissingPackageError, RunError
from lrcn_seq.runs.hub import is_hub_address, local_folder, parse_address, push


def test_a_pushed_run_is_loaded_by_its_address(hub, smoke_run):
    """A run that `push` uploads is loaded by its address and gives the same captions."""
    url = push(smoke_run, "hf://user/run", token="secret")
    assert url.startswith(hub.address)
    task = lrcn_seq.load("hf://user/run")
    images = np.random.default_rng(0).integers(0, 256, (2, 32, 32, 3), dtype=np.uint8)
    assert task.predict(images) == lrcn_seq.load(smoke_run).predict(images)


def test_the_data_stay_at_home(hub, smoke_run):
    """Neither predictions nor the report nor the training state are uploaded."""
    push(smoke_run, "user/run", token="secret")
    assert set(hub.files) == {
        "README.md",
        "config.yaml",
        "confidence.json",
        "derived.json",
        "history.jsonl",
        "model.weights.h5",
        "scores.json",
        "tokenizer.json",
    }


def test_the_model_card_shows_use_scores_and_config(hub, smoke_run):
    """The model card has metadata, the call that loads the run, its scores and its config."""
    push(smoke_run, "user/run", token="secret")
    _, header, card = hub.files["README.md"].decode().split("---\n", 2)
    assert yaml.safe_load(header) == {
        "library_name": "keras",
        "pipeline_tag": "image-to-text",
        "tags": ["lrcn_seq", "captioning"],
    }
    assert 'lrcn_seq.load("hf://user/run")' in card
    assert 'task.predict("image.jpg")' in card
    scores = json.loads((smoke_run / "scores.json").read_text())
    assert f"| cider | {scores['metrics']['cider']:.4f} |" in card
    assert "type: tiny_cnn" in card


def test_a_run_without_scores_has_a_card(hub, smoke_run, tmp_path):
    """A run that was not evaluated is uploaded without scores."""
    shutil.copytree(smoke_run, tmp_path / "run")
    (tmp_path / "run" / "scores.json").unlink()
    push(tmp_path / "run", "user/run", token="secret")
    assert "## Scores" not in hub.files["README.md"].decode()


def test_a_missing_run_is_reported(hub):
    """A run that the hub does not have is reported with the address and the server."""
    with pytest.raises(RunError, match=r"hf://user/absent: expected to download at http://127"):
        lrcn_seq.load("hf://user/absent")


def test_an_unreachable_hub_is_reported(hub, monkeypatch):
    """A server that does not answer is reported with advice."""
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    with pytest.raises(RunError) as caught:
        lrcn_seq.load("hf://user/run")
    assert re.fullmatch(
        r"hf://user/run: expected to download at http://127\.0\.0\.1:9\. Received: no connection "
        r"\(.*refused.*\) and no earlier download\. Check the address, the connection, .*",
        str(caught.value),
    )


def test_a_downloaded_run_is_found_without_a_connection(hub, smoke_run, monkeypatch):
    """A run that was downloaded before is loaded from the cache if the hub cannot be reached."""
    push(smoke_run, "user/run", token="secret")
    folder = local_folder("hf://user/run")
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    assert local_folder("hf://user/run") == folder


def test_a_missing_package_is_reported(monkeypatch, smoke_run):
    """Without the package of the hub, loading and pushing raise an error that names it."""
    monkeypatch.setitem(sys.modules, "huggingface_hub", None)
    for call in (lambda: lrcn_seq.load("hf://user/run"), lambda: push(smoke_run, "user/run")):
        with pytest.raises(
            MissingPackageError, match=r"hf://user/run needs the package hugg.*\[hub\]"
        ):
            call()


@pytest.mark.parametrize("address", ["hf://run", "hf://", "hf://a/b/c", "user/", "hf://a/b@"])
def test_malformed_addresses_are_refused(address, smoke_run):
    """An address without a user or a name is refused."""
    with pytest.raises(ArgumentError, match="hf://USER/NAME"):
        push(smoke_run, address)


def test_addresses_have_a_revision():
    """An address may name a revision; other paths are not addresses."""
    assert str(parse_address("hf://user/run@v1")) == "hf://user/run@v1"
    assert parse_address("hf://user/run@v1").revision == "v1"
    assert is_hub_address("hf://user/run")
    assert not is_hub_address("runs/mine")


def test_folders_are_not_downloaded(tmp_path):
    """A path that is not an address is returned as it is."""
    assert local_folder(str(tmp_path)) == local_folder(tmp_path) == tmp_path


def test_an_address_is_downloaded_into_a_folder(hub, smoke_run):
    """The folder of an address contains the pushed files."""
    push(smoke_run, "user/run", token="secret")
    folder = local_folder("hf://user/run")
    name = "model.weights.h5"
    assert (folder / name).read_bytes() == (smoke_run / name).read_bytes()
