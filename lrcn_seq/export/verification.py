"""Verification of an artifact: the answers of `run.py` are those of the run."""

from __future__ import annotations

import math
import runpy
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from lrcn_seq.errors import RunError

TOLERANCE = 1e-3
"""Largest difference of log probabilities, scores and probabilities without quantization."""

Answers = Sequence[tuple[Any, ...]]
"""A text or label with its log probability and score, or its probability; best first."""
Arrays = dict[str, np.ndarray]


class Verification(NamedTuple):
    """The comparison of an artifact with its run.

    Attributes:
        files: the number of images or videos.
        equal: the number of files with equal texts or labels, in the same order.
        equal_best: the number of files with an equal best text or label.
        largest_difference: the largest difference of a log probability, score or probability
            between equal answers.
    """

    files: int
    equal: int
    equal_best: int
    largest_difference: float


class Script:
    """`run.py` of an artifact, loaded in this process.

    Args:
        folder: the folder of the artifact.
    """

    def __init__(self, folder: Path):
        self._functions = runpy.run_path(str(folder / "run.py"))

    def read(self, path: str) -> Arrays:
        """Return the inputs that the script reads from a file, for the first of several clips."""
        arrays: Arrays = next(self._functions["read"](path))
        return arrays

    def run(self, arrays: Arrays) -> Arrays:
        """Return the outputs of the model."""
        outputs: Arrays = self._functions["run"](arrays)
        return outputs

    def answers(self, path: str) -> Answers:
        """Return the answers of the script for a file, best first."""
        return distinct(self._functions["predict"](path))


def verify(script: Script, serving: Any, files: Sequence[str], *, exact: bool) -> Verification:
    """Compare the answers of an artifact with those of its run.

    Args:
        script: the script of the artifact.
        serving: the serving model of the run.
        files: paths of images or videos.
        exact: whether the answers must be equal, which those of quantized weights need not be.

    Raises:
        RunError: the answers differ.
    """
    equal, best, largest = 0, 0, 0.0
    for file in files:
        expected, received = serving.answers(file), script.answers(file)
        places = [names(expected[:1]) == names(received[:1]), names(expected) == names(received)]
        difference = largest_difference(expected, received)
        if exact and not (all(places) and difference <= TOLERANCE):
            raise RunError(
                f"{file}: expected the answer of the run, {summary(expected)}. Received from the "
                f"exported model: {summary(received)}; no artifact is written. Choose another "
                "format or search."
            )
        best, equal = best + places[0], equal + places[1]
        largest = max(largest, difference)
    return Verification(len(files), equal, best, largest)


def check_batch(script: Script, files: Sequence[str]) -> None:
    """Raise RunError unless the inputs of a batch have the same outputs as single ones.

    Args:
        script: the script of an artifact with an open batch size.
        files: paths of images or videos.
    """
    arrays = [script.read(file) for file in files]
    if any("lengths" in one for one in arrays):
        arrays = pad_clips(arrays)
    batch = {key: np.concatenate([one[key] for one in arrays]) for key in arrays[0]}
    outputs = script.run(batch)
    for row, single in enumerate(arrays):
        for key, expected in script.run(single).items():
            received = outputs[key][row : row + 1]
            if not np.allclose(expected, received, rtol=0, atol=TOLERANCE):
                raise RunError(
                    f"{files[row]}: expected the same {key} in a batch of {len(files)} inputs as "
                    f"alone. Received: {received.tolist()} in place of {expected.tolist()}; no "
                    "artifact is written. Export with --batch 1."
                )


def pad_clips(arrays: Sequence[Arrays]) -> list[Arrays]:
    """Return clips (1, T, H, W, 3), padded to the length of the longest one."""
    longest = max(one["inputs"].shape[1] for one in arrays)
    padding = [(0, longest - one["inputs"].shape[1]) for one in arrays]
    return [
        {**one, "inputs": np.pad(one["inputs"], ((0, 0), pad, (0, 0), (0, 0), (0, 0)))}
        for one, pad in zip(arrays, padding, strict=True)
    ]


def distinct(answers: Answers) -> Answers:
    """Return answers without those whose text an earlier one has."""
    first: dict[str, tuple[Any, ...]] = {}
    for answer in answers:
        first.setdefault(answer[0], answer)
    return list(first.values())


def names(answers: Answers) -> list[str]:
    """Return the texts or labels of answers."""
    return [answer[0] for answer in answers]


def largest_difference(expected: Answers, received: Answers) -> float:
    """Return the largest difference of the numbers of answers with equal texts or labels."""
    found = {answer[0]: answer for answer in received}
    return max(
        (
            _distance(value, other)
            for answer in expected
            for value, other in zip(answer[1:], found.get(answer[0], ())[1:], strict=False)
        ),
        default=0.0,
    )


def _distance(expected: float, received: float) -> float:
    difference = 0.0 if expected == received else abs(expected - received)
    return math.inf if math.isnan(difference) else difference


def summary(answers: Answers) -> str:
    """Return the best of the answers for a message."""
    if not answers:
        return "nothing"
    name, *values = answers[0]
    return ", ".join([repr(name), *(f"{value:.6g}" for value in values)])
