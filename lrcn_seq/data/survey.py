"""The pass before a plan: every file is opened once, so that a plan made up front holds only what can be read."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Literal, NamedTuple

from lrcn_seq.data.clips import known_times
from lrcn_seq.data.contents import Contents
from lrcn_seq.data.media import name_of, read_vectors
from lrcn_seq.data.pictures import PIXELS_LIMIT, read_picture
from lrcn_seq.errors import ArgumentError, DataError, MediaError
from lrcn_seq.records import Sample

OnError = Literal["raise", "skip"]
Holds = Literal["pictures", "clips", "vectors"]
Progress = Callable[[int, int], None]
"""Told how many are done, and of how many."""

SMALL = (1, 1)


class Loss(NamedTuple):
    """A sample that cannot be used, and why."""

    id: str
    media: str
    reason: str

    def __str__(self) -> str:
        return f"{self.media}: {self.reason}"


def survey(
    samples: Sequence[Sample],
    *,
    contents: Contents | None = None,
    on_error: OnError = "raise",
    most_lost: float = 0.05,
    total: int | None = None,
    report: str | Path | None = None,
    holds: Holds = "pictures",
    pixels_limit: int = PIXELS_LIMIT,
    width: int | None = None,
    threads: int | None = None,
    progress: Progress | None = None,
) -> list[Sample]:
    """The samples whose media can be read.

    Args:
        contents: remembers what was opened, by content, so that a second survey only looks at sizes and times.
        on_error, most_lost, report: see `settle`.
        total: how many the share of what is lost is taken of; these without.
        holds: what the media are; clips are decoded to count their frames, which `known_times` then knows.
        width: of vectors.

    Raises:
        DataError: something cannot be read and `on_error` is raise, or more than `most_lost` is lost.
    """
    contents = contents or Contents()
    losses = []
    with ThreadPoolExecutor(threads or os.cpu_count() or 1) as pool:
        for done, loss in enumerate(
            pool.map(lambda sample: _open(sample, contents, holds, pixels_limit, width), samples),
            start=1,
        ):
            losses += [loss] if loss else []
            if progress:
                progress(done, len(samples))
    settle(losses, total or len(samples), on_error=on_error, most_lost=most_lost, report=report)
    lost = {loss.id for loss in losses}
    return [sample for sample in samples if sample.id not in lost]


def settle(
    losses: Iterable[Loss],
    total: int,
    *,
    on_error: OnError,
    most_lost: float,
    report: str | Path | None = None,
) -> None:
    """Decides what becomes of a run that lost samples.

    Args:
        on_error: `raise` allows no loss; `skip` allows a share of `most_lost`.
        report: a file of JSON lines (id, media, reason) that says what was left out, if anything was; written before anything is raised.

    Raises:
        DataError: more was lost than is allowed.
    """
    if on_error not in ("raise", "skip"):
        raise ArgumentError(
            f"on_error: expected 'raise' or 'skip'. Received: on_error={on_error!r}."
        )
    losses = list(losses)
    if report is not None and losses:
        _write(Path(report), losses)
    elif report is not None:
        Path(report).unlink(missing_ok=True)
    if losses and on_error == "raise":
        raise DataError(
            f"{losses[0]} {_others(losses)}Repair or remove it, or set data.on_error to skip."
        )
    if len(losses) > most_lost * total:
        listed = f" All are listed in {report}." if report else ""
        raise DataError(
            f"{len(losses):,} of {total:,} files cannot be read, more than the share of {most_lost:g} allowed (data.lost_share_limit). The first is {losses[0]}{listed}"
        )


def _open(
    sample: Sample, contents: Contents, holds: Holds, pixels_limit: int, width: int | None
) -> Loss | None:
    if hasattr(sample.media, "draw"):
        return None
    try:
        if holds == "clips":
            known_times(sample.media, contents, pixels_limit=pixels_limit)
            return None
        if holds == "vectors":
            read_vectors(sample.media, width=width)
            return None
        name = f"opened:{contents.hash(sample.media)}:{pixels_limit}"
        if not contents.knows(name):
            contents.note(name, _reason(sample, pixels_limit))
        reason = contents.fact(name)
    except MediaError as error:
        reason = error.reason
    return Loss(sample.id, name_of(sample.media), reason) if reason else None


def _reason(sample: Sample, pixels_limit: int) -> str | None:
    """Why the media cannot be read, or None; raised, not to be remembered, where it may be read another time. A JPEG is read through at its smallest, which finds what is missing in half the time."""
    try:
        read_picture(sample.media, pixels_limit=pixels_limit, size=SMALL)
    except MediaError as error:
        if error.transient:
            raise
        return error.reason
    return None


def _others(losses: list[Loss]) -> str:
    return f"({len(losses) - 1:,} more cannot be read either.) " if len(losses) > 1 else ""


def _write(path: Path, losses: list[Loss]) -> None:
    lines = "".join(json.dumps(loss._asdict(), ensure_ascii=False) + "\n" for loss in losses)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(lines, encoding="utf-8", errors="backslashreplace")
    except OSError as error:
        raise DataError(
            f"{path}: expected a file that can be written ({error.strerror or error}); choose another place for the list of what was left out."
        ) from error
