"""Config checks of the tasks that generate captions."""

import pytest

from lrcn_seq.errors import MissingPackageError
from lrcn_seq.metrics.rouge_l import RougeL
from lrcn_seq.tasks._caption_problems import (
    caption_problems,
    score_problems,
    search_problems,
    view_problems,
)
from lrcn_seq.tasks.captioning import Captioning
from tests.tasks.inputs import settings


def messages(problems) -> list[str]:
    return [str(problem) for problem in problems]


def test_a_valid_config_has_no_problems():
    """The smoke config of captioning has no problems."""
    assert caption_problems(Captioning, settings("captioning")) == []


def test_all_problems_are_listed():
    """Problems of the search, the monitor and the view are reported together."""
    config = settings(
        "captioning",
        "search.minimum_length=15",
        "training.monitor=accuracy",
        "data.view.type=ten_crop",
    )
    places = [problem.place for problem in caption_problems(Captioning, config)]
    assert places == ["search", "training.monitor", "data.view"]


def test_a_search_is_valid_if_it_reaches_its_first_step():
    """A beam search whose minimum length is below the word limit has no problems."""
    assert search_problems({"type": "beam", "beams": 2, "minimum_length": 13}, 15) == []


@pytest.mark.parametrize(
    ("search", "message"),
    [
        (
            {"type": "beam", "minimum_length": 15},
            r"search: expected a limit of at least minimum_length + 1 words. Received: limit=15, "
            "minimum_length=15",
        ),
        (
            {"type": "sampling", "temperature": 1.0, "inverse_temperature": 2.0},
            "search: expected temperature or inverse_temperature",
        ),
        (
            {"type": "greedy", "prefix": "a " * 15},
            "search: expected a limit of at least one word more than the prefix",
        ),
        ({"type": "greedy", "forbidden": ["a", ""]}, "search: forbidden: expected texts of at"),
        ({"type": "beam", "beams": -1}, "search.beams: expected a number greater than 0"),
        ({"type": "beem"}, "search.type: searches has no 'beem'"),
    ],
)
def test_problems_of_a_search_are_found(search, message):
    """Invalid search options are reported, including those that conflict with the word limit."""
    (problem,) = messages(search_problems(search, 15))
    assert problem.startswith(message)


@pytest.mark.parametrize("task", ["captioning", "description"])
def test_a_caption_describes_one_view(task):
    """Caption tasks refuse a `data.view` with several test views, but accept random crops."""
    assert view_problems(settings(task, "data.view.type=crop_mirror")) == []
    (problem,) = messages(view_problems(settings(task, "data.view.type=ten_crop")))
    assert problem.startswith("data.view: expected a view with one test view")
    assert "Received: ten_crop" in problem


@pytest.mark.parametrize("monitor", ["cider", "bleu_4", "distinct_captions"])
def test_scores_and_diversity_can_be_monitored(monitor):
    """The monitor may be a configured metric or the share of distinct captions."""
    config = settings("captioning", f"training.monitor={monitor}")
    assert score_problems(Captioning, config) == []


def test_an_unknown_monitor_is_refused():
    """A misspelled monitor is refused with a suggestion."""
    config = settings("captioning", "training.monitor=bleu4")
    (problem,) = messages(score_problems(Captioning, config))
    assert problem.startswith("training.monitor: expected one of the scores of evaluation.metrics")
    assert problem.endswith("Received: 'bleu4'. Did you mean 'bleu_4'?")


def test_the_default_monitor_must_be_computed():
    """The default monitor CIDEr is refused if `evaluation.metrics` does not contain it."""
    config = settings("captioning", "training.monitor=null", "evaluation.metrics=[bleu]")
    (problem,) = messages(score_problems(Captioning, config))
    assert "Received: 'cider'" in problem


def test_a_metric_that_is_not_implemented_is_refused():
    """A metric that is not implemented is reported with its position in the list of metrics."""
    config = settings("captioning", "evaluation.metrics=[bleu, spice]", "training.monitor=spice")
    (problem,) = messages(score_problems(Captioning, config))
    assert problem.startswith("evaluation.metrics.1: spice is left out: it needs")


def test_a_metric_without_its_package_is_refused(monkeypatch):
    """A metric whose package is not installed is reported with the name of the package."""

    def fail(self):
        raise MissingPackageError("rouge", "bench", "rouge_l")

    monkeypatch.setattr(RougeL, "__init__", fail)
    config = settings("captioning", "evaluation.metrics=[bleu, rouge_l]")
    (problem,) = messages(score_problems(Captioning, config))
    assert problem.startswith("evaluation.metrics.1: rouge_l needs the package rouge")
