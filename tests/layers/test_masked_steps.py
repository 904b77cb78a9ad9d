"""Moving the real steps of clips to the front and back to their places, compared with NumPy."""

import numpy as np
from keras import ops

from lrcn_seq.layers.masked_steps import original_steps, real_steps_first

MASK = np.array([[1, 0, 1, 0, 1], [1, 1, 0, 0, 0], [0, 0, 0, 0, 0], [0, 0, 0, 1, 1]], bool)
X = np.random.default_rng(0).normal(size=(4, 5, 2, 3)).astype("float32")


def moved():
    """Return X with its real steps first."""
    return real_steps_first(ops.convert_to_tensor(X), ops.convert_to_tensor(MASK))


def test_real_steps_come_first_in_order():
    """The real steps of each clip come first, then the other steps, both in the original order."""
    expected = np.stack([np.concatenate([x[m], x[~m]]) for x, m in zip(X, MASK, strict=True)])
    assert np.array_equal(ops.convert_to_numpy(moved()), expected)


def test_steps_return_to_their_places():
    """`original_steps` is the inverse of `real_steps_first`."""
    returned = original_steps(moved(), ops.convert_to_tensor(MASK))
    assert np.array_equal(ops.convert_to_numpy(returned), X)


def test_padding_at_the_end_changes_nothing():
    """The steps of a clip with padding only at its end keep their order."""
    mask = np.array([[1, 1, 1, 0, 0]] * 4, bool)
    found = real_steps_first(ops.convert_to_tensor(X), ops.convert_to_tensor(mask))
    assert np.array_equal(ops.convert_to_numpy(found), X)


def test_a_mask_of_numbers_is_read_as_truth_values():
    """A mask of ones and zeros has the same result as a mask of truth values."""
    found = real_steps_first(ops.convert_to_tensor(X), ops.convert_to_tensor(MASK.astype("int32")))
    assert np.array_equal(ops.convert_to_numpy(found), ops.convert_to_numpy(moved()))
