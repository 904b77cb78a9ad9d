"""The list of Python files that the user has imported."""

from hashlib import sha256

import pytest

from lrcn_seq.config import trusted_code
from lrcn_seq.config.trusted_code import is_trusted, list_path, trust


@pytest.fixture(autouse=True)
def new_process(tmp_path, monkeypatch):
    """Return a function that clears what this process trusts, as if a new process began."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "settings"))

    def start() -> None:
        monkeypatch.setattr(trusted_code, "_hashes", set())

    start()
    return start


def test_code_is_trusted_after_its_import(new_process):
    """Trusted content is known to this process and to later ones; other content is not."""
    assert not is_trusted(b"x = 1")
    trust(b"x = 1", "my parts.py")
    assert is_trusted(b"x = 1")
    new_process()
    assert is_trusted(b"x = 1")
    assert not is_trusted(b"x = 2")
    assert list_path().read_text() == f"{sha256(b'x = 1').hexdigest()}  my parts.py\n"


def test_content_is_listed_once():
    """Content that is on the list already is not added again."""
    trust(b"x", "a.py")
    trust(b"x", "b.py")
    trust(b"y", "a\n.py")
    assert [line.split("  ")[1] for line in list_path().read_text().splitlines()] == [
        "a.py",
        "a .py",
    ]


def test_the_list_is_private():
    """The list and its folder can be written by their owner alone."""
    trust(b"x", "a.py")
    assert list_path().stat().st_mode & 0o777 == 0o600
    assert list_path().parent.stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize("mode", [0o620, 0o602])
@pytest.mark.parametrize("what", ["list", "folder"])
def test_a_list_that_others_may_write_is_ignored(new_process, mode, what):
    """A list is ignored if the group or others may write to it or to its folder."""
    trust(b"x", "a.py")
    path = list_path() if what == "list" else list_path().parent
    path.chmod(mode | (0 if what == "list" else 0o100))
    new_process()
    assert not is_trusted(b"x")


def test_a_list_of_another_user_is_ignored(new_process, monkeypatch):
    """A list is ignored if it belongs to another user."""
    trust(b"x", "a.py")
    new_process()
    owner = list_path().stat().st_uid
    monkeypatch.setattr(trusted_code.os, "geteuid", lambda: owner + 1)
    assert not is_trusted(b"x")


def test_without_a_writable_folder_this_process_trusts(tmp_path, new_process):
    """If the list cannot be written, the content is trusted by this process alone."""
    (tmp_path / "settings").write_text("a file")
    trust(b"x", "a.py")
    assert is_trusted(b"x")
    new_process()
    assert not is_trusted(b"x")


def test_without_a_home_folder_nothing_is_listed(monkeypatch):
    """A user without a home folder has no list."""
    monkeypatch.delenv("XDG_CONFIG_HOME")

    def fail():
        raise RuntimeError("no home folder")

    monkeypatch.setattr(trusted_code.Path, "home", fail)
    assert not is_trusted(b"x")
    trust(b"x", "a.py")
    assert is_trusted(b"x")


def test_a_damaged_list_trusts_nothing(new_process):
    """A list that is not text in the expected form is read as an empty list."""
    trust(b"x", "a.py")
    list_path().write_bytes(b"\xff\x00\n\n   \n")
    new_process()
    assert not is_trusted(b"x")
