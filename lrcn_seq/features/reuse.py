"""Rules for reusing stored features.

Features are stored unless `storing_problem` returns a reason. The features of a sample are reused
if the store exists and contains their key; otherwise they are computed and stored.

The store is identified by its signature and dtype (`key.signature_of`, `store.FeatureStore`), which
cover:

* the encoder: type, arguments, compute dtype, and the values of all weights, but not the file or
  run from which the weights were loaded;
* the preprocessing: height, width, resize rule, interpolation, scaling;
* the version of decoding, `key.PIXELS_VERSION`;
* `data.store.dtype`.

The key of a sample (`key.key_of`) covers:

* the hash of the file, or of all frames of a folder, or the key of a `Drawable`; but not the path,
  the name or the id of the sample, so that equal files share their features;
* the numbers of all frames that `data.sampling` may select (`Sampling.candidates`), which depend on
  the sampling and the frame times of the video;
* `data.frames`: with `flow`, the version of the optical flow.

Store and key do not depend on the seed, the epoch, the batch size or other samples. The same is
true of every bit of the features (see `extraction`).

A file is hashed again only if its size or modification time has changed, or with `lrcn extract
--verify`. If new content of a file has the same size and time, old features are therefore reused.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def storing_problem(
    *, use: bool, reads_pixels: bool, frozen: bool, frame_wise: bool, view: Mapping[str, Any]
) -> str | None:
    """Return the reason why the features of an encoder cannot be stored, or None.

    Args:
        use: `data.store.use`.
        reads_pixels: whether the encoder reads images or clips rather than vectors.
        frozen: whether training leaves the encoder unchanged.
        frame_wise: whether the encoder computes the features of a frame from this frame alone.
        view: the mapping `data.view`.
    """
    if not use:
        return "data.store.use is false"
    if not reads_pixels:
        return "the encoder takes vectors, which cost nothing to read again"
    if not frozen:
        return "the encoder is trained, so its features change"
    if not frame_wise:
        return "the features of a frame also depend on other frames"
    if dict(view) != {"type": "none"}:
        return f"data.view is {view['type']}, which shows frames in several ways"
    return None
