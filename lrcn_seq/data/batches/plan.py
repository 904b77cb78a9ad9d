"""Batch plans: the captions and images of every batch of an epoch.

A plan is a list of `Step`s. The same seed and epoch give the same plan, so training can resume at
any step with the slice `plan[step:]`. Few array shapes occur: captions are padded to a handful of
lengths, and all batches but one have the same size.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from lrcn_seq.errors import ArgumentError


class Step(NamedTuple):
    """One batch of P clips and B captions.

    Attributes:
        samples: The position in the data set of the sample of each clip, (P,).
        rows: The positions of the captions in the data set, (B,); −1 for none.
        owner: The clip of each caption, (B,), as an index into `samples`.
        length: The padded length L of the captions.
    """

    samples: np.ndarray
    rows: np.ndarray
    owner: np.ndarray
    length: int


Plan = Sequence[Step]


def by_caption(
    owner: np.ndarray,
    lengths: np.ndarray,
    *,
    batch: int,
    seed: int,
    epoch: int,
    padded: tuple[int, ...] | None = None,
) -> Plan:
    """Plan an epoch that contains every caption once, in batches of similar lengths.

    Each caption has its own clip, which suits stored features.

    Args:
        owner: The sample of each caption, (M,).
        lengths: The number of words of each caption, including start and end, (M,).
        batch: The number of captions of a batch.
        seed: The seed of the training.
        epoch: The epoch, from 0.
        padded: The lengths to which captions are padded; None takes those of `padded_lengths`.

    Raises:
        ArgumentError: If `batch` is below 1.
    """
    _check_batch(batch)
    padded = padded_lengths(lengths) if padded is None else padded
    random = _generator(seed, epoch)
    buckets = _fill_buckets(random.permutation(len(lengths)), lengths, padded, batch)
    steps = [
        Step(owner[rows], rows, np.arange(len(rows), dtype=np.int32), length)
        for rows, length in buckets
    ]
    return [steps[position] for position in random.permutation(len(steps))]


def by_image(
    owner: np.ndarray,
    lengths: np.ndarray,
    *,
    batch: int,
    captions: int,
    seed: int,
    epoch: int,
    padded: tuple[int, ...] | None = None,
) -> Plan:
    """Plan an epoch that contains every captioned image once, with `captions` of its captions.

    The captions of an image share its clip, which suits a model that contains the CNN. Successive
    epochs rotate through the captions of an image; an image with too few captions repeats some.

    Args:
        owner: The sample of each caption, (M,).
        lengths: The number of words of each caption, including start and end, (M,).
        batch: The number of images of a batch.
        captions: The number of captions per image.
        seed: The seed of the training.
        epoch: The epoch, from 0.
        padded: The lengths to which captions are padded; None takes those of `padded_lengths`.

    Raises:
        ArgumentError: If `batch` or `captions` is below 1.
    """
    _check_batch(batch)
    padded = padded_lengths(lengths) if padded is None else padded
    images, rows = _rotate_captions(owner, captions, seed, epoch)
    order = _generator(seed, epoch).permutation(len(images))
    steps = []
    for first in range(0, len(order), batch):
        part = order[first : first + batch]
        clips = np.arange(len(part), dtype=np.int32)
        length = _padded_length(lengths[rows[part]].max(), padded)
        steps.append(Step(images[part], rows[part].reshape(-1), np.repeat(clips, captions), length))
    return steps


def with_references(
    owner: np.ndarray, lengths: np.ndarray, *, batch: int, seed: int, epoch: int
) -> Plan:
    """Plan an epoch that contains every captioned image once, with all of its captions.

    All images have the same number of rows and all batches the same length, so that few array
    shapes occur; missing captions have the row −1.

    Args:
        owner: The sample of each caption, (M,), in ascending order.
        lengths: The number of words of each caption, including start and end, (M,).
        batch: The number of images of a batch.
        seed: The seed of the training.
        epoch: The epoch, from 0.

    Raises:
        ArgumentError: If `batch` is below 1.
    """
    _check_batch(batch)
    images, starts, counts = np.unique(owner, return_index=True, return_counts=True)
    place = np.arange(counts.max(initial=1))
    rows = np.where(place < counts[:, None], starts[:, None] + place, -1)
    order = _generator(seed, epoch).permutation(len(images))
    parts = [order[first : first + batch] for first in range(0, len(order), batch)]
    clips = np.repeat(np.arange(batch, dtype=np.int32), len(place))
    return [
        Step(images[part], rows[part].reshape(-1), clips[: rows[part].size], int(lengths.max()))
        for part in parts
    ]


def in_order(samples: int, *, batch: int) -> Plan:
    """Plan batches of all samples in order and without captions, for inference.

    Args:
        samples: The number of samples.
        batch: The number of samples of a batch.

    Raises:
        ArgumentError: If `batch` is below 1.
    """
    _check_batch(batch)
    none = np.zeros(0, np.int32)
    return [
        Step(np.arange(first, min(first + batch, samples)), none, none, 0)
        for first in range(0, samples, batch)
    ]


def padded_lengths(lengths: np.ndarray, count: int = 6) -> tuple[int, ...]:
    """Return the padded lengths with the least total padding, found by dynamic programming.

    Args:
        lengths: The lengths of the captions, (M,).
        count: The maximum number of padded lengths.

    Returns:
        At most `count` lengths in ascending order; the last one is the maximum of `lengths`.
    """
    values, frequencies = np.unique(np.asarray(lengths), return_counts=True)
    if len(values) <= count:
        return tuple(values.tolist())
    total = np.concatenate([[0], np.cumsum(frequencies)])
    # cost[j]: the smallest total padded size of captions with the j smallest distinct lengths.
    cost = np.where(np.arange(len(values) + 1) > 0, np.inf, 0.0)
    choices = []
    for _ in range(count):
        # options[j, i]: cost[j] if lengths number i … j−1 are padded to the largest of them.
        options = cost[None, :] + np.concatenate([[0], values])[:, None] * (
            total[:, None] - total[None, :]
        )
        options[np.triu_indices(len(values) + 1)] = np.inf
        choices.append(options.argmin(axis=1))
        cost = options.min(axis=1)
    chosen, end = [], len(values)
    for choice in reversed(choices):
        chosen.append(int(values[end - 1]))
        end = choice[end]
    return tuple(reversed(chosen))


def _generator(seed: int, epoch: int) -> np.random.Generator:
    return np.random.default_rng([seed, epoch])


def _check_batch(batch: int) -> None:
    """Raise ArgumentError unless the batch size is positive."""
    if batch < 1:
        raise ArgumentError(f"batch: expected at least 1. Received: batch={batch}; raise it.")


def _fill_buckets(
    order: np.ndarray, lengths: np.ndarray, padded: tuple[int, ...], batch: int
) -> list[tuple[np.ndarray, int]]:
    """Group captions of similar lengths; return (captions, padded length) of each batch.

    Captions that do not fill a batch move to the next longer padded length, so that only the last
    batch is smaller.
    """
    batches, rest = [], order[:0]
    for shorter, length in pairwise((0, *padded)):
        fits = (lengths[order] > shorter) & (lengths[order] <= length)
        rows = np.concatenate([rest, order[fits]])
        full = len(rows) // batch * batch
        batches += [(rows[first : first + batch], length) for first in range(0, full, batch)]
        rest = rows[full:]
    if len(rest):
        batches.append((rest, _padded_length(lengths[rest].max(), padded)))
    return batches


def _rotate_captions(
    owner: np.ndarray, captions: int, seed: int, epoch: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return the images with captions, (I,), and the captions of each in this epoch, (I, captions).

    The captions of an image have one random order for all epochs. Each epoch takes the next
    `captions` captions in this order, starting over at its end.
    """
    if captions < 1:
        raise ArgumentError(
            f"captions: expected at least one per image. Received: captions={captions}; raise it."
        )
    rows = np.random.default_rng([seed, 0, 1]).permutation(len(owner))
    rows = rows[np.argsort(owner[rows], kind="stable")]
    images, starts, counts = np.unique(owner[rows], return_index=True, return_counts=True)
    turn = (epoch * captions + np.arange(captions)) % counts[:, None]
    return images, rows[starts[:, None] + turn]


def _padded_length(longest: int, padded: tuple[int, ...]) -> int:
    """Return the smallest padded length of at least `longest`, or `longest` if there is none."""
    return next((length for length in padded if length >= longest), int(longest))
