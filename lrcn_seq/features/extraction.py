"""Media to stored features: threads decode ahead while the encoder works, in bounded memory."""

from __future__ import annotations

import os
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from hashlib import blake2b
from typing import NamedTuple

import numpy as np

from lrcn_seq.data import flow
from lrcn_seq.data.clips import known_times
from lrcn_seq.data.contents import Contents
from lrcn_seq.data.media import name_of, read_frames, read_views
from lrcn_seq.data.pictures import PIXELS_LIMIT
from lrcn_seq.data.samplings.base import Sampling
from lrcn_seq.data.survey import Loss, Progress
from lrcn_seq.data.views.base import View
from lrcn_seq.errors import MediaError
from lrcn_seq.features.store import FeatureStore
from lrcn_seq.records import Modality, Preprocessing, Sample

Encode = Callable[[np.ndarray], np.ndarray]
"""Frames (N, H, W, 3) uint8 to features (N, R, D)."""

SECONDS_AT_RISK = 2.0
BYTES_IN_MEMORY = 64 << 20


class Item(NamedTuple):
    """What is to be stored under `key`; `read` gives its frames (T, H, W, 3), about `frames` of them."""

    id: str
    key: str
    read: Callable[[], np.ndarray]
    frames: int = 1


def items_of(
    samples: Sequence[Sample],
    preprocessing: Preprocessing,
    *,
    contents: Contents,
    view: View | None = None,
    sampling: Sampling | None = None,
    modality: Modality = "rgb",
    pixels_limit: int = PIXELS_LIMIT,
    threads: int | None = None,
) -> tuple[list[Item], list[Loss]]:
    """An item for each sample, keyed by what its file contains, frame numbers and view, and the samples whose files cannot be read.

    With a sampling, all frames that it may choose are stored, each once, however many clips overlap in it.
    With a view, all its test views are stored under one key, one after the other.
    """

    def found(sample: Sample) -> tuple[str, np.ndarray | None]:
        numbers = (
            None
            if sampling is None
            else sampling.candidates(known_times(sample.media, contents, pixels_limit=pixels_limit))
        )
        return contents.hash(sample.media), numbers

    with ThreadPoolExecutor(threads or os.cpu_count() or 1) as pool:
        results = list(pool.map(lambda sample: _attempt(lambda: found(sample)), samples))
    items, losses = [], []
    for sample, result in zip(samples, results, strict=True):
        if isinstance(result, MediaError):
            losses.append(Loss(sample.id, name_of(sample.media), result.reason))
        else:
            content, numbers = result
            options = {"numbers": numbers, "modality": modality, "pixels_limit": pixels_limit}
            items.append(
                Item(
                    sample.id,
                    key_of(content, numbers, view, modality),
                    partial(_read, sample, preprocessing, view, options),
                    1 if numbers is None else len(numbers),
                )
            )
    return items, losses


def key_of(
    content: str, numbers: np.ndarray | None, view: View | None, modality: Modality = "rgb"
) -> str:
    """What features are stored under: content, frame numbers, view, and whether frames or their motion are seen."""
    frames = (
        "all"
        if numbers is None
        else blake2b(np.asarray(numbers, "<i8").tobytes(), digest_size=12).hexdigest()
    )
    return f"{content}:{frames}:{'' if view is None else view.identity}" + (
        "" if modality == "rgb" else f":{flow.IDENTITY}"
    )


def extract(
    store: FeatureStore,
    items: Sequence[Item],
    encode: Encode,
    *,
    batch: int = 32,
    threads: int | None = None,
    progress: Progress | None = None,
) -> list[Loss]:
    """Stores the features of all items that are not stored yet; gives those whose media cannot be read.

    Batches have exactly `batch` frames (but for a single short one), across items, so that the encoder compiles once.

    Raises:
        DataError: the features cannot be stored.
    """
    missing = set(store.missing(item.key for item in items))
    wanted = list({item.key: item for item in items if item.key in missing}.values())
    losses: list[Loss] = []
    shelf = _Shelf(store, progress, done=len(items) - len(wanted), total=len(items))
    readable = _readable(wanted, losses, threads or os.cpu_count() or 1, batch)
    try:
        for key, features in _encoded(readable, encode, batch):
            shelf.put(key, features)
    finally:
        shelf.clear()
    if progress:
        progress(len(items), len(items))
    return losses


class _Shelf:
    """Features on their way to the store, a few seconds or megabytes at a time."""

    def __init__(self, store: FeatureStore, progress: Progress | None, *, done: int, total: int):
        self.store, self.progress, self.done, self.total = store, progress, done, total
        self.keys: list[str] = []
        self.features: list[np.ndarray] = []
        self.since, self.size = time.monotonic(), 0

    def put(self, key: str, features: np.ndarray) -> None:
        self.keys.append(key)
        self.features.append(features)
        self.size += features.nbytes
        self.done += 1
        if self.progress:
            self.progress(self.done, self.total)
        if self.size > BYTES_IN_MEMORY or time.monotonic() - self.since > SECONDS_AT_RISK:
            self.clear()

    def clear(self) -> None:
        keys, features, self.keys, self.features, self.size = self.keys, self.features, [], [], 0
        if keys:
            self.store.append(keys, features)
        self.since = time.monotonic()


def _readable(
    items: Iterable[Item], losses: list[Loss], threads: int, batch: int
) -> Iterator[tuple[Item, np.ndarray]]:
    for item, frames in _decoded(items, threads, 2 * batch):
        if isinstance(frames, MediaError):
            losses.append(Loss(item.id, frames.path, frames.reason))
        else:
            yield item, frames


def _decoded(
    items: Iterable[Item], threads: int, ahead: int
) -> Iterator[tuple[Item, np.ndarray | MediaError]]:
    """Items with their frames, in order; about `ahead` frames at most are decoded and not yet taken (but one item a thread)."""
    waiting: deque[tuple[Item, Future]] = deque()
    frames = 0
    with ThreadPoolExecutor(threads) as pool:
        try:
            for item in items:
                waiting.append((item, pool.submit(_attempt, item.read)))
                frames += item.frames
                while waiting and frames >= ahead and len(waiting) > threads:
                    frames -= waiting[0][0].frames
                    yield _result(*waiting.popleft())
            while waiting:
                yield _result(*waiting.popleft())
        finally:
            pool.shutdown(wait=False, cancel_futures=True)


def _result(item: Item, future: Future) -> tuple[Item, np.ndarray | MediaError]:
    return item, future.result()


def _encoded(
    decoded: Iterable[tuple[Item, np.ndarray]], encode: Encode, batch: int
) -> Iterator[tuple[str, np.ndarray]]:
    """Keys with their features (T, R, D); the frames of several items share a batch, and a long item takes several."""
    open_items: deque[tuple[str, int]] = deque()
    ready: deque[np.ndarray] = deque()
    count = 0
    for frames, length in _filled(decoded, open_items, batch):
        features = np.asarray(encode(frames))[:length]
        ready.append(features)
        count += length
        while open_items and open_items[0][1] <= count:
            key, wanted = open_items.popleft()
            yield key, _take(ready, wanted)
            count -= wanted


def _filled(
    decoded: Iterable[tuple[Item, np.ndarray]], open_items: deque[tuple[str, int]], batch: int
) -> Iterator[tuple[np.ndarray, int]]:
    """Full batches of frames, and how many of each are real; notes in `open_items` what they belong to."""
    held: deque[np.ndarray] = deque()
    count, full = 0, False
    for item, frames in decoded:
        open_items.append((item.key, len(frames)))
        held.append(frames)
        count += len(frames)
        while count >= batch:
            yield _take(held, batch), batch
            count, full = count - batch, True
    if count:
        rest = _take(held, count)
        yield (
            (
                np.concatenate([rest, np.zeros((batch - count, *rest.shape[1:]), rest.dtype)])
                if full
                else rest
            ),
            count,
        )


def _take(ready: deque[np.ndarray], wanted: int) -> np.ndarray:
    """The first `wanted` rows of the pieces that are ready."""
    pieces = []
    while wanted:
        piece = ready.popleft()
        if len(piece) > wanted:
            ready.appendleft(piece[wanted:])
            piece = piece[:wanted]
        pieces.append(piece)
        wanted -= len(piece)
    return pieces[0] if len(pieces) == 1 else np.concatenate(pieces)


def _read(
    sample: Sample, preprocessing: Preprocessing, view: View | None, options: dict
) -> np.ndarray:
    if view is None:
        return read_frames(sample.media, preprocessing, **options)
    return np.concatenate(read_views(sample.media, preprocessing, view, **options))


def _attempt(work: Callable):
    """The result, or the MediaError that it raised."""
    try:
        return work()
    except MediaError as error:
        return error
