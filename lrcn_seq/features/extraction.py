"""Feature extraction, with threads that decode ahead of the encoder in bounded memory.

The last bits of the features of a frame may depend on the number of frames in the batch and on the
place of the frame in the batch, because libraries choose and split their computations by shape. The
features of an item must not depend on the other items that are extracted or were stored before.
Therefore all batches have the same size, and the place of a frame in its batch is determined by the
key of the item and the number of the frame: frame t of an item is at place (p + t) mod `BATCH`,
where p is a hash of the key. The other frames of a batch do not affect the features of the frame.
"""

from __future__ import annotations

import os
import time
import zlib
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from functools import partial
from typing import NamedTuple

import numpy as np

from lrcn_seq.data.grain_import import import_grain
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

BATCH = 16
"""Number of frames per call of the encoder, on which the last bits of features depend."""
WAITING_BATCHES = 8
"""Number of batches of decoded frames that may wait until every place of a batch has a frame."""
FLUSH_SECONDS = 2.0
"""Seconds between two writes of features; a killed process loses the work since the last write."""
FLUSH_BYTES = 64 << 20
"""Number of bytes of buffered features above which the features are written."""


class Item(NamedTuple):
    """A sample whose features are to be stored.

    Attributes:
        id: id of the sample.
        key: key of the features.
        read: returns the frames (T, H, W, 3) of the sample.
        frames: number T of frames, or 1 if unknown; if items are long, fewer items are read ahead.
    """

    id: str
    key: str
    read: Callable[[], np.ndarray]
    frames: int = 1


class DecodedItem(NamedTuple):
    """An item with its frames (T, H, W, 3), or with the error if they cannot be read."""

    item: Item
    frames: np.ndarray | MediaError


def items_of(
    samples: Sequence[Sample],
    reader: MediaReader,
    *,
    sampling: Sampling | None = None,
    threads: int | None = None,
) -> tuple[list[Item], list[UnreadableSample]]:
    """Return an item for each readable sample, and the samples whose files cannot be read.

    Args:
        samples: the samples.
        reader: the reader of media; its content index caches hashes and frame times.
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
    threads: int | None = None,
    progress: Progress | None = None,
) -> list[UnreadableSample]:
    """Store the features of all items that have no stored features yet.

    Args:
        store: the store.
        items: the media to encode.
        encode: the encoder, called with batches of `BATCH` frames; unused places are zero.
        threads: number of items decoded in parallel; None for one per core.
        progress: called after each encoded item and at the end.

    Returns:
        The samples whose media cannot be read.

    Raises:
        DataError: the features cannot be stored.
    """
    missing = set(store.missing(item.key for item in items))
    todo = list({item.key: item for item in items if item.key in missing}.values())
    unreadable: list[UnreadableSample] = []
    buffer = _Buffer(store, progress, done=len(items) - len(todo), total=len(items))
    decoded = _decoded(todo, threads or os.cpu_count() or 1)
    try:
        with closing(decoded):
            for key, features in _encoded(_readable(decoded, unreadable), encode):
                buffer.add(key, features)
    finally:
        buffer.flush()
    if progress:
        progress(len(items), len(items))
    return unreadable


class _Buffer:
    """A buffer of features, written to the store after `FLUSH_SECONDS` or above `FLUSH_BYTES`."""

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


def _decoded(items: Sequence[Item], threads: int) -> Generator[DecodedItem]:
    """Yield items with their frames, in order, decoded ahead by threads.

    About two batches of frames, but at least one item per thread, are decoded ahead.
    """
    grain = import_grain()
    longest = max((item.frames for item in items), default=1)
    ahead = max(threads, 2 * BATCH // max(longest, 1))
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
    """Yield the readable items with their frames, and add the others to `unreadable`."""
    for item, frames in decoded:
        if isinstance(frames, MediaError):
            unreadable.append(UnreadableSample(item.id, frames.path, frames.reason))
        else:
            yield item, frames


class _EncodedItem:
    """The frames of an item, and the features computed so far."""

    def __init__(self, key: str, frames: np.ndarray):
        self.key, self.frames, self.missing = key, frames, len(frames)
        self.features: np.ndarray | None = None

    def set_feature(self, number: int, feature: np.ndarray) -> None:
        """Set the feature (R, D) of a frame."""
        if self.features is None:
            self.features = np.empty((len(self.frames), *feature.shape), feature.dtype)
        self.features[number] = feature
        self.missing -= 1


class _Places:
    """Queues of frames, one for each place of a batch."""

    def __init__(self) -> None:
        self.queues: list[deque[tuple[_EncodedItem, int]]] = [deque() for _ in range(BATCH)]
        self.count = 0

    def add(self, item: _EncodedItem) -> None:
        """Add the frames of an item to the queues of their places."""
        first = zlib.crc32(item.key.encode("utf-8", "surrogateescape"))
        for number in range(len(item.frames)):
            self.queues[(first + number) % BATCH].append((item, number))
        self.count += len(item.frames)

    @property
    def is_due(self) -> bool:
        """Whether every place of the next batch has a frame, or too many frames are waiting."""
        return all(self.queues) or self.count > WAITING_BATCHES * BATCH

    def encode(self, encode: Encode) -> None:
        """Encode the first frame of every queue as a batch, and hand the features to the items."""
        chosen = [queue.popleft() if queue else None for queue in self.queues]
        item, number = next(pair for pair in chosen if pair)
        batch = np.zeros((BATCH, *item.frames[number].shape), item.frames.dtype)
        for place, pair in enumerate(chosen):
            if pair:
                batch[place] = pair[0].frames[pair[1]]
        for feature, pair in zip(np.asarray(encode(batch)), chosen, strict=True):
            if pair:
                pair[0].set_feature(pair[1], feature)
                self.count -= 1


def _encoded(
    decoded: Iterable[tuple[Item, np.ndarray]], encode: Encode
) -> Iterator[tuple[str, np.ndarray]]:
    """Encode the frames of items, and yield each key with its features (T, R, D), in order."""
    places, items = _Places(), deque[_EncodedItem]()
    for item, frames in decoded:
        items.append(_EncodedItem(item.key, frames))
        places.add(items[-1])
        while places.is_due:
            places.encode(encode)
        yield from _finished(items)
    while places.count:
        places.encode(encode)
    yield from _finished(items)


def _finished(items: deque[_EncodedItem]) -> Iterator[tuple[str, np.ndarray]]:
    """Remove the completed items at the front, and yield their keys and features."""
    while items and not items[0].missing:
        item = items.popleft()
        if item.features is not None:
            yield item.key, item.features
