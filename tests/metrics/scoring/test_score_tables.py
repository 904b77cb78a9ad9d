"""Tests of the tables of scores."""

import pytest

from lrcn_seq.metrics.scoring.score_tables import (
    Table,
    difference_table,
    format_number,
    health_table,
    notes,
    score_table,
    sentence_table,
)

TABLE = Table(("system", "x_1", "n"), [("a|b_c", "0.5000", "10"), ("d", "12.0000", "9")])


def test_plain_text_aligns_the_columns():
    """The first column is aligned left, and the others right."""
    assert TABLE.as_text("text") == (
        "system      x_1   n\na|b_c    0.5000  10\nd       12.0000   9"
    )


def test_markdown_escapes_pipes():
    """Pipes in cells are escaped in Markdown, and the second line sets the alignment."""
    assert TABLE.as_text("markdown") == (
        "| system | x_1 | n |\n| --- | ---: | ---: |\n"
        "| a\\|b_c | 0.5000 | 10 |\n| d | 12.0000 | 9 |"
    )


def test_latex_escapes_special_characters():
    """Underscores, percents and backslashes are escaped in LaTeX."""
    table = Table(("a_b", "%"), [("\\~^", "1")])
    assert table.as_text("latex").split("\n") == [
        r"\begin{tabular}{lr}",
        r"\hline",
        r"a\_b & \% \\",
        r"\hline",
        r"\textbackslash{}\textasciitilde{}\textasciicircum{} & 1 \\",
        r"\hline",
        r"\end{tabular}",
    ]


def test_score_table_has_a_row_per_system_with_intervals():
    """Each system has a row, and intervals follow their values in brackets."""
    results = {
        "a": {"metrics": {"x": 0.5}, "count": 3, "intervals": {"x": [0.25, 0.75]}},
        "b": {"metrics": {"x": 0.12345}, "count": 3},
    }
    assert score_table(results) == (
        ("system", "x", "count"),
        [("a", "0.5000 [0.2500, 0.7500]", "3"), ("b", "0.1235", "3")],
    )


def test_sentence_table_has_a_row_per_sentence():
    """Each sentence has a row, and the title of the first column names the system."""
    result = {"metrics": {"x": 0.5}, "sentences": {"7": {"x": 0.25}, "8": {"x": 0.75}}}
    assert sentence_table("a", result) == (("a: id", "x"), [("7", "0.2500"), ("8", "0.7500")])


def test_difference_table_shows_signs():
    """Differences and limits are shown with their signs."""
    row = {"metric": "x", "a": "s", "b": "t", "difference": 0.5, "low": -0.25, "high": 1}
    assert difference_table([row | {"p_value": 0.04}]).rows == [
        ("x", "s - t", "+0.5000", "[-0.2500, +1.0000]", "0.0400")
    ]


def test_health_table_has_a_column_per_system():
    """Each system has a column, and each figure a row."""
    results = {
        "a": {"health": {"count": 3, "novel": None}},
        "b": {"health": {"count": 4, "novel": 0.5}},
    }
    assert health_table(results) == (
        ("health", "a", "b"),
        [("count", "3", "4"), ("novel", "-", "0.5000")],
    )


@pytest.mark.parametrize(("style", "line"), [("text", "x"), ("markdown", "- x"), ("latex", "% x")])
def test_notes_have_the_form_of_the_style(style, line):
    """Notes are plain lines, list items or comments, depending on the style."""
    assert notes(["x"], style) == [line]


@pytest.mark.parametrize(("value", "text"), [(None, "-"), (3, "3"), (0.5, "0.5000")])
def test_numbers_have_four_decimals_unless_integer(value, text):
    """Floats have four decimals, integers none, and None is a dash."""
    assert format_number(value) == text


def test_control_characters_in_cells_are_escaped():
    """Names of systems and ids are printable, and columns stay aligned."""
    table = Table(("system", "n"), [("a\x1b[2J", "1"), ("b", "2")])
    assert table.as_text("text") == "system    n\na\\x1b[2J  1\nb         2"
