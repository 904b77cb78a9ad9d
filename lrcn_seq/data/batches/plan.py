"""Batch plans: which sentences and pictures make up every batch of an epoch, decided before it begins.

A plan is a list of `Step`s and a pure function of (seed, epoch): to resume is to slice, `plan[step:]`; to share the work is
to take a part of every batch. Shapes are few: sentences are padded to a handful of lengths, and batches are of equal size
but for the last.
"""

from __future__ import annotations

from itertools import pairwise
from typing import NamedTuple

import numpy as np

from lrcn_seq.errors import ArgumentError


class Step(NamedTuple):
    """One batch: the sample of each of P clips, B rows of sentences, the clip of each sentence, and the padded length L."""

    samples: np.ndarray
    rows: np.ndarray
    owner: np.ndarray
    length: int


Plan = list[Step]


class Shard(NamedTuple):
    """This process's part of every batch: `index` of `count`."""

    index: int = 0
    count: int = 1


ALL = Shard()


def by_caption(
    owner: np.ndarray,
    lengths: np.ndarray,
    *,
    batch: int,
    seed: int,
    epoch: int,
    padded: tuple[int, ...] | None = None,
    shard: Shard = ALL,
) -> Plan:
    """Every sentence once, in batches of similar length; each sentence has a clip of its own (for stored features).

    Args:
        owner: (M,) the sample of each sentence.
        lengths: (M,) words of each, with start and end.
        batch: sentences in a batch (of all processes together).
        padded: the lengths to pad to; None chooses by `padded_lengths`.
    """
    _check(batch, shard)
    padded = padded_lengths(lengths) if padded is None else padded
    random = _random(seed, epoch)
    groups = _buckets(random.permutation(len(lengths)), lengths, padded, batch)
    steps = [
        _own_clips(owner, part, length)
        for rows, length in groups
        if len(part := _share(rows, shard))
    ]
    return [steps[position] for position in random.permutation(len(steps))]


def by_picture(
    owner: np.ndarray,
    lengths: np.ndarray,
    *,
    batch: int,
    captions: int,
    seed: int,
    epoch: int,
    padded: tuple[int, ...] | None = None,
    shard: Shard = ALL,
) -> Plan:
    """Every picture once, with `captions` of its sentences (for a CNN in the graph: each is decoded and encoded once).

    A picture with more sentences shows others in the next epoch, and all in turn; one with fewer repeats some.

    Args:
        batch: pictures in a batch (of all processes together).
    """
    _check(batch, shard)
    padded = padded_lengths(lengths) if padded is None else padded
    pictures, chosen = _chosen(owner, captions, seed, epoch)
    order = _random(seed, epoch).permutation(len(pictures))
    steps = []
    for first in range(0, len(order), batch):
        whole = order[first : first + batch]
        part = _share(whole, shard)
        if len(part):
            length = _padded_to(lengths[chosen[whole]].max(), padded)
            steps.append(
                Step(
                    pictures[part],
                    chosen[part].reshape(-1),
                    np.repeat(np.arange(len(part), dtype=np.int32), captions),
                    length,
                )
            )
    return steps


def in_order(samples: int, *, batch: int) -> Plan:
    """Every sample once, in order and without sentences: for decoding, where `samples` is their number."""
    _check(batch, ALL)
    none = np.zeros(0, np.int32)
    return [
        Step(np.arange(first, min(first + batch, samples)), none, none, 0)
        for first in range(0, samples, batch)
    ]


def padded_lengths(lengths: np.ndarray, count: int = 6) -> tuple[int, ...]:
    """At most `count` lengths to pad to that together waste the least padding (exact, by dynamic programming)."""
    values, times = np.unique(np.asarray(lengths), return_counts=True)
    if len(values) <= count:
        return tuple(values.tolist())
    total = np.concatenate([[0], np.cumsum(times)])
    cost = np.where(np.arange(len(values) + 1) > 0, np.inf, 0.0)
    choices = []
    for _ in range(count):
        # options[j, i]: the lengths i … j−1 are padded to the last of them, what comes before as well as could be.
        options = cost[None, :] + np.concatenate([[0], values])[:, None] * (
            total[:, None] - total[None, :]
        )
        options[np.triu_indices(len(values) + 1)] = np.inf
        choices.append(options.argmin(axis=1))
        cost = options.min(axis=1)
    ends, end = [], len(values)
    for choice in reversed(choices):
        ends.append(int(values[end - 1]))
        end = choice[end]
    return tuple(reversed(ends))


def _random(seed: int, epoch: int) -> np.random.Generator:
    return np.random.default_rng([seed, epoch])


def _check(batch: int, shard: Shard) -> None:
    if batch < 1 or batch % shard.count:
        raise ArgumentError(
            f"batch: expected a positive multiple of the number of processes. Received: batch={batch}, processes={shard.count}."
        )


def _share(items: np.ndarray, shard: Shard) -> np.ndarray:
    """Equal parts for all processes; what cannot be shared (fewer than there are processes, in the last batch) is left out."""
    each = len(items) // shard.count
    return items[shard.index * each : (shard.index + 1) * each]


def _buckets(
    order: np.ndarray, lengths: np.ndarray, padded: tuple[int, ...], batch: int
) -> list[tuple[np.ndarray, int]]:
    """Batches of each padded length; what is left of one goes up to the next, so that only the very last is short."""
    groups, rest = [], order[:0]
    for below, length in pairwise((0, *padded)):
        rows = np.concatenate([rest, order[(lengths[order] > below) & (lengths[order] <= length)]])
        whole = len(rows) // batch * batch
        groups += [(rows[first : first + batch], length) for first in range(0, whole, batch)]
        rest = rows[whole:]
    return [*groups, (rest, _padded_to(lengths[rest].max(), padded))] if len(rest) else groups


def _own_clips(owner: np.ndarray, rows: np.ndarray, length: int) -> Step:
    return Step(owner[rows], rows, np.arange(len(rows), dtype=np.int32), length)


def _chosen(
    owner: np.ndarray, captions: int, seed: int, epoch: int
) -> tuple[np.ndarray, np.ndarray]:
    """The samples that have sentences, and (pictures, captions) rows of each for this epoch."""
    if captions < 1:
        raise ArgumentError(
            f"captions: expected at least one a picture. Received: captions={captions}."
        )
    # One shuffle of all sentences for the whole training, then a window that moves with the epoch.
    rows = np.random.default_rng([seed, 0, 1]).permutation(len(owner))
    rows = rows[np.argsort(owner[rows], kind="stable")]
    pictures, starts, counts = np.unique(owner[rows], return_index=True, return_counts=True)
    turn = (epoch * captions + np.arange(captions)) % counts[:, None]
    return pictures, rows[starts[:, None] + turn]


def _padded_to(longest: int, padded: tuple[int, ...]) -> int:
    return next((length for length in padded if length >= longest), int(longest))
