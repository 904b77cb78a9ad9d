"""Stand-in until data.media.MediaReader lands."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from lrcn_seq.data.clips import watched
from lrcn_seq.data.media import enlarged, frames_in_order, read_frames, read_vectors, times_of
from lrcn_seq.data.video import FOLDER_RATE
from lrcn_seq.records import Clips


class MediaReader:
    def __init__(self, encoder, view, modality, pixels_limit):
        self.encoder, self.view, self.modality, self.pixels_limit = (
            encoder,
            view,
            modality,
            pixels_limit,
        )

    def times(self, media: Any) -> np.ndarray:
        if self.encoder.takes == "vectors":
            return np.arange(len(read_vectors(media, width=self.encoder.width))) / FOLDER_RATE
        return times_of(media, pixels_limit=self.pixels_limit)

    def still(self, media: Any) -> Clips:
        if self.encoder.takes == "vectors":
            vectors = read_vectors(media, width=self.encoder.width)
            return Clips(vectors, np.arange(len(vectors), dtype="int32")[None])
        frames = read_frames(
            media, self.encoder.preprocessing, view=self.view, pixels_limit=self.pixels_limit
        )
        return Clips(frames[:1], np.zeros((1, 1), "int32"))

    def clips(self, media: Any, looks: Sequence[np.ndarray], *, batch: int = 16) -> Iterator[Clips]:
        if self.encoder.takes == "vectors":
            vectors = read_vectors(media, width=self.encoder.width)
            return watched(
                ((n, vectors[n]) for n in np.unique(np.concatenate(looks)).tolist()),
                looks,
                batch=batch,
            )
        size = self.encoder.preprocessing
        frames = frames_in_order(
            media,
            np.unique(np.concatenate(looks)),
            enlarged(size, self.view),
            modality=self.modality,
            pixels_limit=self.pixels_limit,
        )
        return watched(
            frames,
            looks,
            batch=batch,
            seen=lambda clip: self.view.test(
                clip, (size.height, size.width), modality=self.modality
            ),
        )

    def preview(self, media, preprocessing, numbers=None):
        if self.encoder.takes == "vectors":
            return None
        return read_frames(media, preprocessing, numbers=numbers, pixels_limit=self.pixels_limit)
