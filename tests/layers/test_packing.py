"""Packing the frames of all clips into one axis, and unpacking them."""

import numpy as np
from keras import ops

from lrcn_seq.layers.packing import pack, unpack

MASK = np.array([[True, False, True], [False, False, False], [True, True, True]])


def random_frames():
    """Return random frames (B, T, R, D) of the shape of MASK."""
    return np.random.default_rng(0).normal(size=(3, 3, 2, 4)).astype("float32")


def test_pack_keeps_real_frames_only():
    """Packing keeps real frames only and numbers them in order."""
    x = random_frames()
    clips = pack(x, MASK)
    assert clips.index.tolist() == [[0, -1, 1], [-1, -1, -1], [2, 3, 4]]
    assert clips.index.dtype == "int32"
    assert np.array_equal(clips.frames, x[[0, 0, 2, 2, 2], [0, 2, 0, 1, 2]])


def test_pack_without_a_mask_keeps_all_frames():
    """Packing without a mask keeps all frames."""
    clips = pack(random_frames())
    assert clips.frames.shape == (9, 2, 4)
    assert clips.index.tolist() == [[0, 1, 2], [3, 4, 5], [6, 7, 8]]


def test_unpack_is_the_inverse_of_pack():
    """Unpacking returns every frame to its position, and padding is zero."""
    x = random_frames()
    clips = pack(x, MASK)
    features, mask = unpack(ops.convert_to_tensor(clips.frames), clips.index)
    assert np.array_equal(ops.convert_to_numpy(mask), MASK)
    assert np.array_equal(ops.convert_to_numpy(features), np.where(MASK[:, :, None, None], x, 0))


def test_clips_may_share_frames():
    """A frame that two clips share is stored once and copied to each of its positions."""
    features = ops.convert_to_tensor(np.arange(6, dtype="float32").reshape(3, 1, 2))
    index = np.array([[0, 1, 2], [2, 1, -1]], "int32")
    found = ops.convert_to_numpy(unpack(features, ops.convert_to_tensor(index)).features)
    assert found[:, :, 0, 0].tolist() == [[0, 2, 4], [4, 2, 0]]


def test_a_batch_may_have_no_frame():
    """A batch without any real frame is unpacked to zeros."""
    features, mask = unpack(ops.zeros((0, 1, 2)), ops.full((2, 3), -1, "int32"))
    assert ops.convert_to_numpy(features).shape == (2, 3, 1, 2)
    assert not ops.convert_to_numpy(features).any()
    assert not ops.convert_to_numpy(mask).any()


def test_gradient_of_a_frame_is_the_sum_over_its_places(gradients):
    """The gradient of a packed frame is the sum of the gradients at its positions."""
    index = ops.convert_to_tensor(np.array([[0, 0, -1], [1, -1, -1]], "int32"))
    found = gradients(
        lambda features: ops.sum(unpack(features, index).features), [np.ones((3, 1, 2), "float32")]
    )[0]
    assert found[:, 0, 0].tolist() == [2, 1, 0]
