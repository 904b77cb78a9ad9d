"""Report sections of tasks that write captions."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from lrcn_seq import report
from lrcn_seq.evaluation import CaptionEvaluation
from lrcn_seq.records import Caption, ResizeRule, Sample
from lrcn_seq.registry import sources
from lrcn_seq.tasks._report_images import EXAMPLES, EXPLAINED, example_images
from lrcn_seq.tasks._task_explanation import explain_caption

if TYPE_CHECKING:
    from lrcn_seq.tasks._caption_task import CaptionTask

Attention = tuple[tuple[str, ...], np.ndarray | None]
"""Words (L,) and their attention maps (L, h, w), or None in place of the maps."""


def caption_sections(
    task: CaptionTask, evaluation: CaptionEvaluation
) -> list[report.Section | None]:
    """Return report sections on caption diversity and on the best and worst captions.

    Args:
        task: the task.
        evaluation: an evaluation of the task.
    """
    captions = [caption.text for caption in evaluation.captions]
    scores = evaluation.report.sentences
    names = next(iter(scores.values()))
    metric = "cider" if "cider" in names else next(iter(names))
    values = [scores[sample.id][metric] for sample in evaluation.samples]
    order = sorted(range(len(values)), key=lambda index: -values[index])
    shown = order if len(order) <= 2 * EXAMPLES else order[:EXAMPLES] + order[-EXAMPLES:]
    explained = {*shown[:EXPLAINED], *shown[-EXPLAINED:]}
    examples = [
        caption_example(
            task,
            evaluation.samples[i],
            evaluation.captions[i],
            values[i],
            is_explained=i in explained,
        )
        for i in shown
    ]
    return [
        report.caption_diversity(evaluation.health._asdict(), captions, task.noun),
        *confidence_sections(evaluation, task.noun),
        report.caption_examples(examples, len(captions), task.noun, metric),
    ]


def caption_example(
    task: CaptionTask,
    sample: Sample,
    caption: Caption,
    score: float,
    *,
    is_explained: bool = False,
) -> report.CaptionExample:
    """Return an image or clip for the report, with its caption and attention maps.

    Args:
        task: the task.
        sample: the sample.
        caption: the best caption of the sample.
        score: the score of the caption.
        is_explained: whether to compute Grad-CAM for the words of an image.
    """
    words, attention = attention_maps(task, sample, caption)
    heat_maps = None
    if is_explained and task.encoder.has_maps and not task.sampling and caption.text:
        explanation = explain_caption(task, sample.media, sample.id, caption.text)
        words, heat_maps = explanation.words, explanation.maps[:, 0]
    # A map covers the resized input of the encoder, so the image is resized likewise.
    # Without maps, the image keeps its aspect ratio.
    has_maps = attention is not None or heat_maps is not None
    resize: ResizeRule = task.encoder.preprocessing.resize if has_maps else "pad"
    source = sources.get(task.settings.data.source["type"])
    return report.CaptionExample(
        name=sample.id,
        images=example_images(task, sample, resize=resize),
        caption=caption.text,
        references=sample.captions,
        score=score,
        log_probability=caption.log_probability,
        words=words,
        attention=attention,
        heat_maps=heat_maps,
        exact_match=source.is_correct_caption(caption.text, sample.captions),
        confidence=caption.confidence,
        supports=caption.words,
    )


def confidence_sections(evaluation: CaptionEvaluation, noun: str) -> list[report.Section | None]:
    """Return sections on the calibration of confidences and on risk and coverage.

    Args:
        evaluation: the evaluation; without a confidence, one section states the reason, if known.
        noun: singular noun for a captioned item.
    """
    good, scores = evaluation.good, evaluation.confidence()
    if good is not None and good.reason:
        reason = report.paragraph(report.escape(good.reason))
        return [report.section("Confidence", reason, name="confidence")]
    if scores is None:
        return []
    remark = (
        f"A caption counts as good if its CIDEr exceeds {report.number(scores.good.threshold)}, as "
        f"about half of the captions of dev do. Confidences were fitted to "
        f"{report.quantity(scores.good.samples, noun)} of dev."
    )
    if any(sample.split == "dev" for sample in evaluation.samples):
        remark += f" These {noun}s belong to dev, so the calibration of new ones may be worse."
    return [
        report.calibration(scores.bins, noun, share="share of good captions", remark=remark),
        report.risk_coverage(scores.coverage.tolist(), scores.gain, noun),
    ]


def attention_maps(task: CaptionTask, sample: Sample, caption: Caption) -> Attention:
    """Return the attention over the image for each word of a caption.

    Args:
        task: the task.
        sample: the sample.
        caption: a caption of the sample.

    Returns:
        Words and maps, or `((), None)` for clips, captions without words, and decoders without
        attention over a square grid.
    """
    ids = (
        []
        if task.sampling
        else task.tokenizer.encode(caption.text)[: task.settings.data.words_limit]
    )
    if not ids:
        return (), None
    weights = task.attention(task.read_clip(sample.media), np.array([ids], "int32"))
    side = 0 if weights is None else math.isqrt(weights.shape[-1])
    if weights is None or side < 2 or side * side != weights.shape[-1]:
        return (), None
    words = tuple(task.tokenizer.decode([word]) for word in ids)
    return words, weights[0].reshape(len(ids), side, side)
