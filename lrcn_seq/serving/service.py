"""The state of a server: a task, its worker thread, the queue and the private folder."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import AsyncIterator, Mapping, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import asynccontextmanager, suppress
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, NamedTuple

import lrcn_seq
from lrcn_seq.errors import MediaError
from lrcn_seq.serving.batcher import Batcher, Work, batch_sizes
from lrcn_seq.serving.explanations import explanation_row
from lrcn_seq.serving.request_log import log_event, log_failure
from lrcn_seq.serving.request_options import example_options
from lrcn_seq.serving.service_metrics import Metrics

if TYPE_CHECKING:
    from lrcn_seq.records import Prediction
    from lrcn_seq.tasks import Task

READERS = 4
"""Number of threads that read files ahead, at most one per processor."""


class ServiceLimits(NamedTuple):
    """The limits of a server.

    Attributes:
        max_batch: the largest number of inputs of a batch.
        max_wait: seconds for which an input waits for others.
        queue: the largest number of inputs that wait.
        max_bytes: the largest number of bytes of a request.
        max_pixels: the largest number of pixels of an image or frame.
        max_seconds: the largest length of a clip.
        upload_seconds: the time within which a request must arrive.
    """

    max_batch: int = 16
    max_wait: float = 0.005
    queue: int = 64
    max_bytes: int = 64 << 20
    max_pixels: int = 50_000_000
    max_seconds: float = 300.0
    upload_seconds: float = 60.0


class Service:
    """A task that predicts for the requests of a server.

    Args:
        task: the task.
        worker: an executor with a single thread, in which the task was loaded.
        limits: the limits of the server.
        name: the name of the run.
    """

    def __init__(self, task: Task, worker: Executor, limits: ServiceLimits, name: str):
        self.task, self.worker, self.limits, self.name = task, worker, limits, name
        self.is_ready = self.is_stopping = False
        self.example_options: dict[str, Any] = {}
        self.batch_limit = min(limits.max_batch, task.predict_batch_size)
        self.metrics = Metrics(
            waiting=lambda: self.batcher.waiting,
            admitted=lambda: self.batcher.admitted,
            ready=lambda: self.is_ready,
        )
        self.batcher = Batcher(
            worker,
            wait=limits.max_wait,
            places=limits.queue + self.batch_limit,
            observe=self.metrics.observe_batch,
        )
        media = task.media
        media.pixels_limit = min(media.pixels_limit, limits.max_pixels)
        media.seconds_limit = min(media.seconds_limit, limits.max_seconds)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Compute batches, and warm up, while the context is open."""
        threads = min(READERS, os.cpu_count() or 1)
        with (
            TemporaryDirectory(prefix="lrcn-serve-") as folder,
            ThreadPoolExecutor(threads, "reader") as readers,
        ):
            self.folder, self.readers = Path(folder), readers
            tasks = [asyncio.create_task(self.batcher.run()), asyncio.create_task(self._warm_up())]
            try:
                yield
            finally:
                self.is_stopping = True
                for task in tasks:
                    task.cancel()
                for task in tasks:
                    with suppress(asyncio.CancelledError):
                        await task

    async def predict(self, path: Path, options: Mapping[str, Any]) -> Prediction:
        """Return the prediction for a file.

        Args:
            path: the file.
            options: options of `predict`.

        Raises:
            MediaError: the file cannot be read.
        """
        loop = asyncio.get_running_loop()
        read = partial(self.task.read_ahead, str(path), **options)
        item = await loop.run_in_executor(self.readers, read)
        call = partial(self.task.predict, on_error="record", **options)
        key = json.dumps(options, sort_keys=True, default=str)
        prediction: Prediction = await self.batcher.compute(Work(key, call, self.batch_limit), item)
        return prediction

    async def explain(self, path: Path, target: str | None) -> dict[str, Any]:
        """Return the explanation of a prediction for a file as a JSON object.

        Args:
            path: the file.
            target: the caption or class; None for that of the task.

        Raises:
            MediaError: the file cannot be read.
            UsageError: the task explains no predictions, or does not know the target.
        """

        def explain(paths: Sequence[str]) -> list[dict[str, Any]]:
            return [explanation_row(self.task.explain(path, target)) for path in paths]

        work = Work(f"explain {target}", explain, limit=1)
        row: dict[str, Any] = await self.batcher.compute(work, str(path))
        return row

    def facts(self) -> dict[str, Any]:
        """Return what a client needs to know about the run, as a JSON object."""
        task = self.task
        return {
            "name": self.name,
            "task": task.name,
            "noun": task.noun,
            "verb": task.verb,
            "media_types": list(task.media.media_types),
            "sees_whole_frames": task.media.sees_whole_frames,
            "options": sorted(task.request_options),
            "example_options": self.example_options,
            "limits": self.limits._asdict(),
            "version": lrcn_seq.__version__,
        }

    async def _warm_up(self) -> None:
        """Compile the functions for batches of all sizes, and let the server be ready."""
        loop = asyncio.get_running_loop()
        try:
            self.example_options = await loop.run_in_executor(self.worker, self._compile)
        except Exception as error:
            log_failure("warm-up failed", error)
            return
        self.is_ready = True
        log_event("ready", batch_sizes=batch_sizes(self.batch_limit))

    def _compile(self) -> dict[str, Any]:
        """Predict batches of examples with the default options and those of the web page.

        Compiled functions adapt to a dimension when it changes for the first time. Therefore, the
        examples have all sizes of batches and several lengths.
        """
        options = example_options(self.task)
        for choice in ({}, options):
            for example in self.task.example_media():
                read = self._read(example, choice)
                for size in batch_sizes(self.batch_limit):
                    if self.is_stopping:
                        return {}
                    self.task.predict([read] * size, **choice, on_error="record")
        return options

    def _read(self, example: Any, options: Mapping[str, Any]) -> Any:
        """Read an example ahead, as the files of requests are."""
        with suppress(MediaError):
            return self.task.read_ahead(example, **options)
        return example
