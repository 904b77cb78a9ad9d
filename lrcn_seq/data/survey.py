"""The survey of a source: every media file is opened once before batches are planned."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Literal, NamedTuple

from lrcn_seq.data.media.base import name_of
from lrcn_seq.data.media.reader import MediaReader
from lrcn_seq.errors import ArgumentError, DataError, MediaError
from lrcn_seq.files import atomic_replacement
from lrcn_seq.progress import Progress
from lrcn_seq.records import Sample

OnError = Literal["raise", "skip"]


class UnreadableSample(NamedTuple):
    """A sample whose media cannot be read, and the reason."""

    id: str
    media: str
    reason: str

    def __str__(self) -> str:
        return f"{self.media}: {self.reason}"


def survey(
    samples: Sequence[Sample],
    reader: MediaReader,
    *,
    on_error: OnError = "raise",
    lost_share_limit: float = 0.05,
    total: int | None = None,
    report: str | Path | None = None,
    threads: int | None = None,
    progress: Progress | None = None,
) -> list[Sample]:
    """Return the samples whose media can be read.

    Args:
        samples: the samples to check.
        reader: opens the media; with a content index, a file that was surveyed before is looked up
            by its size and modification time instead of being read.
        on_error: see `check_unreadable`.
        lost_share_limit: see `check_unreadable`.
        total: number of samples to which `lost_share_limit` refers; None uses the number of
            `samples`.
        report: see `check_unreadable`.
        threads: number of files opened in parallel; None for one per core.
        progress: callback `(done, total)`, called after each sample.

    Raises:
        DataError: more samples are unreadable than allowed.
    """
    unreadable = find_unreadable(samples, reader, threads=threads, progress=progress)
    check_unreadable(
        unreadable,
        total or len(samples),
        on_error=on_error,
        lost_share_limit=lost_share_limit,
        report=report,
    )
    lost = {sample.id for sample in unreadable}
    return [sample for sample in samples if sample.id not in lost]


def find_unreadable(
    samples: Sequence[Sample],
    reader: MediaReader,
    *,
    threads: int | None = None,
    progress: Progress | None = None,
) -> list[UnreadableSample]:
    """Return the samples whose media cannot be read.

    `survey` describes the arguments.
    """
    unreadable: list[UnreadableSample] = []
    with ThreadPoolExecutor(threads or os.cpu_count() or 1) as pool:
        results = pool.map(lambda sample: _unreadable(sample, reader), samples)
        for done, result in enumerate(results, start=1):
            unreadable += [result] if result else []
            if progress:
                progress(done, len(samples))
    return unreadable


def check_unreadable(
    unreadable: Iterable[UnreadableSample],
    total: int,
    *,
    on_error: OnError,
    lost_share_limit: float,
    report: str | Path | None = None,
) -> None:
    """Write the list of unreadable samples, and raise DataError if there are too many.

    Args:
        unreadable: the samples that cannot be read.
        total: number of samples to which `lost_share_limit` refers.
        on_error: `raise` allows no unreadable sample; `skip` allows a share of
            `lost_share_limit`.
        lost_share_limit: largest share of unreadable samples, from 0 to 1.
        report: file for the list of unreadable samples, as JSON lines of id, media and reason. It
            is written before an error is raised, and deleted if every sample can be read.

    Raises:
        ArgumentError: `on_error` is neither `raise` nor `skip`.
        DataError: more samples are unreadable than allowed.
    """
    if on_error not in ("raise", "skip"):
        raise ArgumentError(
            f"on_error: expected 'raise' or 'skip'. Received: on_error={on_error!r}."
        )
    samples = list(unreadable)
    if report is not None and samples:
        _write(Path(report), samples)
    elif report is not None:
        Path(report).unlink(missing_ok=True)
    if samples and on_error == "raise":
        raise DataError(
            f"{samples[0]} {_remaining_note(samples)}"
            "Repair or remove it, or set data.on_error to skip."
        )
    if len(samples) > lost_share_limit * total:
        listed = f" All are listed in {report}." if report else ""
        raise DataError(
            f"{len(samples):,} of {total:,} files cannot be read, more than the share of "
            f"{lost_share_limit:g} allowed (data.lost_share_limit). "
            f"The first is {samples[0]}{listed}"
        )


def _unreadable(sample: Sample, reader: MediaReader) -> UnreadableSample | None:
    try:
        reader.check(sample.media)
    except MediaError as error:
        return UnreadableSample(sample.id, name_of(sample.media), error.reason)
    except OSError as error:  # for example, the name is too long for the file system
        reason = f"this file cannot be read ({error.strerror or error})."
        return UnreadableSample(sample.id, name_of(sample.media), reason)
    return None


def _remaining_note(samples: list[UnreadableSample]) -> str:
    if len(samples) == 1:
        return ""
    return f"({len(samples) - 1:,} more cannot be read either.) "


def _write(path: Path, samples: list[UnreadableSample]) -> None:
    lines = "".join(json.dumps(sample._asdict(), ensure_ascii=False) + "\n" for sample in samples)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with atomic_replacement(path) as draft:
            draft.write_text(lines, encoding="utf-8", errors="backslashreplace")
    except OSError as error:
        raise DataError(
            f"{path}: expected a writable file ({error.strerror or error}); "
            "choose another folder for the list of unreadable samples."
        ) from error
