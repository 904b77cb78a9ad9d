"""Image captioning, video description and activity recognition with CNNs and LSTMs on Keras 3.

`load(RUN)` returns a trained task, `load_ensemble([RUN, RUN])` several that predict together,
`build(CONFIG, words=V)` an untrained one, `train(CONFIG, FOLDER)` trains a run,
`dataset(SOURCE, TASK)` returns data for `fit` of a task, and `metrics` scores captions.
`read_frames(VIDEO)` and `frame_times(VIDEO)` return the frames of a video and their times. Modules
are imported on first use, so that importing the package loads neither Keras nor TensorFlow.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from lrcn_seq.keras_registration import register_with_keras
from lrcn_seq.tensorflow_logs import hide_import_logs

if TYPE_CHECKING:
    from lrcn_seq import (
        config,
        data,
        decoders,
        encoders,
        errors,
        evaluation,
        export,
        features,
        layers,
        metrics,
        records,
        registry,
        report,
        runs,
        search,
        tasks,
        text,
        training,
    )
    from lrcn_seq.data.media import frame_times, read_frames
    from lrcn_seq.runs import load, load_ensemble, push
    from lrcn_seq.tasks import build, dataset
    from lrcn_seq.training import train

__version__ = "0.1.0"
__all__ = [
    "__version__",
    "build",
    "config",
    "data",
    "dataset",
    "decoders",
    "encoders",
    "errors",
    "evaluation",
    "export",
    "features",
    "frame_times",
    "layers",
    "load",
    "load_ensemble",
    "metrics",
    "push",
    "read_frames",
    "records",
    "registry",
    "report",
    "runs",
    "search",
    "tasks",
    "text",
    "train",
    "training",
]

_FUNCTIONS = {
    "build": "lrcn_seq.tasks",
    "dataset": "lrcn_seq.tasks",
    "frame_times": "lrcn_seq.data.media",
    "load": "lrcn_seq.runs",
    "load_ensemble": "lrcn_seq.runs",
    "push": "lrcn_seq.runs",
    "read_frames": "lrcn_seq.data.media",
    "train": "lrcn_seq.training",
}


def __getattr__(name: str) -> Any:
    if name in _FUNCTIONS:
        return getattr(import_module(_FUNCTIONS[name]), name)
    if name in __all__:
        return import_module(f"lrcn_seq.{name}")
    raise AttributeError(f"module 'lrcn_seq' has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__


hide_import_logs()
register_with_keras()
