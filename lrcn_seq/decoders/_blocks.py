"""Layers and operations shared by several decoders."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from keras import ops, tree
from keras.layers import Dense, Dropout, Embedding

from lrcn_seq.layers.lstm import Lstm, uniform
from lrcn_seq.records import Tensor


def projection(
    width: int,
    name: str,
    initializer_range: float,
    *,
    bias: bool = True,
    activation: str | None = None,
) -> Dense:
    """Return a dense layer, Glorot-initialized if `initializer_range` is 0."""
    return Dense(
        width,
        use_bias=bias,
        activation=activation,
        kernel_initializer=uniform(initializer_range, "glorot_uniform"),
        name=name,
    )


def word_embedding(vocabulary_size: int, width: int, initializer_range: float) -> Embedding:
    """Return a word embedding, with the default range of Keras if `initializer_range` is 0."""
    return Embedding(
        vocabulary_size, width, embeddings_initializer=uniform(initializer_range, "uniform")
    )


def lstm_stack(
    layers: int, units: int, *, initializer_range: float, forget_bias: float
) -> list[Lstm]:
    """Return `layers` LSTM layers of the same width."""
    return [
        Lstm(units, initializer_range=initializer_range, forget_bias=forget_bias)
        for _ in range(layers)
    ]


def build_stack(stack: Sequence[Lstm], width: int) -> int:
    """Build LSTM layers that read inputs (..., width); return the width of the last output."""
    for layer in stack:
        layer.build((None, width))
        width = layer.units
    return width


def dropout_masks(
    dropout: Dropout, widths: Iterable[int], batch: Tensor, dtype: str, *, training: bool
) -> tuple[Tensor, ...]:
    """Draw a dropout mask (B, D) for each width D; return no masks if dropout is inactive."""
    if not (training and dropout.rate):
        return ()
    return tuple(dropout(ops.ones((batch, width), dtype), training=True) for width in widths)


def apply_mask(x: Tensor, masks: Sequence[Tensor], index: int) -> Tensor:
    """Multiply x (..., B, D) by `masks[index]`; return x if there are no masks."""
    return x * masks[index] if masks else x


def sequence_dropout(x: Tensor, dropout: Dropout, *, training: bool) -> Tensor:
    """Apply one dropout mask (B, D) to every step of a sequence x (S, B, D)."""
    if not (training and dropout.rate):
        return x
    return x * dropout(ops.ones_like(x[0]), training=True)


def of_captions(tensors: Any, owner: Tensor | None) -> Any:
    """Return nested tensors (P, ...) of clips as those (B, ...) of captions.

    Args:
        tensors: Nested tuples of tensors.
        owner: (B,) index of the clip of each caption; None if every clip has one caption.
    """
    if owner is None:
        return tensors
    return tree.map_structure(lambda tensor: ops.take(tensor, owner, axis=0), tensors)
