"""Where encoder and decoder meet: every file but `base` is one task."""

from lrcn_seq.registry import tasks as registry
from lrcn_seq.tasks.base import Task, build, load

__all__ = ["Task", "build", "load", "registry"]
