"""The report of a run: its scores and curves, and the sections of its task."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from PIL import Image

from lrcn_seq import config as configs
from lrcn_seq import report
from lrcn_seq.data.media import read_frames
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
    """Write `report.html` into the run folder and return its path."""
    noun = "image" if task.sampling is None else "clip"
    scored = "frame" if isinstance(evaluated, InTime) else noun
    sections = (
        caption_sections(task, evaluated, scores, noun)
        if isinstance(evaluated, Described)
        else label_sections(task, evaluated, scored)
    )
    count, split = len(evaluated.samples), scores["split"]
    page = report.Page(
        title=f"{task.name}: {run.folder.name}",
        subtitle=f"{count} {noun}s of the split {split}{aside(scores)}, "
        f"{time.strftime('%Y-%m-%d %H:%M')}",
        sections=[
            report.score_cards(scores, scored),
            report.curves(known.history, task.monitor),
            *sections,
            report.skipped_files(known.left_out, known.notes),
            report.provenance(
                f"lrcn evaluate {run.folder}",
                facts(task, known.machine),
                configs.dump(task.settings),
            ),
        ],
    )
    report.write(run / "report.html", page)
    return run / "report.html"


def caption_sections(
    task: Task, evaluated: Described, scores: Mapping[str, Any], noun: str
) -> list[report.Section | None]:
    """Return the sections on captions: their diversity, and the best and worst examples."""
    captions = [caption.text for caption in evaluated.captions]
    examples, metric = caption_examples(task, evaluated)
    return [
        report.caption_diversity(scores["health"], captions, noun),
        report.caption_examples(examples, len(captions), noun, metric),
    ]


def label_sections(
    task: Task, evaluated: Classified | InTime, noun: str
) -> list[report.Section | None]:
    """Return the sections on predicted classes.

    Args:
        noun: what has a class, in the singular: clip, or frame for labels in time.
    """
    result = evaluated.report
    correct = incorrect = None
    if isinstance(evaluated, Classified):
        correct = int(np.trace(result.confusion))
        incorrect = result.count - correct
    examples = clip_examples(task, evaluated)
    return [
        report.confusion(result.labels, result.confusion, noun),
        report.per_class(result.per_class, noun),
        report.calibration(result.bins, noun),
        report.clip_examples(examples, incorrect=incorrect, correct=correct),
    ]


def caption_examples(task: Task, evaluated: Described) -> tuple[list[report.CaptionExample], str]:
    """Return the examples of highest and of lowest score, and the name of the score."""
    sentences = evaluated.report.sentences
    names = next(iter(sentences.values()))
    metric = "cider" if "cider" in names else next(iter(names))
    scores = [sentences[sample.id][metric] for sample in evaluated.samples]
    order = sorted(range(len(scores)), key=lambda place: -scores[place])
    chosen = order if len(order) <= 2 * SHOWN else order[:SHOWN] + order[-SHOWN:]
    examples = [
        _caption_example(task, evaluated.samples[i], evaluated.captions[i], scores[i])
        for i in chosen
    ]
    return examples, metric


def aside(scores: dict) -> str:
    """What else the scores are of: the first samples alone, another source, several runs."""
    fused = scores.get("fused", {}).get("runs", ())
    return (
        (f", the first {scores['limit']}" if "limit" in scores else "")
        + (", of another source" if "source" in scores else "")
        + (f", with {' and '.join(fused[1:])}" if fused else "")
    )


def _caption_example(
    task: Task, sample: Sample, caption: Caption, score: float
) -> report.CaptionExample:
    words, attention = attention_of(task, sample, caption)
    # The map lies over the encoder's input; without a map the image keeps its proportions.
    images = (
        strip(task, sample)
        if attention is None
        else pictures(task, sample, task.encoder.preprocessing.resize)
    )
    right = sources.get(task.settings.data.source["type"]).exactly_right
    return report.CaptionExample(
        name=sample.id,
        images=images,
        caption=caption.text,
        references=sample.captions,
        score=score,
        log_probability=caption.log_probability,
        words=words,
        attention=attention,
        exact_match=right and right(caption.text, sample.captions),
    )


def strip(task: Task, sample: Sample) -> list[Image.Image]:
    """The picture, or a few frames spread over what the classifier or describer saw of the clip; gray where there are only vectors."""
    if task.encoder.takes == "vectors":
        return [Image.new("RGB", PICTURE[:2], "lightgray")]
    return pictures(task, sample, "pad")


def pictures(task: Task, sample: Sample, resize: str) -> list[Image.Image]:
    """The same, resized by a rule."""
    numbers = None
    if task.sampling:
        numbers = task.sampling.stream(task.times(sample.media))
        numbers = numbers[np.unique(np.linspace(0, len(numbers) - 1, FRAMES).round().astype(int))]
    frames = read_frames(
        sample.media,
        PICTURE._replace(resize=resize),
        numbers=numbers,
        pixels_limit=task.settings.data.pixels_limit,
    )
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


def clip_examples(task: Task, evaluated: Classified | InTime) -> list[report.ClipExample]:
    """Return the first clips for labels in time.

    Otherwise the most confident errors and the least confident correct predictions.
    """
    if isinstance(evaluated, InTime):
        count = min(SHOWN, len(evaluated.samples))
        return [_clip_example_in_time(task, evaluated, place) for place in range(count)]
    confidence = evaluated.probabilities.max(axis=1)
    correct = evaluated.found == evaluated.truth
    errors = sorted(np.flatnonzero(~correct), key=lambda place: -confidence[place])[:SHOWN]
    unsure = sorted(np.flatnonzero(correct), key=lambda place: confidence[place])[:SHOWN]
    return [_clip_example(task, evaluated, place) for place in (*errors, *unsure)]


def _clip_example(task: Task, evaluated: Classified, place: int) -> report.ClipExample:
    sample, row = evaluated.samples[place], evaluated.probabilities[place]
    names = evaluated.report.labels
    true, predicted = names[evaluated.truth[place]], names[row.argmax()]
    times, rows = answers_over_time(task, sample)
    return report.ClipExample(
        name=sample.id,
        frames=strip(task, sample),
        true_label=true,
        predicted=predicted,
        probability=float(row.max()),
        top=task.likeliest(row, 5),
        times=times.tolist(),
        over_time={name: rows[:, names.index(name)].tolist() for name in {true, predicted}},
    )


def _clip_example_in_time(task: Task, evaluated: InTime, place: int) -> report.ClipExample:
    sample, rows = evaluated.samples[place], evaluated.probabilities[place]
    names = evaluated.report.labels
    top = task.likeliest(rows.mean(axis=0), 5)
    return report.ClipExample(
        name=sample.id,
        frames=strip(task, sample),
        true_label=None,
        predicted=top[0].label,
        probability=top[0].probability,
        top=top,
        times=evaluated.times[place].tolist(),
        over_time={one.label: rows[:, names.index(one.label)].tolist() for one in top},
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
