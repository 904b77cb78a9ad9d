"""The report section on scores per class."""

import re

from lrcn_seq.metrics import ClassScore
from lrcn_seq.report.per_class import per_class


def test_table_has_a_row_per_class():
    """The table has a row of scores per class; undefined scores are shown as dashes."""
    scores = [ClassScore("a<b", 1200, 0.5, 0.25, 1 / 3), ClassScore("b", 0, None, None, None)]
    html = per_class(scores, "clip").html
    assert re.findall(r'scope="col">(.*?)<', html) == [
        "class",
        "clips",
        "precision",
        "recall",
        "F1",
    ]
    assert re.findall(r'scope="row"><span dir="auto">(.*?)<', html) == ["a&lt;b", "b"]
    assert re.findall(r"<td>(.*?)</td>", html) == [
        *("1,200", "0.500", "0.250", "0.333"),
        *("0", "–", "–", "–"),
    ]
    assert "<details>" not in html


def test_long_table_is_collapsed_below_its_extremes(parse):
    """A long table is collapsed below the classes with the lowest and the highest F1."""
    scores = [ClassScore(f"class {i}", 10, 0.5, 0.5, i / 100) for i in range(99)]
    html = per_class([ClassScore("none", 0, None, None, None), *scores], "clip").html
    text = parse(html).text
    assert "<summary>All 100 classes</summary>" in html
    lowest = "class 0 0.00, class 1 0.01, class 2 0.02, class 3 0.03, class 4 0.04"
    assert f"Lowest F1: {lowest}." in text
    highest = "class 98 0.98, class 97 0.97, class 96 0.96, class 95 0.95, class 94 0.94"
    assert f"Highest F1: {highest}." in text


def test_no_classes_no_section():
    """Without classes, the report has no section on scores per class."""
    assert per_class([], "clip") is None
