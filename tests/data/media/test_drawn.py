"""Drawings as clips, whose content hash is the key of the drawing."""

import numpy as np
import pytest

from lrcn_seq.data.media.content_index import ContentIndex
from lrcn_seq.data.media.drawn import Drawn
from lrcn_seq.errors import MediaError
from lrcn_seq.records import Drawable, Preprocessing
from tests.media_fixtures import Counter


def test_frames_are_drawn_and_resized():
    """Drawn frames are resized and returned in the order of the requested numbers."""
    media = Drawn(Counter("six", 6))
    assert media.frames(Preprocessing(4, 4))[:, 0, 0, 0].tolist() == [0, 1, 2, 3, 4, 5]
    assert media.frames(Preprocessing(4, 4), [5, 2])[:, 0, 0, 0].tolist() == [5, 2]
    np.testing.assert_allclose(media.times(), np.arange(6) / 25)


def test_the_hash_is_the_key():
    """The content hash of a drawing is its key with the prefix `drawing:`."""
    assert Drawn(Counter("six", 6)).content_hash(ContentIndex()) == "drawing:six"


def test_a_drawing_without_frames_is_refused():
    """The error for a drawing without frames names its key."""
    with pytest.raises(MediaError, match="drawing none: expected at least one frame"):
        Drawn(Counter("none", 0)).times()


def test_drawables_are_recognized_by_their_methods():
    """A drawing is recognized by its methods, without inheriting from Drawable."""
    assert isinstance(Counter("six", 6), Drawable)
    assert not isinstance("a.jpg", Drawable)
    assert not isinstance(np.zeros(3), Drawable)
