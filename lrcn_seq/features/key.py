"""The signature of an encoder and the key of a sample, which identify stored features.

Both strings are part of the store format: if they change, existing features are no longer found.
"""

from __future__ import annotations

import json
from hashlib import blake2b

import numpy as np

from lrcn_seq.data.media.optical_flow import IDENTITY as FLOW_IDENTITY
from lrcn_seq.records import Modality, Preprocessing

PIXELS_VERSION = 3
"""Version of decoding and resizing. Increment it if new code computes other pixels from a file."""


def signature_of(identity: str, preprocessing: Preprocessing) -> str:
    """Return the signature of an encoder.

    It covers everything that determines features, except the media.

    Args:
        identity: `Encoder.identity`, which covers type, arguments, compute dtype and weights.
        preprocessing: size, resize rule and scaling of frames.
    """
    fields = json.dumps(preprocessing._asdict(), sort_keys=True)
    return f"pixels-{PIXELS_VERSION}:{fields}:{identity}"


def key_of(content: str, numbers: np.ndarray | None, modality: Modality = "rgb") -> str:
    """Return the key of the features of a sample.

    Args:
        content: content hash of the media.
        numbers: (T,) numbers of the stored frames; None for all frames.
        modality: `rgb` if the encoder reads frames, `flow` if it reads their optical flow.
    """
    frames = "all"
    if numbers is not None:
        frames = blake2b(np.asarray(numbers, "<i8").tobytes(), digest_size=12).hexdigest()
    # The field after the second colon, formerly the view of the frames, is always empty.
    return f"{content}:{frames}:" + ("" if modality == "rgb" else f":{FLOW_IDENTITY}")
