"""Which frames of which video a clip shows: in training by chance, in testing all that the sampling wants."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from lrcn_seq.data.contents import Contents
from lrcn_seq.data.media import times_of
from lrcn_seq.data.pictures import PIXELS_LIMIT
from lrcn_seq.data.samplings.base import Sampling
from lrcn_seq.errors import MediaError

# Evenly spaced times are kept as number and rate, others one by one.
EVEN = 1e-3


class Look(NamedTuple):
    """One clip: the position of a sample, the frame numbers (T,) (None for a picture), and which of the test views."""

    sample: int
    numbers: np.ndarray | None = None
    view: int = 0


Choose = Callable[[int], Look]
"""From a position in a plan to the clip that is meant."""


def looks_in_training(times: Sequence[np.ndarray], sampling: Sampling, *, seed: int, epoch: int) -> Choose:
    """Clips for training: position p of a plan is sample p, and its frames follow from (seed, epoch, p)."""
    return lambda position: Look(position, sampling.train(times[position], np.random.default_rng([seed, epoch, position, 1])))


def looks_in_testing(times: Sequence[np.ndarray], sampling: Sampling, *, views: int = 1) -> list[Look]:
    """All clips of testing, sample by sample; what is predicted for those of one sample is averaged."""
    return [Look(sample, numbers, view) for sample, clock in enumerate(times) for numbers in sampling.test(clock) for view in range(views)]


def known_times(media: Any, contents: Contents, *, pixels_limit: int = PIXELS_LIMIT) -> np.ndarray:
    """When each frame is shown, (F,) seconds; a video is decoded for it once and remembered by content.

    Raises:
        MediaError: it cannot be read.
    """
    if hasattr(media, "draw"):
        return times_of(media)
    name = f"times:{contents.hash(media)}:{pixels_limit}"
    if not contents.knows(name):
        contents.note(name, _measured(media, pixels_limit))
    fact = contents.fact(name)
    if "reason" in fact:
        raise MediaError(str(media), fact["reason"])
    return np.arange(fact["count"]) * fact["step"] if "count" in fact else np.array(fact["times"])


def _measured(media: Any, pixels_limit: int) -> dict[str, Any]:
    try:
        times = times_of(media, pixels_limit=pixels_limit)
    except MediaError as error:
        return {"reason": error.reason}
    step = float(times[-1] / max(len(times) - 1, 1))
    if np.abs(times - np.arange(len(times)) * step).max() < EVEN:
        return {"count": len(times), "step": step}
    return {"times": np.round(times, 4).tolist()}
