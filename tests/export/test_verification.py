"""The comparison of an artifact with its run."""

import math
from types import SimpleNamespace

import numpy as np
import pytest

from lrcn_seq.errors import RunError
from lrcn_seq.export.verification import (
    Script,
    check_batch,
    distinct,
    largest_difference,
    pad_clips,
    verify,
)

EXPECTED = [("a dog", -1.0, -0.5), ("a cat", -2.0, -1.0)]


def answering(answers):
    """Return a stand-in for a script or a model that answers each file with the same answers."""
    return SimpleNamespace(answers=lambda file: answers)


def test_equal_answers_are_counted():
    """Equal texts in the same order are equal, with the largest difference of their numbers."""
    received = [("a dog", -1.0, -0.5001), ("a cat", -2.0004, -1.0)]
    found = verify(answering(received), answering(EXPECTED), ["1", "2"], exact=True)
    assert found[:3] == (2, 2, 2)
    assert found.largest_difference == pytest.approx(4e-4)


@pytest.mark.parametrize(
    "received",
    [
        [("a cat", -1.0, -0.5), ("a dog", -2.0, -1.0)],
        [("a dog", -1.0, -0.5)],
        [("a dog", -1.01, -0.5), ("a cat", -2.0, -1.0)],
        [("a dog", math.nan, -0.5), ("a cat", -2.0, -1.0)],
        [],
    ],
)
def test_differing_answers_are_an_error(received):
    """Another order, missing answers, other numbers and NaN are errors that name the file."""
    with pytest.raises(RunError, match=r"photo.jpg: expected the answer of the run, 'a dog', -1"):
        verify(answering(received), answering(EXPECTED), ["photo.jpg"], exact=True)


def test_quantized_weights_may_answer_differently():
    """Without the demand for equality, the equal answers are only counted."""
    received = [EXPECTED[0], ("a bird", -3.0, -1.5)]
    found = verify(answering(received), answering(EXPECTED), ["1"], exact=False)
    assert found[:3] == (1, 0, 1)
    assert found.largest_difference == 0


def test_the_first_of_equal_texts_counts():
    """Of captions with the same text, the first one counts, as in the library."""
    answers = [("a", -1.0), ("b", -2.0), ("a", -3.0)]
    assert distinct(answers) == [("a", -1.0), ("b", -2.0)]


def test_differences_are_those_of_the_same_text():
    """Numbers are compared between equal texts; infinite numbers are equal."""
    assert largest_difference([("a", 1.0), ("b", -math.inf)], [("b", -math.inf), ("a", 1.5)]) == 0.5
    assert largest_difference([("a", 1.0)], [("b", 3.0)]) == 0


def script(source, tmp_path):
    """Return a script with the given functions."""
    (tmp_path / "run.py").write_text("import numpy as np\n" + source)
    return Script(tmp_path)


READ = "def read(path):\n    yield {'inputs': np.full((1, 2), len(path))}\n"


def test_a_batch_must_have_the_outputs_of_single_inputs(tmp_path):
    """A model whose outputs depend on the other inputs of a batch is refused."""
    good = script(READ + "def run(arrays):\n    return {'words': arrays['inputs'] + 1}", tmp_path)
    check_batch(good, ["a", "bb", "ccc"])
    bad = script(
        READ + "def run(arrays):\n    return {'words': arrays['inputs'] + len(arrays['inputs'])}",
        tmp_path,
    )
    with pytest.raises(RunError, match="a: expected the same words in a batch of 2 inputs as"):
        check_batch(bad, ["a", "bb"])


def test_clips_of_a_batch_are_padded():
    """Clips are padded with black frames to the length of the longest one."""
    clips = [{"inputs": np.ones((1, length, 1, 1, 3))} for length in (1, 3)]
    padded = pad_clips(clips)
    assert [one["inputs"].shape[1] for one in padded] == [3, 3]
    assert padded[0]["inputs"].sum(axis=(0, 2, 3, 4)).tolist() == [3, 0, 0]
