"""Matching of files with the IDs of references."""

import pytest

from lrcn_seq.metrics.scoring.file_ids import match_files


@pytest.mark.parametrize(
    ("file", "references", "expected"),
    [
        ("d/1.jpg", ["1", "1.jpg", "d/1.jpg"], "d/1.jpg"),
        ("d/1.jpg", ["1", "1.jpg"], "1.jpg"),
        ("d/1.jpg", ["1", "2"], "1"),
        ("other/1.jpg", ["images/1.jpg"], "images/1.jpg"),
        ("d\\1.jpg", ["1.jpg"], "1.jpg"),
        ("val2017/000000391895.jpg", ["391895"], "391895"),
        ("COCO_val2014_000000391895.jpg", ["391895"], "391895"),
        ("x_391895.jpg", ["391895"], "x_391895.jpg"),
        ("1.jpg", ["a/1.jpg", "b/1.jpg"], "1.jpg"),
        ("é b.jpg", ["é b"], "é b"),
    ],
)
def test_file_is_matched_by_its_path_then_by_its_name(file, references, expected):
    """A file is matched by path, name, stem, then number; an ambiguous one keeps its name."""
    assert match_files([file], references) == [expected]
