"""What a report is made from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from PIL import Image

from lrcn_seq.metrics import Bin, ClassScore


class Shown(NamedTuple):
    """One picture or clip with what the model said and what people said.

    `score` is its per-sentence CIDEr, `log_probability` the plain sum over the sentence (natural logarithm).
    `attention` (L, h, w) says for each of the L `words` where on the picture, as given, its weight lay.
    `exact`: whether the sentence is right in every respect, where that can be known.
    `frames` of a clip, in their order, stand in the place of the picture.
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
    frames: tuple[Image.Image, ...] = ()


class Classes(NamedTuple):
    """How a classifier did: `labels` (C,), `confusion` (C, C) counts with a row a true class, the rest as `metrics.classification` gives it."""

    labels: Sequence[str]
    confusion: np.ndarray
    per_class: Sequence[ClassScore]
    bins: Sequence[Bin]


class ShownClip(NamedTuple):
    """One clip with the label it got.

    `truth` is None where nobody knows. `probability` is that of `predicted`; `top` has the likeliest labels with theirs.
    `over_time` gives the probability of a label at each of the `times` (T,) in seconds; it may be empty.
    """

    name: str
    frames: Sequence[Image.Image]
    truth: str | None
    predicted: str
    probability: float
    top: tuple[tuple[str, float], ...] = ()
    times: Sequence[float] = ()
    over_time: Mapping[str, Sequence[float]] = {}


class Contents(NamedTuple):
    """All of a report. Any part may be empty; its section then says so or is left out.

    history: rows of `history.jsonl`: `stage`, `epoch`, `loss`, dev scores by name, `best`.
    monitor: the dev score that the best epoch was chosen by.
    scores: the object that `lrcn score --json` prints: `metrics`, `signatures`, `count`.
    health: what shows a collapse, by name; `report.health.KNOWN` says which names have an explanation.
    config: the resolved config as YAML.
    left_out: files that were skipped, each with the reason.
    notes: what the source itself left out, a sentence each.
    command: what the run was started with.
    facts: machine, versions, parameters, seconds, as text by name.
    classes, clips: of a run that classifies.
    noun: what the run is about, in the singular: picture or clip.
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
    notes: Sequence[str] = ()
    classes: Classes | None = None
    clips: Sequence[ShownClip] = ()
    noun: str = "picture"

    @property
    def nouns(self) -> str:
        """The plural."""
        return f"{self.noun}s"
