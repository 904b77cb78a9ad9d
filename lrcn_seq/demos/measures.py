"""The figures of a demo: scores of a run on its test split, with intact and disturbed inputs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

from lrcn_seq import config as configs
from lrcn_seq.config import Config
from lrcn_seq.data.sources.moving_shapes import parse_story
from lrcn_seq.evaluation import CaptionEvaluation
from lrcn_seq.files import read_json, read_json_lines
from lrcn_seq.records import Clips, Sample
from lrcn_seq.registry import sources
from lrcn_seq.runs import load
from lrcn_seq.runs.folder import CONFIG, PREDICTIONS, SCORES, Run
from lrcn_seq.tasks import SampleReader
from lrcn_seq.training import train

SINGLE_FRAME = "single_frame"
"""The run folder of the classifier without memory, inside the run folder of the demo."""
SINGLE_FRAME_DECODER = {"type": "frame_mean", "pool": "features", "dense": 64}

Figures = dict[str, float]
Row = dict[str, Any]
"""A line of `predictions.jsonl`."""


def measure_captions(run: Run) -> Figures:
    """Measure a captioning run on its test images and on wrong images.

    The wrong image of a sample is the next test image; the references stay the same.

    Returns:
        `count`, `exact`, `bleu_4` and `shuffled_bleu_4`.
    """
    samples = read_test_samples(configs.read_run(run / CONFIG))
    rotated = [*samples[1:], samples[0]]
    shuffled = caption_clips(run, lambda reader, batch: reader.clips(rotated, batch))
    return {**caption_figures(run), "shuffled_bleu_4": shuffled.values["bleu_4"]}


def measure_descriptions(run: Run) -> Figures:
    """Measure a description run on its test clips and on the same clips with shuffled frames.

    Returns:
        `count`, `exact`, `bleu_4`, `disordered_exact` and `disordered_directions`.
    """
    samples = read_test_samples(configs.read_run(run / CONFIG))
    random = np.random.default_rng(0)

    def shuffled_clips(reader: SampleReader, batch: int) -> Iterable[Clips]:
        return (shuffle_frames(clips, random) for clips in reader.clips(samples, batch))

    rows = caption_clips(run, shuffled_clips).rows()
    return {
        **caption_figures(run),
        "disordered_exact": exact_share(run, rows),
        "disordered_directions": sum(map(has_right_directions, rows)) / len(rows),
    }


def measure_labels(run: Run) -> Figures:
    """Compare the accuracy of a classification run with that of a single-frame network.

    The single-frame network is trained with the config of the run and a decoder without memory.

    Returns:
        The number of test clips `count`, the accuracy `top_1` of the run, and the accuracy
        `single_frame_top_1` of the single-frame network.
    """
    config = configs.read_run(run / CONFIG).model_dump()
    single_frame = train(
        configs.validate({**config, "decoder": SINGLE_FRAME_DECODER}),
        run / SINGLE_FRAME,
        resume=True,
    )
    scores = read_scores(run)
    return {
        "count": scores["count"],
        "top_1": scores["metrics"]["top_1"],
        "single_frame_top_1": read_scores(single_frame)["metrics"]["top_1"],
    }


def caption_figures(run: Run) -> Figures:
    """Return `count`, `exact` and `bleu_4` of the stored predictions of a run."""
    rows = read_json_lines(run / PREDICTIONS, "the predictions of the demo", list)
    return {
        "count": len(rows),
        "exact": exact_share(run, rows),
        "bleu_4": read_scores(run)["metrics"]["bleu_4"],
    }


def read_scores(run: Run) -> dict[str, Any]:
    """Return the object of `scores.json` of a run."""
    return read_json(run / SCORES, "the scores of the demo", dict)


def exact_share(run: Run, rows: Sequence[Row]) -> float:
    """Return the share of captions that are correct in every attribute, judged by the source."""
    source: Any = sources.get(configs.read_run(run / CONFIG).data.source["type"])
    right = [source.is_correct_caption(row["caption"], row["references"]) for row in rows]
    return sum(right) / len(right)


def caption_clips(
    run: Run, clips: Callable[[SampleReader, int], Iterable[Clips]]
) -> CaptionEvaluation:
    """Caption the given clips in place of the test samples, and score the captions.

    Args:
        run: a trained run.
        clips: called with a reader and a batch size; returns one clip per test sample, in batches.
    """
    task = load(run.folder)
    batches = clips(SampleReader(task), task.settings.evaluation.batch_size)
    captions = (task.captions(batch) for batch in batches)
    return task.score_captions(read_test_samples(task.settings), captions)


def shuffle_frames(clips: Clips, random: np.random.Generator) -> Clips:
    """Shuffle the frames of each clip; padding stays in place."""
    index = clips.index.copy()
    for row in index:
        real = row >= 0
        row[real] = random.permutation(row[real])
    return Clips(clips.frames, index)


def has_right_directions(row: Row) -> bool:
    """Return whether a caption states the directions of both motions correctly."""
    story, truth = parse_story(row["caption"]), parse_story(row["references"][0])
    if story is None or truth is None:
        return False
    return [move.direction for move in story] == [move.direction for move in truth]


def read_test_samples(config: Config) -> list[Sample]:
    """Return the test samples of the config's source."""
    source = sources.build(config.data.source, place="data.source")
    return [sample for sample in source if sample.split == "test"]
