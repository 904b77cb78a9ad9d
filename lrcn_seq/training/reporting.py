"""What a run's report shows: its scores, its curves, and its best and worst pictures."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from lrcn_seq import config as configs
from lrcn_seq.data.media import read_frames
from lrcn_seq.data.sources.shapes import exactly_right
from lrcn_seq.records import Caption, Clips, Preprocessing, Sample
from lrcn_seq.tasks.base import Task
from lrcn_seq.training import report
from lrcn_seq.training.evaluation import Evaluated
from lrcn_seq.training.preparation import LEFT_OUT
from lrcn_seq.training.run import Run

SHOWN = 12
PICTURE = Preprocessing(256, 256, resize="pad", interpolation="bicubic")


def write_report(task: Task, run: Run, evaluated: Evaluated, scores: dict) -> Path:
    """Writes `report.html`."""
    count = len(evaluated.samples)
    contents = report.Contents(
        title=f"{task.name}: {run.folder.name}",
        subtitle=f"{count} pictures of the split {scores['split']}, {time.strftime('%Y-%m-%d %H:%M')}",
        history=run.history(),
        monitor=task.settings.training.monitor,
        scores=scores,
        health={name: value for name, value in scores["health"].items() if value is not None},
        shown=shown(task, evaluated),
        config=configs.dump(task.settings),
        left_out=left_out(run),
        command=f"lrcn evaluate {run.folder}",
        facts=facts(task, run),
    )
    report.write(run / "report.html", contents)
    return run / "report.html"


def shown(task: Task, evaluated: Evaluated) -> list[report.Shown]:
    """The best and the worst pictures by their own CIDEr."""
    sentences = evaluated.report.sentences
    metric = "cider" if "cider" in next(iter(sentences.values())) else next(iter(next(iter(sentences.values()))))
    order = sorted(range(len(evaluated.samples)), key=lambda place: -sentences[evaluated.samples[place].id][metric])
    chosen = order if len(order) <= 2 * SHOWN else order[:SHOWN] + order[-SHOWN:]
    return [_shown(task, evaluated.samples[place], evaluated.captions[place], sentences[evaluated.samples[place].id][metric]) for place in chosen]


def _shown(task: Task, sample: Sample, caption: Caption, score: float) -> report.Shown:
    words, attention = attention_of(task, sample, caption)
    # The map lies over what the encoder saw; without one the picture keeps its proportions.
    resize = "pad" if attention is None else task.encoder.preprocessing.resize
    picture = Image.fromarray(read_frames(sample.media, PICTURE._replace(resize=resize), pixels_limit=task.settings.data.pixels_limit)[0])
    exact = exactly_right(caption.text, sample.captions) if task.settings.data.source["type"] == "shapes" else None
    return report.Shown(
        name=sample.id, picture=picture, generated=caption.text, references=sample.captions, score=score, log_probability=caption.log_probability, words=words, attention=attention, exact=exact
    )


def attention_of(task: Task, sample: Sample, caption: Caption) -> tuple[tuple[str, ...], np.ndarray | None]:
    """Words and where the decoder looked for each, (L, h, w); nothing where it has no attention or no square grid."""
    ids = task.tokenizer.encode(caption.text)
    looked = task.attention(Clips(task.frames(sample.media)[:1], np.zeros((1, 1), "int32")), np.array([ids], "int32")) if ids else None
    side = 0 if looked is None else math.isqrt(looked.shape[-1])
    if looked is None or side < 2 or side * side != looked.shape[-1]:
        return (), None
    return tuple(task.tokenizer.decode([word]) for word in ids), looked[0].reshape(len(ids), side, side)


def left_out(run: Run) -> list[tuple[str, str]]:
    """Files that were skipped, and why."""
    path = run / LEFT_OUT
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()] if path.exists() else []
    return [(row["media"], row["reason"]) for row in rows]


def facts(task: Task, run: Run) -> dict[str, str]:
    """The machine, the versions, the size of the model."""
    path = run / "machine.json"
    known = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    return {**known, "parameters": f"{task.count_params():,}", "trained parameters": f"{count(task.trainable_weights):,}"}


def count(weights: Sequence) -> int:
    """Numbers in weights."""
    return sum(math.prod(weight.shape) for weight in weights)
