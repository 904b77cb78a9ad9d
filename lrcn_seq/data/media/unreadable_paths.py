"""Paths of missing files and of text files, which no encoder reads, found without Keras."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from lrcn_seq.config import Config
from lrcn_seq.data.media.reader import MediaReader, media_kind
from lrcn_seq.errors import MediaError

TEXT_SUFFIXES = frozenset({".csv", ".json", ".jsonl", ".md", ".tsv", ".txt", ".yaml", ".yml"})
"""Suffixes of text files."""


def unreadable_paths(paths: Sequence[str], config: Config) -> dict[str, str]:
    """Return the paths of missing files and of text files, each with the reason of its refusal.

    Other files are not opened.

    Args:
        paths: the input files of a run.
        config: the config of the run.
    """
    takes_vectors = config.encoder["type"] == "vectors"
    kind = media_kind("vectors" if takes_vectors else "frames", sampled=bool(config.data.sampling))
    reasons = {}
    for path in paths:
        if may_be_media(path):
            continue
        try:
            MediaReader(kind).check(path)
        except MediaError as error:
            reasons[path] = error.reason
    return reasons


def may_be_media(path: str) -> bool:
    """Return whether a path exists and does not have the suffix of a text file."""
    return Path(path).exists() and Path(path).suffix.lower() not in TEXT_SUFFIXES
