"""Expansion of files, folders and globs, and separation of files from overrides."""

import errno
import os

import pytest

from lrcn_seq.cli._inputs import expand_files, split_overrides
from lrcn_seq.errors import UsageError


@pytest.fixture
def tree(tmp_path, monkeypatch):
    """Return a folder with a few files, which is the working folder of the test."""
    for name in ("b.png", "a.png", "deep/er/c.png", ".hidden", "deep/.hidden", "x[1].png"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"")
    (tmp_path / "empty").mkdir()
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (["b.png", "a.png"], ["b.png", "a.png"]),
        (["deep"], ["deep/er/c.png"]),
        (["deep/"], ["deep/er/c.png"]),
        (["."], ["a.png", "b.png", "deep/er/c.png", "x[1].png"]),
        (["*.png"], ["a.png", "b.png", "x[1].png"]),
        (["**/*.png"], ["a.png", "b.png", "deep/er/c.png", "x[1].png"]),
        (["x[1].png"], ["x[1].png"]),
        (["x[[]1].png"], ["x[1].png"]),
        (["a.png", "a.png", "*.png"], ["a.png", "b.png", "x[1].png"]),
        (["absent.png"], ["absent.png"]),
    ],
)
def test_names_expand_to_files(tree, names, expected):
    """Folders and globs expand to files; each file is listed once, and hidden files are skipped."""
    assert expand_files(names) == expected


@pytest.mark.parametrize(
    ("names", "message"),
    [
        ([], "at least one file"),
        ([""], "Received: an empty name"),
        (["empty"], "empty: expected a folder with files; it is empty"),
        (["a.png", "*.jpg"], r"\*\.jpg: no file matches"),
    ],
)
def test_names_without_files_are_an_error(tree, names, message):
    """No name, an empty name, an empty folder, or a glob without matches raises a UsageError."""
    with pytest.raises(UsageError, match=message):
        expand_files(names)


@pytest.mark.parametrize("place", ["deep", "deep/er"])
def test_unreadable_folder_is_an_error(tree, monkeypatch, place):
    """A folder or subfolder that cannot be read raises a UsageError."""
    scandir = os.scandir

    def refuse(path):
        if os.fspath(path) == place:
            raise PermissionError(errno.EACCES, "Permission denied", place)
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refuse)
    message = f"^{place}: expected a readable folder. Received: Permission denied.$"
    with pytest.raises(UsageError, match=message):
        expand_files(["a.png", "deep"])


def test_overrides_are_split_from_files(tree):
    """Files and overrides keep their order when they are separated.

    A name with an equals sign is an override only if it looks like a config key.
    """
    names = ["a.png", "search.beams=3", "deep/a=b.png", "seed=1", "b.png", "x-y=1"]
    assert split_overrides(names) == (
        ["a.png", "deep/a=b.png", "b.png", "x-y=1"],
        ["search.beams=3", "seed=1"],
    )


def test_existing_file_is_not_an_override(tree):
    """The name of an existing file is never parsed as an override."""
    (tree / "a=b").write_bytes(b"")
    assert split_overrides(["a=b", "c=d"]) == (["a=b"], ["c=d"])
