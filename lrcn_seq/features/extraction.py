"""Feature extraction, with threads that decode ahead of the encoder in bounded memory."""

from __future__ import annotations

import os
import time
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from functools import partial
from typing import NamedTuple

import numpy as np

from lrcn_seq.data.media.base import name_of
from lrcn_seq.data.media.reader import MediaReader
from lrcn_seq.data.samplings.base import Sampling
from lrcn_seq.data.survey import UnreadableSample
from lrcn_seq.errors import MediaError
from lrcn_seq.features.key import key_of
from lrcn_seq.features.store import FeatureStore
from lrcn_seq.progress import Progress
from lrcn_seq.records import Sample

Encode = Callable[[np.ndarray], np.ndarray]
"""Called with frames (N, H, W, 3) uint8; returns their features (N, R, D)."""

FLUSH_SECONDS = 2.0
"""Interval at which features are written, which bounds the work that a killed process loses."""
FLUSH_BYTES = 64 << 20
"""Size of the buffered features above which they are written."""


class Item(NamedTuple):
    """The media of a sample whose features are to be stored.

    Attributes:
        id: id of the sample.
        key: key of its features.
        read: returns its frames (T, H, W, 3).
        frames: number T of frames if known, otherwise 1; it bounds the number of items read ahead.
    """

    id: str
    key: str
    read: Callable[[], np.ndarray]
    frames: int = 1


class DecodedItem(NamedTuple):
    """An item with its frames (T, H, W, 3), or with the error of reading them."""

    item: Item
    frames: np.ndarray | MediaError


def items_of(
    samples: Sequence[Sample],
    reader: MediaReader,
    *,
    sampling: Sampling | None = None,
    threads: int | None = None,
) -> tuple[list[Item], list[UnreadableSample]]:
    """Return an item for each sample, and the samples whose files cannot be read.

    Args:
        samples: the samples.
        reader: reads their media; its content index caches hashes and frame times.
        sampling: selects the frames to store, each once even if clips overlap; None for all frames.
        threads: number of files hashed in parallel; None for one per core.
    """

    def content(sample: Sample) -> tuple[str, np.ndarray | None] | MediaError:
        try:
            numbers = None if sampling is None else sampling.candidates(reader.times(sample.media))
            return reader.content_hash(sample.media), numbers
        except MediaError as error:
            return error

    with ThreadPoolExecutor(threads or os.cpu_count() or 1) as pool:
        contents = list(pool.map(content, samples))
    items, unreadable = [], []
    for sample, found in zip(samples, contents, strict=True):
        if isinstance(found, MediaError):
            unreadable.append(UnreadableSample(sample.id, name_of(sample.media), found.reason))
            continue
        key = key_of(*found, reader.modality)
        frames = 1 if found[1] is None else len(found[1])
        read = partial(reader.frames, sample.media, found[1])
        items.append(Item(sample.id, key, read, frames))
    return items, unreadable


def extract(
    store: FeatureStore,
    items: Sequence[Item],
    encode: Encode,
    *,
    batch: int = 32,
    threads: int | None = None,
    progress: Progress | None = None,
) -> list[UnreadableSample]:
    """Store the features of all items that have no stored features yet.

    Args:
        store: the store.
        items: the media to encode.
        encode: the encoder.
        batch: frames per call of the encoder. Batches span items, and the last one is padded with
            zeros, so that the encoder compiles once; a single short batch is not padded.
        threads: number of items decoded in parallel; None for one per core.
        progress: called after each item.

    Returns:
        The samples whose media cannot be read.

    Raises:
        DataError: the features cannot be stored.
    """
    missing = set(store.missing(item.key for item in items))
    todo = list({item.key: item for item in items if item.key in missing}.values())
    unreadable: list[UnreadableSample] = []
    buffer = _Buffer(store, progress, done=len(items) - len(todo), total=len(items))
    decoded = _decoded(todo, threads or os.cpu_count() or 1, batch)
    try:
        with closing(decoded):
            for key, features in _encoded(_readable(decoded, unreadable), encode, batch):
                buffer.add(key, features)
    finally:
        buffer.flush()
    if progress:
        progress(len(items), len(items))
    return unreadable


class _Buffer:
    """A buffer of features, which is written to the store when it is old or large."""

    def __init__(self, store: FeatureStore, progress: Progress | None, *, done: int, total: int):
        self.store, self.progress, self.done, self.total = store, progress, done, total
        self.keys: list[str] = []
        self.features: list[np.ndarray] = []
        self.flushed, self.size = time.monotonic(), 0

    def add(self, key: str, features: np.ndarray) -> None:
        self.keys.append(key)
        self.features.append(features)
        self.size += features.nbytes
        self.done += 1
        if self.progress:
            self.progress(self.done, self.total)
        if self.size > FLUSH_BYTES or time.monotonic() - self.flushed > FLUSH_SECONDS:
            self.flush()

    def flush(self) -> None:
        keys, features, self.keys, self.features, self.size = self.keys, self.features, [], [], 0
        if keys:
            self.store.append(keys, features)
        self.flushed = time.monotonic()


def _decoded(items: Sequence[Item], threads: int, batch: int) -> Generator[DecodedItem]:
    """Yield items with their frames, in order, decoded ahead by threads.

    About two batches of frames, but at least one item per thread, are decoded ahead.
    """
    import grain

    longest = max((item.frames for item in items), default=1)
    ahead = max(threads, 2 * batch // max(longest, 1))
    options = grain.ReadOptions(num_threads=threads, prefetch_buffer_size=ahead)
    dataset = grain.MapDataset.source(items).map(_decode).to_iter_dataset(options)
    with closing(iter(dataset)) as decoded:
        yield from decoded


def _decode(item: Item) -> DecodedItem:
    try:
        return DecodedItem(item, item.read())
    except MediaError as error:
        return DecodedItem(item, error)


def _readable(
    decoded: Iterable[DecodedItem], unreadable: list[UnreadableSample]
) -> Iterator[tuple[Item, np.ndarray]]:
    """Yield the items that were read, and add the others to `unreadable`."""
    for item, frames in decoded:
        if isinstance(frames, MediaError):
            unreadable.append(UnreadableSample(item.id, frames.path, frames.reason))
        else:
            yield item, frames


def _encoded(
    decoded: Iterable[tuple[Item, np.ndarray]], encode: Encode, batch: int
) -> Iterator[tuple[str, np.ndarray]]:
    """Yield keys with their features (T, R, D). A batch may contain frames of several items."""
    waiting: deque[tuple[str, int]] = deque()
    encoded: deque[np.ndarray] = deque()
    count = 0
    for frames, length in _batches(decoded, waiting, batch):
        encoded.append(np.asarray(encode(frames))[:length])
        count += length
        while waiting and waiting[0][1] <= count:
            key, rows = waiting.popleft()
            yield key, _pop_rows(encoded, rows)
            count -= rows


def _batches(
    decoded: Iterable[tuple[Item, np.ndarray]], waiting: deque[tuple[str, int]], batch: int
) -> Iterator[tuple[np.ndarray, int]]:
    """Group the frames of decoded items into batches of one size.

    Args:
        decoded: items with their frames.
        waiting: a queue to which the key and the number of frames of every item are appended.
        batch: number of frames per batch.

    Yields:
        A batch and the number of its frames without padding. The last batch is padded with zeros,
        unless it is the only one.
    """
    pieces: deque[np.ndarray] = deque()
    count, is_first = 0, True
    for item, frames in decoded:
        waiting.append((item.key, len(frames)))
        pieces.append(frames)
        count += len(frames)
        while count >= batch:
            yield _pop_rows(pieces, batch), batch
            count, is_first = count - batch, False
    if count:
        rest = _pop_rows(pieces, count)
        yield rest if is_first else _pad(rest, batch), count


def _pad(frames: np.ndarray, batch: int) -> np.ndarray:
    """Return frames padded with zeros to a batch."""
    zeros = np.zeros((batch - len(frames), *frames.shape[1:]), frames.dtype)
    return np.concatenate([frames, zeros])


def _pop_rows(pieces: deque[np.ndarray], rows: int) -> np.ndarray:
    """Remove the first rows from a queue of arrays, and return them as one array."""
    taken = []
    while rows:
        piece = pieces.popleft()
        if len(piece) > rows:
            pieces.appendleft(piece[rows:])
            piece = piece[:rows]
        taken.append(piece)
        rows -= len(piece)
    return taken[0] if len(taken) == 1 else np.concatenate(taken)
