"""Fixtures for the tests of training."""

import pytest

from lrcn_seq.encoders.tiny_cnn import TinyCnn
from lrcn_seq.registry import encoders
from lrcn_seq.training import train
from tests.training.small_runs import small_config


class Frozen(TinyCnn):
    """A small CNN whose weights are frozen."""

    def __init__(self, **kwargs):
        super().__init__(size=32, filters=4, blocks=2, output="pooled", **kwargs)
        self.trainable = False


@pytest.fixture(scope="module")
def frozen():
    """Register the encoder type "frozen" for a test module and return its config section."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(encoders._parts, "frozen", Frozen)
        yield {"encoder": {"type": "frozen"}}


@pytest.fixture(scope="module")
def donor(frozen, tmp_path_factory):
    """Train a run and return the `init` section that loads its encoder."""
    folder = tmp_path_factory.mktemp("donor")
    train(small_config(folder, seed=7, **frozen, **{"training.epochs": 1}), folder / "run")
    return {"run": str(folder / "run"), "parts": ["encoder"]}
