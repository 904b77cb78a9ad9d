"""The paths in the spec of a source."""

import pytest

from lrcn_seq.data.source_paths import missing_paths, replace_paths, source_paths
from lrcn_seq.registry import sources

SPLITS = {
    "type": "coco",
    "splits": {"train": {"annotations": "a.json", "images": "b"}, "dev": {"images": "c"}},
    "dev": 0.5,
}


def test_paths_are_found_by_dotted_key():
    """The paths of nested mappings have dotted keys; other arguments are no paths."""
    assert source_paths(SPLITS) == {
        "splits.train.annotations": "a.json",
        "splits.train.images": "b",
        "splits.dev.images": "c",
    }
    assert source_paths({"type": "class_folders", "folder": "f", "groups": "g"}) == {"folder": "f"}
    assert source_paths({"type": "shapes", "train": 3}) == {}


def test_missing_paths_are_those_that_do_not_exist(tmp_path):
    """Files and folders that exist are left out."""
    (tmp_path / "t.csv").write_text("")
    for path, expected in ((str(tmp_path / "t.csv"), {}), ("no.csv", {"table": "no.csv"})):
        assert missing_paths({"type": "caption_table", "table": path}) == expected


def test_paths_are_replaced_in_a_copy():
    """Paths are replaced, other arguments are kept, and the spec is unchanged."""
    replaced = replace_paths(SPLITS, lambda path: f"/{path}")
    assert replaced == {
        "type": "coco",
        "splits": {"train": {"annotations": "/a.json", "images": "/b"}, "dev": {"images": "/c"}},
        "dev": 0.5,
    }
    assert SPLITS["splits"]["train"]["images"] == "b"


@pytest.mark.parametrize("name", sources.names())
def test_paths_are_arguments_of_every_source(name):
    """Every source that reads files declares which of its arguments are paths."""
    paths = set(sources.get(name).paths)
    assert paths <= set(sources.constructor(name).parameters)
    assert bool(paths) != name.endswith("shapes")
