"""Tables of scores as text, Markdown and LaTeX."""

import pytest

from lrcn_seq.metrics.scoring.score_tables import (
    Table,
    difference_table,
    format_number,
    health_table,
    interval_text,
    is_always_one,
    notes,
    score_table,
    sentence_table,
)

TABLE = Table(("system", "x_1", "n"), [("a|b_c", "0.5000", "10"), ("d", "12.0000", "9")])


def test_plain_text_aligns_the_columns():
    """A text table aligns its first column left and the other columns right."""
    assert TABLE.as_text("text") == (
        "system      x_1   n\na|b_c    0.5000  10\nd       12.0000   9"
    )


def test_markdown_escapes_pipes():
    """A Markdown table escapes pipes and aligns numbers right."""
    assert TABLE.as_text("markdown") == (
        "| system | x_1 | n |\n| --- | ---: | ---: |\n"
        "| a\\|b_c | 0.5000 | 10 |\n| d | 12.0000 | 9 |"
    )


def test_latex_escapes_special_characters():
    """A LaTeX table escapes underscores, percent signs and backslashes."""
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
    """The score table has a row per system and intervals in brackets."""
    results = {
        "a": {"metrics": {"x": 0.5}, "count": 3, "intervals": {"x": [0.25, 0.75]}},
        "b": {"metrics": {"x": 0.12345}, "count": 3},
    }
    assert score_table(results) == (
        ("system", "x", "count"),
        [("a", "0.5000 [0.2500, 0.7500]", "3"), ("b", "0.1235", "3")],
    )


@pytest.mark.parametrize("intervals", [{}, {"intervals": {"x": [None, None]}}])
def test_score_without_an_interval_has_no_text_for_it(intervals):
    """The interval of a score is empty if it is missing or has no ends."""
    assert interval_text(intervals, "x") == ""


def test_interval_has_the_given_decimals():
    """The ends of an interval are shown with the given number of decimals."""
    assert interval_text({"intervals": {"x": [0.25, 1]}}, "x", digits=2) == "[0.25, 1.00]"


def test_sentence_table_has_a_row_per_sentence():
    """The sentence table has a row per sentence and the system in its title."""
    result = {"metrics": {"x": 0.5}, "sentences": {"7": {"x": 0.25}, "8": {"x": 0.75}}}
    assert sentence_table("a", result) == (("a: id", "x"), [("7", "0.2500"), ("8", "0.7500")])


def test_difference_table_shows_signs():
    """The difference table shows differences and the ends of their intervals with signs."""
    row = {"metric": "x", "a": "s", "b": "t", "difference": 0.5, "low": -0.25, "high": 1}
    assert difference_table([row | {"p_value": 0.04}]).rows == [
        ("x", "s - t", "+0.5000", "[-0.2500, +1.0000]", "0.0400")
    ]


def test_health_table_has_a_column_per_system():
    """The health table has a column per system and a row per diversity value."""
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
    """Notes are plain lines, Markdown list items or LaTeX comments."""
    assert notes(["x"], style) == [line]


@pytest.mark.parametrize(("value", "text"), [(None, "-"), (3, "3"), (0.5, "0.5000")])
def test_numbers_have_four_decimals_unless_integer(value, text):
    """Floats are formatted with four decimals, integers without decimals, and None as a dash."""
    assert format_number(value) == text


def test_control_characters_in_cells_are_escaped():
    """Control characters in cells are escaped, so that columns stay aligned."""
    table = Table(("system", "n"), [("a\x1b[2J", "1"), ("b", "2")])
    assert table.as_text("text") == "system    n\na\\x1b[2J  1\nb         2"


@pytest.mark.parametrize(
    ("name", "signature", "expected"),
    [
        ("top_5", "top_5|classes:5|n:9", True),
        ("top_5", "top_5|classes:6|n:9", False),
        ("top_1", "top_1|classes:2|n:9", False),
        ("bleu_4", "bleu|classes:2", False),
        ("top_5", "", False),
    ],
)
def test_scores_that_are_always_one(name, signature, expected):
    """The top-k accuracy of at most k classes is always 1."""
    assert is_always_one(name, signature) == expected
