"""The exception tree, its sentences and its exit codes."""

import pickle
import re

import pytest

from lrcn_seq import errors
from lrcn_seq.errors import (
    ConfigError,
    MediaError,
    MissingPackageError,
    Problem,
    did_you_mean,
    shorten_names,
)


def drawn() -> list[tuple[int, str]]:
    """Depth and name of each class in the drawing at the top of the module."""
    lines = re.findall(r"^    ([│├└─ ]*)(\w+Error)\b", errors.__doc__, re.MULTILINE)
    return [(len(branch) // 4, name) for branch, name in lines]


def test_the_tree_is_as_drawn():
    """Every class of the module is in the drawing, under the class that it derives from."""
    above: dict[int, type] = {}
    for depth, name in drawn():
        found = getattr(errors, name)
        assert found.__bases__[0] is above.get(depth - 1, Exception)
        above[depth] = found
    assert {name for _, name in drawn()} == {
        name for name in vars(errors) if name.endswith("Error")
    }
    assert len(drawn()) == 9


@pytest.mark.parametrize("name", [name for _, name in drawn()])
def test_exit_codes(name):
    """2 where the call or the config is wrong, 1 where the work failed."""
    found = getattr(errors, name)
    assert found.exit_code == (2 if issubclass(found, errors.UsageError) else 1)


def test_an_argument_error_is_a_value_error():
    """Who catches what Python itself would raise, catches ours."""
    assert issubclass(errors.ArgumentError, ValueError)


def test_a_config_error_tells_all_problems_with_their_places():
    """The message has one line a problem."""
    error = ConfigError([Problem("a.b", "too big."), Problem("", "nothing.")], "x.yaml")
    assert str(error) == "x.yaml: 2 problems\n  a.b: too big.\n  nothing."
    assert str(ConfigError([Problem("a", "b.")], "x.yaml")).startswith("x.yaml: 1 problem\n")


RAISED = [
    ConfigError([Problem("a.b", "too big.")], "x.yaml"),
    MediaError("a.jpg", "broken."),
    MissingPackageError("av", "video", "Reading videos"),
]


@pytest.mark.parametrize("error", RAISED, ids=lambda error: type(error).__name__)
def test_errors_pass_between_processes(error):
    """Pickled and back they say the same."""
    back = pickle.loads(pickle.dumps(error))
    assert type(back) is type(error)
    assert str(back) == str(error)
    assert vars(back) == vars(error)


def test_a_missing_package_says_how_to_get_it():
    """The sentence has the command."""
    assert "pip install -e '.[bench]'" in str(
        MissingPackageError("pycocoevalcap", "bench", "METEOR in Java")
    )


@pytest.mark.parametrize(
    ("word", "expected"), [("encodr", " Did you mean 'encoder'?"), ("zzz", ""), ("", "")]
)
def test_did_you_mean(word, expected):
    """A close name is offered, a far one is not."""
    assert did_you_mean(word, ["encoder", "decoder"]) == expected


def test_names_are_sorted_and_shortened():
    """The first names are listed, with an ellipsis for the others."""
    assert shorten_names(["c", "a", "b"]) == "a, b, c"
    assert shorten_names({"d", "c", "a", "b"}) == "a, b, c, …"
    assert shorten_names(["c", "a", "b"], 1) == "a, …"
    assert shorten_names([]) == ""
