"""Names that are probably meant to be equal."""

import pytest

from lrcn_seq.data.similar_names import similar_names, similarity_notes


@pytest.mark.parametrize(
    "names",
    [
        ["1", "1.0"],
        ["01", "1", "1,0"],
        ["Run", "run"],
        ["run", "run "],
        ["tennis swing", "tennis\u00a0swing"],
        ["tennis swing", "tennis  swing", "tennis_swing"],
        ["run", "run\u200b"],
        ["run", "\ufeffrun"],
        ["cafe\u0301", "caf\u00e9"],
        ["STRASSE", "Stra\u00dfe"],
        ["\uff52\uff55\uff4e", "run"],
        ["100", "100.00"],
    ],
)
def test_names_of_one_meaning_are_similar(names):
    """Names that differ in case, blanks, invisible characters or number format are similar."""
    assert similar_names([*names, "other", *names]) == [sorted(names)]


@pytest.mark.parametrize(
    "names",
    [
        ["1", "10"],
        ["-1", "1"],
        ["run", "runs"],
        ["v1", "v10"],
        ["1.5", "15"],
        ["-", "_"],
        ["12345678901234567890", "12345678901234567891"],
        ["\u0661", "\u0662"],
    ],
)
def test_other_names_are_not_similar(names):
    """Names with different words or numbers are not similar."""
    assert similar_names(names) == []


def test_three_groups_of_similar_names_are_listed():
    """The sentence on similar names lists three groups; without any, there is no sentence."""
    pairs = similar_names(name for number in "abcd" for name in (number, number.upper()))
    (note,) = similarity_notes("Classes", pairs)
    assert note.startswith("Classes have names that differ only in case")
    assert "'A' and 'a', 'B' and 'b', 'C' and 'c', …; give them one name" in note
    assert list(similarity_notes("Classes", [])) == []
