"""Frames of all clips in one row, and back."""

import numpy as np
from keras import ops

from lrcn_seq.layers.packing import pack, spread

MASK = np.array([[True, False, True], [False, False, False], [True, True, True]])


def test_spread_undoes_pack():
    """What was packed comes back to its place, and padding is zero."""
    x = np.random.default_rng(0).normal(size=(3, 3, 2, 4)).astype("float32")
    clips = pack(x, MASK)
    assert clips.frames.shape == (5, 2, 4)
    features, mask = spread(ops.convert_to_tensor(clips.frames), clips.index)
    assert np.array_equal(ops.convert_to_numpy(mask), MASK)
    assert np.array_equal(ops.convert_to_numpy(features), np.where(MASK[:, :, None, None], x, 0))


def test_one_frame_in_many_places():
    """A frame that several clips share is held once and stands in each of its places."""
    features = ops.convert_to_tensor(np.arange(6, dtype="float32").reshape(3, 1, 2))
    index = np.array([[0, 1, 2], [2, 1, -1]], "int32")
    found = ops.convert_to_numpy(spread(features, ops.convert_to_tensor(index)).features)
    assert found[:, :, 0, 0].tolist() == [[0, 2, 4], [4, 2, 0]]


def test_no_frame_at_all():
    """A batch of padding only gives zeros."""
    features, mask = spread(ops.zeros((0, 1, 2)), ops.full((2, 3), -1, "int32"))
    assert not ops.convert_to_numpy(features).any()
    assert not ops.convert_to_numpy(mask).any()


def test_padding_passes_no_gradient(gradients):
    """The gradient of a frame is the sum over its places; padding adds nothing."""
    index = ops.convert_to_tensor(np.array([[0, 0, -1], [1, -1, -1]], "int32"))
    found = gradients(
        lambda features: ops.sum(spread(features, index).features), [np.ones((3, 1, 2), "float32")]
    )[0]
    assert found[:, 0, 0].tolist() == [2, 1, 0]
