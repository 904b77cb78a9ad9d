"""Tasks, which combine an encoder, a decoder, a loss and all code that differs between tasks.

Each public module except `base` defines one task. A task of another package derives from `Task` or
`CaptionTask` and is registered in the entry point group `lrcn_seq.tasks`.
"""

from lrcn_seq.registry import tasks as registry
from lrcn_seq.tasks._batch_dataset import BatchDataset
from lrcn_seq.tasks._build import (
    build,
    build_network,
    build_task,
    check_config,
    resolve_precision,
    task_type,
)
from lrcn_seq.tasks._caption_task import CaptionTask
from lrcn_seq.tasks._classes import Classes
from lrcn_seq.tasks._dataset import BatchSource, as_dataset
from lrcn_seq.tasks._ensemble import Average, Ensemble, Rescorer, check_average
from lrcn_seq.tasks._label_prediction import FramePrediction
from lrcn_seq.tasks._outputs import Outputs
from lrcn_seq.tasks._sample_reader import SampleReader, content_index
from lrcn_seq.tasks._saved_task import load_saved, register_tasks
from lrcn_seq.tasks._source_dataset import dataset
from lrcn_seq.tasks._vocabulary import Vocabulary
from lrcn_seq.tasks.base import Feed, Member, Task

__all__ = [
    "Average",
    "BatchDataset",
    "BatchSource",
    "CaptionTask",
    "Classes",
    "Ensemble",
    "Feed",
    "FramePrediction",
    "Member",
    "Outputs",
    "Rescorer",
    "SampleReader",
    "Task",
    "Vocabulary",
    "as_dataset",
    "build",
    "build_network",
    "build_task",
    "check_average",
    "check_config",
    "content_index",
    "dataset",
    "load_saved",
    "register_tasks",
    "registry",
    "resolve_precision",
    "task_type",
]
