"""Differences between two configs."""

from lrcn_seq.config import differences


def test_each_value_that_differs_is_one_line():
    """Each differing value gives one line with the dotted key and both values."""
    before = {"a": 1, "b": {"c": [1, 2], "d": 4}}
    after = {"a": 2, "b": {"c": [1, 3], "d": 4}}
    assert list(differences(before, after)) == ["a: 1 → 2", "b.c: [1, 2] → [1, 3]"]


def test_a_value_of_one_mapping_is_missing_in_the_other():
    """A value that only one of two mappings has is listed as missing in the other mapping."""
    assert list(differences({"a": {"b": 1}}, {"a": {"c": 2}})) == [
        "a.b: 1 → missing",
        "a.c: missing → 2",
    ]


def test_a_section_that_becomes_a_value_is_one_line():
    """A section that is replaced by a plain value gives one line."""
    assert list(differences({"a": {"b": 1}}, {"a": None})) == ["a: {'b': 1} → None"]


def test_equal_mappings_have_no_differences():
    """Mappings with equal values in different orders have no differences."""
    assert list(differences({"a": 1, "b": {}}, {"b": {}, "a": 1})) == []


def test_the_key_of_the_compared_values_begins_each_line():
    """Each line begins with the given key, the place of both mappings in a config."""
    assert list(differences({"a": 1}, {"a": 2}, "encoder")) == ["encoder.a: 1 → 2"]
