"""Config checks of the tasks that write captions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NoReturn

from keras import ops

from lrcn_seq.config import Config
from lrcn_seq.errors import ArgumentError, ConfigError, LrcnError, Problem, did_you_mean
from lrcn_seq.records import SPECIAL
from lrcn_seq.registry import metrics, searches, views
from lrcn_seq.tasks.base import Task


class _FirstStepError(Exception):
    """Raised at the first step of a search, which only a valid search reaches."""


def caption_problems(task: type[Task], config: Config) -> list[Problem]:
    """Return the problems of the search, the metrics, the monitor and the view of a config."""
    return [
        *search_problems(config.search, config.data.words_limit + 1),
        *score_problems(task, config),
        *view_problems(config),
    ]


def search_problems(search: Mapping[str, Any], limit: int) -> list[Problem]:
    """Return the problems of a search, found by running it up to its first step.

    The vocabulary is not known yet, so that texts are only split into words.

    Args:
        search: `{"type": NAME, ...}`.
        limit: the maximum number of words, including the end word.
    """

    def step(*_: Any) -> NoReturn:
        raise _FirstStepError

    try:
        built = searches.build(dict(search), place="search")
        built.encode_texts(lambda text: [len(SPECIAL)] * len(text.split()))
        built(step, ops.zeros((1, 1)), (), special=SPECIAL, limit=limit)
    except ConfigError as error:
        return error.problems
    except ArgumentError as error:
        return [Problem("search", str(error))]
    except _FirstStepError:
        pass
    return []


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
