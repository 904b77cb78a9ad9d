"""Fixtures that all tests share."""

import errno
import fcntl
import importlib
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.runs.hub_server import hub_server

pytest_plugins = ["tests.media_fixtures"]

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="session")
def shared() -> Path:
    """Return the folder of shared test data, or skip the test if the folder is missing."""
    folder = ROOT / ".." / "shared" / "data"
    if not folder.is_dir():
        pytest.skip("the folder of real test data is missing")
    return folder.resolve()


@pytest.fixture(scope="session")
def gradients():
    """Return a function `(function, arrays)` that computes the gradients of a scalar function.

    The gradients with respect to each array are computed on the current backend.
    """
    import keras
    import numpy as np

    def on_tensorflow(function, arrays):
        import tensorflow as tf

        values = [tf.convert_to_tensor(array) for array in arrays]
        with tf.GradientTape() as tape:
            tape.watch(values)
            result = function(*values)
        return tape.gradient(result, values)

    def on_jax(function, arrays):
        import jax

        return jax.grad(function, argnums=tuple(range(len(arrays))))(
            *map(jax.numpy.asarray, arrays)
        )

    def on_torch(function, arrays):
        import torch

        values = [torch.tensor(array, requires_grad=True) for array in arrays]
        return torch.autograd.grad(function(*values), values)

    compute = {"tensorflow": on_tensorflow, "jax": on_jax, "torch": on_torch}[
        keras.backend.backend()
    ]
    return lambda function, arrays: [np.asarray(gradient) for gradient in compute(function, arrays)]


class Called(NamedTuple):
    """The exit code and the output of an `lrcn` command."""

    code: int
    out: str
    err: str


@pytest.fixture
def lrcn(capsys, monkeypatch):
    """Return a function that runs `lrcn` in this process with the given arguments."""
    from lrcn_seq import cli

    # Keep stderr in place, since the tests capture it.
    monkeypatch.setattr(cli, "hide_native_logs", lambda: None)

    def call(*arguments) -> Called:
        capsys.readouterr()
        code = cli.main([str(argument) for argument in arguments])
        return Called(code, *capsys.readouterr())

    return call


@pytest.fixture
def without_locks(monkeypatch):
    """Make locks fail as on a file system that does not support locks."""
    from lrcn_seq import locks

    def fail(file, operation):
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(fcntl, "flock", fail)
    locks.warn_of_missing_locks.cache_clear()
    yield
    locks.warn_of_missing_locks.cache_clear()


@pytest.fixture(scope="session")
def smoke_config() -> Path:
    """Return the path of the smallest shipped config."""
    return ROOT / "configs" / "smoke" / "captioning.yaml"


@pytest.fixture(scope="session")
def smoke_run(tmp_path_factory) -> Path:
    """Train a captioning run once and return its folder, which tests must not change."""
    return train_smoke("captioning", tmp_path_factory.mktemp("smoke"))


@pytest.fixture(scope="session")
def activity_run(tmp_path_factory) -> Path:
    """Train an activity run once and return its folder, which tests must not change."""
    return train_smoke("activity", tmp_path_factory.mktemp("activity"))


@pytest.fixture(scope="session")
def description_run(tmp_path_factory) -> Path:
    """Train a description run once and return its folder, which tests must not change."""
    return train_smoke("description", tmp_path_factory.mktemp("description"))


def train_smoke(name: str, folder: Path) -> Path:
    """Train a smoke config under a folder and return the run folder."""
    from lrcn_seq import config
    from lrcn_seq.training import train

    train(
        config.read(
            ROOT / "configs" / "smoke" / f"{name}.yaml",
            [f"data.store.folder={folder / 'features'}", "training.keep_state=true"],
        ),
        folder / "run",
    )
    return folder / "run"


@pytest.fixture
def hub(monkeypatch, tmp_path):
    """Return a local hub server whose address is in `HF_ENDPOINT`; the cache is empty."""
    constants = importlib.import_module("huggingface_hub.constants")
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "cache"))
    with hub_server() as server:
        monkeypatch.setenv("HF_ENDPOINT", server.address)
        yield server


@pytest.fixture
def new_process(tmp_path, monkeypatch):
    """Return a function that forgets the imported files of the user, as a new process does."""
    from lrcn_seq.config import part_files, trusted_code
    from lrcn_seq.part_source import FILE_PACKAGE, code_hash
    from lrcn_seq.registry import SEAMS

    def start() -> None:
        monkeypatch.setattr(part_files, "_imported", {})
        monkeypatch.setattr(trusted_code, "_hashes", set())
        for registry in SEAMS.values():
            for name in [name for name, part in registry._parts.items() if code_hash(part)]:
                del registry._parts[name]

    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "settings"))
    start()
    yield start
    start()
    for name in [name for name in sys.modules if name.startswith(FILE_PACKAGE)]:
        del sys.modules[name]
