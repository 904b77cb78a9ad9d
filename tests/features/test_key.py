"""Signatures and keys, which must not change because existing stores contain them."""

from hashlib import blake2b

import numpy as np

from lrcn_seq.features.key import key_of, signature_of
from lrcn_seq.records import Preprocessing


def test_the_signature_of_an_encoder_is_unchanged():
    """The signature of an encoder is a fixed string; a change would invalidate every store."""
    assert signature_of("vgg16:{}:float32:abc", Preprocessing(224, 112, "crop")) == (
        'pixels-3:{"height": 224, "interpolation": "bilinear", "resize": "crop", '
        '"scaling": "none", "width": 112}:vgg16:{}:float32:abc'
    )


def test_the_key_of_a_sample_is_unchanged():
    """A sample's key consists of a content hash, a hash of frame numbers, and the modality."""
    numbers = blake2b(np.array([0, 3, 500], "<i8").tobytes(), digest_size=12).hexdigest()
    assert key_of("c0ffee", None) == "c0ffee:all:"
    assert key_of("c0ffee", np.array([0, 3, 500], np.int32)) == f"c0ffee:{numbers}:"
    assert key_of("c0ffee", None, "flow") == "c0ffee:all::flow:dis1"


def test_keys_depend_on_content_frames_and_modality():
    """Different content, frame numbers or modality give a different key."""
    keys = {
        key_of(content, numbers, modality)
        for content in ("a", "b")
        for numbers in (None, np.array([0, 1]), np.array([0, 2]))
        for modality in ("rgb", "flow")
    }
    assert len(keys) == 12
