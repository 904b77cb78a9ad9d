"""HTML building blocks: escaping, numbers, sections and tables."""

import math

import numpy as np
import pytest

from lrcn_seq.report import markup


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("<b>", "&lt;b&gt;"),
        ("\"a\" & 'b'", "&quot;a&quot; &amp; &#x27;b&#x27;"),
        ("\udcff.jpg", "?.jpg"),
        ("כלב 😀", "כלב 😀"),
        (3, "3"),
        ("a\tb\nc", "a\tb\nc"),
        ("\x1b[2J\x07\x85", r"\x1b[2J\x07\x85"),
        ("\u202egpj.exe\u2066", r"\u202egpj.exe\u2066"),
    ],
)
def test_escape_makes_text_safe(text, html):
    """`escape` replaces markup, quotes, hidden characters and surrogates, and keeps other text."""
    assert markup.escape(text) == html


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.12345, "0.123"),
        (0, "0.000"),
        (-1.5, "−1.500"),
        (math.nan, "–"),
        (math.inf, "–"),
        (None, "–"),
        ("0.5", "–"),
        (True, "–"),
        (1e-5, "1.00e−05"),
        (0.0005, "0.001"),
        (np.float32(0.5), "0.500"),
        (2e7, "2.00e+07"),
    ],
)
def test_number_is_readable(value, text):
    """Numbers are shown with three decimals or an exponent; other values are shown as dashes."""
    assert markup.number(value) == text


def test_number_of_digits_can_be_chosen():
    """The second argument of `number` sets how many decimals are shown."""
    assert [markup.number(9.256, digits) for digits in (0, 2)] == ["9", "9.26"]


@pytest.mark.parametrize(
    ("share", "text"), [(0.375, "37.5%"), (1, "100%"), (0, "0%"), (0.9999, "100.0%"), (None, "–")]
)
def test_percent_has_one_decimal_unless_all_or_nothing(share, text):
    """A percentage has one decimal unless the share is 0 or 1."""
    assert markup.percent(share) == text


@pytest.mark.parametrize(
    ("count", "text"), [(0, "0 images"), (1, "1 image"), (1200, "1,200 images")]
)
def test_quantity_has_singular_and_plural(count, text):
    """`quantity` uses the singular for the count 1 only."""
    assert markup.quantity(count, "image") == text


def test_section_escapes_its_title_and_keeps_its_body():
    """A section escapes its title and keeps its body as HTML."""
    section = markup.section("A & B", "<p>body</p>", name="a-b")
    assert section.name == "a-b"
    assert section.html == '<section id="a-b">\n<h2>A &amp; B</h2>\n<p>body</p>\n</section>'


def test_table_marks_headings_of_columns_and_rows(parse):
    """A table marks its column heads and the first cell of each row as headings."""
    parsed = parse(markup.table(["name", "value"], [["a", "1"], ["b", "2"]]))
    assert parsed.text == "name value a 1 b 2"
    assert [tag for tag in parsed.tags if tag in ("th", "td")] == ["th"] * 3 + ["td", "th", "td"]
    scopes = [value for _, name, value in parsed.attributes if name == "scope"]
    assert scopes == ["col", "col", "row", "row"]


def test_table_without_head_has_rows_only(parse):
    """A table with an empty head has no head element."""
    assert "thead" not in parse(markup.table([], [["a", "1"]])).tags


def test_paragraph_has_a_class():
    """A paragraph has the given CSS class, by default `note`."""
    assert markup.paragraph("a <b>b</b>") == '<p class="note">a <b>b</b></p>'
    assert markup.paragraph("a", "verdict") == '<p class="verdict">a</p>'


def test_details_are_collapsed():
    """Details are collapsed blocks with a summary."""
    html = "<details><summary>More</summary><p>body</p></details>"
    assert markup.details("More", "<p>body</p>") == html
