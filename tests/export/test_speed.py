"""The measurement of speed."""

import time
from types import SimpleNamespace

import numpy as np
import pytest

from lrcn_seq.export import speed
from lrcn_seq.export.serving_function import ServingFunction
from tests.tasks.inputs import fresh_classifier


@pytest.mark.parametrize(("batch", "sizes"), [(None, [1, 16]), (4, [4])])
def test_each_batch_size_is_measured_beside_the_run(monkeypatch, batch, sizes):
    """An open batch size is measured with 1 and 16 inputs, a fixed one with itself."""
    monkeypatch.setattr(speed, "SECONDS", 0.0)
    model = fresh_classifier("data.sampling={type: uniform, frames: 2}").serving_model()
    seen = []

    def run(arrays):
        seen.append(arrays["inputs"].shape)

    def read(file):
        return {"inputs": np.zeros((1, 2, 32, 32, 3), "uint8"), "lengths": np.int32([2])}

    script = SimpleNamespace(run=run, read=read)
    rows = speed.measure_speed(script, ServingFunction(model, batch, 2), ["clip"])
    assert [row["batch"] for row in rows] == sizes
    assert {shape[0] for shape in seen} == set(sizes)
    assert all(row["run"]["ms"] > 0 for row in rows)


def test_the_median_leaves_out_the_first_call(monkeypatch):
    """The first call, which may compile, is not measured."""
    monkeypatch.setattr(speed, "SECONDS", 0.0)
    clock, lengths = [0.0], iter([100.0, 1.0, 5.0, 2.0, 3.0, 4.0])
    monkeypatch.setattr(time, "perf_counter", lambda: clock[0])

    def call():
        clock[0] += next(lengths)

    assert speed.median_seconds(call) == 3.0
