"""Grad-CAM: the regions of frames on which a word or a class depends.

Selvaraju et al., "Grad-CAM: Visual Explanations from Deep Networks via Gradient-based
Localization", ICCV 2017, section 3.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import keras
import numpy as np
from keras import ops

from lrcn_seq.errors import UsageError
from lrcn_seq.records import SPECIAL, Clips, Encoded, Tensor
from lrcn_seq.tasks.base import Task

MAP_ELEMENTS = 1 << 26
"""Maximum number of elements of the feature maps in one computation of gradients."""
EXCLUDED = 1e9
"""Number subtracted from a logit to leave it out of a sum of exponentials."""

Score = Callable[[Encoded, np.ndarray], Tensor]
"""A function of the features of N equal clips and the numbers (N,) of words or classes, which
returns the score (N,) of each."""


def check_maps(task: Task) -> None:
    """Raise UsageError unless the encoder of a task has convolutional feature maps."""
    if not task.encoder.has_maps:
        arguments = {
            key: value
            for key, value in task.settings.encoder.items()
            if key in {"type", "network", "preset", "backbone", "output"} and value
        }
        raise UsageError(
            "Grad-CAM: expected an encoder of frames with a convolutional feature map. Received: "
            f"{', '.join(f'{key}: {value}' for key, value in arguments.items())}; explain a run "
            "whose encoder has one, such as applications with output: pooled or grid."
        )


def word_maps(task: Task, clips: Clips, words: Sequence[int]) -> np.ndarray:
    """Return the Grad-CAM of each word of a caption, given the previous words.

    Args:
        task: a task that writes captions.
        clips: one clip.
        words: L IDs without the start word.

    Returns:
        Maps (L, S, h, w), not negative.
    """
    previous, targets = np.array([[SPECIAL.start, *words[:-1]]], "int32"), np.array(words, "int32")

    def score(encoded: Encoded, numbers: np.ndarray) -> Tensor:
        inputs = np.repeat(previous, len(numbers), axis=0)
        hidden = task.decoder.hidden(encoded, ops.convert_to_tensor(inputs), training=False)
        position = ops.one_hot(numbers, len(words), dtype=hidden.dtype)
        logits = task.decoder.project(ops.sum(position[:, :, None] * hidden, axis=1))
        return log_odds(logits, targets[numbers])

    return grad_cam(task.encoder, clips, score, len(words))


def class_maps(task: Task, clips: Clips, classes: Sequence[int]) -> np.ndarray:
    """Return the Grad-CAM of classes of a clip, by the mean log odds over its steps.

    Args:
        task: a task that classifies clips.
        clips: one clip.
        classes: the indices of L classes.

    Returns:
        Maps (L, S, h, w), not negative.
    """
    targets = np.array(classes, "int32")

    def score(encoded: Encoded, numbers: np.ndarray) -> Tensor:
        logits, mask = task.decoder(encoded, training=False)
        steps = ops.shape(logits)[1]
        odds = log_odds(logits, np.repeat(targets[numbers][:, None], steps, axis=1))
        real = ops.cast(mask, odds.dtype)
        return ops.sum(real * odds, axis=1) / ops.sum(real, axis=1)

    return grad_cam(task.encoder, clips, score, len(classes))


def log_odds(logits: Tensor, targets: np.ndarray) -> Tensor:
    """Return log p/(1 − p) of the targets (...), where p is the softmax of logits (..., C).

    The gradient is that of log p, divided by 1 − p. It does not vanish for a word or a class of a
    probability near 1.
    """
    logits = ops.cast(logits, "float32")
    chosen = ops.one_hot(targets, logits.shape[-1], dtype="float32")
    others = ops.logsumexp(logits - EXCLUDED * chosen, axis=-1)
    return ops.sum(chosen * logits, axis=-1) - others


def grad_cam(encoder: keras.layers.Layer, clips: Clips, score: Score, count: int) -> np.ndarray:
    """Return ReLU(Σ_k α_k A^k) for each of several scores (equations 1 and 2).

    A^k is channel k of the feature map of a frame, and α_k the mean over its positions of the
    gradient of the score. All gradients come from one pass over copies of the clip, one per score.

    Args:
        encoder: an encoder with feature maps.
        clips: one clip.
        score: computes the scores.
        count: the number of scores.

    Returns:
        Maps (count, S, h, w), not negative.
    """
    maps, mask = encoder.clip_maps(clips)
    maps = ops.convert_to_numpy(ops.cast(maps, "float32"))
    copies = max(1, MAP_ELEMENTS // maps.size)
    found = [np.zeros((0, *maps.shape[1:-1]), "float32")]
    for first in range(0, count, copies):
        numbers = np.arange(first, min(first + copies, count))
        masks = ops.repeat(mask, len(numbers), axis=0)

        def total(x: Tensor, numbers: np.ndarray = numbers, masks: Tensor = masks) -> Tensor:
            encoded = encoder.encode_maps(ops.cast(x, encoder.compute_dtype), masks)
            return ops.sum(score(encoded, numbers))

        gradients = gradient(total, np.repeat(maps, len(numbers), axis=0))
        weights = gradients.mean(axis=(2, 3), keepdims=True)
        found.append(np.maximum((weights * maps).sum(axis=-1), 0.0))
    return np.concatenate(found)


def gradient(function: Callable[[Tensor], Tensor], x: np.ndarray) -> np.ndarray:
    """Return the gradient of a scalar function of an array, computed by the current backend."""
    backend = keras.backend.backend()
    if backend == "jax":
        import jax

        return np.asarray(jax.grad(function)(jax.numpy.asarray(x)))
    tensor = ops.convert_to_tensor(x)
    if backend == "torch":
        import torch

        with torch.enable_grad():
            return ops.convert_to_numpy(
                torch.autograd.grad(function(tensor.requires_grad_()), tensor)[0]
            )
    import tensorflow as tf

    with tf.GradientTape(watch_accessed_variables=False) as tape:
        tape.watch(tensor)
        value = function(tensor)
    return ops.convert_to_numpy(tape.gradient(value, tensor))
