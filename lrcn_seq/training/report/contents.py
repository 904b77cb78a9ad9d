"""What a report is made from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from PIL import Image


class Shown(NamedTuple):
    """One picture with what the model said and what people said.

    `score` is its per-sentence CIDEr, `log_probability` the plain sum over the sentence (natural logarithm).
    `attention` (L, h, w) says for each of the L `words` where on the picture, as given, its weight lay.
    `exact`: whether the sentence is right in every respect, where that can be known.
    """

    name: str
    picture: Image.Image
    generated: str
    references: tuple[str, ...]
    score: float
    log_probability: float
    words: tuple[str, ...] = ()
    attention: np.ndarray | None = None
    exact: bool | None = None


class Contents(NamedTuple):
    """All of a report. Any part may be empty; its section then says so or is left out.

    history: rows of `history.jsonl`: `stage`, `epoch`, `loss`, dev scores by name, `best`.
    monitor: the dev score that the best epoch was chosen by.
    scores: the object that `lrcn score --json` prints: `metrics`, `signatures`, `count`.
    health: what shows a collapse, by name; `report.health.KNOWN` says which names have an explanation.
    config: the resolved config as YAML.
    left_out: files that were skipped, each with the reason.
    command: what the run was started with.
    facts: machine, versions, parameters, seconds, as text by name.
    """

    title: str
    subtitle: str
    history: Sequence[Mapping[str, Any]]
    monitor: str
    scores: Mapping[str, Any]
    health: Mapping[str, float]
    shown: Sequence[Shown]
    config: str
    left_out: Sequence[tuple[str, str]]
    command: str
    facts: Mapping[str, str]
