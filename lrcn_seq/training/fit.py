"""The training loop: one `fit` an epoch over a slice of its plan, then real decoding on dev; stopped and resumed bit for bit."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import Any, Protocol

import keras
import numpy as np

from lrcn_seq.errors import RunError
from lrcn_seq.records import Batch
from lrcn_seq.runs.files import sync_folder
from lrcn_seq.runs.folder import Position, Run
from lrcn_seq.tasks.base import WEIGHTS, Task
from lrcn_seq.training import optimizer as optimizers
from lrcn_seq.training.state import Progress

Pause = Callable[[str], None]


class Feed(Protocol):
    """Batches of a stage: a plan for every epoch, and the batches of any slice of it."""

    def plan(self, epoch: int) -> Sequence[Any]: ...

    def batches(self, plan: Sequence[Any], epoch: int) -> Any: ...


class Trainer:
    """Trains one stage of a run. `score(task)` gives the dev scores by name; `report(text)` shows progress."""

    def __init__(
        self,
        task: Task,
        feed: Feed,
        run: Run,
        *,
        score: Callable[[Task], dict[str, float]],
        bar: Any = None,
        pause: Pause = lambda phase: None,
    ):
        self.task, self.feed, self.run, self.score, self.bar, self.pause = (
            task,
            feed,
            run,
            score,
            bar,
            pause,
        )
        self.settings = task.settings.training
        self.position = Position()
        self.history: list[dict[str, Any]] = []
        self.progress = Progress(
            self._save_step, self.settings.save_seconds, begin=self._begin, pause=pause
        )

    def compile(self) -> None:
        """Gives the task its optimizer, with all its variables, so that a state can be assigned."""
        length = (
            len(self.feed.plan(0))
            * self.settings.epochs
            // self.settings.optimizer.gradient_accumulation_steps
        )
        optimizer = optimizers.build(
            self.settings.optimizer,
            self.settings.schedule,
            rates=optimizers.rates_of(self.task, self.settings.learning_rate_multipliers),
            updates=length,
        )
        self.task.compile(optimizer=optimizer)
        # Of the task: where numbers are of 16 bits, Keras wraps the optimizer in one that scales the loss.
        self.task.optimizer.build(self.task.trainable_variables)

    def restore(self, arrays: dict[str, Any], meta: dict[str, Any]) -> None:
        """Takes a saved state; it is assigned when the next epoch begins."""
        self.position, self.history = Position(**meta["position"]), meta["history"]
        self.run.write_history(self.history)  # a stop between state and history must not lose a row
        if not meta.get("fresh"):
            self.progress.arrays, self.progress.step = arrays, self.position.step

    def fit(self) -> None:
        """Runs until the last epoch or until the dev score has not risen for `patience` epochs."""
        while self.position.epoch < self.settings.epochs and not self.position.stopped:
            if not self.position.trained:
                self._epoch()
            if self.position.trained:
                self._evaluate()

    def hand_over(self, *, comparable: bool = True) -> None:
        """Leaves a state in which the next stage begins from the best weights; unless `comparable`, its first score is its best."""
        best = self.position.best if comparable else None
        self.position = self.position._replace(
            best=best,
            stage=self.position.stage + 1,
            epoch=0,
            step=0,
            trained=False,
            waited=0,
            stopped=False,
            number=self.position.number + 1,
        )
        self.run.write_state(
            self.position.number,
            {},
            {"position": self.position._asdict(), "history": self.history, "fresh": True},
            pause=self.pause,
        )

    def _epoch(self) -> None:
        epoch, step = self.position.epoch, self.position.step
        plan = self.feed.plan(epoch)
        if step < len(plan):
            callbacks = [*([self.bar] if self.bar else []), self.progress]
            batches = Watched(self.feed.batches(plan[step:], epoch))
            self.progress.step = step
            try:
                self.task.fit(
                    as_dataset(batches),
                    steps_per_epoch=len(plan) - step,
                    initial_epoch=epoch,
                    epochs=epoch + 1,
                    shuffle=False,
                    verbose=0,
                    callbacks=callbacks,
                )
            except Exception:
                if batches.error is None:
                    raise
                raise batches.error from None
        if self._diverged():
            return
        self.position = self.position._replace(step=0, trained=True)
        self._save(self.progress.arrays)
        self.pause("trained")

    def _diverged(self) -> bool:
        """Whether weights are numbers no more; the stage then ends with its best ones, if there are any.

        Raises:
            RunError: there are none.
        """
        weights = [
            array for name, array in self.progress.arrays.items() if name.startswith("model/")
        ]
        if all(np.isfinite(array).all() for array in weights):
            return False
        what = f"{self.run.folder}: training diverged in epoch {self.position.epoch + 1}, its weights are no numbers any more"
        if self.position.best is None:
            raise RunError(
                f"{what}. Lower training.optimizer.learning_rate or set training.optimizer.global_clipnorm, and train with another --run."
            )
        print(
            f"{what}; it ends with the best weights so far. A lower training.optimizer.learning_rate or a training.optimizer.global_clipnorm may help.",
            file=sys.stderr,
        )
        self.position = self.position._replace(stopped=True)
        self._save(self.progress.arrays)
        return True

    def _begin(self, epoch: int) -> None:
        """Sets what changes from epoch to epoch."""
        sampling = self.settings.scheduled_sampling
        if sampling.probability:
            self.task.own_words.assign(
                sampling.probability
                * min(1.0, max(0, epoch + 1 - sampling.from_epoch) / sampling.over_epochs)
            )

    def _evaluate(self) -> None:
        began = time.monotonic()
        self.progress.assign(self.task, self.progress.arrays, running=True)
        loss = float(next(metric for metric in self.task.metrics if metric.name == "loss").result())
        if self.settings.optimizer.ema_momentum:
            self.task.optimizer.finalize_variable_values(self.task.trainable_variables)
        scores = self.score(self.task)
        self.pause("dev")
        better = self._judge(
            scores[self.task.monitor] * (-1 if self.task.monitor in self.task.falling else 1)
        )
        self.history.append(
            {
                "stage": self.position.stage,
                "epoch": self.position.epoch,
                "loss": loss,
                **scores,
                "best": better,
            }
        )
        self.position = self.position._replace(epoch=self.position.epoch + 1, trained=False)
        self.progress.step = 0
        self._save(self.progress.arrays)
        self.run.write_history(self.history)
        self._write_time(time.monotonic() - began)

    def _judge(self, value: float) -> bool:
        """Whether a dev score is the best so far; keeps its weights if so, counts towards stopping if not."""
        better = self.position.best is None or value > self.position.best
        if better:
            self._keep_best()
            self.position = self.position._replace(best=value, waited=0)
        else:
            waited = self.position.waited + 1
            self.position = self.position._replace(
                waited=waited, stopped=0 < self.settings.patience <= waited
            )
        return better

    def _write_time(self, dev_seconds: float) -> None:
        with (self.run / "times.jsonl").open("a", encoding="utf-8") as file:
            file.write(
                json.dumps(
                    {
                        **self.history[-1],
                        "dev_seconds": round(dev_seconds, 2),
                        "finished": time.strftime("%Y-%m-%dT%H:%M:%S%z"),
                    }
                )
                + "\n"
            )

    def _keep_best(self) -> None:
        final, temporary = self.run / WEIGHTS, self.run / f"new.{WEIGHTS}"
        save_weights(self.task, temporary)
        self.pause("best")
        with temporary.open("rb") as file:
            os.fsync(file.fileno())
        temporary.replace(final)
        sync_folder(Path(self.run.folder))

    def _save_step(self, arrays: dict[str, Any], step: int) -> None:
        self.position = self.position._replace(step=step)
        self._save(arrays)

    def _save(self, arrays: dict[str, Any]) -> None:
        self.position = self.position._replace(number=self.position.number + 1)
        self.run.write_state(
            self.position.number,
            arrays,
            {"position": self.position._asdict(), "history": self.history},
            pause=self.pause,
        )


def save_weights(task: Task, path: Path) -> None:
    """Writes the weights alone: Keras would write the optimizer of a compiled model beside them."""
    optimizer = task.optimizer
    object.__setattr__(task, "optimizer", None)
    try:
        task.save_weights(path, overwrite=True)
    except OSError as error:
        raise RunError(
            f"{path}: expected to write the best weights. Received: {error}; the last best are untouched."
        ) from error
    finally:
        object.__setattr__(task, "optimizer", optimizer)


class Watched:
    """Batches, and the error that ended them: TensorFlow passes on no more than its text."""

    def __init__(self, batches: Iterable[Batch]):
        self.batches = batches
        self.error: Exception | None = None

    def __iter__(self) -> Iterator[Batch]:
        try:
            yield from self.batches
        except Exception as error:
            self.error = error
            raise


def as_dataset(batches: Iterable[Batch]):
    """What `fit` takes: a `tf.data` with open shapes on TensorFlow (Keras's adapters fix the shapes of the first batches), a generator elsewhere."""
    if keras.backend.backend() != "tensorflow":
        return ((batch,) for batch in batches)
    import tensorflow as tf

    following = iter(batches)
    first = next(following)

    def spec(array: np.ndarray) -> tf.TensorSpec:
        # Pixels and features have their size; how many there are, and how many words, changes from batch to batch.
        known = array.shape[1:] if array.ndim > 2 else (None,) * (array.ndim - 1)
        return tf.TensorSpec((None, *known), array.dtype)

    signature = (keras.tree.map_structure(spec, first),)
    data = tf.data.Dataset.from_generator(
        lambda: ((batch,) for batch in chain([first], following)), output_signature=signature
    ).prefetch(2)
    options = tf.data.Options()
    # There is nothing to tune here, and the tuner's thread holds up the end of an epoch for as long as some of its batches took.
    options.autotune.enabled = False
    return data.with_options(options)
