"""Matching of files with the IDs of references."""

import pytest

from lrcn_seq.metrics.scoring.file_ids import match_files


@pytest.mark.parametrize(
    ("file", "references", "expected"),
    [
        ("d/1.jpg", ["1", "1.jpg", "d/1.jpg"], "d/1.jpg"),
        ("d/1.jpg", ["1", "1.jpg"], "1.jpg"),
        ("d/1.jpg", ["1", "2"], "1"),
        ("a/d/1.jpg", ["d/1.jpg", "e/1.jpg"], "d/1.jpg"),
        ("d/1.jpg", ["/a/d/1.jpg", "/a/e/1.jpg"], "/a/d/1.jpg"),
        ("1.jpg", ["d/1.jpg"], "d/1.jpg"),
        ("a/d/1.jpg", ["d/1"], "d/1"),
        ("video7", ["clips/video7.mp4"], "clips/video7.mp4"),
        ("d\\1.jpg", ["1.jpg"], "1.jpg"),
        ("./1.jpg", ["1.jpg"], "1.jpg"),
        ("../val/1.jpg", ["data/val/1.jpg"], "data/val/1.jpg"),
        ("val2017/000000391895.jpg", ["391895"], "391895"),
        ("COCO_val2014_000000391895.jpg", ["391895"], "391895"),
        ("\u00e9 b.jpg", ["e\u0301 b"], "e\u0301 b"),
        ("video.1.mp4", ["video.1", "video.2"], "video.1"),
    ],
)
def test_file_is_matched_by_the_end_of_its_path(file, references, expected):
    """A file is matched by the end of its path, then without its suffix, then by its number."""
    assert match_files([file], references) == [expected]


@pytest.mark.parametrize(
    ("file", "references"),
    [
        ("val/001.jpg", ["train/001.jpg"]),
        ("val/001.jpg", ["train/001"]),
        ("a/val/001.jpg", ["b/val/001.jpg"]),
        ("001.jpg", ["001.png"]),
        ("x_391895.jpg", ["391895"]),
        ("1.jpg", ["a/1.jpg", "b/1.jpg"]),
        ("a/d/1.jpg", ["1.jpg", "d/1.jpg"]),
        ("video", ["video.1"]),
        ("train/1.jpg", ["val/1", "2"]),
    ],
)
def test_other_files_keep_their_paths(file, references):
    """Files in another folder or with another suffix, and ambiguous files, are not matched."""
    assert match_files([file], references) == [file]
