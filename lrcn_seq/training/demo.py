"""Demos: each trains a small config that comes with the package, and measures what it says of what training never showed."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from PIL import Image

from lrcn_seq import config as configs
from lrcn_seq.data.sources.shapes import exactly_right
from lrcn_seq.errors import ConfigError, RunError
from lrcn_seq.records import Sample
from lrcn_seq.registry import sources
from lrcn_seq.tasks import load
from lrcn_seq.tasks.base import CONFIG, WEIGHTS
from lrcn_seq.training import evaluation, files
from lrcn_seq.training.preparation import Media
from lrcn_seq.training.run import Run
from lrcn_seq.training.training import train

CONFIGS = Path(__file__).parent / "demos"
MARK = "demo.json"
RESULTS = (WEIGHTS, "predictions.jsonl", "scores.json", "report.html", "history.jsonl", "times.jsonl")
DRAWN, SIDE = 6, 240


class Demo(NamedTuple):
    """A config, the run folder it is trained into, what is measured then, how unseen samples become files, and the verb they are given to."""

    config: Path
    folder: Path
    measure: Callable[[Run], dict[str, float]]
    draw: Callable[[Sample, Path], Path]
    verb: str


def perform(demo: Demo) -> dict[str, float]:
    """Trains a demo, or goes on with one that was stopped; a finished one is done again. The figures that it then reaches.

    Raises:
        RunError: the folder holds a run that is no demo, or another process works in it.
    """
    run, config = Run(demo.folder), configs.read(demo.config)
    prepare(run, config)
    train(config, run.folder, resume=True)
    figures = demo.measure(run)
    files.write_text(run / MARK, json.dumps({"finished": True, "figures": figures}, indent=1))
    return figures


def prepare(run: Run, config: configs.Config) -> None:
    """Marks the folder as a demo's, and takes away a demo that is finished or was begun with another config."""
    if any((run / name).exists() for name in (CONFIG, WEIGHTS)) and not (run / MARK).exists():
        raise RunError(f"{run.folder}: expected no run here, or that of a demo. Received: a run of your own; move it, or call the demo from another folder.")
    with run.locked():
        if finished(run) or not begun_with(run, config):
            # First the states, without which there is no run.
            shutil.rmtree(run / "state", ignore_errors=True)
            for name in RESULTS:
                (run / name).unlink(missing_ok=True)
        files.write_text(run / MARK, json.dumps({"finished": False}))


def finished(run: Run) -> bool:
    """Whether the demo came to its end; a mark that cannot be read does not say so."""
    try:
        return json.loads((run / MARK).read_text(encoding="utf-8"))["finished"] is True
    except (OSError, ValueError, KeyError, TypeError):
        return False


def begun_with(run: Run, config: configs.Config) -> bool:
    """Whether the folder holds a run of this very config."""
    try:
        return configs.read(run / CONFIG) == config
    except ConfigError:
        return False


def sentence_figures(run: Run) -> dict[str, float]:
    """Of the test split: its size, the share of sentences that are right in every attribute, BLEU-4, and BLEU-4 without looking."""
    rows = [json.loads(line) for line in (run / "predictions.jsonl").read_text(encoding="utf-8").splitlines()]
    right = sum(exactly_right(row["caption"], row["references"]) for row in rows)
    scores = json.loads((run / "scores.json").read_text(encoding="utf-8"))["metrics"]
    return {"count": len(rows), "exact": right / len(rows), "bleu_4": scores["bleu_4"], "shuffled_bleu_4": shuffled(run)["bleu_4"]}


def shuffled(run: Run) -> dict[str, float]:
    """The scores of the test split where each sample gets the clips of the next: what the language alone is good for."""
    task = load(run.folder)
    samples = unseen(task.settings)
    clips = Media(task.settings, task).clips([*samples[1:], samples[0]], task.settings.evaluation.batch)
    return evaluation.judge(task, samples, (task.captions(found) for found in clips)).report.values


def unseen(config: configs.Config) -> list[Sample]:
    """The test samples of a config."""
    return [sample for sample in sources.build(config.data.source, place="data.source") if sample.split == "test"]


def drawn(demo: Demo, folder: Path) -> list[Path]:
    """Writes a few samples of the test split as files."""
    folder.mkdir(parents=True, exist_ok=True)
    return [demo.draw(sample, folder) for sample in unseen(configs.read(demo.config))[:DRAWN]]


def draw_picture(sample: Sample, folder: Path) -> Path:
    """A PNG, larger than training saw it."""
    path = folder / f"{sample.id}.png"
    Image.fromarray(sample.media._replace(pixels=SIDE).draw()[0]).save(path)
    return path


DEMOS = {"captioning": Demo(CONFIGS / "captioning.yaml", Path("runs/demo"), sentence_figures, draw_picture, "caption")}
"""One entry and one config a task."""
