"""Which frames of which video a clip shows: in training by chance, in testing all that the sampling wants."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

from lrcn_seq.data.contents import Contents
from lrcn_seq.data.media import times_of
from lrcn_seq.data.pictures import PIXELS_LIMIT
from lrcn_seq.data.samplings.base import Sampling
from lrcn_seq.errors import MediaError
from lrcn_seq.records import Clips

# Evenly spaced times are kept as number and rate, others one by one.
EVEN = 1e-3


class Look(NamedTuple):
    """One clip: the position of a sample, the frame numbers (T,) (None for a picture), and which of the test views."""

    sample: int
    numbers: np.ndarray | None = None
    view: int = 0


Choose = Callable[[int], Look]
"""From a position in a plan to the clip that is meant."""

Read = Callable[[int, np.ndarray | None, list[int]], list[np.ndarray]]
"""A sample, its frame numbers ascending, and test views, to frames (T, ...) in each of these views."""


def looks_in_training(
    times: Sequence[np.ndarray], sampling: Sampling, *, seed: int, epoch: int
) -> Choose:
    """Clips for training: position p of a plan is sample p, and its frames follow from (seed, epoch, p)."""
    return lambda position: Look(
        position, sampling.train(times[position], np.random.default_rng([seed, epoch, position, 1]))
    )


def looks_in_testing(
    times: Sequence[np.ndarray], sampling: Sampling, *, views: int = 1
) -> list[Look]:
    """All clips of testing, sample by sample; what is predicted for those of one sample is averaged."""
    return [
        Look(sample, numbers, view)
        for sample, clock in enumerate(times)
        for numbers in sampling.test(clock)
        for view in range(views)
    ]


def gathered(looks: Sequence[Look], read: Read) -> Clips:
    """The clips of looks, packed. A sample is read once, and frames that several of its clips share stand there once."""
    several: dict[int, list[Look]] = {}
    for look in looks:
        several.setdefault(look.sample, []).append(look)
    pieces, count, places = [], 0, {}
    for sample, clips in several.items():
        numbers = (
            None
            if clips[0].numbers is None
            else np.unique(np.concatenate([look.numbers for look in clips]))
        )
        wanted = sorted({look.view for look in clips})
        for view, frames in zip(wanted, read(sample, numbers, wanted), strict=True):
            places[sample, view] = count, len(frames), numbers
            pieces.append(frames)
            count += len(frames)
    return Clips(
        np.concatenate(pieces),
        padded([_rows(look, *places[look.sample, look.view]) for look in looks]),
    )


def _rows(look: Look, start: int, count: int, numbers: np.ndarray | None) -> np.ndarray:
    return start + (np.arange(count) if numbers is None else np.searchsorted(numbers, look.numbers))


def joined(clips: Sequence[Clips]) -> Clips:
    """Several clips as one batch."""
    starts = np.cumsum([0, *(len(one.frames) for one in clips[:-1])])
    rows = [
        np.where(row < 0, -1, row + start)
        for one, start in zip(clips, starts, strict=True)
        for row in one.index
    ]
    return Clips(np.concatenate([one.frames for one in clips]), padded(rows))


def watched(
    frames: Iterable[tuple[int, np.ndarray]],
    looks: Sequence[np.ndarray],
    *,
    batch: int,
    seen: Callable[[np.ndarray], list[np.ndarray]] = lambda clip: [clip],
) -> Iterator[Clips]:
    """The clips of one video, `batch` looks in each of their views at a time, from its frames in their order.

    Only frames that are still needed are held, so that a long video takes no more memory than a short one.

    Args:
        frames: numbers and frames, ascending; all that the looks name.
        looks: frame numbers (T,) of each clip, in the order of the video.
        seen: turns frames (T, ...) into their views, which stand one after the other.
    """
    frames, held = iter(frames), {}
    for first in range(0, len(looks), batch):
        group = looks[first : first + batch]
        needed = np.unique(np.concatenate(group)).tolist()
        held = {number: frame for number, frame in held.items() if number >= needed[0]}
        while needed[-1] not in held:
            number, frame = next(frames)
            held[number] = frame
        views = seen(np.stack([held[number] for number in needed]))
        yield gathered(
            [Look(0, numbers, view) for numbers in group for view in range(len(views))],
            lambda sample, numbers, wanted: views,
        )  # noqa: ARG005, B023


def padded(rows: Sequence[np.ndarray], fill: int = -1) -> np.ndarray:
    """Rows (T,) of several lengths as (P, longest T) int32, filled up behind."""
    table = np.full((len(rows), max(map(len, rows), default=0)), fill, np.int32)
    for place, row in enumerate(rows):
        table[place, : len(row)] = row
    return table


def known_times(media: Any, contents: Contents, *, pixels_limit: int = PIXELS_LIMIT) -> np.ndarray:
    """When each frame is shown, (F,) seconds; a video is decoded for it once and remembered by content.

    Raises:
        MediaError: it cannot be read.
    """
    if hasattr(media, "draw"):
        return times_of(media)
    name = f"times:{contents.hash(media)}:{pixels_limit}"
    if not contents.knows(name):
        contents.note(name, _measured(media, pixels_limit))
    fact = contents.fact(name)
    if "reason" in fact:
        raise MediaError(str(media), fact["reason"])
    return np.arange(fact["count"]) * fact["step"] if "count" in fact else np.array(fact["times"])


def _measured(media: Any, pixels_limit: int) -> dict[str, Any]:
    try:
        times = times_of(media, pixels_limit=pixels_limit)
    except MediaError as error:
        if error.transient:
            raise
        return {"reason": error.reason}
    step = float(times[-1] / max(len(times) - 1, 1))
    if np.abs(times - np.arange(len(times)) * step).max() < EVEN:
        return {"count": len(times), "step": step}
    return {"times": np.round(times, 4).tolist()}
