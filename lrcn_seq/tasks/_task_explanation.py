"""Explanations of the captions and classes of images and clips."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from lrcn_seq.errors import ArgumentError, did_you_mean
from lrcn_seq.records import Clips
from lrcn_seq.report import Explanation
from lrcn_seq.tasks._grad_cam import class_maps, word_maps
from lrcn_seq.tasks._media import media_list, prediction_name

if TYPE_CHECKING:
    from lrcn_seq.tasks._caption_task import CaptionTask
    from lrcn_seq.tasks.activity import Activity
    from lrcn_seq.tasks.base import Task


def check_target(target: Any, answers: str, noun: str) -> None:
    """Raise ArgumentError unless a target is a text, a prediction with answers, or None.

    Args:
        target: the argument of `explain`.
        answers: the attribute of a prediction that lists its answers.
        noun: the noun for an answer.
    """
    if target is None or isinstance(target, str) or getattr(target, answers, None):
        return
    raise ArgumentError(
        f"target: expected a {noun}, or a prediction with {answers}. Received: "
        f"{type(target).__name__}; leave it out to explain the prediction of the run."
    )


def explain_inputs(task: Task, media: Any, explain: Callable[[Any, str], Explanation]) -> Any:
    """Return the explanation of a single input, or a list of explanations for a list of inputs.

    Args:
        task: the task.
        media: a path, a PIL image, an array, or a list of them.
        explain: returns the explanation of an input with a name.
    """
    inputs = media_list(media, task.media.kind)
    explanations = [
        explain(item, prediction_name(inputs.media, position))
        for position, item in enumerate(inputs.media)
    ]
    return explanations[0] if inputs.is_single else explanations


def explain_caption(task: CaptionTask, media: Any, name: str, caption: str) -> Explanation:
    """Return the Grad-CAM and the attention of each word of a caption.

    Args:
        task: a task that writes captions.
        media: a path, a PIL image or an array.
        name: the name of the input.
        caption: the caption; words after `data.words_limit` are left out.

    Raises:
        MediaError: the input cannot be read.
    """
    clips = task.read_clip(media)
    ids = task.tokenizer.encode(caption)[: task.settings.data.words_limit]
    maps = word_maps(task, clips, ids)
    times: Sequence[float] | np.ndarray = ()
    if task.sampling:
        clock = task.media.times(media)
        times = clock[task.sampling.test(clock)[0]]
    return Explanation(
        file=name,
        text=caption,
        words=tuple(task.tokenizer.decode([word]) for word in ids),
        maps=maps,
        frames=step_frames(task, clips),
        times=step_times(task, times),
        attention=attention_maps(task, clips, ids, maps.shape[-2:]),
    )


def attention_maps(
    task: CaptionTask, clips: Clips, words: Sequence[int], map_size: tuple[int, ...]
) -> np.ndarray | None:
    """Return the attention (L, S, h', w') with which each word of a caption is predicted.

    Args:
        task: a task that writes captions.
        clips: one clip.
        words: L IDs without the start word.
        map_size: height and width of the feature map of the encoder.

    Returns:
        The attention; None if the decoder has none, or nothing to choose from.
    """
    weights = task.attention(clips, np.array([words], "int32")) if words else None
    if weights is None or weights.shape[-1] == 1:
        return None
    steps = -(-clips.index.shape[1] // task.encoder.stride)
    grid = region_grid(weights.shape[-1] // steps, map_size)
    return np.asarray(weights[0], "float32").reshape(len(words), steps, *grid)


def region_grid(regions: int, map_size: tuple[int, ...]) -> tuple[int, int]:
    """Return rows and columns of the regions of a frame.

    Args:
        regions: the number of regions: those of the feature map, of a smaller square, or bands.
        map_size: height and width of the feature map.
    """
    if regions == math.prod(map_size):
        return map_size[0], map_size[1]
    side = math.isqrt(regions)
    return (side, side) if side * side == regions else (regions, 1)


def explain_classes(task: Activity, media: Any, name: str, labels: Sequence[str]) -> Explanation:
    """Return the Grad-CAM of classes for each frame of a clip.

    If the sampling selects several clips of a video, the clip is explained in which the first class
    is most probable.

    Args:
        task: a task that classifies clips.
        media: a path or an array.
        name: the name of the input.
        labels: the classes.

    Raises:
        ArgumentError: a class is unknown.
        MediaError: the input cannot be read.
    """
    classes = [class_index(task, label) for label in labels]
    clips, times = likeliest_clip(task, media, classes[0])
    return Explanation(
        file=name,
        text=", ".join(labels),
        words=tuple(labels),
        maps=class_maps(task, clips, classes),
        frames=step_frames(task, clips),
        times=step_times(task, times),
    )


def likeliest_clip(task: Activity, media: Any, index: int) -> tuple[Clips, np.ndarray]:
    """Return the clip of a video in which a class is most probable, in the first test view.

    Args:
        task: a task that classifies clips.
        media: a path or an array.
        index: the index of the class.

    Returns:
        The clip and the times (T,) of its frames in seconds.
    """
    clock = task.media.times(media)
    selections = task.sampling.test(clock)

    def first_view(numbers: np.ndarray) -> Clips:
        (views,) = task.media.clips(media, [numbers])
        return Clips(views.frames[views.index[0]], np.arange(len(numbers), dtype="int32")[None])

    if len(selections) > 1:
        means = []
        for clips in task.media.clips(media, selections, batch=1):
            probabilities, mask = task.probabilities(clips)
            means.append(float(probabilities[mask][:, index].mean()))
        selections = [selections[int(np.argmax(means))]]
    return first_view(selections[0]), clock[selections[0]]


def class_index(task: Activity, label: str) -> int:
    """Return the index of a class; raise ArgumentError if the task does not know it."""
    if label not in task.labels:
        raise ArgumentError(
            f"Expected a class of this run.{did_you_mean(label, task.labels)} Received: {label!r}; "
            f"known: {', '.join(task.labels)}."
        )
    return task.labels.index(label)


def step_frames(task: Task, clips: Clips) -> np.ndarray:
    """Return the first frame of each step of a clip, (S, H, W, 3)."""
    return np.asarray(clips.frames)[clips.index[0]][:: task.encoder.stride]


def step_times(task: Task, times: Sequence[float] | np.ndarray) -> tuple[float, ...]:
    """Return the time of the first frame of each step."""
    return tuple(float(time) for time in times[:: task.encoder.stride])
