"""The environment of a run: versions, processor, accelerators and flags."""

from __future__ import annotations

import importlib.metadata
import os
import platform
from collections.abc import Mapping
from pathlib import Path

import lrcn_seq
from lrcn_seq.config import differences
from lrcn_seq.terminal import print_note


def describe_environment() -> dict[str, str]:
    """Return the versions, hardware and flags on which bit-identical resuming depends."""
    import keras
    import numpy as np
    import tensorflow as tf

    backend = keras.backend.backend()
    versions = {"keras": keras.__version__, "backend": backend, "tensorflow": tf.__version__}
    if backend != "tensorflow":
        versions[backend] = importlib.metadata.version(backend)
    return {
        "lrcn_seq": lrcn_seq.__version__,
        "python": platform.python_version(),
        **versions,
        "numpy": np.__version__,
        "processor": _processor(),
        "accelerators": ", ".join(_accelerators(backend)) or "none",
        "cores": str(os.cpu_count()),
        "onednn": os.environ.get("TF_ENABLE_ONEDNN_OPTS", "default"),
    }


def warn_of_changes(place: str, before: Mapping[str, str]) -> None:
    """Print how the environment has changed since a run began, if it has.

    Args:
        place: the run folder, for the message.
        before: the environment in which the run began; empty if unknown.
    """
    changes = list(differences(dict(before), describe_environment())) if before else []
    if changes:
        print_note(
            f"{place}: the environment has changed since the run began, so results may differ in "
            f"the last bits: {'; '.join(changes)}."
        )


def _accelerators(backend: str) -> list[str]:
    """Return the names of the GPUs and TPUs that a backend can use."""
    if backend == "jax":
        import jax

        return [device.device_kind for device in jax.devices() if device.platform != "cpu"]
    if backend == "torch":
        import torch

        return [torch.cuda.get_device_name(i) for i in range(torch.cuda.device_count())]
    import tensorflow as tf

    return [
        tf.config.experimental.get_device_details(device).get("device_name", device.name)
        for device in tf.config.list_physical_devices("GPU")
    ]


def _processor() -> str:
    """Return the model name of the processor."""
    path = Path("/proc/cpuinfo")
    lines = path.read_text().splitlines() if path.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor()
