"""The equations of the decoders in NumPy, one sample at a time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
from keras import ops

State = tuple[np.ndarray, np.ndarray]

EXACT = 1e-12 if keras.backend.backend() == "tensorflow" else 1e-5
"""Tolerance in float64, which other backends compute in float32."""


def array(tensor: Any) -> np.ndarray:
    """Return a tensor as a NumPy array."""
    return ops.convert_to_numpy(tensor)


def randomize(layer: keras.layers.Layer, seed: int = 2) -> None:
    """Draw the trainable weights of a layer from a normal distribution."""
    rng = np.random.default_rng(seed)
    for weight in layer.trainable_variables:
        weight.assign(rng.normal(size=weight.shape) * 0.5)


def sigmoid(x: np.ndarray) -> np.ndarray:
    """Return 1 / (1 + exp(−x))."""
    return 1 / (1 + np.exp(-x))


def dense(layer: keras.layers.Dense, x: np.ndarray) -> np.ndarray:
    """Return x W + b, without the activation."""
    y = x @ array(layer.kernel)
    return y + array(layer.bias) if layer.use_bias else y


def lstm_step(
    layer: keras.layers.Layer, x: np.ndarray, state: State, added: np.ndarray | float = 0.0
) -> State:
    """Return (h, c) after one step of a sample; `added` (4U,) is added to the gate inputs."""
    h, c = state
    kernel, recurrent, bias = map(array, (layer.kernel, layer.recurrent_kernel, layer.bias))
    i, f, g, o = np.split(x @ kernel + h @ recurrent + bias + added, 4)
    c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
    return sigmoid(o) * np.tanh(c), c


def additive_attention(
    layer: keras.layers.Layer, query: np.ndarray, values: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return context and weights: e_m = w · tanh(K a_m + Q h + b) of value a_m, α = softmax(e)."""
    energy = [
        dense(layer.score, np.tanh(dense(layer.key, a) + dense(layer.query, query)))[0]
        for a in values
    ]
    weights = softmax(np.array(energy))
    return weights @ values, weights


def hierarchical_attention(
    layer: keras.layers.Layer, query: np.ndarray, values: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return context and weights of attention to the regions of each step, then to the steps."""
    steps, weights = zip(
        *(
            additive_attention(layer.spatial, query, step)
            for step in np.split(np.stack(values), len(values) // layer.regions)
        ),
        strict=True,
    )
    context, shares = additive_attention(layer.temporal, query, np.stack(steps))
    return context, np.concatenate([s * w for s, w in zip(shares, weights, strict=True)])


def attend(
    layer: keras.layers.Layer, query: np.ndarray, values: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return context and weights of an additive or a hierarchical attention layer."""
    hierarchical = hasattr(layer, "temporal")
    return (hierarchical_attention if hierarchical else additive_attention)(layer, query, values)


def multi_head_attention(
    layer: keras.layers.Layer, query: np.ndarray, values: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return the concatenated heads (U,) of a query and the weights (H, M) of the values."""
    q, k, v = dense(layer.query, query), dense(layer.key, values), dense(layer.value, values)
    heads, weights = [], []
    for part in np.split(np.arange(layer.units), layer.heads):
        weights.append(softmax(k[:, part] @ q[part] / len(part) ** 0.5))
        heads.append(weights[-1] @ v[:, part])
    return np.concatenate(heads), np.stack(weights)


def softmax(x: np.ndarray) -> np.ndarray:
    """Return the softmax of the last axis."""
    powers = np.exp(x - x.max(-1, keepdims=True))
    return powers / powers.sum(-1, keepdims=True)


def layer_norm(layer: keras.layers.LayerNormalization, x: np.ndarray) -> np.ndarray:
    """Return γ (x − mean) / √(variance + ε) + β over the last axis."""
    deviation = np.sqrt(x.var(-1, keepdims=True) + layer.epsilon)
    return (x - x.mean(-1, keepdims=True)) / deviation * array(layer.gamma) + array(layer.beta)


def zero_state(units: int) -> State:
    """Return (h, c) before the first step."""
    return np.zeros(units), np.zeros(units)


def step_logits(decoder: Any, encoded: Any, words: Sequence, training: bool = False) -> np.ndarray:
    """Return the logits (B, L, V) of `step` applied to one word after another."""
    memory, state = decoder.start(encoded, training=training)
    logits = []
    for word in np.asarray(words).T:
        out = decoder.step(ops.convert_to_tensor(word), state, memory)
        state = out.state
        logits.append(array(out.logits))
    return np.stack(logits, 1)
