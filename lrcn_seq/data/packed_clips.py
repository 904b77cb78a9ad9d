"""Clips packed into one array of frames: reading, concatenation, and streaming of long videos."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

import numpy as np

from lrcn_seq.data.clip_selection import ClipSelection
from lrcn_seq.records import Clips

ReadFrames = Callable[[int, np.ndarray | None, list[int]], list[np.ndarray]]
"""A function that takes a sample, ascending frame numbers (T,) or None for all frames, and test
views; it returns the frames (T, ...) in each of these views."""


def pack_clips(selections: Sequence[ClipSelection], read: ReadFrames) -> Clips:
    """Read clips and pack their frames into one array.

    A sample is read once, and frames shared by several of its clips are stored once.

    Args:
        selections: the clips.
        read: reads the frames of one sample.

    Returns:
        P clips, in the order of the selections.
    """
    by_sample: dict[int, list[ClipSelection]] = {}
    for selection in selections:
        by_sample.setdefault(selection.sample, []).append(selection)
    pieces: list[np.ndarray] = []
    count = 0
    rows: dict[tuple[int, int], tuple[int, int, np.ndarray | None]] = {}
    for sample, clips in by_sample.items():
        numbers = _all_numbers(clips)
        views = sorted({clip.view for clip in clips})
        for view, frames in zip(views, read(sample, numbers, views), strict=True):
            rows[sample, view] = count, len(frames), numbers
            pieces.append(frames)
            count += len(frames)
    index = [_rows(clip.numbers, *rows[clip.sample, clip.view]) for clip in selections]
    return Clips(np.concatenate(pieces), pad_rows(index))


def concatenate_clips(clips: Sequence[Clips]) -> Clips:
    """Concatenate packed clips."""
    starts = np.cumsum([0, *(len(packed.frames) for packed in clips[:-1])])
    index = [
        np.where(row < 0, -1, row + start)
        for packed, start in zip(clips, starts, strict=True)
        for row in packed.index
    ]
    return Clips(np.concatenate([packed.frames for packed in clips]), pad_rows(index))


def iter_clips(
    frames: Iterable[tuple[int, np.ndarray]],
    selections: Sequence[np.ndarray],
    *,
    batch: int,
    views: Callable[[np.ndarray], list[np.ndarray]] = lambda clip: [clip],
) -> Iterator[Clips]:
    """Yield the clips of one video in all views.

    Only frames that are still needed are kept, so that memory does not grow with the video.

    Args:
        frames: (number, frame) pairs of all selected frames, in ascending order of number.
        selections: frame numbers (T,) of each clip, in the order of the video.
        batch: number of selections per batch.
        views: returns the views of frames (T, ...); the views of a clip are yielded consecutively.
    """
    remaining = iter(frames)
    kept: dict[int, np.ndarray] = {}
    for first in range(0, len(selections), batch):
        group = selections[first : first + batch]
        needed = np.unique(np.concatenate(group)).tolist()
        kept = {number: frame for number, frame in kept.items() if number >= needed[0]}
        while needed[-1] not in kept:
            number, frame = next(remaining)
            kept[number] = frame
        yield _pack_views(group, views(np.stack([kept[number] for number in needed])))


def pad_rows(rows: Sequence[np.ndarray], fill: int = -1) -> np.ndarray:
    """Stack P rows of different lengths T into (P, longest T) int32, padded at the end."""
    table = np.full((len(rows), max(map(len, rows), default=0)), fill, np.int32)
    for place, row in enumerate(rows):
        table[place, : len(row)] = row
    return table


def _pack_views(numbers: Sequence[np.ndarray], views: list[np.ndarray]) -> Clips:
    """Pack clips of one sample, each in every view."""
    selections = [ClipSelection(0, row, view) for row in numbers for view in range(len(views))]
    return pack_clips(selections, lambda sample, numbers, wanted: views)  # noqa: ARG005


def _all_numbers(clips: Sequence[ClipSelection]) -> np.ndarray | None:
    """Return the frame numbers of all clips of one sample, ascending; None for all frames."""
    numbers = [clip.numbers for clip in clips if clip.numbers is not None]
    return np.unique(np.concatenate(numbers)) if numbers else None


def _rows(
    numbers: np.ndarray | None, start: int, count: int, stored: np.ndarray | None
) -> np.ndarray:
    """Return the packed rows of a clip whose sample occupies `count` rows from `start`."""
    if numbers is None or stored is None:
        return start + np.arange(count)
    return start + np.searchsorted(stored, numbers)
