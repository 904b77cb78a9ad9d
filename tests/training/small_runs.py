"""Tiny configs, tasks and trainers for the tests of training."""

import json
from functools import partial
from pathlib import Path
from types import SimpleNamespace

import numpy as np

from lrcn_seq import config
from lrcn_seq.records import Sample
from lrcn_seq.runs.folder import Run
from lrcn_seq.tasks import Classes, SampleReader, Vocabulary, build_task
from lrcn_seq.text.word import Word
from lrcn_seq.training.trainer import Trainer

SPEC = {
    "task": {"type": "captioning"},
    "data": {
        "source": {"type": "shapes", "train": 12, "dev": 4, "test": 4, "pixels": 32},
        "words_limit": 14,
    },
    "tokenizer": {"type": "word", "minimum_count": 1},
    "encoder": {"type": "tiny_cnn", "size": 32, "filters": 4, "blocks": 2},
    "decoder": {"type": "lrcn", "layers": 1, "units": 8, "embedding": 8},
    "search": {"type": "greedy"},
    "training": {
        "batch_size": 24,
        "dev_loss": False,
        "restore_best_weights": True,
        "epochs": 2,
        "keep_state": True,
        "monitor": "bleu_1",
        "precision": "float32",
        "optimizer": {"learning_rate": 0.01},
    },
    "evaluation": {"metrics": ["bleu"]},
}
VECTORS = {"type": "vectors", "width": 3}
LABELS = ("a", "b", "c")


class Interrupt(BaseException):
    """An interrupt that no code of the library catches."""


def small_config(folder: Path, **changes) -> config.Config:
    """Return the config `SPEC` with a feature store under a folder and changes by dotted key."""
    tree = json.loads(json.dumps(SPEC))
    for key, value in {"data.store.folder": str(folder / "features"), **changes}.items():
        assert config.overrides.set_value(tree, key, value) is None
    return config.validate(tree)


def small_task(folder: Path, **changes):
    """Return a captioning task over vectors of width 3 and a vocabulary of two words."""
    settings = small_config(folder, encoder=VECTORS, **changes)
    return build_task(settings, Vocabulary(Word(minimum_count=1).fit(["a dog"])))


def small_classifier(folder: Path, **changes):
    """Return an activity task over vectors of width 3 and three classes."""
    settings = config.validate(
        {
            "task": {"type": "activity"},
            "data": {
                "source": {"type": "moving_shapes", "train": 6, "dev": 2, "test": 2},
                "sampling": {"type": "every"},
                "store": {"use": False},
            },
            "encoder": VECTORS,
            "decoder": {"type": "lstm_frames", "units": 4},
        }
    )
    tree = settings.model_dump()
    for key, value in {
        "training.precision": "float32",
        "training.dev_loss": False,
        **changes,
    }.items():
        assert config.overrides.set_value(tree, key, value) is None
    return build_task(config.validate(tree), Classes(LABELS))


class Feed:
    """A feed of three batches per epoch; by default, each batch is the example of a task.

    Args:
        task: the task.
        batches: a function that returns the batches of an epoch.
    """

    def __init__(self, task, batches=None):
        self.examples = batches or (lambda: [task.example()] * 3)

    def plan(self, epoch):
        return range(3)

    def batches(self, plan, epoch):
        return self.examples()


def small_trainer(task, folder: Path, *, batches=None, scores=None, dev=4, fits=False) -> Trainer:
    """Return a trainer of a task on three batches per epoch, in `folder/run`.

    Args:
        task: the task; its feed and its evaluation are replaced.
        folder: the parent of the run folder.
        batches: a function that returns the batches of an epoch; examples of the task if None.
        scores: a function `(dev samples)` that returns the dev scores of an epoch.
        dev: number of dev samples.
        fits: whether `fit` of Keras runs; otherwise, to save compilation time, epochs pass without
            training.
    """
    scores = scores or (lambda samples: {task.monitor: 0.0})
    task.feed = lambda reader, samples: Feed(task, batches)
    task.evaluate_samples = lambda reader, samples: SimpleNamespace(values=scores(samples))
    if not fits:
        task.fit = partial(pass_epoch, task)
    vector = np.zeros((1, 3), "float32")
    samples = [Sample(str(number), vector, str(number), "dev") for number in range(dev)]
    run = Run(folder / "run")
    run.folder.mkdir(parents=True, exist_ok=True)
    trainer = Trainer(task, SampleReader(task), {"train": [], "dev": samples}, run)
    trainer.begin(0, None)
    return trainer


def pass_epoch(task, batches, *, callbacks, initial_epoch: int, **options) -> None:
    """Call the callbacks of an epoch as `fit` does, without training."""
    for callback in callbacks:
        callback.set_params({"steps": options["steps_per_epoch"]})
        callback.set_model(task)
        callback.on_epoch_begin(initial_epoch)
        callback.on_epoch_end(initial_epoch)
