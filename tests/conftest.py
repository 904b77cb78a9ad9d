"""Fixtures for all tests."""

from pathlib import Path
from typing import NamedTuple

import pytest

pytest_plugins = ["tests.media_fixtures"]

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of real test data beside the checkout; tests that need it are skipped where it is absent."""
    folder = Path(__file__).resolve().parents[1] / ".." / "shared" / "data"
    if not folder.is_dir():
        pytest.skip("the folder of real test data is not here")
    return folder.resolve()


@pytest.fixture(scope="session")
def gradients():
    """A function (scalar function, list of arrays) → gradients of the scalar by each array, on the backend in use."""
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
    """What a call of `lrcn` came to."""

    code: int
    out: str
    err: str


@pytest.fixture
def lrcn(capsys, monkeypatch):
    """A function that calls `lrcn` in this process: arguments → exit code, stdout, stderr."""
    from lrcn_seq import cli

    # It would take stderr away from the tests.
    monkeypatch.setattr(cli, "hide_native_logs", lambda: None)

    def call(*arguments) -> Called:
        capsys.readouterr()
        code = cli.main([str(argument) for argument in arguments])
        return Called(code, *capsys.readouterr())

    return call


@pytest.fixture(scope="session")
def smoke_config() -> Path:
    """The smallest shipped config."""
    return ROOT / "configs" / "smoke" / "captioning.yaml"


@pytest.fixture(scope="session")
def smoke_run(tmp_path_factory) -> Path:
    """A run of the smallest shipped config, trained once for all tests; they must leave it as it is."""
    return trained("captioning", tmp_path_factory.mktemp("smoke"))


@pytest.fixture(scope="session")
def activity_run(tmp_path_factory) -> Path:
    """The same of activity."""
    return trained("activity", tmp_path_factory.mktemp("activity"))


@pytest.fixture(scope="session")
def description_run(tmp_path_factory) -> Path:
    """The same of description."""
    return trained("description", tmp_path_factory.mktemp("description"))


def trained(name: str, folder: Path) -> Path:
    """A run of a smoke config in a folder."""
    from lrcn_seq import config
    from lrcn_seq.training import train

    train(
        config.read(
            ROOT / "configs" / "smoke" / f"{name}.yaml",
            [f"data.store.folder={folder / 'features'}"],
        ),
        folder / "run",
    )
    return folder / "run"
