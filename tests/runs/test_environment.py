"""The recorded software and hardware environment of a run."""

import importlib.metadata
import platform
from types import SimpleNamespace

import keras
import numpy as np
import pytest

from lrcn_seq.runs import environment
from lrcn_seq.runs.environment import describe_environment, warn_of_changes


def test_the_environment_names_versions_and_hardware():
    """The environment lists software versions and the hardware of the machine."""
    found = describe_environment()
    assert found.keys() >= {"tensorflow", "processor", "accelerators", "cores", "onednn"}
    assert found["python"] == platform.python_version()
    assert found["keras"] == keras.__version__
    assert found["numpy"] == np.__version__
    assert found["backend"] == keras.backend.backend()
    assert all(isinstance(value, str) for value in found.values())


@pytest.mark.parametrize("backend", ["jax", "torch"])
def test_the_environment_names_version_and_gpus_of_the_backend(monkeypatch, backend):
    """The environment lists the version and the GPUs of the backend, but no CPUs."""
    pytest.importorskip(backend)
    monkeypatch.setattr("keras.backend.backend", lambda: backend)
    if backend == "jax":
        cpu = SimpleNamespace(platform="cpu", device_kind="cpu")
        gpu = SimpleNamespace(platform="gpu", device_kind="H1")
        monkeypatch.setattr("jax.devices", lambda: [cpu, gpu])
    else:
        monkeypatch.setattr("torch.cuda.device_count", lambda: 1)
        monkeypatch.setattr("torch.cuda.get_device_name", lambda number: "H1")
    found = describe_environment()
    assert found["backend"] == backend
    assert found[backend] == importlib.metadata.version(backend)
    assert found["accelerators"] == "H1"


def test_the_environment_names_the_gpus_of_tensorflow(monkeypatch):
    """The environment lists each TensorFlow GPU by its model, or by its device name if unknown."""
    monkeypatch.setattr("keras.backend.backend", lambda: "tensorflow")
    devices = [SimpleNamespace(name="GPU:0"), SimpleNamespace(name="GPU:1")]
    details = {"GPU:0": {"device_name": "H1"}, "GPU:1": {}}
    monkeypatch.setattr("tensorflow.config.list_physical_devices", lambda kind: devices)
    monkeypatch.setattr(
        "tensorflow.config.experimental.get_device_details", lambda device: details[device.name]
    )
    assert describe_environment()["accelerators"] == "H1, GPU:1"


def test_without_gpus_there_are_no_accelerators(monkeypatch):
    """Without GPUs, the accelerators of the environment are "none"."""
    monkeypatch.setattr("tensorflow.config.list_physical_devices", lambda kind: [])
    monkeypatch.setattr("keras.backend.backend", lambda: "tensorflow")
    assert describe_environment()["accelerators"] == "none"


@pytest.fixture
def current(monkeypatch):
    """Replace the current environment by fixed values and return them."""
    found = {"keras": "3.0", "cores": "2"}
    monkeypatch.setattr(environment, "describe_environment", lambda: found)
    return found


def test_changes_of_the_environment_are_printed(current, capsys):
    """A warning names the run and every change of its environment."""
    warn_of_changes("runs/a", {"keras": "2.0", "cores": "4"})
    error = capsys.readouterr().err
    assert error.startswith("runs/a: the environment has changed since the run began")
    assert error.endswith("keras: 2.0 → 3.0; cores: 4 → 2.\n")


@pytest.mark.parametrize("before", [{}, {"keras": "3.0", "cores": "2"}])
def test_an_equal_or_unknown_environment_is_not_reported(current, capsys, before):
    """No warning is printed if the environment is unchanged or was not recorded."""
    warn_of_changes("runs/a", before)
    assert capsys.readouterr().err == ""
