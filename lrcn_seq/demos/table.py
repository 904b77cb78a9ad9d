"""The table of demos: one entry and one config per task."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from lrcn_seq.demos.measures import measure_captions, measure_descriptions, measure_labels
from lrcn_seq.demos.rendering import save_gif, save_png
from lrcn_seq.records import Sample
from lrcn_seq.runs.folder import Run

CONFIG_FOLDER = Path(__file__).parent


class Demo(NamedTuple):
    """A demo of a task.

    Attributes:
        config: the config to train.
        folder: the run folder.
        measure: returns the measured values of a trained run.
        save_sample: saves a sample as a file in a folder.
        verb: the `lrcn` command that predicts for such files.
    """

    config: Path
    folder: Path
    measure: Callable[[Run], dict[str, float]]
    save_sample: Callable[[Sample, Path], Path]
    verb: str


DEMOS = {
    "captioning": Demo(
        CONFIG_FOLDER / "captioning.yaml",
        Path("runs/demo"),
        measure_captions,
        save_png,
        "caption",
    ),
    "activity": Demo(
        CONFIG_FOLDER / "activity.yaml",
        Path("runs/demo-activity"),
        measure_labels,
        save_gif,
        "classify",
    ),
    "description": Demo(
        CONFIG_FOLDER / "description.yaml",
        Path("runs/demo-description"),
        measure_descriptions,
        save_gif,
        "describe",
    ),
}
