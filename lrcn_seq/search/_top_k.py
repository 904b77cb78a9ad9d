"""Top-k over a large vocabulary."""

from __future__ import annotations

from keras import ops

from lrcn_seq.records import Tensor

LARGE_VOCABULARY = 2048  # from this size, two top-k of smaller arrays are faster than one top-k
STRIDES = (16, 17, 18, 15, 19, 14, 20, 13, 21, 12, 11, 10)


def top_k(x: Tensor, k: int) -> tuple[Tensor, Tensor]:
    """Return the k largest values of each row and their indices, largest first.

    A large row is folded to (stride, V / stride). The k columns with the largest maxima contain the
    k largest values, so that a second top-k over these columns is exact.

    Args:
        x: tensor (N, V).
        k: the number of values, at most V.

    Returns:
        Values (N, k) and indices (N, k) int32.
    """
    V = x.shape[-1]
    if max(LARGE_VOCABULARY, 32 * k) > V:
        values, indices = ops.top_k(x, k)
        return values, indices
    stride = next((number for number in STRIDES if V % number == 0), STRIDES[0])
    width = V // stride
    folded = ops.reshape(x[:, : width * stride] if V % stride else x, (-1, stride, width))
    _, columns = ops.top_k(ops.max(folded, axis=1), k)
    rows = ops.arange(stride, dtype=columns.dtype)[:, None]
    indices = ops.reshape(ops.cast(columns[:, None, :] + width * rows, "int32"), (-1, stride * k))
    values = ops.reshape(
        ops.take_along_axis(folded, ops.cast(columns, "int32")[:, None, :], axis=2),
        (-1, stride * k),
    )
    if V % stride:
        rest = x[:, width * stride :]
        rest_indices = ops.arange(width * stride, V, dtype="int32")
        values = ops.concatenate([values, rest], axis=1)
        indices = ops.concatenate(
            [indices, ops.zeros_like(rest, dtype="int32") + rest_indices], axis=1
        )
    values, order = ops.top_k(values, k)
    return values, ops.take_along_axis(indices, order, axis=1)
