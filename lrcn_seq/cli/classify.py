"""Classify videos: files, folders or globs, as a whole or frame by frame, and live video."""

from __future__ import annotations

import argparse
import json
from array import array
from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lrcn_seq.cli._arguments import add_output, add_run, positive_integer, positive_seconds
from lrcn_seq.cli._fusion import add_fusion
from lrcn_seq.cli._live import WINDOW, add_live, is_live, predict_live
from lrcn_seq.cli._predictions import predict_files, predict_in_batches
from lrcn_seq.errors import MediaError, UsageError
from lrcn_seq.progress import progress_bar
from lrcn_seq.terminal import print_line

if TYPE_CHECKING:
    import numpy as np

    from lrcn_seq.cli._output import JsonLines
    from lrcn_seq.records import Prediction
    from lrcn_seq.tasks import FramePrediction


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the verb."""
    add_run(parser)
    parser.add_argument("videos", nargs="*", metavar="VIDEO", help="videos, folders or globs")
    parser.add_argument(
        "--top",
        type=positive_integer,
        default=5,
        metavar="N",
        help="classes per video, most probable first (default: 5)",
    )
    parser.add_argument(
        "--per-frame",
        action="store_true",
        help="also classify after each frame; --json keeps all results in memory",
    )
    add_fusion(parser, rescoring=False)
    add_output(parser)
    add_live(parser)
    parser.add_argument(
        "--window",
        type=positive_seconds,
        metavar="SECONDS",
        help=f"with --live: length of the window that is classified (default: {WINDOW:g})",
    )


def run(arguments: argparse.Namespace) -> int:
    """Print the top classes of each video and, with --per-frame, the top class of each frame."""
    if is_live(arguments, arguments.videos):
        return predict_live(arguments, lambda _: {"top": arguments.top}, verb="classify")
    if arguments.window is not None:
        raise UsageError("--window: expected --live SOURCE as well. Received: files; remove it.")

    def predict(task: Any, files: Sequence[str], output: JsonLines) -> Iterable[Prediction]:
        if arguments.per_frame:
            return classify_frames(task, files, output, top=arguments.top, keep=arguments.json)
        return predict_in_batches(
            files,
            output,
            partial(task.predict, on_error="record", top=arguments.top),
            batch_size=task.predict_batch_size,
            title="classifying",
        )

    return predict_files(arguments, arguments.videos, predict, verb="classify")


def classify_frames(
    task: Any, files: Sequence[str], output: JsonLines, *, top: int, keep: bool
) -> Iterator[Prediction]:
    """Classify videos frame by frame, and write the prediction of each video.

    Args:
        task: a task that classifies videos.
        files: the videos.
        output: the writer; it receives the probabilities of a frame as soon as they are computed.
        top: number of classes per video.
        keep: whether to keep the probabilities of frames for `--json` instead of printing them.

    Yields:
        The prediction of each video.
    """
    from lrcn_seq.records import LabelPrediction

    for file in files:
        try:
            yield _classify_frames(task, file, output, top=top, keep=keep)
        except MediaError as error:
            failed = LabelPrediction(file, error=error.reason)
            output.write(failed.row())
            yield failed


def _classify_frames(
    task: Any, file: str, output: JsonLines, *, top: int, keep: bool
) -> FramePrediction:
    """Classify one video, and write its output line frame by frame.

    The frames of the prediction are empty if they are printed instead of kept.
    """
    from lrcn_seq.records import LabelPrediction
    from lrcn_seq.tasks import FramePrediction

    times = array("d")
    frames: list[list[float]] = []
    separator = ""
    with output.line() as append, progress_bar(Path(file).name) as report:
        append(json.dumps({"file": file}, ensure_ascii=False)[:-1] + ', "frames": [')
        for chunk_times, chunk, means in task.stream_frames(file, progress=report):
            append(separator + ", ".join(map(json.dumps, chunk.tolist())))
            separator = ", "
            times.extend(chunk_times)
            mean = means[-1]
            if keep:
                frames += chunk.tolist()
            else:
                print_frames(task.labels, chunk_times, chunk)
        clip = LabelPrediction(file, task.top_labels(mean, top))
        rest = {"times": times.tolist(), "labels": clip.row()["labels"]}
        append("], " + json.dumps(rest, ensure_ascii=False)[1:])
    return FramePrediction(clip, frames, times.tolist() if keep else [])


def print_frames(labels: Sequence[str], times: np.ndarray, probabilities: np.ndarray) -> None:
    """Print one line per frame: its time in seconds and its most probable class.

    Args:
        labels: names of the C classes.
        times: (T,) times of the frames in seconds.
        probabilities: (T, C) class probabilities after each frame.
    """
    for seconds, row in zip(times, probabilities, strict=True):
        print_line(f"{seconds:.3f}", labels[row.argmax()], f"{row.max():.4f}")
