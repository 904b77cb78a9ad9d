"""Demos: each trains a small config that comes with the package, and measures what it says of what training never showed."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from PIL import Image

from lrcn_seq import config as configs
from lrcn_seq import files
from lrcn_seq.data.sources.moving_shapes import parse_story
from lrcn_seq.errors import ConfigError, RunError
from lrcn_seq.evaluation import CaptionEvaluation
from lrcn_seq.records import Clips, Sample
from lrcn_seq.registry import sources
from lrcn_seq.runs import load
from lrcn_seq.runs.folder import CONFIG, WEIGHTS, Run
from lrcn_seq.tasks import SampleReader
from lrcn_seq.training.pipeline import train

CONFIGS = Path(__file__).parent / "demos"
MARK = "demo.json"
RESULTS = (
    WEIGHTS,
    "predictions.jsonl",
    "scores.json",
    "report.html",
    "history.jsonl",
    "times.jsonl",
)
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
        raise RunError(
            f"{run.folder}: expected no run here, or that of a demo. Received: a run of your own; move it, or call the demo from another folder."
        )
    with run.lock():
        if finished(run) or not begun_with(run, config):
            # First the states, without which there is no run.
            shutil.rmtree(run / "state", ignore_errors=True)
            shutil.rmtree(run / "single_frame", ignore_errors=True)
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
    samples = unseen(configs.read(run / CONFIG))
    shown = again(run, lambda media, batch: media.clips([*samples[1:], samples[0]], batch))
    return {**said(run), "shuffled_bleu_4": shown.values["bleu_4"]}


def story_figures(run: Run) -> dict[str, float]:
    """Of the test split: its size, exactness and BLEU-4, and exactness and what moves where when the frames of each clip are shuffled in time."""
    samples = unseen(configs.read(run / CONFIG))
    random = np.random.default_rng(0)
    shown = again(
        run, lambda media, batch: (shuffled(clips, random) for clips in media.clips(samples, batch))
    )
    rows = shown.rows()
    return {
        **said(run),
        "disordered_exact": exact(run, rows),
        "disordered_directions": sum(map(directions_right, rows)) / len(rows),
    }


def label_figures(run: Run) -> dict[str, float]:
    """Of the test split: its size, accuracy, and the accuracy of the same network without memory, trained beside it."""
    config = configs.raw(run / CONFIG)
    alone = train(configs.validate({**config, "decoder": ALONE}), run / "single_frame", resume=True)
    found = [json.loads((one / "scores.json").read_text(encoding="utf-8")) for one in (run, alone)]
    return {
        "count": found[0]["count"],
        "top_1": found[0]["metrics"]["top_1"],
        "single_frame_top_1": found[1]["metrics"]["top_1"],
    }


ALONE = {"type": "frame_mean", "pool": "features", "dense": 64}


def said(run: Run) -> dict[str, float]:
    """Size, exactness and BLEU-4 of the predictions of a run."""
    rows = [
        json.loads(line)
        for line in (run / "predictions.jsonl").read_text(encoding="utf-8").splitlines()
    ]
    scores = json.loads((run / "scores.json").read_text(encoding="utf-8"))["metrics"]
    return {"count": len(rows), "exact": exact(run, rows), "bleu_4": scores["bleu_4"]}


def exact(run: Run, rows: Sequence[dict[str, Any]]) -> float:
    """The share of predictions that say all that they should, as the source of a run knows."""
    right = sources.get(configs.read(run / CONFIG).data.source["type"]).is_correct_caption
    return sum(right(row["caption"], row["references"]) for row in rows) / len(rows)


def again(run: Run, clips: Callable[[SampleReader, int], Iterable[Clips]]) -> CaptionEvaluation:
    """What the run says of its test samples where it is shown other clips in their place."""
    task = load(run.folder)
    media = SampleReader(task)
    batches = (task.captions(found) for found in clips(media, task.settings.evaluation.batch_size))
    return task.score_captions(unseen(task.settings), batches)


def shuffled(clips: Clips, random: np.random.Generator) -> Clips:
    """The same frames, those of each clip in another order."""
    index = clips.index.copy()
    for row in index:
        real = row >= 0
        row[real] = random.permutation(row[real])
    return Clips(clips.frames, index)


def directions_right(row: dict[str, Any]) -> bool:
    """Whether a sentence says of the first and of the second move where it goes, as it is true."""
    told, true = parse_story(row["caption"]), parse_story(row["references"][0])
    return told is not None and [move.direction for move in told] == [
        move.direction for move in true
    ]


def unseen(config: configs.Config) -> list[Sample]:
    """The test samples of a config."""
    return [
        sample
        for sample in sources.build(config.data.source, place="data.source")
        if sample.split == "test"
    ]


def drawn(demo: Demo, folder: Path) -> list[Path]:
    """Writes a few samples of the test split as files."""
    folder.mkdir(parents=True, exist_ok=True)
    return [demo.draw(sample, folder) for sample in unseen(configs.read(demo.config))[:DRAWN]]


def draw_picture(sample: Sample, folder: Path) -> Path:
    """A PNG, larger than training saw it."""
    path = folder / f"{sample.id}.png"
    Image.fromarray(sample.media._replace(pixels=SIDE).draw()[0]).save(path)
    return path


def draw_film(sample: Sample, folder: Path) -> Path:
    """A GIF, larger than training saw it."""
    path = folder / f"{sample.id}.gif"
    first, *following = [
        Image.fromarray(frame) for frame in sample.media._replace(pixels=SIDE).draw()
    ]
    first.save(path, save_all=True, append_images=following, duration=200, loop=0)
    return path


DEMOS = {
    "captioning": Demo(
        CONFIGS / "captioning.yaml", Path("runs/demo"), sentence_figures, draw_picture, "caption"
    ),
    "activity": Demo(
        CONFIGS / "activity.yaml", Path("runs/demo-activity"), label_figures, draw_film, "classify"
    ),
    "description": Demo(
        CONFIGS / "description.yaml",
        Path("runs/demo-description"),
        story_figures,
        draw_film,
        "describe",
    ),
}
"""One entry and one config a task."""
