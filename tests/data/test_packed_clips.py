"""Clips packed without padding, and streamed in bounded memory."""

import numpy as np
import pytest

from lrcn_seq.data.clip_selection import ClipSelection
from lrcn_seq.data.packed_clips import concatenate_clips, iter_clips, pack_clips, pad_rows
from lrcn_seq.records import Clips


def numbered(numbers, offset: int = 0) -> np.ndarray:
    """Return frames (T, 1, 1, 3) whose pixel values are the given numbers plus an offset."""
    return np.asarray(numbers)[:, None, None, None] + np.full((1, 1, 1, 3), offset)


def shown(clips: Clips) -> list[list[int]]:
    """Return the value of each frame of each clip, and −1 for padding."""
    frames = clips.frames[:, 0, 0, 0]
    return [[int(frames[row]) if row >= 0 else -1 for row in rows] for rows in clips.index]


def test_clips_of_different_lengths_are_packed():
    """Clips of different lengths are packed into one array of frames without padding."""
    frames = [numbered([7, 7]), numbered([]), numbered([9])]
    clips = pack_clips([ClipSelection(sample) for sample in range(3)], lambda s, n, v: [frames[s]])
    assert clips.frames[:, 0, 0, 0].tolist() == [7, 7, 9]
    np.testing.assert_array_equal(clips.index, [[0, 1], [-1, -1], [2, -1]])
    assert clips.index.dtype == np.int32


def test_frames_shared_by_clips_are_read_and_stored_once():
    """A frame that several clips of a sample share is read and stored once."""
    calls = []

    def read(sample, numbers, views):
        calls.append((sample, numbers.tolist(), views))
        return [numbered(numbers, 100 * sample)]

    windows = [(5, [0, 1, 2]), (3, [4, 6]), (5, [1, 2, 8])]
    clips = pack_clips([ClipSelection(s, np.array(n)) for s, n in windows], read)
    assert calls == [(5, [0, 1, 2, 8], [0]), (3, [4, 6], [0])]
    assert len(clips.frames) == 6
    assert shown(clips) == [[500, 501, 502], [304, 306, -1], [501, 502, 508]]


def test_each_view_is_packed_by_itself():
    """Only the selected views of a clip are read and packed."""
    selections = [ClipSelection(0, np.array([1, 2]), view) for view in (4, 2)]
    clips = pack_clips(selections, lambda s, n, views: [numbered(n, 10 * v) for v in views])
    assert shown(clips) == [[41, 42], [21, 22]]


def test_concatenating_shifts_the_rows():
    """Concatenating packed clips shifts their indices and pads them to the longest clip."""
    one = Clips(numbered([1, 2, 3]), np.array([[0, 1], [2, -1]], np.int32))
    other = Clips(numbered([4, 5, 6]), np.array([[0, 1, 2]], np.int32))
    clips = concatenate_clips([one, other])
    assert shown(clips) == [[1, 2, -1], [3, -1, -1], [4, 5, 6]]


@pytest.mark.parametrize("batch", [1, 2, 10])
def test_iterated_clips_show_their_frames(batch):
    """`iter_clips` yields overlapping clips in order, `batch` clips at a time."""
    selections = [np.arange(start, start + 4) for start in (0, 2, 4, 9)]
    needed = np.unique(np.concatenate(selections)).tolist()
    frames = ((number, numbered([number])[0]) for number in needed)
    batches = list(iter_clips(frames, selections, batch=batch))
    assert [len(clips.index) for clips in batches] == [min(batch, 4)] * (4 // min(batch, 4))
    clips = [clip for packed in batches for clip in shown(packed)]
    assert clips == [row.tolist() for row in selections]


def test_iterated_clips_come_in_all_views():
    """`iter_clips` yields all views of a clip before the next clip."""
    frames = ((number, numbered([number])[0]) for number in range(3))
    selections = [np.array([0, 1]), np.array([1, 2])]
    views = lambda clip: [clip, clip + 10]  # noqa: E731
    (clips,) = iter_clips(frames, selections, batch=2, views=views)
    assert shown(clips) == [[0, 1], [10, 11], [1, 2], [11, 12]]


def test_iterating_keeps_only_frames_that_are_needed():
    """`iter_clips` keeps only those frames in memory that later clips need."""
    alive, most = set(), []

    class Frame(np.ndarray):
        def __del__(self):
            alive.discard(id(self))

    def frames():
        for number in range(1000):
            frame = numbered([number])[0].view(Frame)
            alive.add(id(frame))
            most.append(len(alive))
            yield number, frame

    selections = [np.arange(start, start + 4) for start in range(0, 1000, 4)]
    assert sum(len(clips.index) for clips in iter_clips(frames(), selections, batch=1)) == 250
    assert max(most) <= 8


def test_rows_are_padded_to_the_longest():
    """Arrays of different lengths become the int32 rows of one array, padded to the longest."""
    rows = [np.array([1, 2]), np.array([], int), np.array([3])]
    np.testing.assert_array_equal(pad_rows(rows), [[1, 2], [-1, -1], [3, -1]])
    np.testing.assert_array_equal(pad_rows(rows, fill=0), [[1, 2], [0, 0], [3, 0]])
    assert pad_rows([]).shape == (0, 0)
    assert pad_rows(rows).dtype == np.int32
