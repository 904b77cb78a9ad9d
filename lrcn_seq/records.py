"""Dimension letters of all shapes, and the records shared by several packages.

Shapes are written batch first, such as `(B, T, D)`:

    B   samples of a batch              U   units of a layer
    P   clips of a batch                L   words of a caption
    T   frames of a clip                V   words of the vocabulary
    S   steps of encoded features       K   beams
    R   regions of a step; 1 if pooled  C   classes
    H W height and width in pixels      N   packed frames; in metrics, the order of n-grams
    D   features of a region

Records used in compiled code are NamedTuples, which are pytrees on every backend.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, NamedTuple, Protocol, runtime_checkable

from annotated_types import Ge, Gt, Le, Lt

from lrcn_seq.notebook_html import prediction_html

if TYPE_CHECKING:
    import numpy as np

Tensor = Any
"""A tensor of the current backend or a NumPy array; docstrings state its shape."""

COUNT_LIMIT = 2**31 - 1
"""The largest count that a config may contain."""
Positive = Annotated[int, Gt(0), Le(COUNT_LIMIT)]
NotNegative = Annotated[int, Ge(0), Le(COUNT_LIMIT)]
Seed = Annotated[int, Ge(0), Lt(2**32)]
Side = Annotated[int, Gt(0), Le(2048)]
"""Height and width, in pixels, of the frames that an encoder reads."""
Steps = Annotated[int, Gt(0), Le(10_000)]
"""Length of a sequence in frames or words."""
Depth = Annotated[int, Gt(0), Le(64)]
"""Number of layers or blocks."""
BeamWidth = Annotated[int, Gt(0), Le(10_000)]
"""Number of captions that a search follows or returns."""
VocabularySize = Annotated[int, Gt(0), Le(1_000_000)]
SampleCount = Annotated[int, Ge(0), Le(1_000_000)]
"""Number of generated samples."""
PositiveNumber = Annotated[float, Gt(0), Lt(math.inf)]
NumberNotNegative = Annotated[float, Ge(0), Lt(math.inf)]
NumberAtLeastOne = Annotated[float, Ge(1), Lt(math.inf)]
Share = Annotated[float, Ge(0), Le(1)]
Rate = Annotated[float, Ge(0), Lt(1)]
Modality = Literal["rgb", "flow"]
Scaling = Literal["none", "unit", "tf", "caffe", "torch", "caffe_lrcn", "flow"]
ResizeRule = Literal["stretch", "crop", "pad"]


class Special(NamedTuple):
    """IDs of the special words, the same in every tokenizer of this library."""

    pad: int = 0
    start: int = 1
    end: int = 2
    unknown: int = 3


SPECIAL = Special()


class Moment(NamedTuple):
    """An interval of a clip with its class.

    Attributes:
        start: Start in seconds from the beginning of the clip.
        end: End in seconds, exclusive.
        label: The class.
    """

    start: float
    end: float
    label: str


@runtime_checkable
class Drawable(Protocol):
    """An image or clip that is drawn by code instead of read from a file."""

    @property
    def key(self) -> str:
        """A string that identifies the drawing: the same key means the same pixels."""
        ...

    def draw(self) -> np.ndarray:
        """Return the frames, (T, H, W, 3) uint8; T = 1 for an image."""
        ...


class Sample(NamedTuple):
    """One image or clip of a source with its annotations.

    Attributes:
        id: Identifier, unique in the source.
        media: Path of a file or of a folder of frames, or a `Drawable`.
        group: Name shared by all samples that must stay in the same split.
        split: `train`, `dev` or `test`.
        captions: Reference captions.
        label: Class of the whole image or clip.
        moments: Classes of intervals of the clip, for labels that change over time.
        targets: Targets for tasks of other packages, such as several labels of one image.
    """

    id: str
    media: str | Path | Drawable
    group: str
    split: str
    captions: tuple[str, ...] = ()
    label: str | None = None
    moments: tuple[Moment, ...] = ()
    targets: tuple[str, ...] = ()

    @property
    def file(self) -> str:
        """The path of the media; for a drawing, `drawing KEY`."""
        media = self.media
        return str(media) if isinstance(media, str | Path) else f"drawing {media.key}"


class Preprocessing(NamedTuple):
    """Preprocessing of images and frames for an encoder, in training and in prediction.

    Attributes:
        height: Height in pixels.
        width: Width in pixels.
        resize: `stretch` may distort frames, `crop` cuts off borders, `pad` adds black borders.
        interpolation: Interpolation of resizing.
        scaling: Scaling of pixels in the compiled graph of the encoder: `none` (0 to 255), `unit`
            (0 to 1), `tf` (−1 to 1), or with a mean subtracted (`caffe`, `torch` and so on).
    """

    height: int
    width: int
    resize: ResizeRule = "stretch"
    interpolation: Literal["nearest", "bilinear", "bicubic", "lanczos"] = "bilinear"
    scaling: Scaling = "none"


class Clips(NamedTuple):
    """The frames of P clips, packed without padding.

    Attributes:
        frames: Pixels (N, H, W, 3) uint8, vectors (N, D), or features (N, R, D) of a feature store.
        index: (P, T) int32, position in `frames` of each frame of each clip; −1 for padding,
            usually at the end of a clip.
    """

    frames: Tensor
    index: Tensor


class Batch(NamedTuple):
    """A batch of clips with captions.

    Attributes:
        clips: P clips.
        owner: (B,) int32, index of the clip that each caption describes.
        words: (B, L) int32, captions with start and end words, padded with 0; the shape is (0, 0)
            without captions.
    """

    clips: Clips
    owner: Tensor
    words: Tensor


class LabeledBatch(NamedTuple):
    """A batch of clips with classes.

    Attributes:
        clips: P clips.
        labels: int32, the class of each clip (P, 1) or of each frame (P, T); −1 for no class.
        weights: (P,) float32, weight of each clip in the loss.
    """

    clips: Clips
    labels: Tensor
    weights: Tensor


class Encoded(NamedTuple):
    """The output of an encoder.

    Attributes:
        features: (B, S, R, D).
        mask: (B, S) bool, False for padding. Padding inside a clip is skipped, as if the clip had
            only its real steps.
    """

    features: Tensor
    mask: Tensor


class StepOutput(NamedTuple):
    """The output of one step of a word decoder.

    Attributes:
        logits: (B, V).
        attention: Weights (B, S·R), or None for decoders without attention.
        state: The state before the next step, as nested tuples of tensors.
    """

    logits: Tensor
    attention: Tensor | None
    state: Any


class Hypotheses(NamedTuple):
    """The captions found by a search, best first.

    Attributes:
        words: (B, K, L) int32, without the start word, padded after the end word.
        scores: (B, K), the scores that rank the captions; −inf for missing hypotheses.
        lengths: (B, K), lengths in words, including the end word; 0 for missing hypotheses.
        log_probabilities: (B, K), sums of the log probabilities of the words of each caption.
    """

    words: Tensor
    scores: Tensor
    lengths: Tensor
    log_probabilities: Tensor


class CaptionWord(NamedTuple):
    """A word of a caption, and how much the image or video supports it.

    Attributes:
        word: The word.
        log_probability: Natural log probability of the word after the previous words.
        without_image: The same, given the mean features of training in place of the image.
        supported: False if this image does not support the word, although images usually do.
    """

    word: str
    log_probability: float
    without_image: float
    supported: bool = True

    @property
    def support(self) -> float:
        """The pointwise mutual information of the word and the image, in nats."""
        return self.log_probability - self.without_image

    def row(self) -> dict[str, Any]:
        """Return the word as a JSON object."""
        return {**self._asdict(), "support": self.support}


class Caption(NamedTuple):
    """A generated caption.

    Attributes:
        text: The caption, truncated after `data.words_limit` words.
        log_probability: Sum of the natural log probabilities of the caption's words and of the end
            word; a truncated caption counts the next word in place of the end word.
        score: Score by which the search ranked the caption.
        confidence: Probability that the caption is good; None without a calibrated run.
        words: The words with the support of the image; None unless they are requested.
    """

    text: str
    log_probability: float
    score: float
    confidence: float | None = None
    words: tuple[CaptionWord, ...] | None = None

    def row(self) -> dict[str, Any]:
        """Return the caption as a JSON object, without values that are None."""
        optional: dict[str, Any] = (
            {} if self.confidence is None else {"confidence": self.confidence}
        )
        if self.words is not None:
            optional["words"] = [word.row() for word in self.words]
        return {**dict(zip(self._fields[:3], self[:3], strict=True)), **optional}

    def line(self) -> str:
        """Return the text, in which words that the image does not support are in brackets."""
        if self.words is None:
            return self.text
        return " ".join(one.word if one.supported else f"[{one.word}]" for one in self.words)


class Window(NamedTuple):
    """A window of a video with its captions.

    Attributes:
        start: Start in seconds from the beginning of the video.
        end: End in seconds.
        captions: Captions of the window, best first.
    """

    start: float
    end: float
    captions: tuple[Caption, ...]


class Label(NamedTuple):
    """A class with its predicted probability."""

    label: str
    probability: float


class Prediction(Protocol):
    """A prediction for one file, which can be written as a JSON object or as lines of text.

    Attributes:
        file: Name of the input.
        error: Reason why the input could not be read; None if it was read.
    """

    @property
    def file(self) -> str: ...

    @property
    def error(self) -> str | None: ...

    def row(self) -> dict[str, Any]:
        """Return the JSON object for `--json` and `--output`."""
        ...

    def lines(self) -> list[str]:
        """Return the lines to print; none if there is an error."""
        ...


class CaptionPrediction(NamedTuple):
    """The captions of an image or video, or of each window of a video, best first."""

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
                {"start": w.start, "end": w.end, "captions": [c.row() for c in w.captions]}
                for w in self.windows
            ]
            return {"file": self.file, "windows": windows}
        return {"file": self.file, "captions": [caption.row() for caption in self.captions]}

    def lines(self) -> list[str]:
        """Return one line per caption, preceded by the start and end time of its window, if any."""
        captions = [caption.line() for caption in self.captions]
        in_windows = [
            f"{_minutes(window.start)}–{_minutes(window.end)}\t{caption.line()}"
            for window in self.windows
            for caption in window.captions
        ]
        return captions + in_windows

    def _repr_html_(self) -> str:
        return prediction_html(self)


class LabelPrediction(NamedTuple):
    """The classes of a clip, most probable first."""

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

    def _repr_html_(self) -> str:
        return prediction_html(self)


class Predictions(list[Prediction]):
    """A list of predictions, shown with their images in a notebook."""

    def _repr_html_(self) -> str:
        return "".join(map(prediction_html, self))


def _minutes(seconds: float) -> str:
    """Format a time as minutes and seconds, to a tenth of a second."""
    tenths = round(10 * seconds)
    return f"{tenths // 600}:{tenths % 600 / 10:04.1f}"
