"""The tables of METEOR."""

import pytest

from lrcn_seq.errors import DataError, MissingPackageError
from lrcn_seq.metrics.alignment import meteor_tables
from lrcn_seq.metrics.alignment.meteor_tables import Tables, meteor_folder, open_tables


def test_tables_are_read_from_the_jar(meteor_data):
    """The jar of METEOR contains function words, prefixes, synonyms and base forms."""
    tables = open_tables(meteor_data / "meteor-1.5.jar")
    assert tables.function_words == {"the", "a", "on", "of"}
    assert tables.prefixes == {"Mr": False, "No": True}
    assert tables.synonyms["dog"] == "1 2"
    assert tables.bases == {"rode": ["ride"], "ridden": ["ride"]}


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("dog", {"1", "2"}),
        ("dogs", {"1", "2"}),
        ("rode", {"5"}),
        ("riding", {"5"}),
        ("glass", set()),
        ("is", set()),
        ("x", set()),
    ],
)
def test_synonym_sets_include_those_of_the_base_form(word, expected):
    """The synonym sets of a word include those of its regular and irregular base forms."""
    tables = Tables(
        frozenset(), {}, {"dog": "1 2", "ride": "5", "glas": "7", "i": "8"}, {"rode": ["ride"]}
    )
    assert tables.synonym_sets(word) == expected


def test_a_damaged_jar_raises(tmp_path):
    """A jar that is not a zip archive raises a DataError."""
    (tmp_path / "meteor-1.5.jar").write_text("no")
    with pytest.raises(DataError, match=r"expected the jar of METEOR 1\.5"):
        open_tables(tmp_path / "meteor-1.5.jar")


def test_a_missing_package_raises(monkeypatch):
    """The error for a missing METEOR package names the extra to install."""
    monkeypatch.setattr(meteor_tables, "find_spec", lambda _: None)
    with pytest.raises(MissingPackageError, match=r"\[meteor\]"):
        meteor_folder()
