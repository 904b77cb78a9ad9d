"""The search options of `lrcn caption` and `lrcn describe`."""

import argparse
from types import SimpleNamespace

from lrcn_seq.cli._search_options import add_search, caption_options


class Writer:
    """A stand-in for a task whose `resolve_search` returns its arguments."""

    settings = SimpleNamespace(search={"type": "beam", "beams": 3, "length": "none"})

    def resolve_search(self, search, *, beams, best):
        return {"given": search, "beams": beams, "best": best}

    def check_word_support(self, word_support):
        assert word_support


def parse(*arguments: str) -> argparse.Namespace:
    """Parse search options from a list of arguments."""
    parser = argparse.ArgumentParser()
    add_search(parser)
    return parser.parse_args(arguments)


def test_search_of_the_run_is_the_default():
    """Without options, the search of the run is used."""
    assert caption_options(Writer(), parse(), []) == {
        "search": {"given": None, "beams": None, "best": 1},
        "best": 1,
    }


def test_options_are_passed_to_the_task():
    """The options `--beams` and `--best` are passed to the task."""
    options = caption_options(Writer(), parse("--beams", "7", "--best", "2"), [])
    assert options == {"search": {"given": None, "beams": 7, "best": 2}, "best": 2}


def test_word_support_is_requested_by_its_option():
    """The option `--word-support` is checked, and passed to the task."""
    assert caption_options(Writer(), parse("--word-support"), [])["word_support"] is True


def test_overrides_replace_values_of_the_search_of_the_run():
    """An override replaces one value of the run's search and keeps the other values."""
    options = caption_options(Writer(), parse(), ["search.beams=4"])
    assert options["search"]["given"] == {"type": "beam", "beams": 4, "length": "none"}
