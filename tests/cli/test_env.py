"""The command `lrcn env`: what a bug report needs."""

import json
import platform
from importlib.metadata import version
from pathlib import Path

import pytest

import lrcn_seq
from lrcn_seq.cli import env
from lrcn_seq.cli.env import cache_folders, folder_size, package_versions


@pytest.fixture
def without_backend(monkeypatch):
    """Replace the function that describes the backend, since it imports TensorFlow."""
    monkeypatch.setattr(env, "describe_backend", lambda: {"backend": "b", "precision": "p"})


def test_json_is_one_object_with_all_fields(lrcn, without_backend):
    """`--json` prints versions, system, backend, packages, caches and variables."""
    result = lrcn("env", "--json")
    assert (result.code, result.err, result.out.count("\n")) == (0, "", 1)
    found = json.loads(result.out)
    assert found["lrcn_seq"] == lrcn_seq.__version__
    assert found["python"].startswith(f"{platform.python_version()} (")
    assert (found["backend"], found["precision"]) == ("b", "p")
    assert found["packages"]["numpy"] == version("numpy")
    assert set(found["caches"]) == {"lrcn_seq", "keras", "features"}
    assert {"location", "system", "cores", "memory", "variables"} <= set(found)


def test_text_has_a_line_per_field(lrcn, without_backend, monkeypatch, tmp_path):
    """Without `--json`, each value has a line, and sizes have units."""
    monkeypatch.setenv("LRCN_CACHE", str(tmp_path))
    (tmp_path / "x").write_bytes(b"0" * 2_500_000)
    lines = lrcn("env").out.splitlines()
    assert f"{'lrcn_seq:':26} {lrcn_seq.__version__}" in lines
    assert f"  {'numpy':24} {version('numpy')}" in lines
    assert f"  {'lrcn_seq':24} {tmp_path} (2.5 MB)" in lines
    assert f"  {'LRCN_CACHE':24} {tmp_path}" in lines


def test_the_loading_of_keras_is_announced(lrcn, without_backend):
    """The text begins after a note on stderr, because importing Keras takes seconds."""
    assert lrcn("env").err == "lrcn env: loading Keras and its backend\n"


def test_broken_backend_is_part_of_the_description(lrcn, monkeypatch):
    """A backend that cannot be imported is described by its error, and the rest is printed."""

    def fail():
        raise ImportError("libcudart.so is missing")

    monkeypatch.setattr(env, "describe_backend", fail)
    result = lrcn("env", "--json")
    assert result.code == 0
    found = json.loads(result.out)
    assert found["backend"] == "failed: ImportError: libcudart.so is missing"
    assert found["packages"]


def test_backend_is_described(monkeypatch):
    """The backend has a name, devices, and the precision that `auto` stands for."""
    import keras

    found = env.describe_backend()
    assert found["backend"] == keras.backend.backend()
    assert found["precision"] in {"float32 (auto)", "mixed_bfloat16 (auto)"}
    assert {"processor", "accelerators", "oneDNN"} <= set(found)


def test_secrets_and_the_home_folder_are_not_shown(lrcn, without_backend, monkeypatch, tmp_path):
    """Other environment variables stay private, and the home folder is written as ~."""
    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    monkeypatch.setenv("TF_VAR_password", "hidden")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("LRCN_CACHE", raising=False)
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    out = lrcn("env").out
    assert "secret" not in out
    assert "hidden" not in out
    assert str(Path("~/.cache/lrcn_seq")) in out


def test_missing_package_has_no_version(monkeypatch):
    """A required or optional package that is not installed is listed without a version."""
    monkeypatch.setattr(env, "_requirements", lambda: ["no-such-package>=1", "x; extra == 'dev'"])
    versions = package_versions()
    assert next(iter(versions)) == "no-such-package"
    assert versions["no-such-package"] is None
    assert "x" not in versions
    assert {*env.OPTIONAL} <= {*versions}


def test_sizes_of_folders(tmp_path, monkeypatch):
    """The size of a folder is that of all its files; links are not followed."""
    assert folder_size(tmp_path / "none") is None
    (tmp_path / "a" / "b").mkdir(parents=True)
    (tmp_path / "a" / "x").write_bytes(b"123")
    (tmp_path / "a" / "b" / "y").write_bytes(b"12345")
    (tmp_path / "big").write_bytes(b"0" * 10_000)
    (tmp_path / "a" / "link").symlink_to(tmp_path / "big")
    assert 8 <= folder_size(tmp_path / "a") < 10_000
    monkeypatch.chdir(tmp_path)
    assert cache_folders()["features"] == {"path": ".cache/features", "bytes": None}
