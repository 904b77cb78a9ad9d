"""Locks on files."""

import errno
import fcntl
import os
import subprocess
import sys

import pytest

from lrcn_seq.locks import acquire, lock_file, open_lock

HOLDER = """
import sys
from lrcn_seq.locks import lock_file, open_lock
with open_lock(sys.argv[1]) as file:
    print(lock_file(file), flush=True)
    sys.stdin.read()
"""


def test_one_process_holds_a_lock_until_it_dies(tmp_path):
    """A file locked by one process cannot be locked by another until the first is killed."""
    path = tmp_path / "lock"
    command = [sys.executable, "-c", HOLDER, str(path)]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen(command, **pipes) as other, open_lock(path) as file:
        assert other.stdout.readline() == "True\n"
        assert not lock_file(file)
        other.kill()
        other.wait()
        assert lock_file(file)


def test_a_lock_file_keeps_its_content(tmp_path):
    """Opening a file to lock it does not truncate it."""
    (tmp_path / "lock").write_text("content")
    with open_lock(tmp_path / "lock") as file:
        assert file.read() == b"content"


def test_a_link_is_not_followed(tmp_path):
    """A symbolic link in the place of a lock is refused, and its target is not created."""
    (tmp_path / "lock").symlink_to(tmp_path / "target")
    with pytest.raises(OSError, match="symbolic links"):
        open_lock(tmp_path / "lock")
    assert not (tmp_path / "target").exists()


def test_a_fifo_is_refused(tmp_path):
    """A FIFO in the place of a lock is refused with its name, without waiting for a writer."""
    os.mkfifo(tmp_path / "lock")
    with pytest.raises(OSError, match="lock is not a regular file"):
        open_lock(tmp_path / "lock")


@pytest.mark.parametrize(
    "number", [errno.ENOLCK, errno.ENOTSUP, errno.ENOSYS, errno.EINVAL, errno.EBADF]
)
def test_a_file_system_without_locks_counts_as_locked(
    tmp_path, without_locks, monkeypatch, capsys, number
):
    """Without support for locks, files count as locked, and one warning is printed."""

    def fail(file, operation):
        raise OSError(number, "no locks")

    monkeypatch.setattr(fcntl, "flock", fail)
    for name in ("a", "b"):
        with open_lock(tmp_path / name) as file:
            assert lock_file(file)
            assert acquire(file) is None
    assert capsys.readouterr().err == (
        "Files cannot be locked on this file system; make sure that only one process at a time "
        "writes into a run folder, a feature store or an --output.\n"
    )
