"""Configs, batches and samples for the tests of tasks."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

import lrcn_seq
from lrcn_seq import config
from lrcn_seq.records import Batch, Clips, Sample
from lrcn_seq.tasks import Classes, Task, Vocabulary
from lrcn_seq.text.word import Word

SMOKE = Path(__file__).resolve().parents[2] / "configs" / "smoke"
CAPTIONS = np.array([[1, 5, 4, 2, 0, 0], [1, 3, 3, 6, 5, 2], [1, 2, 0, 0, 0, 0]], "int32")
"""Three captions as word IDs, with start and end words and padding (3, 6)."""


def settings(task: str, *overrides: str) -> config.Config:
    """Return the smoke config of a task with overrides and without a feature store."""
    return config.read(SMOKE / f"{task}.yaml", ["data.store.use=false", *overrides])


def fresh_captioner(*overrides: str, words: str = "a red blue dog cat", task: str = "captioning"):
    """Return an untrained task with a vocabulary of the given words and the four special words."""
    vocabulary = Vocabulary(Word(minimum_count=1).fit([words]))
    built = lrcn_seq.build(settings(task, *overrides), words=len(vocabulary.names))
    built.outputs = vocabulary
    return built


def fresh_classifier(*overrides: str, labels: Sequence[str] = ("a", "b", "c")) -> Task:
    """Return an untrained activity task with the given classes."""
    built = lrcn_seq.build(settings("activity", *overrides), labels=len(labels))
    built.outputs = Classes(labels)
    return built


def single_clip(frames: np.ndarray) -> Clips:
    """Return frames (T, H, W, 3) as one clip."""
    return Clips(frames, np.arange(len(frames), dtype="int32")[None])


def image_clips(images: Sequence[np.ndarray]) -> Clips:
    """Return images (H, W, 3) as clips of one frame each."""
    return Clips(np.stack(images), np.arange(len(images), dtype="int32")[:, None])


def caption_batch(images: Sequence[np.ndarray], words: np.ndarray = CAPTIONS) -> Batch:
    """Return a batch of one caption of the first image and two captions of the second image."""
    return Batch(image_clips(images[:2]), np.array([0, 1, 1], "int32"), words)


def array_sample(name: str, media: np.ndarray, **fields) -> Sample:
    """Return a sample with an array as media, in the split "train" unless `fields` sets another."""
    return Sample(name, media, **{"group": name, "split": "train", **fields})


def log_softmax(logits) -> np.ndarray:
    """Return log softmax over the last axis in float64."""
    logits = np.asarray(logits, np.float64)
    shifted = logits - logits.max(axis=-1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))
