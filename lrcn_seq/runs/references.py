"""Files of the reference captions of a split, for `lrcn score`."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from lrcn_seq.errors import UsageError
from lrcn_seq.files import write_text
from lrcn_seq.records import Sample


def check_references(samples: Sequence[Sample], folder: str) -> None:
    """Raise UsageError unless every sample has reference captions.

    Args:
        samples: the samples.
        folder: the run to name in the message.
    """
    if any(not sample.captions for sample in samples):
        raise UsageError(
            f"--references-out: expected samples with captions. Received: those of {folder}, some "
            "without a caption; use a run that writes captions."
        )


def write_references(path: str | Path, samples: Sequence[Sample], folder: str) -> None:
    """Write the reference captions of samples.

    Args:
        path: the file: a JSON object `{id: [caption, ...]}` if its name ends in `.json`, otherwise
            JSON lines `{"id", "captions", "file"}`.
        samples: the samples.
        folder: the run to name in the message.

    Raises:
        UsageError: a sample has no caption.
    """
    check_references(samples, folder)
    if Path(path).suffix.lower() == ".json":
        content = {sample.id: list(sample.captions) for sample in samples}
        write_text(path, json.dumps(content, ensure_ascii=False, indent=1))
        return
    rows = ({"id": s.id, "captions": list(s.captions), "file": s.file} for s in samples)
    write_text(path, "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows))
