"""Names of the layers of a Keras network that do not depend on other networks of the process."""

from __future__ import annotations

import re
from collections import defaultdict

import keras


def layers_by_name(network: keras.Model) -> dict[str, keras.layers.Layer]:
    """Return the layers of a network by name, in order.

    Keras numbers unnamed layers over the whole process, so that the second network may start with
    `conv2d_95`. Here numbers start anew in each network: its first such layer is `conv2d`, its
    second `conv2d_1`. Names given by hand stay as they are.
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
    """Return the default name of a layer and its number: 0 if absent, −1 for other names."""
    class_name = type(layer).__name__
    base = re.sub(r"(?<=.)(?=[A-Z][a-z])|(?<=[a-z])(?=[A-Z])", "_", class_name).lower()
    match = re.fullmatch(rf"{base}(?:_(\d+))?", layer.name)
    return (base, int(match[1] or 0)) if match else (layer.name, -1)
