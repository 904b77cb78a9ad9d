"""Layer names of a Keras network that do not depend on the other networks of the process."""

from __future__ import annotations

import re
from collections import defaultdict

import keras


def layers_by_name(network: keras.Model) -> dict[str, keras.layers.Layer]:
    """Return the layers of a network by name, in order.

    Keras numbers unnamed layers across the process, so that a second network may start with
    `conv2d_95`. Here the numbers restart in each network: `conv2d`, `conv2d_1` and so on. Explicit
    names are unchanged.
    """
    numbers: defaultdict[str, list[int]] = defaultdict(list)
    for layer in network.layers:
        base, number = _split_name(layer)
        numbers[base].append(number)

    def name(layer: keras.layers.Layer) -> str:
        base, number = _split_name(layer)
        rank = sorted(numbers[base]).index(number)
        return layer.name if number < 0 else f"{base}_{rank}" if rank else base

    return {name(layer): layer for layer in network.layers}


def _split_name(layer: keras.layers.Layer) -> tuple[str, int]:
    """Split a default layer name into base and number (0 if absent); other names get −1."""
    class_name = type(layer).__name__
    base = re.sub(r"(?<=.)(?=[A-Z][a-z])|(?<=[a-z])(?=[A-Z])", "_", class_name).lower()
    match = re.fullmatch(rf"{base}(?:_(\d+))?", layer.name)
    return (base, int(match[1] or 0)) if match else (layer.name, -1)
