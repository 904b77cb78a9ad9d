"""Options of requests: names, types, bounds, and searches without files."""

from types import SimpleNamespace

import pytest

import lrcn_seq
from lrcn_seq.errors import ArgumentError, ConfigError
from lrcn_seq.registry import searches
from lrcn_seq.serving.request_options import (
    FILE_ARGUMENTS,
    check_search,
    example_options,
    parse_options,
)


@pytest.fixture(scope="module")
def task(smoke_run):
    """Return the captioning task of the smoke run."""
    return lrcn_seq.load(smoke_run)


def test_options_have_the_types_of_the_task(task):
    """Numbers and truth values are parsed; overrides give the whole search."""
    assert parse_options(task, [("best", "2"), ("beams", "3")]) == {"best": 2, "beams": 3}
    assert parse_options(task, [("word_support", "false")]) == {"word_support": False}
    sampling = [("search.draws", "4"), ("search.type", "sampling")]
    assert parse_options(task, sampling) == {"search": {"type": "sampling", "draws": 4}}
    assert parse_options(task, []) == {}


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ([("beamz", "2")], "Did you mean 'beams'? Received: 'beamz'; known: beams, best"),
        ([("file", "/etc/passwd")], "paths and addresses are not read."),
        ([("batch", "2")], "Expected an option of the request. Received: 'batch'"),
        ([("on_error", "raise")], "Expected an option of the request. Received: 'on_error'"),
        ([("search", "{}")], "Expected an option of the request. Received: 'search'"),
        ([("best", "1"), ("best", "2")], "best: expected one value. Received: several."),
        ([("best", "two")], "best: expected a valid integer"),
        ([("best", "0")], "best: expected a number greater than 0. Received: '0'."),
        ([("beams", "101")], "beams: expected a number less than or equal to 100."),
        ([("search.beams", "101")], "expected whole numbers of at most 100 in a request."),
        (
            [("search.search", "{type: beam, beams: 101}"), ("search.type", "minimum_bayes_risk")],
            "expected whole numbers of at most 100 in a request.",
        ),
        (
            [("search.type", "minimum_bayes_risk"), ("search.frequencies", "/etc/passwd")],
            "search: expected no file in a request. Received: frequencies",
        ),
        (
            [
                ("search.type", "minimum_bayes_risk"),
                ("search.search", "{type: minimum_bayes_risk, frequencies: a.json}"),
            ],
            "search: expected no file in a request. Received: frequencies",
        ),
    ],
)
def test_other_options_are_refused(task, query, sentence):
    """An unknown, repeated, malformed or excessive option, and a file, give a sentence."""
    with pytest.raises(ArgumentError) as refused:
        parse_options(task, query)
    assert sentence in str(refused.value)


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ([("search.beamz", "3")], "search.beamz: unknown argument. Did you mean 'beams'?"),
        ([("search.type", "parts.py:Mine")], "searches has no 'parts.py:Mine'."),
        ([("search.beams", "[")], "search.beams=[: expected YAML."),
    ],
)
def test_the_search_is_checked_as_on_the_command_line(task, query, sentence):
    """Problems of a search have the sentences of `lrcn caption RUN search.key=value`."""
    with pytest.raises(ConfigError) as refused:
        parse_options(task, query)
    assert sentence in str(refused.value)


def test_values_of_the_run_are_allowed():
    """The numbers and files of the run's own search may stay."""
    own = {"type": "sampling", "draws": 500, "frequencies": "own.json"}
    check_search({**own, "temperature": 0.5}, own)
    with pytest.raises(ArgumentError):
        check_search({**own, "draws": 501}, own)


def test_all_arguments_of_searches_that_are_texts_are_known():
    """Every argument that may be a text is a text constraint, a choice, or a refused file."""
    texts = {
        (name, argument)
        for name in searches.names()
        for argument, hint in searches.constructor(name).hints.items()
        if hint is str or str(hint) == "str | None"
    }
    assert {argument for _, argument in texts} == {"prefix"} | FILE_ARGUMENTS


def test_examples_show_the_most_that_a_task_accepts(task):
    """The example options of a captioner are several beams; a task without options has none."""
    assert example_options(task) == {"beams": 5, "best": 5}

    def predict(media, *, on_error, top, per_frame=False):
        if per_frame:
            raise ArgumentError("needs the whole clip")

    options = {"top": int, "per_frame": bool}
    other = SimpleNamespace(request_options=options, example_media=lambda: [0], predict=predict)
    assert example_options(other) == {"top": 5}
    assert example_options(SimpleNamespace(request_options={})) == {}
