"""Locks on files; the operating system releases the locks of a process that dies."""

from __future__ import annotations

import fcntl
import functools
import os
import stat
import sys
from pathlib import Path
from typing import IO, Any, BinaryIO


def open_lock(path: str | Path) -> BinaryIO:
    """Open a lock file, creating it if it is missing; refuse symbolic links, FIFOs and devices.

    Raises:
        OSError: the file cannot be opened, or is not a regular file.
    """
    flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK
    handle = os.open(path, flags, 0o666)
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        raise OSError(f"{Path(path).name} is not a regular file")
    return os.fdopen(handle, "r+b")


def lock_file(file: IO[Any], *, wait: bool = False) -> bool:
    """Lock an open file until it is closed.

    If the file system has no locks, a warning is printed once and the file counts as locked.

    Args:
        file: the open file.
        wait: whether to wait while another process holds the lock.

    Returns:
        False if another process holds the lock, otherwise True.
    """
    locked = acquire(file, wait=wait)
    if locked is None:
        warn_of_missing_locks()
    return locked is not False


def acquire(file: IO[Any], *, wait: bool = False) -> bool | None:
    """Lock an open file.

    Returns:
        True, or False if another process holds the lock, or None if locks are not supported.
    """
    try:
        fcntl.flock(file, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return None
    return True


@functools.cache
def warn_of_missing_locks() -> None:
    """Print, once per process, that the file system does not support locks."""
    sys.stderr.write(
        "Files cannot be locked on this file system; make sure that only one process at a time "
        "writes into a run folder, a feature store or an --output.\n"
    )
