"""The report section on confused classes."""

import numpy as np
import pytest

from lrcn_seq.errors import ArgumentError
from lrcn_seq.report.confusion import confused_pairs, confusion

COUNTS = np.array([[8, 2, 0], [0, 5, 3], [1, 2, 1]])


def test_largest_counts_off_the_diagonal_come_first():
    """Confused pairs of classes are sorted by count, then by share of the true class's clips."""
    assert confused_pairs(COUNTS) == [(1, 2), (2, 1), (0, 1), (2, 0)]


def test_at_most_eight_pairs_are_listed():
    """At most eight confused pairs are listed."""
    counts = np.arange(16).reshape(4, 4)
    pairs = confused_pairs(counts)
    assert [counts[pair] for pair in pairs] == [14, 13, 12, 11, 9, 8, 7, 6]


def test_pair_is_described_with_its_share(parse):
    """A confused pair is described with its count and its share of the true class's clips."""
    text = parse(confusion("abc", COUNTS, "clip").html).text
    assert "b predicted as c : 3 of 8 clips (37.5%)" in text
    assert "c predicted as a : 1 of 4 clips (25.0%)" in text


def test_class_of_one_clip_is_in_the_singular(parse):
    """A confusion in a class of one clip is described with the singular `1 clip`."""
    text = parse(confusion("ab", np.array([[0, 1], [0, 2]]), "clip").html).text
    assert "a predicted as b : 1 of 1 clip (100%)" in text


def test_classifier_without_errors(parse):
    """The section of a classifier without errors says that no clip was misclassified."""
    text = parse(confusion("abc", np.eye(3), "clip").html).text
    assert "No clip was misclassified." in text


@pytest.mark.parametrize(("count", "noted"), [(120, False), (121, True)])
def test_note_explains_a_matrix_without_labels(parse, count, noted):
    """For more than 120 classes, a note says which table lists the classes in order."""
    labels = [f"class {i}" for i in range(count)]
    text = parse(confusion(labels, np.eye(count), "clip").html).text
    assert ("in the order of the table of per-class scores" in text) == noted


def test_counts_that_do_not_match_the_labels_are_an_error():
    """The error for counts that do not match the labels names both sizes."""
    message = r"expected counts \(C, C\) for C labels\. Received: counts \(2, 2\), 3 labels"
    with pytest.raises(ArgumentError, match=message):
        confusion("abc", np.eye(2), "clip")
