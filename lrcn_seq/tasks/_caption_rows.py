"""The features that a decoder needs for captions of clips."""

from __future__ import annotations

from keras import ops

from lrcn_seq.decoders.base import WordDecoder
from lrcn_seq.records import Encoded, Tensor


def caption_rows(
    decoder: WordDecoder, encoded: Encoded, owner: Tensor
) -> tuple[Encoded, dict[str, Tensor]]:
    """Return the features with which a decoder is called for captions.

    Args:
        decoder: a word decoder.
        encoded: features (P, S, R, D) and mask (P, S) of the clips.
        owner: (B,) index of the clip of each caption.

    Returns:
        The features and further arguments of the decoder: those of the clips with `owner`, or
        those (B, S, R, D) of the captions if the decoder does not set `shares_clips`.
    """
    if decoder.shares_clips:
        return encoded, {"owner": owner}
    return select_clips(encoded, owner), {}


def select_clips(encoded: Encoded, owner: Tensor) -> Encoded:
    """Return the features (B, S, R, D) and mask (B, S) of the clip of each caption.

    Args:
        encoded: features (P, S, R, D) and mask (P, S) of the clips.
        owner: (B,) index of the clip of each caption.
    """
    return Encoded(ops.take(encoded.features, owner, axis=0), ops.take(encoded.mask, owner, axis=0))
