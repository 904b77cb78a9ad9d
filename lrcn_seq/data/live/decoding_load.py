"""How many frames the decoder of a live source skips to keep up with it."""

from __future__ import annotations

from typing import Literal, NamedTuple

PERIOD = 2.0
"""Seconds over which the load is measured."""
LOW_LOAD = 0.5
"""A load at which fewer frames may be skipped."""
CALM_PERIODS = 15
"""Number of periods of low load after which fewer frames are skipped."""


class SkipLevel(NamedTuple):
    """What a decoder skips.

    Attributes:
        frames: the frames that FFmpeg skips in codecs whose frames refer to others.
        stride: the distance of decoded frames in codecs whose frames are independent.
    """

    frames: Literal["DEFAULT", "NONREF", "NONKEY"]
    stride: int


LEVELS = (SkipLevel("DEFAULT", 1), SkipLevel("NONREF", 2), SkipLevel("NONKEY", 8))


class DecodingLoad:
    """The share of time that decoding takes, and the level of skipping that follows from it.

    A load above 1 means that a second of video takes longer than a second. Then more frames are
    skipped. After `CALM_PERIODS` periods of low load, fewer frames are skipped again.
    """

    def __init__(self) -> None:
        self._level = self._calm = 0
        self._busy = self._video = 0.0

    @property
    def level(self) -> SkipLevel:
        """What the decoder should skip now."""
        return LEVELS[self._level]

    def add(self, busy: float, video: float) -> None:
        """Add a measurement.

        Args:
            busy: seconds that decoding and resizing took.
            video: seconds of video that were decoded or skipped in this time.
        """
        self._busy, self._video = self._busy + busy, self._video + video
        if max(self._busy, self._video) < PERIOD:
            return
        if self._busy > self._video:
            self._level, self._calm = min(self._level + 1, len(LEVELS) - 1), 0
        elif self._busy < LOW_LOAD * self._video:
            self._calm += 1
            if self._calm >= CALM_PERIODS:
                self._level, self._calm = max(self._level - 1, 0), 0
        else:
            self._calm = 0
        self._busy = self._video = 0.0
