"""Paths of media files as tables and annotation files write them."""

from __future__ import annotations

import os
import re
import unicodedata
from functools import cache
from pathlib import Path

from lrcn_seq.data.media.image_file import IMAGE_SUFFIXES
from lrcn_seq.errors import DataError

VIDEO_NAME = re.compile(
    r".*\.(3g2|3gp|apng|asf|avi|divx|dv|f4v|flv|gif|h264|h265|hevc|ivf|m1v|m2ts|m2v|m4v|mjpe?g|mkv"
    r"|mov|mp4|mpe|mpeg|mpg|mts|mxf|npy|nut|ogm|ogv|qt|rm|rmvb|ts|vob|webm|wmv|y4m)",
    re.IGNORECASE | re.DOTALL,
)
"""Matches the file names of videos and of arrays of vectors."""
URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+://")


class MediaPaths:
    """The media paths of a table, normalized so that each file has one ID.

    Args:
        folder: The folder to which the paths are relative.
    """

    def __init__(self, folder: Path):
        self.folder = folder
        self.resolved = cache(os.path.realpath)
        self.location = cache(self._location)
        self.short = cache(self._short)

    def _location(self, media: str) -> str:
        """Return the path with the symbolic links of its folder resolved."""
        folder, name = os.path.split(os.path.join(self.folder, media))  # noqa: PTH118
        return f"{self.resolved(folder)}/{name}"

    def _short(self, media: str) -> str:
        """Return the normalized path, relative to the folder of the table for files inside it.

        Raises:
            ValueError: If the text is not a path.
        """
        media = find_spelling(self.folder, media)
        path = os.path.normpath(media)
        inside = os.path.relpath(path, self.folder.absolute()) if path[0] == os.sep else path
        name = path if f"{inside}/".startswith("../") else inside
        # After a symbolic link, `..` leads to another folder than normpath assumes.
        return name if self.location(name) == self.location(media) else media


def find_spelling(folder: Path, name: str) -> str:
    r"""Return the spelling of a path under which its file exists.

    A path may be written with backslashes, as on Windows, or with a Unicode normalization that
    differs from that of the file name.

    Args:
        folder: The folder to which the path is relative.
        name: The path as written.

    Returns:
        The first spelling that exists; if none does, the path with slashes.
    """
    slashes = name.replace("\\", "/")
    if slashes == name and name.isascii():
        return name
    spellings = [name, slashes, *(unicodedata.normalize(form, slashes) for form in ("NFC", "NFD"))]
    return next((one for one in spellings if os.path.lexists(folder / one)), slashes)


def is_image(name: str) -> bool:
    """Return whether a file name has the suffix of an image."""
    return Path(name).suffix.lower() in IMAGE_SUFFIXES


def is_media(name: str) -> bool:
    """Return whether a file name has the suffix of an image, a video or a `.npy` file."""
    return is_image(name) or bool(VIDEO_NAME.fullmatch(name))


def normalize_key(name: str) -> str:
    """Return a relative path with slashes, in NFC and without `.` and `..`, to compare paths."""
    return unicodedata.normalize("NFC", os.path.normpath(name.replace("\\", "/")))


def check_not_url(name: str, place: str) -> None:
    """Raise DataError if a path is a URL, since media are read from files."""
    if URL.match(name):
        raise DataError(
            f"{place}: expected the path of a file. Received: the URL {name!r}; download the file "
            "and write its path."
        )
