"""The speed of an artifact beside that of its run."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np

from lrcn_seq.export.serving_function import ServingFunction
from lrcn_seq.export.verification import Script

BATCHES = (1, 16)
SECONDS = 3.0
"""The least time for which a batch size is measured."""
REPETITIONS = 5


def measure_speed(
    script: Script, function: ServingFunction, files: Sequence[str]
) -> list[dict[str, Any]]:
    """Measure the median time of a batch, from pixels to words or probabilities.

    Args:
        script: the script of the artifact.
        function: the function of the run, which is compiled by Keras.
        files: images or videos.

    Returns:
        For each batch size, the milliseconds per batch and the inputs per second of the artifact
        and of the run. An artifact with a fixed batch size is measured with this size only.
    """
    clips = script.read(files[0])
    rows = []
    for batch in BATCHES if function.batch is None else (function.batch,):
        arrays = {name: np.repeat(array, batch, axis=0) for name, array in clips.items()}
        row: dict[str, Any] = {"batch": batch}
        for name, call in (("artifact", script.run), ("run", run_function(function))):
            seconds = median_seconds(partial(call, arrays))
            row[name] = {"ms": round(1000 * seconds, 3), "per_second": round(batch / seconds, 2)}
        rows.append(row)
    return rows


def run_function(function: ServingFunction) -> Callable[[dict[str, np.ndarray]], Any]:
    """Return the model of the run, compiled, as a function of the same arrays as the artifact."""
    import keras

    model, names = function.model, [one.name for one in function.inputs]

    class Compiled(keras.Model):
        def call(self, inputs: Any) -> Any:
            return model(**dict(zip(names, inputs, strict=True)))

    compiled = Compiled()
    return lambda arrays: compiled.predict_on_batch([arrays[name] for name in names])


def median_seconds(call: Callable[[], Any]) -> float:
    """Return the median time of a call after the first one, which may compile."""
    call()
    began = time.perf_counter()
    times: list[float] = []
    while len(times) < REPETITIONS or time.perf_counter() - began < SECONDS:
        start = time.perf_counter()
        call()
        times.append(time.perf_counter() - start)
    return statistics.median(times)
