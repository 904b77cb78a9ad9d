"""Fixtures for all tests."""

from pathlib import Path

import pytest


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

        return jax.grad(function, argnums=tuple(range(len(arrays))))(*map(jax.numpy.asarray, arrays))

    def on_torch(function, arrays):
        import torch

        values = [torch.tensor(array, requires_grad=True) for array in arrays]
        return torch.autograd.grad(function(*values), values)

    compute = {"tensorflow": on_tensorflow, "jax": on_jax, "torch": on_torch}[keras.backend.backend()]
    return lambda function, arrays: [np.asarray(gradient) for gradient in compute(function, arrays)]
