"""What a run's report shows: its scores, its curves, and its best and worst pictures."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from PIL import Image

from lrcn_seq import config as configs
from lrcn_seq import report
from lrcn_seq.data.media import MediaReader
from lrcn_seq.records import Caption, Preprocessing, Sample
from lrcn_seq.registry import sources
from lrcn_seq.runs.folder import Run
from lrcn_seq.tasks.base import Task, read_json
from lrcn_seq.training.evaluation import Evaluated
from lrcn_seq.training.labels import Classified, InTime
from lrcn_seq.training.preparation import LEFT_OUT
from lrcn_seq.training.sentences import Described

SHOWN, FRAMES = 12, 6
PICTURE = Preprocessing(256, 256, resize="pad", interpolation="bicubic")


class Known(NamedTuple):
    """What is known of the training of a run; notes say what its source left out."""

    notes: Sequence[str]
    history: list[dict[str, Any]]
    left_out: list[tuple[str, str]]
    machine: dict[str, str]


def known_of(run: Run, notes: Sequence[str]) -> Known:
    """The same, read of its folder.

    Raises:
        RunError: a file of it is damaged.
    """
    return Known(notes, run.history(), left_out(run), run.began_on())


def write_report(task: Task, run: Run, evaluated: Evaluated, scores: dict, known: Known) -> Path:
    """Writes `report.html`."""
    noun = "picture" if task.sampling is None else "clip"
    contents = report.Contents(
        title=f"{task.name}: {run.folder.name}",
        subtitle=f"{len(evaluated.samples)} {noun}s of the split {scores['split']}{aside(scores)}, {time.strftime('%Y-%m-%d %H:%M')}",
        history=known.history,
        monitor=task.monitor,
        scores=scores,
        health={
            name: value for name, value in scores.get("health", {}).items() if value is not None
        },
        shown=[] if task.labels else shown(task, evaluated),
        config=configs.dump(task.settings),
        left_out=known.left_out,
        notes=known.notes,
        command=f"lrcn evaluate {run.folder}",
        facts=facts(task, known.machine),
        classes=classes(evaluated) if task.labels else None,
        clips=shown_clips(task, evaluated) if task.labels else (),
        noun=noun,
    )
    report.write(run / "report.html", contents)
    return run / "report.html"


def shown(task: Task, evaluated: Described) -> list[report.Shown]:
    """The best and the worst pictures or clips by their own CIDEr."""
    sentences = evaluated.report.sentences
    metric = (
        "cider"
        if "cider" in next(iter(sentences.values()))
        else next(iter(next(iter(sentences.values()))))
    )
    order = sorted(
        range(len(evaluated.samples)),
        key=lambda place: -sentences[evaluated.samples[place].id][metric],
    )
    chosen = order if len(order) <= 2 * SHOWN else order[:SHOWN] + order[-SHOWN:]
    return [
        _shown(
            task,
            evaluated.samples[place],
            evaluated.captions[place],
            sentences[evaluated.samples[place].id][metric],
        )
        for place in chosen
    ]


def aside(scores: dict) -> str:
    """What else the scores are of: the first samples alone, another source, several runs."""
    fused = scores.get("fused", {}).get("runs", ())
    return (
        (f", the first {scores['limit']}" if "limit" in scores else "")
        + (", of another source" if "source" in scores else "")
        + (f", with {' and '.join(fused[1:])}" if fused else "")
    )


def _shown(task: Task, sample: Sample, caption: Caption, score: float) -> report.Shown:
    words, attention = attention_of(task, sample, caption)
    # The map lies over what the encoder saw; without one the picture keeps its proportions.
    frames = (
        strip(task, sample)
        if attention is None
        else pictures(task, sample, task.encoder.preprocessing.resize)
    )
    right = sources.get(task.settings.data.source["type"]).exactly_right
    return report.Shown(
        name=sample.id,
        picture=frames[0],
        generated=caption.text,
        references=sample.captions,
        score=score,
        log_probability=caption.log_probability,
        words=words,
        attention=attention,
        exact=right and right(caption.text, sample.captions),
        frames=tuple(frames) if task.sampling else (),
    )


def strip(task: Task, sample: Sample) -> list[Image.Image]:
    """The picture, or a few frames spread over what the classifier or describer saw of the clip; gray where there are only vectors."""
    if task.reader.kind == "vectors":
        return [Image.new("RGB", PICTURE[:2], "lightgray")]
    return pictures(task, sample, "pad")


def pictures(task: Task, sample: Sample, resize: str) -> list[Image.Image]:
    """The same, resized by a rule."""
    numbers = None
    if task.sampling:
        numbers = task.sampling.stream(task.times(sample.media))
        numbers = numbers[np.unique(np.linspace(0, len(numbers) - 1, FRAMES).round().astype(int))]
    reader = MediaReader(
        task.reader.kind,
        PICTURE._replace(resize=resize),
        pixels_limit=task.settings.data.pixels_limit,
    )
    frames = reader.frames(sample.media, numbers)
    return [Image.fromarray(frame) for frame in (frames if task.sampling else frames[:1])]


def attention_of(
    task: Task, sample: Sample, caption: Caption
) -> tuple[tuple[str, ...], np.ndarray | None]:
    """Words and where the decoder looked on the picture for each, (L, h, w); nothing where it has no attention or no square grid."""
    ids = [] if task.sampling else task.tokenizer.encode(caption.text)
    looked = task.attention(task.seen(sample.media), np.array([ids], "int32")) if ids else None
    side = 0 if looked is None else math.isqrt(looked.shape[-1])
    if looked is None or side < 2 or side * side != looked.shape[-1]:
        return (), None
    return tuple(task.tokenizer.decode([word]) for word in ids), looked[0].reshape(
        len(ids), side, side
    )


def classes(evaluated: Classified | InTime) -> report.Classes:
    """How the classes did."""
    found = evaluated.report
    return report.Classes(found.labels, found.confusion, found.per_class, found.bins)


def shown_clips(task: Task, evaluated: Classified | InTime) -> list[report.ShownClip]:
    """Of labels in time, the first clips. Otherwise clips that were classified wrong, the surest first, and right, the least sure first: where there is most to see."""
    if isinstance(evaluated, InTime):
        return [
            _shown_in_time(task, evaluated, place)
            for place in range(min(SHOWN, len(evaluated.samples)))
        ]
    sure, right = evaluated.probabilities.max(axis=1), evaluated.found == evaluated.truth
    wrong = sorted(np.flatnonzero(~right), key=lambda place: -sure[place])[:SHOWN]
    return [
        _shown_clip(task, evaluated, place)
        for place in (*wrong, *sorted(np.flatnonzero(right), key=lambda place: sure[place])[:SHOWN])
    ]


def _shown_clip(task: Task, evaluated: Classified, place: int) -> report.ShownClip:
    sample, row, names = (
        evaluated.samples[place],
        evaluated.probabilities[place],
        evaluated.report.labels,
    )
    true, found = names[evaluated.truth[place]], names[row.argmax()]
    times, over_time = answers_over_time(task, sample)
    followed = (
        {name: over_time[:, names.index(name)].tolist() for name in dict.fromkeys((true, found))}
        if len(times)
        else {}
    )
    top = tuple((label.label, label.probability) for label in task.likeliest(row, 5))
    return report.ShownClip(
        sample.id, strip(task, sample), true, found, float(row.max()), top, times, followed
    )


def _shown_in_time(task: Task, evaluated: InTime, place: int) -> report.ShownClip:
    sample, row, names = (
        evaluated.samples[place],
        evaluated.probabilities[place],
        evaluated.report.labels,
    )
    mean = row.mean(axis=0)
    top = task.likeliest(mean, 5)
    followed = {one.label: row[:, names.index(one.label)].tolist() for one in top}
    return report.ShownClip(
        sample.id,
        strip(task, sample),
        None,
        top[0].label,
        top[0].probability,
        tuple(top),
        evaluated.times[place],
        followed,
    )


def answers_over_time(task: Task, sample: Sample) -> tuple[np.ndarray, np.ndarray]:
    """Times (T,) and the distribution after each frame (T, C); nothing where the parts mix frames in time."""
    if not (task.encoder.frame_wise and task.decoder.causal):
        return np.zeros(0), np.zeros((0, len(task.labels)))
    times, answers, _ = zip(*task.watch_frames(sample.media), strict=True)
    return np.concatenate(times), np.concatenate(answers)


def left_out(run: Run) -> list[tuple[str, str]]:
    """Files that were skipped, and why."""
    path = run / LEFT_OUT
    return (
        read_json(
            path,
            "what was left out",
            lambda rows: [(str(row["media"]), str(row["reason"])) for row in rows],
            lines=True,
        )
        if path.exists()
        else []
    )


def facts(task: Task, machine: dict[str, str]) -> dict[str, str]:
    """The machine, the versions, the size of the model."""
    return {
        **machine,
        "parameters": f"{task.count_params():,}",
        "trained parameters": f"{count(task.trainable_weights):,}",
    }


def count(weights: Sequence) -> int:
    """Numbers in weights."""
    return sum(math.prod(weight.shape) for weight in weights)
