"""Batches of fixed sizes from inputs that arrive one by one."""

from __future__ import annotations

import asyncio
import math
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor
from contextlib import contextmanager
from functools import partial
from typing import Any, NamedTuple

Observe = Callable[[int, float], None]
"""A function that receives the number of inputs of a batch and its duration in seconds."""


class QueueFullError(Exception):
    """The queue has no place for another input.

    Args:
        seconds: the time after which a client may try again.
    """

    def __init__(self, seconds: int):
        self.seconds = seconds
        super().__init__(seconds)


class Work(NamedTuple):
    """What is computed for an input.

    Attributes:
        key: inputs with equal keys may form a batch.
        call: returns one result per input of a batch.
        limit: the largest batch.
    """

    key: str
    call: Callable[[Sequence[Any]], Sequence[Any]]
    limit: int


class Job(NamedTuple):
    """An input that waits for its result."""

    work: Work
    item: Any
    arrival: float
    result: asyncio.Future[Any]


def batch_sizes(limit: int) -> list[int]:
    """Return the sizes of batches: the powers of two below a limit, and the limit."""
    return [2**power for power in range((limit - 1).bit_length())] + [limit]


class Batcher:
    """Collects inputs into batches, and computes one batch after another in a worker thread.

    A batch begins as soon as the worker is free and the batch is full, or its first input has
    waited for `wait` seconds. It is padded to one of `batch_sizes`, so that compiled functions see
    few shapes.

    Args:
        worker: an executor with a single thread.
        wait: seconds for which an input waits for others.
        places: the largest number of inputs that are admitted at once.
        observe: called after each batch.
    """

    def __init__(self, worker: Executor, *, wait: float, places: int, observe: Observe):
        self.worker, self.wait, self.places, self.observe = worker, wait, places, observe
        self.admitted = 0
        self._waiting: deque[Job] = deque()
        self._arrived = asyncio.Event()
        self._seconds_per_input = 0.0

    @property
    def waiting(self) -> int:
        """The number of inputs that wait for a batch."""
        return len(self._waiting)

    @contextmanager
    def admit(self, count: int) -> Iterator[None]:
        """Reserve places for inputs in the body of the context.

        Args:
            count: the number of inputs.

        Raises:
            QueueFullError: there are too few places.
        """
        if self.admitted + count > self.places:
            seconds = math.ceil(self.admitted * self._seconds_per_input)
            raise QueueFullError(min(max(seconds, 1), 60))
        self.admitted += count
        try:
            yield
        finally:
            self.admitted -= count

    async def compute(self, work: Work, item: Any) -> Any:
        """Return the result for one input, computed together with other inputs."""
        loop = asyncio.get_running_loop()
        job = Job(work, item, loop.time(), loop.create_future())
        self._waiting.append(job)
        self._arrived.set()
        return await job.result

    async def run(self) -> None:
        """Compute batches until this coroutine is cancelled."""
        loop = asyncio.get_running_loop()
        while True:
            jobs = await self._next_batch()
            began = loop.time()
            call = partial(compute_batch, jobs[0].work, [job.item for job in jobs])
            outcomes = await loop.run_in_executor(self.worker, call)
            seconds = loop.time() - began
            self._seconds_per_input = seconds / len(jobs)
            self.observe(len(jobs), seconds)
            for job, outcome in zip(jobs, outcomes, strict=True):
                if job.result.done():  # cancelled
                    continue
                if isinstance(outcome, Exception):
                    job.result.set_exception(outcome)
                else:
                    job.result.set_result(outcome)

    async def _next_batch(self) -> list[Job]:
        """Wait for inputs, and remove those of the next batch from the queue."""
        while not self._waiting:
            await self._arrival(None)
        first = self._waiting[0]
        deadline = first.arrival + self.wait
        while len(jobs := self._fitting(first.work)) < first.work.limit:
            rest = deadline - asyncio.get_running_loop().time()
            if rest <= 0 or not await self._arrival(rest):
                break
        for job in jobs:
            self._waiting.remove(job)
        return jobs

    async def _arrival(self, seconds: float | None) -> bool:
        """Wait for the next input, and return whether it arrived in time."""
        self._arrived.clear()
        try:
            await asyncio.wait_for(self._arrived.wait(), seconds)
        except TimeoutError:
            return False
        return True

    def _fitting(self, work: Work) -> list[Job]:
        """Return the waiting inputs, in order, that may form a batch."""
        return [job for job in self._waiting if job.work.key == work.key][: work.limit]


def compute_batch(work: Work, items: Sequence[Any]) -> list[Any]:
    """Return the result or the exception of each input of a batch.

    If a batch fails, its inputs are computed one by one, so that an input cannot make others fail.

    Args:
        work: what is computed.
        items: at most `work.limit` inputs.
    """
    size = next(size for size in batch_sizes(work.limit) if size >= len(items))
    padded = [*items, *[items[-1]] * (size - len(items))]
    try:
        return list(work.call(padded))[: len(items)]
    except Exception as error:
        if len(items) == 1:
            return [error]
    return [outcome for item in items for outcome in compute_batch(work, [item])]
