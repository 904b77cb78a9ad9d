"""The contract of a task, how one is built from a config, and how one is loaded from a run folder."""

from __future__ import annotations

import json
import os
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Sequence
from numbers import Integral
from pathlib import Path
from typing import Any, ClassVar, TypeVar

import keras
import numpy as np
from keras import ops

from lrcn_seq import config as configs
from lrcn_seq import text
from lrcn_seq.data.media import MediaReader, media_kind
from lrcn_seq.errors import ArgumentError, ConfigError, Problem, RunError
from lrcn_seq.records import CaptionPrediction, Clips, Sample
from lrcn_seq.registry import decoders, encoders, samplings, sources, tasks, tokenizers, views

T = TypeVar("T")
FRAMES_AT_ONCE = 32
WEIGHTS, TOKENIZER, CONFIG, DERIVED, LABELS = (
    "model.weights.h5",
    "tokenizer.json",
    "config.yaml",
    "derived.json",
    "labels.json",
)


class Task(keras.Model, ABC):
    """An encoder and a decoder under one loss. `config` says how it came about."""

    derived: ClassVar[tuple[str, ...]] = ("encoder", "decoder", "config", "tokenizer")
    needs: ClassVar[str]
    """What the decoder's last layer must know: `vocabulary_size` or `classes`."""
    best_by: ClassVar[str]
    """The dev score that picks the best weights where the config names none."""
    falling: ClassVar[frozenset[str]] = frozenset()
    """Scores that fall as the task gets better."""
    labels: tuple[str, ...] = ()
    """The classes of a task that knows classes, in the order of its probabilities."""

    def __init__(
        self,
        encoder: keras.layers.Layer,
        decoder: keras.layers.Layer,
        config: configs.Config,
        tokenizer: text.Tokenizer | None = None,
    ):
        super().__init__(name=config.task["type"])
        self.encoder, self.decoder, self.settings, self.tokenizer = (
            encoder,
            decoder,
            config,
            tokenizer,
        )
        self.view = views.build(config.data.view, place="data.view")
        self.sampling = (
            samplings.build(config.data.sampling, place="data.sampling")
            if config.data.sampling
            else None
        )
        self.reader = MediaReader(
            media_kind(encoder.takes, sampled=self.sampling is not None),
            encoder.preprocessing,
            vector_width=getattr(encoder, "width", None),
            view=self.view,
            modality=config.data.frames,
            pixels_limit=config.data.pixels_limit,
        )

    @classmethod
    def problems(cls, config: configs.Config) -> list[Problem]:  # noqa: ARG003 - tasks look at it
        """What is wrong with a config for this task beyond its single parts, found without data."""
        return []

    @abstractmethod
    def example(self):
        """A smallest batch: what `call` takes, with everything zero."""

    @abstractmethod
    def predict(self, media: Sequence[Any], **options: Any) -> list[CaptionPrediction]:
        """What the task says of paths, PIL pictures or arrays."""

    @property
    def test_views(self) -> int:
        """Views of each clip that testing looks at."""
        return 1

    @property
    def monitor(self) -> str:
        """The dev score that picks the best weights."""
        return self.settings.training.monitor or self.best_by

    def frames(self, media: Any) -> np.ndarray:
        """Frames (T, H, W, 3) uint8 of a path, PIL picture or array, seen as in evaluation."""
        return self.reader.frames(media)

    def times(self, media: Any) -> np.ndarray:
        """When each frame of a path or array is shown, (F,) seconds; a video is decoded for it.

        Raises:
            MediaError: it cannot be read.
        """
        return self.reader.times(media)

    def watch(self, media: Any, looks: Sequence[np.ndarray], *, batch: int = 16) -> Iterator[Clips]:
        """The clips of frame numbers `looks`, in all test views, `batch` looks at a time; a video is decoded once, in bounded memory.

        Raises:
            MediaError: it cannot be read.
        """
        return self.reader.clips(media, looks, batch)

    def encoded_in_parts(self, clips: Clips) -> Clips:
        """The same clips with stored features, where they have more frames than should go through the network at once.

        What a CNN holds of one frame outweighs its features by far: so memory does not grow with the number of clips.
        """
        if (
            not self.encoder.frame_wise
            or clips.frames.ndim != 4
            or len(clips.frames) <= FRAMES_AT_ONCE
        ):
            return clips
        network = self._compiled("_frame_encoder", lambda task: FrameEncoder(task.encoder))
        return Clips(network.features(clips.frames), clips.index)

    def example_clips(self) -> Clips:
        """One clip of one frame, all zero."""
        size = self.encoder.preprocessing
        frames = (
            np.zeros((1, size.height, size.width, 3), "uint8")
            if size
            else np.zeros((1, self.encoder.width), "float32")
        )
        return Clips(frames, np.zeros((1, 1), "int32"))

    def _compiled(self, name: str, made: Callable[[Task], keras.Model]) -> keras.Model:
        if not hasattr(self, name):
            # Past Keras, which would take it for a layer of this model.
            object.__setattr__(self, name, made(self))
        return getattr(self, name)


class FrameEncoder(keras.Model):
    """The frame-wise part of an encoder as a model, so that every backend compiles it."""

    def __init__(self, encoder: keras.layers.Layer):
        super().__init__(dtype=encoder.dtype_policy)
        self.encoder = encoder

    def build(self, frames_shape):
        """Nothing: the encoder builds itself when it is called."""

    def call(self, frames):
        """Packed frames (N, H, W, 3) to features (N, R, D)."""
        return ops.cast(self.encoder.encode_frames(frames, training=False), "float32")

    def features(self, frames: np.ndarray) -> np.ndarray:
        """The same, compiled, a few frames at a time."""
        return np.concatenate(
            [
                np.asarray(self.predict_on_batch(frames[first : first + FRAMES_AT_ONCE]))
                for first in range(0, len(frames), FRAMES_AT_ONCE)
            ]
        )


def build(
    config: str | Path | configs.Config,
    *,
    words: int | None = None,
    labels: int | None = None,
    pretrained: bool = False,
) -> Task:
    """The task of a config as a `keras.Model` with fresh weights.

    Args:
        words: vocabulary size V, the four special words included; without it the source is read.
        labels: number of classes C; without it the source is read.
        pretrained: whether the encoder loads the weights that its config names (a file, or a download).

    Raises:
        ConfigError: with every problem of the config.
        DataError: the source had to be read and is not there.
    """
    config = configs.read(config) if isinstance(config, (str, Path)) else config
    if problems := decoder_problems(config) or tasks.get(config.task["type"]).problems(config):
        raise ConfigError(problems)
    return assembled(config, words=words, labels=labels, pretrained=pretrained)


def assembled(
    config: configs.Config,
    *,
    words: int | None = None,
    labels: int | None = None,
    pretrained: bool = False,
) -> Task:
    """The same of a config that was found right before."""
    if words is not None and not (isinstance(words, Integral) and words > len(text.base.NAMES)):
        raise ArgumentError(
            f"words: expected a vocabulary size, the {len(text.base.NAMES)} special words included. Received: words={words!r}."
        )
    if labels is not None and not (isinstance(labels, Integral) and labels > 0):
        raise ArgumentError(f"labels: expected a number of classes. Received: labels={labels!r}.")
    set_precision(config.training.precision)
    keras.utils.set_random_seed(config.seed)
    kind = tasks.get(config.task["type"])
    tokenizer = None
    if kind.needs == "vocabulary_size":
        if words is None:
            tokenizer = fit_tokenizer(
                config, sources.build(config.data.source, place="data.source")
            )
        derived = {"vocabulary_size": words or tokenizer.vocabulary_size}
    else:
        derived = {
            "classes": labels
            or len(labels_of(sources.build(config.data.source, place="data.source")))
        }
    task = kind(
        encoders.build(config.encoder, place="encoder", name="encoder"),
        decoders.build(config.decoder, place="decoder", name="decoder", **derived),
        config,
        **{name: value for name, value in config.task.items() if name != "type"},
    )
    task.tokenizer = tokenizer
    task(task.example())
    if pretrained:
        task.encoder.load_pretrained()
    return task


def decoder_problems(config: configs.Config) -> list[Problem]:
    """A decoder of sentences where the task wants classes, or the other way round."""
    wanted, name = tasks.get(config.task["type"]).needs, config.decoder["type"]
    if wanted in decoders.get(name).derived:
        return []
    fitting = [one for one in decoders.names() if wanted in decoders.get(one).derived]
    kinds = {"classes": "classes", "vocabulary_size": "sentences"}
    return [
        Problem(
            "decoder.type",
            f"{config.task['type']} expects a decoder that gives {kinds[wanted]}: {', '.join(fitting)}. Received: {name!r}.",
        )
    ]


def fit_tokenizer(config: configs.Config, source: Iterable[Sample]) -> text.Tokenizer:
    """The tokenizer of a config, fitted on the training sentences alone."""
    return tokenizers.build(config.tokenizer, place="tokenizer").fit(
        caption for sample in source if sample.split == "train" for caption in sample.captions
    )


def labels_of(source: Iterable[Sample]) -> list[str]:
    """The classes of a source, sorted."""
    return sorted(
        {
            label
            for sample in source
            for label in (sample.label, *(moment.label for moment in sample.moments))
            if label is not None
        }
    )


def set_precision(precision: str) -> None:
    """Sets the dtype policy. `auto`: mixed_bfloat16 on a GPU or TPU; float32 on a CPU, where small networks lose by it."""
    if precision == "auto":
        precision = "mixed_bfloat16" if accelerated() else "float32"
    keras.config.set_dtype_policy(precision)


def accelerated() -> bool:
    """Whether there is a GPU or TPU."""
    if keras.backend.backend() == "torch":  # the one backend that Keras lists no devices of
        import torch

        return torch.cuda.is_available()
    return any(not device.startswith("cpu") for device in keras.distribution.list_devices())


def load(folder: str | Path) -> Task:
    """The task of a run folder, with its best weights.

    Raises:
        RunError: the folder is no run, has no weights yet, or holds files of another run.
    """
    folder = Path(folder)
    if folder.is_file():
        raise RunError(
            f"{folder}: expected a run folder. Received: a file; the run stands first, files after it."
        )
    if not (folder / CONFIG).is_file():
        raise RunError(
            f"{folder}: expected a run folder with {CONFIG}; train one with `lrcn train CONFIG --run {folder}`."
        )
    if not (folder / WEIGHTS).is_file():
        raise RunError(
            f"{folder}: no weights are kept here yet; let training reach its first evaluation (lrcn train ... --resume)."
        )
    config = configs.stages(configs.read(folder / CONFIG))[-1]
    sizes = derived_of(folder)
    task = assembled(config, **sizes)
    if task.needs == "vocabulary_size":
        task.tokenizer = text.load(folder / TOKENIZER)
        name, what, size = TOKENIZER, "words", task.tokenizer.vocabulary_size
    else:
        task.labels = read_labels(folder)
        name, what, size = LABELS, "labels", len(task.labels)
    if size != sizes.get(what):
        raise RunError(
            f"{folder / name}: expected the {sizes.get(what)} {what} of {DERIVED}. Received: {size}; this file is of another run."
        )
    load_weights(task, folder)
    return task


def derived_of(folder: Path) -> dict[str, int]:
    """What the data of a run decided of its networks: `words` or `labels`."""
    return {
        name: value for name, value in read_derived(folder).items() if name in {"words", "labels"}
    }


def read_derived(folder: Path) -> dict[str, Any]:
    """The same, and what else is noted of the data of a run.

    Raises:
        RunError: the file is missing or damaged.
    """
    return read_json(folder / DERIVED, "what the data decided", _decided)


def _decided(found: dict[str, Any]) -> dict[str, Any]:
    sizes = {name: int(found[name]) for name in ("words", "labels") if name in found}
    if not sizes:
        raise ValueError("neither words nor labels")
    return {**found, **sizes}


def read_labels(folder: Path) -> tuple[str, ...]:
    """The classes of a run."""
    return read_json(
        folder / LABELS, "the names of the classes", lambda found: tuple(map(str, found))
    )


def read_json(path: Path, what: str, taken: Callable[[Any], T], *, lines: bool = False) -> T:
    """What is taken of the JSON of a file of a run, or of the list of its `lines`.

    Raises:
        RunError: the file is missing, or holds something else.
    """
    try:
        text = path.read_text(encoding="utf-8")
        return taken(
            [json.loads(line) for line in text.split("\n") if line] if lines else json.loads(text)
        )
    except (
        OSError,
        ValueError,
        AttributeError,
        TypeError,
        KeyError,
        OverflowError,
        RecursionError,
    ) as error:
        reason = (
            f"nothing under {error}"
            if isinstance(error, KeyError)
            else getattr(error, "strerror", None) or error
        )
        raise RunError(
            f"{path}: expected {what}, as JSON. Received: {reason}; this run is damaged."
        ) from error


def load_weights(task: Task, folder: Path, parts: Sequence[str] = ("encoder", "decoder")) -> None:
    """Takes the weights of a run over into the named parts of a task; the others stay as they are.

    Raises:
        RunError: the run has no weights, or they are of other parts or other words.
    """
    donor = folder / WEIGHTS
    if not donor.is_file():
        raise RunError(f"{folder}: expected a run with {WEIGHTS}; there is none.")
    if (
        task.tokenizer is not None
        and "decoder" in parts
        and text.load(folder / TOKENIZER).vocabulary() != task.tokenizer.vocabulary()
    ):
        raise RunError(
            f"{folder}: expected a decoder over the same words. Received: a run with another vocabulary; take over the encoder alone (init.parts: [encoder])."
        )
    try:
        Parts(task, parts).load_weights(donor)
    except (ValueError, OSError, KeyError) as error:
        unlike = []
        if isinstance(error, ValueError) and (folder / CONFIG).is_file():
            other = configs.stages(configs.read(folder / CONFIG))[-1]
            unlike = [
                line
                for part in parts
                for line in configs.differences(
                    getattr(other, part), getattr(task.settings, part), part
                )
            ]
        reason = "; ".join([*unlike, " ".join(str(error).split())[:200]])
        raise RunError(
            f"{donor}: expected weights of this config's {' and '.join(parts)}. Received: {reason}."
        ) from error


def check_media(media: Any) -> None:
    """Raises ArgumentError unless it is a list of things to look at: a single path or picture is easily given in its place."""
    if (
        isinstance(media, (str, bytes))
        or not isinstance(media, (Sequence, np.ndarray))
        or getattr(media, "ndim", 4) < 4
    ):
        raise ArgumentError(
            f"media: expected a list of paths, PIL pictures or arrays. Received: {type(media).__name__}; put a single one in a list."
        )


def name_in(media: Sequence[Any], place: int, first: int = 0) -> str:
    """What a prediction calls its file: the path, or the number of what is no path."""
    return (
        os.fspath(media[place])
        if isinstance(media[place], (str, os.PathLike))
        else str(first + place)
    )


def sampling_problems(config: configs.Config) -> list[Problem]:
    """That a task over videos does not say which frames it looks at."""
    if config.data.sampling:
        return []
    return [
        Problem(
            "data.sampling",
            "missing: say which frames of a video are looked at, for example {type: uniform, frames: 16}.",
        )
    ]


class Parts(keras.Model):
    """Some parts of a task, under the names that a file of weights has for them."""

    def __init__(self, task: Task, parts: Sequence[str]):
        super().__init__()
        for part in parts:
            setattr(self, part, getattr(task, part))
        self.built = True

    def load_own_variables(self, store) -> None:
        """Nothing: what a task holds beside its parts is no weight of theirs."""
