"""Real inputs of a run, with which an artifact is verified and measured."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from lrcn_seq.data.media import read_frames
from lrcn_seq.errors import DataError, LrcnError, UsageError
from lrcn_seq.records import Drawable, Sample
from lrcn_seq.registry import sources
from lrcn_seq.runs.folder import Run
from lrcn_seq.runs.training_folder import check_source, resolve_paths

COUNT = 8
"""The number of samples of a run with which its artifact is verified."""
SPLITS = ("dev", "test", "train")
RATE = 25
"""Frames per second of the videos of drawn clips."""


def real_inputs(task: Any, run: Path, given: Sequence[str], folder: Path) -> list[str]:
    """Return paths of images or videos.

    Args:
        task: the task of the run.
        run: the run folder.
        given: paths that the user names; if there are none, samples of the run are taken.
        folder: a folder for the files of drawn samples.

    Raises:
        DataError: the data of the run are missing, or contain no files.
        UsageError: a given file is missing.
    """
    for path in given:
        if not Path(path).is_file():
            raise UsageError(
                f"--inputs: expected images or videos. Received: {path}, which is no file."
            )
    if given:
        return list(given)
    paths = [
        media_file(sample, folder / f"{place:02d}")
        for place, sample in enumerate(read_samples(task, run))
    ]
    files = [path for path in paths if path is not None]
    if not files:
        raise DataError(
            f"{run}: expected samples that are files, with which the artifact is verified. "
            "Received: none; name some with --inputs."
        )
    return files


def read_samples(task: Any, run: Path) -> list[Sample]:
    """Return the first samples of dev, or of another split if it is empty.

    Raises:
        DataError: the data of the run are missing.
    """
    try:
        config = resolve_paths(Run(run), task.settings)
        check_source(Run(run), config.data.source)
        source = sources.build(config.data.source, place="data.source")
    except LrcnError as error:
        raise DataError(
            f"{run}: expected its data, with which the artifact is verified. Received: {error} "
            "Or name images or videos with --inputs."
        ) from error
    for split in SPLITS:
        samples = list(islice((one for one in source if one.split == split), COUNT))
        if samples:
            return samples
    return []


def media_file(sample: Sample, path: Path) -> str | None:
    """Return the path of a sample's file, or None for a folder of frames.

    A drawing is written to a file without loss: an image as PNG, a clip as a video.

    Args:
        sample: the sample.
        path: the file to write, without a suffix.
    """
    if not isinstance(sample.media, Drawable):
        return str(sample.media) if Path(sample.media).is_file() else None
    frames = read_frames(sample.media)
    if len(frames) == 1:
        Image.fromarray(frames[0]).save(path.with_suffix(".png"))
        return str(path.with_suffix(".png"))
    write_video(path.with_suffix(".mov"), frames)
    return str(path.with_suffix(".mov"))


def write_video(path: Path, frames: np.ndarray) -> None:
    """Write frames (T, H, W, 3) as a video of PNG images."""
    import av

    with av.open(str(path), "w") as video:
        stream = video.add_stream("png", rate=RATE)
        stream.height, stream.width = frames.shape[1:3]
        stream.pix_fmt = "rgb24"
        for frame in frames:
            video.mux(stream.encode(av.VideoFrame.from_ndarray(frame, format="rgb24")))
        video.mux(stream.encode())
