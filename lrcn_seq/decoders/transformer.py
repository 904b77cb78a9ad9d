"""A Transformer decoder, "Attention Is All You Need" (Vaswani et al. 2017).

The normalizations precede the sublayers (Xiong et al. 2020, arXiv 2002.04745, figure 1b), so that
training needs no long warmup.

The layers are not those of KerasHub: its `TransformerDecoder` returns no attention weights, draws
dropout masks inside a step, so that a loop over steps would differ from `call` in training, and
attends to padding if a clip has nothing else.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, ClassVar

import keras
from keras import ops
from keras.layers import LayerNormalization

from lrcn_seq.decoders._blocks import (
    apply_mask,
    dropout_masks,
    of_captions,
    projection,
    word_embedding,
)
from lrcn_seq.decoders.base import DenseWordDecoder, Memory, Shape, State
from lrcn_seq.layers.dropout import seeded_dropout
from lrcn_seq.layers.multi_head_attention import MultiHeadAttention
from lrcn_seq.layers.pooling import as_memory
from lrcn_seq.layers.precision import at_least_float32, built_under
from lrcn_seq.records import (
    Depth,
    Encoded,
    NumberNotNegative,
    Positive,
    Rate,
    StepOutput,
    Steps,
    Tensor,
)
from lrcn_seq.registry import decoders

Heads = tuple[Tensor, Tensor]
"""Keys and values of all heads, each (B, M, H, U / H)."""


@decoders.register
class Transformer(DenseWordDecoder):
    """Blocks of self-attention over words, attention over regions, and a ReLU layer.

    The regions of all real steps are projected to width U, and sinusoids of the position of their
    step are added (section 3.5), then the sum is normalized.

    Args:
        vocabulary_size: Number of words V.
        words_limit: Largest number of words of a generated caption, without the end word. The
            state of `step` holds the keys and values of this number of words and the start word;
            `call` accepts captions of any length.
        units: Width U of the word embedding and of the blocks.
        layers: Number of blocks.
        heads: Number of attention heads, which divides `units`.
        intermediate_units: Width of the ReLU layer of each block.
        feature_dropout: Dropout rate of the regions.
        dropout: Dropout rate of the embedded words and of the output of every sublayer, with one
            mask per caption.
        initializer_range: Weights are drawn uniformly from ± this range; 0 for the defaults of
            Keras.
    """

    derived: ClassVar[tuple[str, ...]] = ("vocabulary_size", "words_limit")
    shares_clips: ClassVar[bool] = True

    def __init__(
        self,
        vocabulary_size: Positive,
        *,
        words_limit: Steps = 20,
        units: Positive = 512,
        layers: Depth = 3,
        heads: Positive = 8,
        intermediate_units: Positive = 2048,
        feature_dropout: Rate = 0.0,
        dropout: Rate = 0.0,
        initializer_range: NumberNotNegative = 0.0,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.vocabulary_size, self.words_limit = vocabulary_size, words_limit
        limit = initializer_range
        with built_under(self.dtype_policy):
            self.drop_feature = seeded_dropout(feature_dropout, rank=3)
            self.feature = projection(units, "feature", limit)
            self.normalize_feature = LayerNormalization(name="normalize_feature")
            self.embed = word_embedding(vocabulary_size, units, limit)
            self.drop = seeded_dropout(dropout)
            self.blocks = [
                Block(units, heads, intermediate_units, initializer_range=limit)
                for _ in range(layers)
            ]
            self.normalize_output = LayerNormalization(name="normalize_output")
            self.output_words = projection(vocabulary_size, "output_words", limit)

    def build(self, encoded_shape: tuple[Shape, Shape], words_shape: Shape | None = None) -> None:  # noqa: ARG002 - Keras passes the shape of every argument
        """Build the weights for features (B, S, R, D)."""
        outputs = (None, None, self.embed.output_dim)
        self.feature.build((None, None, encoded_shape[0][-1]))
        self.embed.build((None,))
        for layer in (self.normalize_feature, *self.blocks, self.normalize_output):
            layer.build(outputs)
        self.output_words.build(outputs)

    def start(
        self, encoded: Encoded, *, owner: Tensor | None = None, training: bool = False
    ) -> tuple[Memory, State]:
        """Return memory and state before the first word.

        The memory consists of the keys and values of the regions for each block, the mask (B, M) of
        the regions and the dropout masks, with M = S·R. The state is the position (B,) of the next
        word, and for each block, the keys and values of the words so far.
        """
        regions, real = as_memory(encoded)
        regions = self._regions(self.drop_feature(regions, training=training), encoded)
        cross = tuple(block.cross_attention.project(regions) for block in self.blocks)
        cross, real = of_captions((cross, real), owner)
        batch, units = ops.shape(real)[0], self.embed.output_dim
        masks = dropout_masks(
            self.drop,
            [units] * (3 * len(self.blocks) + 1),
            batch,
            self.compute_dtype,
            training=training,
        )
        heads = self.blocks[0].self_attention.heads
        empty = ops.zeros((batch, self.words_limit + 1, heads, units // heads), self.compute_dtype)
        state = ops.zeros((batch,), "int32"), ((empty, empty),) * len(self.blocks)
        return (cross, real, tuple(mask[:, None] for mask in masks)), state

    def step(self, word: Tensor, state: State, memory: Memory) -> StepOutput:
        """Advance by one word (B,).

        The output has the attention weights (B, M) of the last block, averaged over its heads.
        """
        position, caches = state
        places = ops.arange(self.words_limit + 1, dtype="int32")
        written = (places == position[:, None])[:, :, None, None]

        def extend(block: int, new: Heads) -> Heads:
            keys, values = caches[block]
            return ops.where(written, new[0], keys), ops.where(written, new[1], values)

        seen = (places <= position[:, None])[:, None]
        x, caches, weights = self._run_blocks(
            word[:, None], position[:, None], memory, seen, extend
        )
        attention = ops.mean(weights[:, :, 0], axis=1)
        return StepOutput(self.project(x[:, 0]), attention, (position + 1, caches))

    def hidden(
        self,
        encoded: Encoded,
        words: Tensor,
        training: bool = False,
        owner: Tensor | None = None,
    ) -> Tensor:
        """Return the normalized outputs (B, L, U) of the last block."""
        memory, _ = self.start(encoded, owner=owner, training=training)
        positions = ops.cumsum(ops.ones_like(words, "int32"), axis=1) - 1
        seen = positions[:, None] <= positions[:, :, None]
        return self._run_blocks(words, positions, memory, seen, lambda _, new: new)[0]

    def _regions(self, regions: Tensor, encoded: Encoded) -> Tensor:
        """Return the projected regions (B, M, U) with the positions of their steps."""
        positions = ops.cumsum(ops.cast(encoded.mask, "int32"), axis=1) - 1
        sinusoids = ops.repeat(self._sinusoids(positions), encoded.features.shape[2], axis=1)
        return self.normalize_feature(self.feature(regions) + sinusoids)

    def _sinusoids(self, positions: Tensor) -> Tensor:
        """Return sin(p / 10000^(2i / U)) and cos(p / 10000^(2i / U)) in turn, (..., U)."""
        units, dtype = self.embed.output_dim, at_least_float32(self.compute_dtype)
        index = ops.arange(units, dtype="int32")
        exponents = ops.cast(index - index % 2, dtype) / units
        angles = ops.cast(positions, dtype)[..., None] / ops.power(10000.0, exponents)
        sinusoids = ops.where(index % 2 == 0, ops.sin(angles), ops.cos(angles))
        return ops.cast(sinusoids, self.compute_dtype)

    def _run_blocks(
        self,
        words: Tensor,
        positions: Tensor,
        memory: Memory,
        seen: Tensor,
        extend: Callable[[int, Heads], Heads],
    ) -> tuple[Tensor, tuple[Heads, ...], Tensor]:
        """Run all blocks over one word or all words.

        Args:
            words: Word ids (B, L).
            positions: Positions (B, L) of the words.
            memory: Memory from `start`.
            seen: (B, L, M), True at the words to which a word attends.
            extend: Returns the keys and values of the words that are attended to, given the
                number of the block and those of `words`.

        Returns:
            Normalized outputs (B, L, U), keys and values of the words for each block, and the
            attention weights (B, H, L, S·R) of the last block over the regions.
        """
        cross, real, masks = memory
        embedded = self.embed(words) * self.embed.output_dim**0.5
        x, caches = apply_mask(embedded + self._sinusoids(positions), masks, 0), []
        for number, block in enumerate(self.blocks):
            regions = *cross[number], real[:, None]
            drops = masks[3 * number + 1 : 3 * number + 4]
            x, heads, weights = block.run(x, partial(extend, number), seen, regions, drops)
            caches.append(heads)
        return self.normalize_output(x), tuple(caches), weights


class Block(keras.layers.Layer):
    """Self-attention, attention over a memory and a ReLU layer, each added to its input.

    Args:
        units: Width U of the input and output.
        heads: Number of attention heads.
        intermediate_units: Width of the ReLU layer.
        initializer_range: Weights are drawn uniformly from ± this range; 0 for the defaults of
            Keras.
        **kwargs: Arguments of `keras.layers.Layer`.
    """

    def __init__(
        self,
        units: int,
        heads: int,
        intermediate_units: int,
        *,
        initializer_range: float,
        **kwargs: Any,
    ):
        super().__init__(**kwargs)
        limit = initializer_range
        with built_under(self.dtype_policy):
            self.normalize = [LayerNormalization(name=f"normalize_{n}") for n in range(3)]
            self.self_attention, self.cross_attention = (
                MultiHeadAttention(units, heads, initializer_range=limit) for _ in range(2)
            )
            self.outputs = [projection(units, f"output_{n}", limit) for n in range(3)]
            self.inner = projection(intermediate_units, "inner", limit, activation="relu")

    def build(self, shape: Shape) -> None:
        """Build the weights for inputs and memory of width U."""
        for layer in (*self.normalize, *self.outputs[:2], self.inner):
            layer.build(shape)
        for attention in (self.self_attention, self.cross_attention):
            attention.build(shape, shape)
        self.outputs[2].build((None, None, self.inner.units))

    def run(
        self,
        x: Tensor,
        extend: Callable[[Heads], Heads],
        seen: Tensor,
        regions: tuple[Tensor, Tensor, Tensor],
        drops: Sequence[Tensor],
    ) -> tuple[Tensor, Heads, Tensor]:
        """Run the three sublayers.

        Args:
            x: Inputs (B, L, U).
            extend: Returns the keys and values of all words, given those of `x`.
            seen: (B, L, M), True at the words to which an input attends.
            regions: Keys and values of the regions, and a mask (B, 1, S·R), True at real regions.
            drops: Dropout masks of the sublayers, or none.

        Returns:
            Outputs (B, L, U), the keys and values of all words, and the attention weights
            (B, H, L, S·R) over the regions.
        """
        query = self.normalize[0](x)
        heads = extend(self.self_attention.project(query))
        attended, _ = self.self_attention.attend(query, *heads, seen)
        x = x + apply_mask(self.outputs[0](attended), drops, 0)
        attended, weights = self.cross_attention.attend(self.normalize[1](x), *regions)
        x = x + apply_mask(self.outputs[1](attended), drops, 1)
        inner = self.inner(self.normalize[2](x))
        return x + apply_mask(self.outputs[2](inner), drops, 2), heads, weights
