"""The letters of every shape in this library, and the typed records that pass between packages.

B batch · T frames in · S steps out of the encoder · R regions of a step (1 when pooled) · H W pixels ·
D features · U units · L words · V vocabulary · K beams · C classes · N packed frames (also: n-gram order) · P clips of a batch

Shapes are written `(B, T, D)`, batch first. Records that enter compiled code are NamedTuples: they are pytrees on every backend.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, NamedTuple, Protocol, runtime_checkable

from annotated_types import Ge, Gt, Le, Lt

if TYPE_CHECKING:
    import numpy as np

Tensor = Any
"""A tensor of the backend in use, or a NumPy array; shapes stand in docstrings."""

Positive = Annotated[int, Gt(0)]
NotNegative = Annotated[int, Ge(0)]
PositiveNumber = Annotated[float, Gt(0), Lt(math.inf)]
NumberNotNegative = Annotated[float, Ge(0), Lt(math.inf)]
Share = Annotated[float, Ge(0), Le(1)]
Rate = Annotated[float, Ge(0), Lt(1)]
Modality = Literal["rgb", "flow"]
Scaling = Literal["none", "unit", "tf", "caffe", "torch", "caffe_lrcn", "flow"]


class Special(NamedTuple):
    """Ids that every tokenizer of this library shares."""

    pad: int = 0
    start: int = 1
    end: int = 2
    unknown: int = 3


SPECIAL = Special()


class Moment(NamedTuple):
    """A part of a clip, in seconds from its beginning, the end not included, and its class."""

    start: float
    end: float
    label: str


@runtime_checkable
class Drawable(Protocol):
    """An image or clip that is drawn by code instead of read from a file."""

    @property
    def key(self) -> str:
        """A string that determines the pixels."""
        ...

    def draw(self) -> np.ndarray:
        """Return the frames, (T, H, W, 3) uint8; T = 1 for an image."""
        ...


class Sample(NamedTuple):
    """One image or clip of a source, with its annotations.

    Attributes:
        media: path of a file or of a folder of frames, or a `Drawable`.
        group: samples of one group must stay in the same split.
        split: train, dev or test.
    """

    id: str
    media: str | Path | Drawable
    group: str
    split: str
    captions: tuple[str, ...] = ()
    label: str | None = None
    moments: tuple[Moment, ...] = ()
    """Classes of parts of the clip, for labels in time."""


class Preprocessing(NamedTuple):
    """How pixels reach an encoder, so that training and serving cannot differ.

    `resize`: `stretch` to the size, `crop` the centre after the shorter side fits, or `pad` to the size.
    `scaling` is applied by the encoder itself, inside the compiled graph: none (0–255), unit (0–1), tf (−1–1), caffe, torch, caffe_lrcn, flow.
    """

    height: int
    width: int
    resize: Literal["stretch", "crop", "pad"] = "stretch"
    interpolation: Literal["nearest", "bilinear", "bicubic", "lanczos"] = "bilinear"
    scaling: Scaling = "none"


class Clips(NamedTuple):
    """The frames of P clips, packed: real frames only, so that padding is neither computed nor counted.

    `frames` is (N, H, W, 3) uint8 pixels, (N, D) vectors, or (N, R, D) features that a feature store kept.
    `index` (P, T) int32 says which frame stands where; −1 is padding.
    """

    frames: Any
    index: Any


class Batch(NamedTuple):
    """Clips with their sentences, as the loader gives them.

    `clips` holds P clips; `owner` (B,) int32 says whose clip each sentence describes.
    `words` (B, L) int32 has start and end, padded with 0; (0, 0) where only the clips are wanted.
    """

    clips: Clips
    owner: Any
    words: Any


class LabeledBatch(NamedTuple):
    """P clips with their classes: labels (P, 1) int32 of a whole clip or (P, T) of each frame, −1 for none; weights (P,) float32."""

    clips: Clips
    labels: Any
    weights: Any


class Encoded(NamedTuple):
    """What an encoder gives: features (B, S, R, D) and mask (B, S), True where a step is real."""

    features: Any
    mask: Any


class StepOutput(NamedTuple):
    """One step of a word decoder: logits (B, V), attention (B, S·R) or None, and the next state."""

    logits: Any
    attention: Any
    state: Any


class Hypotheses(NamedTuple):
    """Sentences found by a search, best score first.

    words (B, K, L) int32 without the start word, padded after the end · scores (B, K), the ranking score ·
    lengths (B, K), words counted with the end where there is one · log_probabilities (B, K), the plain sums.
    A place that holds no hypothesis (fewer than K exist) has score −inf and length 0.
    """

    words: Any
    scores: Any
    lengths: Any
    log_probabilities: Any


class Caption(NamedTuple):
    """A sentence with its log probability (natural logarithm, the end included) and the score it is ranked by.

    One that did not end within `data.words_limit` words is cut there; its figures then count the word that the search had in the place of the end.
    """

    text: str
    log_probability: float
    score: float


class Window(NamedTuple):
    """A window of a video, in seconds from its start, with its captions, best first."""

    start: float
    end: float
    captions: tuple[Caption, ...]


class Label(NamedTuple):
    """A class with its probability."""

    label: str
    probability: float


class Prediction(Protocol):
    """The prediction of a task for one file: what the commands print and write.

    `file` names the input. `error` is a sentence where the input could not be read, and None
    otherwise.
    """

    @property
    def file(self) -> str: ...

    @property
    def error(self) -> str | None: ...

    def row(self) -> dict[str, Any]:
        """Return the object that `--json` and `--output` give for this file."""
        ...

    def lines(self) -> list[str]:
        """Return the lines that are printed for this file; none where it has an error."""
        ...


class CaptionPrediction(NamedTuple):
    """The captions of one image or video, best first, or of each window of a video."""

    file: str
    captions: tuple[Caption, ...] = ()
    error: str | None = None
    windows: tuple[Window, ...] = ()

    def row(self) -> dict[str, Any]:
        """Return `{"file", "captions"}`, `{"file", "windows"}` or `{"file", "error"}`."""
        if self.error:
            return {"file": self.file, "error": self.error}
        if self.windows:
            windows = [
                {"start": w.start, "end": w.end, "captions": [c._asdict() for c in w.captions]}
                for w in self.windows
            ]
            return {"file": self.file, "windows": windows}
        return {"file": self.file, "captions": [caption._asdict() for caption in self.captions]}

    def lines(self) -> list[str]:
        """Return one line per caption; captions of a window follow its start and end time."""
        captions = [caption.text for caption in self.captions]
        in_windows = [
            f"{_minutes(window.start)}–{_minutes(window.end)}\t{caption.text}"
            for window in self.windows
            for caption in window.captions
        ]
        return captions + in_windows


class LabelPrediction(NamedTuple):
    """The classes of one clip, most probable first."""

    file: str
    labels: tuple[Label, ...] = ()
    error: str | None = None

    def row(self) -> dict[str, Any]:
        """Return `{"file", "labels"}` or `{"file", "error"}`."""
        if self.error:
            return {"file": self.file, "error": self.error}
        return {"file": self.file, "labels": [label._asdict() for label in self.labels]}

    def lines(self) -> list[str]:
        """Return one line per class: the label, a tab and its probability."""
        return [f"{label.label}\t{label.probability:.4f}" for label in self.labels]


def _minutes(seconds: float) -> str:
    """Format a time as minutes and seconds."""
    return f"{int(seconds // 60)}:{seconds % 60:04.1f}"
