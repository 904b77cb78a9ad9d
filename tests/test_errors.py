"""The exception tree, the messages and the exit codes of errors."""

import pickle
import re

import pytest

from lrcn_seq import errors
from lrcn_seq.errors import (
    ConfigError,
    DataError,
    MediaError,
    MissingPackageError,
    Problem,
    RunError,
    describe_errors,
    did_you_mean,
    shorten_names,
    translate_errors,
)

BASES = {
    "LrcnError": Exception,
    "UsageError": errors.LrcnError,
    "ArgumentError": errors.UsageError,
    "ConfigError": errors.UsageError,
    "UnknownPartError": errors.UsageError,
    "DataError": errors.LrcnError,
    "MediaError": errors.DataError,
    "SearchError": errors.LrcnError,
    "RunError": errors.LrcnError,
    "MissingPackageError": errors.LrcnError,
}
EXIT_CODES = {
    "LrcnError": 1,
    "UsageError": 2,
    "ArgumentError": 2,
    "ConfigError": 2,
    "UnknownPartError": 2,
    "DataError": 1,
    "MediaError": 1,
    "SearchError": 1,
    "RunError": 1,
    "MissingPackageError": 1,
}


def documented_tree() -> list[tuple[int, str]]:
    """Return the depth and the name of each error class in the module docstring."""
    lines = re.findall(r"^    ([│├└─ ]*)(\w+Error)\b", errors.__doc__, re.MULTILINE)
    return [(len(branch) // 4, name) for branch, name in lines]


@pytest.mark.parametrize("name", BASES)
def test_bases(name):
    """Each error class is derived from its documented base."""
    assert getattr(errors, name).__bases__[0] is BASES[name]


@pytest.mark.parametrize("name", EXIT_CODES)
def test_exit_codes(name):
    """The exit code of an error is 2 for wrong use and 1 for other failures."""
    assert getattr(errors, name).exit_code == EXIT_CODES[name]


def test_all_errors_are_tested():
    """Every error class of `lrcn_seq.errors` is tested in this file."""
    names = {name for name in vars(errors) if name.endswith("Error")}
    assert names == set(BASES) == set(EXIT_CODES)


def test_the_docstring_has_the_tree_of_classes():
    """The module docstring lists each error class below its base."""
    above: dict[int, type] = {}
    for depth, name in documented_tree():
        assert BASES[name] is above.get(depth - 1, Exception)
        above[depth] = getattr(errors, name)
    assert [name for _, name in documented_tree()] == list(BASES)


def test_an_argument_error_is_a_value_error():
    """ArgumentError is a ValueError."""
    assert issubclass(errors.ArgumentError, ValueError)


def test_a_config_error_lists_all_problems():
    """The message of a ConfigError has one line per problem, which begins with its key."""
    error = ConfigError([Problem("a.b", "too big."), Problem("", "nothing.")], "x.yaml")
    assert str(error) == "x.yaml: 2 problems\n  a.b: too big.\n  nothing."
    assert error.problems == [("a.b", "too big."), ("", "nothing.")]


def test_a_single_problem_is_counted_in_the_singular():
    """The message of a ConfigError with one problem uses the singular."""
    assert str(ConfigError([Problem("a", "b.")])) == "the config: 1 problem\n  a: b."


@pytest.mark.parametrize(
    ("cause", "transient"),
    [
        (OSError(5, "Input/output error"), True),
        (MemoryError(), True),
        (OSError("cannot identify image file"), False),
        (ValueError(), False),
        (None, False),
    ],
)
def test_failures_of_the_machine_are_transient(cause, transient):
    """A MediaError is transient if memory or the operating system fails, not if a decoder fails."""
    error = MediaError("a.jpg", "broken.")
    error.__cause__ = cause
    assert error.transient is transient


RAISED = [
    ConfigError([Problem("a.b", "too big.")], "x.yaml"),
    MediaError("a.jpg", "broken."),
    MissingPackageError("av", "video", "Reading videos"),
]


@pytest.mark.parametrize("error", RAISED, ids=lambda error: type(error).__name__)
def test_errors_can_be_pickled(error):
    """Errors can be pickled with their message and attributes."""
    copy = pickle.loads(pickle.dumps(error))
    assert type(copy) is type(error)
    assert str(copy) == str(error)
    assert vars(copy) == vars(error)


def test_a_media_error_names_the_file():
    """The message of a MediaError begins with the path."""
    assert str(MediaError("a.jpg", "broken.")) == "a.jpg: broken."


def test_a_missing_package_has_the_command_that_installs_it():
    """The message of a MissingPackageError has the purpose, package and install command."""
    assert str(MissingPackageError("pycocoevalcap", "bench", "METEOR in Java")) == (
        "METEOR in Java needs the package pycocoevalcap, which is not installed. "
        "Run in the project folder: pip install -e '.[bench]'"
    )


@pytest.mark.parametrize(
    ("word", "suggestion"), [("encodr", " Did you mean 'encoder'?"), ("zzz", ""), ("", "")]
)
def test_did_you_mean(word, suggestion):
    """`did_you_mean` suggests a name only if it is close."""
    assert did_you_mean(word, ["encoder", "decoder"]) == suggestion


def test_names_are_sorted_and_shortened():
    """Long lists of names are sorted and shortened with an ellipsis."""
    assert shorten_names(["c", "a", "b"]) == "a, b, c"
    assert shorten_names({"d", "c", "a", "b"}) == "a, b, c, …"
    assert shorten_names(["c", "a", "b"], 1) == "a, …"
    assert shorten_names([]) == ""


def test_problems_beyond_the_limit_are_counted():
    """The message lists the first 100 problems and the number of the others."""
    error = ConfigError([Problem(str(number), "wrong.") for number in range(1234)])
    assert error.heading == "the config: 1,234 problems"
    assert (len(error.details), error.details[-1]) == (101, "and 1,134 more.")
    assert len(error.problems) == 1234


@pytest.mark.parametrize(
    ("raised", "reason"),
    [
        (ValueError("no\n  number."), "no number"),
        (KeyError("n"), "the key 'n' is missing"),
        (OSError(2, "No such file or directory", "a"), "No such file or directory"),
        (OSError("expected a regular file. Received: a FIFO"), "expected a regular file. Rec"),
        (RecursionError("maximum depth"), "values nested too deeply"),
        (ZeroDivisionError(), "ZeroDivisionError"),
        (SystemError("x" * 1000), "x" * 200 + "…"),
    ],
)
def test_any_exception_of_a_library_is_translated(raised, reason):
    """Any exception of another library becomes an LrcnError, with its reason in one short line."""
    with pytest.raises(DataError) as caught, translate_errors(DataError):
        raise raised
    assert str(caught.value).startswith(reason)
    assert caught.value.__cause__ is raised


@pytest.mark.parametrize(
    "raised", [DataError("No rows."), MemoryError(), KeyboardInterrupt(), SystemExit(1)]
)
def test_own_errors_and_lack_of_memory_are_not_translated(raised):
    """Errors of this library, MemoryError, KeyboardInterrupt and SystemExit pass unchanged."""
    with pytest.raises(type(raised)) as caught, translate_errors(RunError):
        raise raised
    assert caught.value is raised


@pytest.mark.parametrize(
    ("details", "value", "sentence"),
    [
        (
            [{"type": "int_type", "msg": "Input should be a valid integer"}],
            "x",
            "expected a valid integer. Received: 'x'.",
        ),
        (
            [{"type": "greater_than", "msg": "Input should be greater than 0"}],
            0,
            "expected a number greater than 0. Received: 0.",
        ),
        (
            [{"type": "dict_type", "msg": "Input should be a valid dictionary"}],
            1,
            "expected a mapping. Received: 1.",
        ),
        (
            [{"type": "list_type", "msg": "Input should be a valid list"}],
            "a,b",
            "expected a valid list. Received: 'a,b'. Write a list as [a,b].",
        ),
        (
            [
                {
                    "type": "sequence_str",
                    "msg": "'str' instances are not allowed as a Sequence value",
                }
            ],
            "dog",
            "expected a valid list. Received: 'dog'. Write a list as [dog].",
        ),
        (
            [{"type": "string_type", "msg": "Input should be a valid string"}],
            2024,
            "expected a valid string. Received: 2024. Put quotes around a string like this: "
            """"2024", in an override '"2024"'.""",
        ),
        (
            [
                {"type": "int_type", "msg": "Input should be a valid integer"},
                {"type": "string_type", "msg": "Input should be a valid string"},
            ],
            1.5,
            "expected a valid integer; or expected a valid string. Received: 1.5.",
        ),
    ],
)
def test_errors_of_pydantic_are_described_in_a_sentence(details, value, sentence):
    """Errors of pydantic are described with the expected and received value and a YAML hint."""
    assert describe_errors(details, value) == sentence
