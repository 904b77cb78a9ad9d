"""Why a feature was reused or computed again.

A config stores features unless `storing_problem` names a reason not to. A stored feature is reused
when its store and its key are found; otherwise it is computed and added.

The store is found by its signature and number type (`key.signature_of`, `store.FeatureStore`):

* the encoder: type, arguments, compute type, and the value of every weight, but not the file or
  run that the weights came from;
* the preprocessing: height, width, resize rule, interpolation, scaling;
* the version of decoding, `key.PIXELS_VERSION`;
* `data.store.dtype`.

The key is made from the sample (`key.key_of`):

* the hash of the file's bytes, or of all frames of a folder; the key of a drawing; not the path,
  the name or the id of the sample, so that equal files share their features;
* the numbers of all frames that `data.sampling` may choose (`Sampling.candidates`), which follow
  from the sampling and the frame times of the video;
* `data.frames`: with `flow`, the version of the optical flow.

Neither the seed, the epoch, the batch size nor any other sample is part of either.

A file is only hashed again if its size or modification time changed, or with `lrcn extract
--verify`; so content that was replaced under the same size and time reuses old features.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def storing_problem(
    *, use: bool, reads_pixels: bool, frozen: bool, frame_wise: bool, view: Mapping[str, Any]
) -> str | None:
    """Return why the features of an encoder cannot be stored, or None if they can.

    Args:
        use: `data.store.use`.
        reads_pixels: whether the encoder reads images or clips rather than vectors.
        frozen: whether training leaves the encoder unchanged.
        frame_wise: whether a step of the encoder depends on one frame alone.
        view: the mapping `data.view`.
    """
    if not use:
        return "data.store.use is false"
    if not reads_pixels:
        return "the encoder takes vectors, which cost nothing to read again"
    if not frozen:
        return "the encoder is trained, so its features change"
    if not frame_wise:
        return "the encoder mixes frames in time, so a frame has no features of its own"
    if dict(view) != {"type": "none"}:
        return f"data.view is {view['type']}, which shows frames in several ways"
    return None
