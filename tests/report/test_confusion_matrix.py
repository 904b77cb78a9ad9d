"""The drawing of a confusion matrix."""

import re

import numpy as np
import pytest

from lrcn_seq.report.confusion_matrix import confusion_matrix


def cells(html):
    """Return the CSS class and the opacity of each colored cell by row and column."""
    paths = re.findall(r'<path class="(correct|incorrect)" opacity="(.*?)" d="(.*?)"', html)
    corners = [
        (kind, float(opacity), *map(float, corner.split("h")[0].split()))
        for kind, opacity, path in paths
        for corner in path.split("M")[1:]
    ]
    columns, rows = (sorted({corner[axis] for corner in corners}) for axis in (2, 3))
    return {(rows.index(y), columns.index(x)): (kind, opacity) for kind, opacity, x, y in corners}


def test_rows_are_true_classes():
    """Rows of the confusion matrix are true classes, and columns are predicted classes."""
    found = cells(confusion_matrix("abc", np.array([[8, 2, 0], [0, 5, 5], [1, 0, 0]])))
    assert {place: kind for place, (kind, _) in found.items()} == {
        (0, 0): "correct",
        (0, 1): "incorrect",
        (1, 1): "correct",
        (1, 2): "incorrect",
        (2, 0): "incorrect",
    }


def test_opacity_grows_with_the_share_of_the_row():
    """The opacity of a cell grows with its share of the clips in the row."""
    found = cells(confusion_matrix("abc", np.array([[8, 2, 0], [0, 5, 5], [1, 0, 0]])))
    opacities = {place: opacity for place, (_, opacity) in found.items()}
    assert opacities == pytest.approx(
        {(0, 0): 0.816, (0, 1): 0.264, (1, 1): 0.54, (1, 2): 0.54, (2, 0): 1.0}, abs=0.005
    )


def test_cells_show_their_counts():
    """Cells show their counts; on dark cells, the text is light."""
    html = confusion_matrix("ab", np.array([[8, 2], [0, 5]]))
    assert re.findall(r'class="x (on|off)".*?>(\d+)<', html) == [
        ("on", "8"),
        ("off", "2"),
        ("on", "5"),
    ]


def test_description_counts_classes_and_correct_predictions():
    """The label for screen readers states the numbers of classes and correct predictions."""
    html = confusion_matrix("abc", np.array([[8, 2, 0], [0, 5, 5], [1, 0, 0]]))
    assert 'aria-label="confusion matrix of 3 classes, 13 of 21 correct"' in html


def test_labels_stand_at_rows_and_columns_in_order():
    """Class labels are shown in order at the left and at the top of the matrix."""
    html = confusion_matrix(["first", "a<b"], np.eye(2))
    assert re.findall(r'class="y".*?>(.*?)<', html) == ["first", "a&lt;b"]
    assert re.findall(r"rotate.*?>(.*?)<", html) == ["first", "a&lt;b"]


@pytest.mark.parametrize(
    ("count", "labeled", "numbered"),
    [(1, True, True), (4, True, True), (30, True, True), (101, True, False), (400, False, False)],
)
def test_matrix_of_any_size_fits_the_page(count, labeled, numbered):
    """A confusion matrix of any size fits the page; large ones omit labels and counts."""
    labels = [f"a class with a rather long name {i}" for i in range(count)]
    html = confusion_matrix(labels, np.eye(count, dtype=int))
    width, height = map(float, re.search(r'viewBox="0 0 (\d+) (\d+)"', html).groups())
    assert width <= 964 and height <= 1100
    assert (html.count("a class with a rather l…") == 2 * count) == labeled
    assert (html.count('class="x on"') == count) == numbered
    assert len(cells(html)) == count
    assert len(html) < 120 * count + 250 * count * labeled + 3000
