"""The file of a run with the confidence of its predictions."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from lrcn_seq.files import read_json, write_text
from lrcn_seq.records import Sample
from lrcn_seq.runs.folder import CONFIDENCE, Run
from lrcn_seq.tasks import SampleReader, Task


def write_confidence(
    run: Run, task: Task, reader: SampleReader, splits: Mapping[str, Sequence[Sample]]
) -> None:
    """Fit the confidence of the predictions of a task to dev, and write `confidence.json`.

    Nothing is written for tasks whose confidence is not fitted, and without samples.

    Args:
        run: the run.
        task: the task with the weights of the run; it has the confidence afterwards.
        reader: reads the clips of samples.
        splits: the samples of train and dev.
    """
    if task.fits_confidence and splits["dev"] and splits["train"]:
        record = task.fit_confidence(reader, splits["dev"], splits["train"])
        write_text(run / CONFIDENCE, json.dumps(record))


def restore_confidence(task: Task, folder: Path) -> None:
    """Give a task the confidence of its run, if the run has one.

    Raises:
        RunError: the file is damaged.
    """
    if task.fits_confidence and (folder / CONFIDENCE).exists():
        read_json(folder / CONFIDENCE, "the confidence of the predictions", task.restore_confidence)
