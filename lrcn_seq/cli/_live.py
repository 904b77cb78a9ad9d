"""Predictions for live video: the options, and the loop that prints a line per answer."""

from __future__ import annotations

import argparse
import statistics
import time
from array import array
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from lrcn_seq.cli._arguments import positive_seconds
from lrcn_seq.cli._fusion import check_fusion, load_predictor, run_names
from lrcn_seq.cli._keras_import import import_keras
from lrcn_seq.cli._output import open_output
from lrcn_seq.cli._predictions import check_verb
from lrcn_seq.errors import UsageError
from lrcn_seq.terminal import print_error, print_json, print_line, print_note

if TYPE_CHECKING:
    from lrcn_seq.data.live.live_buffer import LiveBuffer, LiveWindow
    from lrcn_seq.records import Prediction

EVERY, WINDOW = 1.0, 4.0
"""Default seconds between answers, and default length of a window in seconds."""
FILE_OPTIONS = ("per_frame", "explain")
"""Options that apply to files only."""

Predict = Callable[[Any], "Prediction"]
"""A function that returns the prediction for a window."""


class Answer(NamedTuple):
    """The prediction for a window, and the seconds from the arrival of its last frame to it."""

    window: LiveWindow
    prediction: Prediction
    latency: float

    @property
    def time(self) -> datetime:
        """The time at which the last frame of the window arrived."""
        return datetime.fromtimestamp(time.time() - time.monotonic() + self.window.arrival, tz=UTC)

    def row(self) -> dict[str, Any]:
        """Return the row of the prediction, with the times and counts of the window."""
        window = self.window
        return {
            **self.prediction.row(),
            "file": window.media.name,
            "time": self.time.isoformat(timespec="milliseconds"),
            "start": round(window.start, 3),
            "end": round(window.end, 3),
            "latency": round(self.latency, 4),
            "frames": window.received,
            "dropped": window.dropped,
        }

    def fields(self) -> list[str]:
        """Return the fields of the printed line."""
        return [
            self.time.astimezone().strftime("%H:%M:%S"),
            *(line.replace("\t", " ") for line in self.prediction.lines()),
            f"latency {self.latency:.3f} s",
            f"frames {self.window.received}",
            f"dropped {self.window.dropped}",
        ]


def add_live(parser: argparse.ArgumentParser) -> None:
    """Add the options for live video, except `--window`."""
    group = parser.add_argument_group("live video")
    group.add_argument(
        "--live",
        metavar="SOURCE",
        help="predict for the newest seconds of a stream: `-` for stdin, a FIFO, a camera such as "
        "/dev/video0, or an address rtsp://, http:// or https://",
    )
    group.add_argument(
        "--every",
        type=positive_seconds,
        metavar="SECONDS",
        help=f"time between answers (default: {EVERY:g})",
    )
    group.add_argument(
        "--raw",
        metavar="WxH@FPS",
        help="stdin or the FIFO has raw rgb24 frames, for example 640x480@25",
    )


def is_live(arguments: argparse.Namespace, files: Sequence[str]) -> bool:
    """Return whether a call is for live video.

    Args:
        arguments: the arguments of the call.
        files: the input files of the call.

    Raises:
        UsageError: options for files and for live video are mixed.
    """
    given = vars(arguments)
    if given["live"] is None:
        for name in ("every", "raw"):
            if given[name] is not None:
                raise UsageError(
                    f"--{name}: expected --live SOURCE as well. Received: no live source; add one."
                )
        return False
    if files:
        raise UsageError(
            f"--live: expected one source and no files. Received: also {files[0]}; remove it."
        )
    for name in FILE_OPTIONS:
        if given.get(name):
            option = name.replace("_", "-")
            raise UsageError(
                f"--{option}: expected files. Received: --live {given['live']}; remove one of them."
            )
    return True


def predict_live(
    arguments: argparse.Namespace, options: Callable[[Any], dict[str, Any]], *, verb: str
) -> int:
    """Print an answer for the newest window of a live source again and again, until it ends.

    Args:
        arguments: the arguments of the call.
        options: returns the keyword arguments of `predict` for a loaded task.
        verb: the name of the verb, for messages.

    Returns:
        The exit code: 1 if no answer could be given, otherwise 0.
    """
    from lrcn_seq.data.live.live_buffer import LiveBuffer
    from lrcn_seq.data.live.live_reader import LiveReader
    from lrcn_seq.data.live.live_source import live_source
    from lrcn_seq.runs.folder import check_trained
    from lrcn_seq.runs.hub import local_folder
    from lrcn_seq.runs.unfinished_training import note_unfinished

    check_fusion(arguments)
    source = live_source(arguments.live, arguments.raw, verb=verb)
    with open_output(arguments.output) as output:
        folders = [local_folder(name) for name in run_names(arguments)]
        for folder in folders:
            check_trained(folder)
            note_unfinished(folder)
        import_keras()
        task = load_predictor(folders, arguments)
        check_verb(task, verb, arguments.run)
        media = [reader.media for reader in task.readers()]
        if not all(reader.reads_pixels for reader in media):
            raise UsageError(
                f"--live: expected runs that read frames. Received: {arguments.run}, which reads "
                "vectors."
            )
        limit = min(reader.pixels_limit for reader in media)
        keywords = options(task)

        def predict(window: Any) -> Prediction:
            (prediction,) = task.predict([window], on_error="record", **keywords)
            return prediction  # type: ignore[no-any-return]  # of a task of any type

        buffer = LiveBuffer(
            source.name, {reader.frame_size for reader in media}, arguments.window or WINDOW
        )
        summary = Summary(buffer)
        try:
            with LiveReader(source, buffer, pixels_limit=limit):
                for answer in live_answers(buffer, predict, arguments.every or EVERY):
                    summary.add(answer)
                    output.write(answer.row())
                    print_answer(answer, verb, json_lines=arguments.json)
        finally:
            summary.print()
    return 1 if summary.failed == summary.count else 0


def live_answers(buffer: LiveBuffer, predict: Predict, every: float) -> Iterator[Answer]:
    """Yield the answer for the newest window at regular times, and one for the end of a source.

    If a prediction takes longer than `every`, the next one begins at once.

    Args:
        buffer: the frames of the source.
        predict: the prediction for a window.
        every: seconds between answers; the first one comes this long after the first frame.
    """
    buffer.wait_for_frames()
    due = time.monotonic() + every
    while (window := buffer.take(due)) is not None:
        prediction = predict(window.media)
        now = time.monotonic()
        yield Answer(window, prediction, now - window.arrival)
        due = max(due + every, now)


def print_answer(answer: Answer, verb: str, *, json_lines: bool) -> None:
    """Print an answer as one line, and flush it.

    Args:
        answer: the answer.
        verb: the name of the verb, for errors.
        json_lines: whether to print a JSON object.
    """
    error = answer.prediction.error
    if error is not None:
        print_error(f"lrcn {verb}: {answer.window.media.name}: {error}")
    if json_lines:
        print_json(answer.row(), flush=True)
    elif error is None:
        print_line(*answer.fields())


class Summary:
    """The counts and latencies of the answers for a live source.

    Args:
        buffer: the frames of the source.

    Attributes:
        count: number of answers.
        failed: number of answers with an error.
    """

    def __init__(self, buffer: LiveBuffer):
        self.buffer, self.count, self.failed = buffer, 0, 0
        self._latencies = array("d")

    def add(self, answer: Answer) -> None:
        """Add an answer."""
        self.count += 1
        self.failed += answer.prediction.error is not None
        self._latencies.append(answer.latency)

    def print(self) -> None:
        """Print the summary on stderr, if the source has sent a frame."""
        if not self.buffer.received:
            return
        text = (
            f"{self.count:,} answers; {self.buffer.received:,} frames, "
            f"{self.buffer.dropped:,} dropped"
        )
        if self._latencies:
            median, largest = statistics.median(self._latencies), max(self._latencies)
            text += f"; latency: median {median:.3f} s, largest {largest:.3f} s"
        print_note(f"{text}.")
