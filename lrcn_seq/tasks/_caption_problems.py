"""Config checks of the tasks that write captions."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NoReturn
from zlib import crc32

from keras import ops

from lrcn_seq.config import Config
from lrcn_seq.errors import ArgumentError, ConfigError, LrcnError, Problem, did_you_mean
from lrcn_seq.records import SPECIAL
from lrcn_seq.registry import metrics, searches, views
from lrcn_seq.tasks._caption_search import check_attention
from lrcn_seq.tasks._sample_reader import task_storing_problem
from lrcn_seq.tasks._self_critical import objective_problems
from lrcn_seq.tasks.base import Task


class _FirstStepError(Exception):
    """Raised at the first step of a search, which only a valid search reaches."""


def caption_problems(task: type[Task], config: Config) -> list[Problem]:
    """Return the problems of the search, the metrics, the monitor and the view of a config."""
    return [
        *search_problems(config.search, config.data.words_limit + 1),
        *score_problems(task, config),
        *view_problems(config),
        *objective_problems(config),
    ]


def split_words(text: str) -> list[int]:
    """Return an arbitrary id for each word of a text; equal words have equal ids."""
    return [len(SPECIAL) + crc32(word.encode()) // 4 for word in text.split()]


def search_problems(
    search: Mapping[str, Any], limit: int, encode: Callable[[str], Sequence[int]] = split_words
) -> list[Problem]:
    """Return the problems of a search, found by running it up to its first step.

    Args:
        search: `{"type": NAME, ...}`.
        limit: the maximum number of words, including the end word.
        encode: returns the ids of a text. By default, any word is in the vocabulary.
    """

    def step(*_: Any) -> NoReturn:
        raise _FirstStepError

    try:
        built = searches.build(dict(search), place="search")
        built.encode_texts(encode)
        built(step, ops.zeros((1, 1)), (), special=SPECIAL, limit=limit)
    except ConfigError as error:
        return error.problems
    except ArgumentError as error:
        return [Problem("search", str(error))]
    except _FirstStepError:
        pass
    return []


def task_problems(task: Any) -> list[Problem]:
    """Return the problems of `data.plan` and of the search of a task that writes captions."""
    limit = task.settings.data.words_limit + 1
    encode = split_words if task.outputs is None else task.tokenizer.encode
    problems = search_problems(task.settings.search, limit, encode)
    return [*plan_problems(task), *(problems or attention_problems(task))]


def attention_problems(task: Task) -> list[Problem]:
    """Return a problem if the search has a coverage penalty and the decoder has no attention."""
    if task.settings.search.get("coverage"):
        try:
            check_attention([task])
        except ArgumentError as error:
            return [Problem("search", str(error))]
    return []


def plan_problems(task: Task) -> list[Problem]:
    """Return a problem if `data.plan` is `by_caption` but features cannot be stored."""
    reason = task_storing_problem(task)
    if task.settings.data.plan != "by_caption" or reason is None:
        return []
    return [
        Problem(
            "data.plan",
            f"by_caption needs stored features, and {reason}. Use by_image or auto.",
        )
    ]


def view_problems(config: Config) -> list[Problem]:
    """Return a problem if the view of a config has several test views."""
    if views.build(config.data.view, place="data.view").test_view_count == 1:
        return []
    return [
        Problem(
            "data.view",
            "expected a view with one test view, since a caption describes one view. Received: "
            f"{config.data.view['type']}; use crop_mirror or none.",
        )
    ]


def score_problems(task: type[Task], config: Config) -> list[Problem]:
    """Return problems for metrics that cannot run and for a monitor that is not a known score."""
    problems: list[Problem] = []
    names = ["distinct_captions"]
    for position, metric in enumerate(config.evaluation.metrics):
        place = f"evaluation.metrics.{position}"
        try:
            names += metrics.build({"type": metric}, place=place).names
        except ConfigError as error:
            problems += error.problems
        except LrcnError as error:
            problems.append(Problem(place, str(error)))
    monitor = config.training.monitor or task.default_monitor
    if monitor not in names and not problems:
        problems.append(
            Problem(
                "training.monitor",
                f"expected one of the scores of evaluation.metrics: {', '.join(names)}. "
                f"Received: {monitor!r}.{did_you_mean(monitor, names)}",
            )
        )
    return problems
