"""Configs that come with the library, by name."""

from pathlib import Path

import pytest

from lrcn_seq.config import shipped
from lrcn_seq.config.reading import read
from lrcn_seq.config.shipped import config_path, shipped_folder, shipped_names, suggest_config
from lrcn_seq.errors import ConfigError

CONFIGS = Path(__file__).resolve().parents[2] / "configs"


def test_all_configs_of_the_repository_have_a_name():
    """The names are the paths below the folder `configs`, without the suffix."""
    names = shipped_names()
    assert names == sorted(
        str(path.relative_to(CONFIGS).with_suffix("")) for path in CONFIGS.rglob("*.yaml")
    )
    assert len(names) >= 26
    assert {"captioning/own_table", "activity/features_lstm", "description/own_table"} <= {*names}


@pytest.mark.parametrize(
    "name",
    [
        "captioning/own_table",
        "captioning/own_table.yaml",
        "configs/captioning/own_table.yaml",
        Path("configs/captioning/own_table"),
    ],
)
def test_a_shipped_config_is_found_from_any_folder(name, tmp_path, monkeypatch):
    """A shipped config is read by name, with or without `configs/` and `.yaml`."""
    monkeypatch.chdir(tmp_path)
    assert config_path(name) == CONFIGS / "captioning" / "own_table.yaml"
    assert read(name).data.source["type"] == "caption_table"


def test_a_file_takes_precedence(tmp_path, monkeypatch):
    """A file of the user hides the shipped config of its name."""
    monkeypatch.chdir(tmp_path)
    Path("captioning").mkdir()
    Path("captioning/own_table.yaml").write_text("seed: 1")
    assert config_path("captioning/own_table.yaml") == Path("captioning/own_table.yaml")


@pytest.mark.parametrize("name", ["", "captioning", "../configs/captioning/own_table", "own.yaml"])
def test_other_names_are_paths(name):
    """A name that is not that of a shipped config stays a path."""
    assert config_path(name) == Path(name)


def test_a_misspelled_name_is_reported_with_a_suggestion():
    """The error for a missing file suggests the shipped config with the closest name."""
    assert suggest_config("captoning/own_table") == " Did you mean 'captioning/own_table'?"
    assert suggest_config("mine.yaml") == ""
    with pytest.raises(ConfigError, match=r"no such file\. Did you mean 'captioning/own_table'\?"):
        read("captioning/own_tabel")


def test_an_installed_package_contains_its_configs(tmp_path, monkeypatch):
    """The folder `configs` in the package precedes the folder of the repository."""
    folders = (tmp_path / "lrcn_seq" / "configs", tmp_path / "configs")
    monkeypatch.setattr(shipped, "FOLDERS", folders)
    assert shipped_folder() == folders[0]
    for folder in reversed(folders):
        folder.mkdir(parents=True)
        assert shipped_folder() == folder
