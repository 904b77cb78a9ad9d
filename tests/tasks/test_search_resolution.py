"""The search of a prediction call, adapted to the options `beams` and `best`."""

import pytest

from lrcn_seq.errors import ArgumentError, ConfigError
from lrcn_seq.tasks._search_resolution import count_captions, resolve_search

LIMIT = 15


def resolve(search, **options):
    return resolve_search(search, LIMIT, **options)


def test_a_search_that_is_wide_enough_is_unchanged():
    """A search with enough beams for the captions is returned as an unchanged copy."""
    search = {"type": "beam", "beams": 3}
    assert resolve(search) == resolve(search, best=3) == search
    assert resolve(search) is not search


@pytest.mark.parametrize(
    ("search", "best", "expected"),
    [
        ({"type": "beam", "beams": 3}, 7, {"type": "beam", "beams": 7}),
        ({"type": "beam"}, 7, {"type": "beam", "beams": 7}),
        ({"type": "beam"}, 2, {"type": "beam", "beams": 5}),
        ({"type": "beam", "best": 1}, 4, {"type": "beam", "best": 4, "beams": 5}),
        ({"type": "beam", "beams": 7, "best": 6}, 4, {"type": "beam", "beams": 7, "best": 6}),
        ({"type": "sampling"}, 4, {"type": "sampling", "draws": 4}),
        (
            {"type": "diverse_beam", "groups": 3},
            7,
            {"type": "diverse_beam", "groups": 3, "beams": 9},
        ),
    ],
)
def test_a_search_becomes_wide_enough_for_the_captions(search, best, expected):
    """`beams`, `draws` or `best` grow to the number of requested captions and never shrink."""
    assert resolve(search, best=best) == expected


def test_beams_set_the_width_of_a_beam_search():
    """`beams` sets the width of a beam search and keeps its other options."""
    search = {"type": "beam", "beams": 3, "length": "average"}
    assert resolve(search, beams=9) == {**search, "beams": 9}
    assert search["beams"] == 3


def test_beams_set_the_width_of_a_diverse_beam_search():
    """`beams` sets the width of every search that has beams."""
    search = {"type": "diverse_beam", "groups": 2}
    assert resolve(search, beams=4, replaceable=True) == {**search, "beams": 4}


RANKED = {"type": "minimum_bayes_risk", "search": {"type": "beam", "beams": 3}}


@pytest.mark.parametrize(
    ("search", "options", "beams"),
    [
        (RANKED, {"beams": 8}, 8),
        (RANKED, {"best": 4}, 4),
        ({"type": "minimum_bayes_risk"}, {"best": 4}, 10),
        ({"type": "minimum_bayes_risk"}, {"beams": 4}, 4),
    ],
)
def test_beams_and_best_belong_to_the_search_that_is_ranked(search, options, beams):
    """`beams` and `best` change the inner search of a search that ranks sentences."""
    assert resolve(search, **options)["search"]["beams"] == beams


def test_an_inner_search_is_a_mapping_with_a_type():
    """An invalid inner search is a problem of the config."""
    with pytest.raises(ConfigError, match="search"):
        resolve({"type": "minimum_bayes_risk", "search": {"type": "beem"}})
    with pytest.raises(ConfigError, match="search"):
        resolve({"type": "minimum_bayes_risk", "search": "beam"}, beams=3)


def test_beams_replace_the_search_of_a_run():
    """`beams` replaces the greedy search of a run, but not a greedy search given in the call."""
    replaced = resolve({"type": "greedy"}, beams=4, best=2, replaceable=True)
    assert replaced == {"type": "beam", "beams": 4}
    with pytest.raises(
        ArgumentError,
        match=r"beams: expected a beam search\. Received: beams=4 with a search of the type greedy",
    ):
        resolve({"type": "greedy"}, beams=4)


@pytest.mark.parametrize("search", ["beam", {"beams": 3}, None, ["type"]])
def test_a_search_is_a_mapping_with_a_type(search):
    """A search that is not a mapping with a `type` is refused."""
    with pytest.raises(
        ArgumentError,
        match=r"search: expected a mapping with a `type`, as in a config\. Received: ",
    ):
        resolve(search)


def test_at_least_one_caption_is_wanted():
    """A request for zero captions is refused."""
    with pytest.raises(
        ArgumentError, match=r"best: expected at least 1 caption\. Received: best=0"
    ):
        resolve({"type": "beam"}, best=0)


def test_a_greedy_search_finds_one_caption():
    """A request for several captions from a greedy search is refused."""
    with pytest.raises(
        ArgumentError,
        match=r"best: expected 1, since a search of the type greedy finds one caption\. "
        r"Received: best=4; set beams as well",
    ):
        resolve({"type": "greedy"}, best=4)


def test_required_and_forbidden_words_are_compared_without_a_vocabulary():
    """A search may require one word and forbid another before a vocabulary is known."""
    search = {"type": "beam", "required": ["dog"], "forbidden": ["man"]}
    assert resolve(search)["required"] == ["dog"]


@pytest.mark.parametrize(
    ("search", "options", "message"),
    [
        (
            {"type": "beam"},
            {"beams": 0},
            r"search\.beams: expected a number greater than 0\. Received: 0",
        ),
        ({"type": "beem"}, {}, r"search\.type: searches has no 'beem'\. Did you mean 'beam'"),
        ({"type": "beam", "minimum_length": 40}, {}, "minimum_length=40"),
        ({"type": "beam", "required": ["a dog " * 8]}, {}, "fit into 14 words"),
    ],
)
def test_an_invalid_search_is_a_problem_of_the_config(search, options, message):
    """An unknown search type or an invalid search option raises a ConfigError."""
    with pytest.raises(ConfigError, match=message):
        resolve(search, **options)


@pytest.mark.parametrize(
    ("search", "count"),
    [
        ({"type": "beam"}, 5),
        ({"type": "beam", "beams": 8, "best": 3}, 3),
        ({"type": "greedy"}, 1),
        ({"type": "sampling", "draws": 7}, 7),
        ({"type": "minimum_bayes_risk"}, 10),
        ({"type": "minimum_bayes_risk", "search": {"type": "sampling", "draws": 7}}, 7),
    ],
)
def test_the_number_of_captions_of_a_search(search, count):
    """A search finds as many captions as it has beams or draws, or `best` of them."""
    assert count_captions(search) == count
