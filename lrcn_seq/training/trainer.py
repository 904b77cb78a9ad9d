"""The training loop: for each epoch, `fit` on its remaining batches and evaluation on dev.

A stage can be killed at any time and resumed with bit-identical results. An interrupt, such as by
Ctrl-C, waits until the batch is finished and its state is saved; a second one does not wait.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import keras
import numpy as np
from keras import ops

from lrcn_seq.config.sizing import size_training
from lrcn_seq.errors import RunError
from lrcn_seq.evaluation import Evaluation
from lrcn_seq.files import append_text, atomic_replacement, reserve_space
from lrcn_seq.records import Sample
from lrcn_seq.runs.corpus import data_size
from lrcn_seq.runs.folder import TIMES, WEIGHTS, Run
from lrcn_seq.runs.state import Position, TrainingState, state_problem
from lrcn_seq.runs.training_end import training_end, write_end
from lrcn_seq.tasks import BatchSource, Feed, SampleReader, Task, as_dataset
from lrcn_seq.terminal import print_note
from lrcn_seq.training.epoch_line import EpochFacts, epoch_line
from lrcn_seq.training.epoch_progress import EpochProgress
from lrcn_seq.training.epoch_selection import EpochQuality, is_scored
from lrcn_seq.training.optimizer import build_optimizer, learning_rate_multipliers
from lrcn_seq.training.signal_deferral import SignalDeferral
from lrcn_seq.training.snapshot import Arrays, Snapshot, assign_state
from lrcn_seq.training.user_callbacks import UserCallbacks

HDF5_OVERHEAD = 1 << 20
"""Size in bytes of an HDF5 file besides its arrays."""


class Trainer:
    """A trainer of one stage of a run: call `begin`, `fit` and, if a stage follows, `finish_stage`.

    Args:
        task: the task, with the initial weights of the stage.
        reader: reads the clips of samples.
        splits: the samples of train and dev.
        run: the run.
        callbacks: Keras callbacks.
    """

    def __init__(
        self,
        task: Task,
        reader: SampleReader,
        splits: Mapping[str, Sequence[Sample]],
        run: Run,
        callbacks: Sequence[keras.callbacks.Callback] = (),
    ):
        self.task, self.reader, self.run = task, reader, run
        self.training = size_training(task.settings.training, data_size(splits))
        self.dev = splits["dev"][: self.training.dev_limit or None]
        added = splits["dev"] if self.training.train_on_dev else ()
        training = [*splits["train"], *added]
        self.feed = task.feed(reader, training)
        task.begin_stage(training)
        self.dev_feed: Feed | None = None
        self.position = Position()
        self.history: list[dict[str, Any]] = []
        self.interrupts = SignalDeferral()
        self.epochs, self.patience = int(self.training.epochs), int(self.training.patience)
        self.callbacks = UserCallbacks(callbacks, self.epochs)
        self.snapshot = Snapshot(
            self._save_step,
            None if self.training.save_seconds == "auto" else self.training.save_seconds,
            begin=self._begin_epoch,
            is_urgent=lambda: self.interrupts.is_waiting,
        )
        self.progress = EpochProgress(self.epochs)

    def begin(self, stage: int, state: TrainingState | None) -> None:
        """Compile the task and continue from a state.

        Args:
            stage: index of the stage.
            state: the last state of the run, or None in a new run. Its arrays are assigned at the
                beginning of the next epoch.
        """
        first = state.position.first_epoch if state and state.position.stage == stage else 0
        self.position = Position(stage=stage, first_epoch=first)
        updates = len(self.feed.plan(0)) * (self.epochs - first)
        self.task.compile(
            optimizer=build_optimizer(
                self.training.optimizer,
                self.training.schedule,
                multipliers=learning_rate_multipliers(
                    self.task, self.training.learning_rate_multipliers
                ),
                updates=updates // self.training.optimizer.gradient_accumulation_steps,
            )
        )
        # In mixed precision, `task.optimizer` is a wrapper of Keras that scales the loss.
        self.task.optimizer.build(self.task.trainable_variables)
        is_resumed = state is not None and not state.new_stage
        self.callbacks.begin(self.task, state.callbacks if state and is_resumed else ())
        if state is None:
            return
        self.position, self.history = state.position, state.history
        # The history file lacks a row if the process ended right after the state was written.
        self.run.write_history(self.history)
        if not state.new_stage:
            self.snapshot.arrays, self.snapshot.step = dict(state.arrays), self.position.step

    def fit(self) -> None:
        """Train until the last epoch, or until the dev score stops improving; record the reason."""
        seconds: list[float] = []
        while self.position.epoch < self.epochs and not self.position.stopped:
            began = time.monotonic()
            if not self.position.trained:
                with self.interrupts:
                    self._train_epoch()
            if self.position.trained:
                self._evaluate()
                seconds.append(time.monotonic() - began)
                self._print_epoch(seconds)
        end = training_end(self.training, self.position, self.history, self.task.monitor)
        write_end(self.run, end)
        if seconds:
            print_note(end)
        self.callbacks.end()

    def finish_stage(self, *, comparable: bool = True) -> TrainingState:
        """Save and return a state from which the next stage starts with the best weights.

        Args:
            comparable: whether dev scores of this and the next stage can be compared; if not, the
                first score of the next stage counts as the best so far.
        """
        self.position = Position(
            stage=self.position.stage + 1,
            number=self.position.number + 1,
            best=self.position.best if comparable else None,
            best_loss=self.position.best_loss if comparable else None,
        )
        state = TrainingState({}, self.position, self.history, new_stage=True)
        self.run.states.write(state)
        return state

    def _print_epoch(self, seconds: Sequence[float]) -> None:
        """Print the line of the epoch that has just been evaluated.

        Args:
            seconds: durations of the epochs of this process, with their evaluations. The first
                one includes compilation.
        """
        later = seconds[1:]
        mean = sum(later) / len(later) if later else None
        facts = EpochFacts(
            epochs=self.epochs,
            patience=self.patience,
            waited=self.position.waited,
            learning_rate=float(ops.convert_to_numpy(self.task.optimizer.learning_rate)),
            samples_per_second=self.progress.samples_per_second,
            seconds_left=None if mean is None else mean * (self.epochs - self.position.epoch),
            keeps_best=bool(self.training.restore_best_weights),
        )
        print_note(epoch_line(self.history, self.task.monitor, facts, self.task.default_monitor))

    def _train_epoch(self) -> None:
        epoch, step = self.position.epoch, self.position.step
        plan = self.feed.plan(epoch)
        if step < len(plan):
            batches = BatchSource(self.feed.batches(plan[step:], epoch))
            self.progress.batches = batches
            self.snapshot.step = step
            try:
                self.task.fit(
                    as_dataset(batches),
                    steps_per_epoch=len(plan) - step,
                    initial_epoch=epoch,
                    epochs=epoch + 1,
                    shuffle=False,
                    verbose=0,
                    callbacks=[self.progress, self.callbacks, self.snapshot],
                )
            except Exception:
                if batches.error is None:
                    raise
                raise batches.error from None
            finally:
                self.progress.close()
        arrays = self._arrays()
        if state_problem(arrays) is None:
            self.position = self.position._replace(step=0, trained=True)
        else:
            self._stop_diverged()
        self._save(arrays)

    def _arrays(self) -> Arrays:
        """Return the captured state; raise RunError if the epoch had no batches."""
        if self.snapshot.arrays is None:
            raise RunError(
                f"{self.run.folder}: expected at least one batch per epoch. Received: none; check "
                "data.source."
            )
        return self.snapshot.arrays

    def _stop_diverged(self) -> None:
        """Stop the stage and keep its best weights; raise RunError if there are none."""
        reason = (
            f"{self.run.folder}: training diverged in epoch {self.position.epoch + 1}: weights "
            "are not finite or too large"
        )
        if self.position.best is None:
            raise RunError(
                f"{reason}. Lower training.optimizer.learning_rate or set "
                "training.optimizer.global_clipnorm, and train with another --run."
            )
        print_note(
            f"{reason}. The stage ends with the best weights so far; a lower "
            "training.optimizer.learning_rate or a training.optimizer.global_clipnorm may help."
        )
        self.position = self.position._replace(stopped=True, diverged=True)

    def _evaluate(self) -> None:
        began, arrays = time.monotonic(), self._arrays()
        assign_state(self.task, arrays, running_loss=True)
        values = {metric.name: float(metric.result()) for metric in self.task.metrics}
        if self.training.optimizer.ema_momentum:
            self.task.optimizer.finalize_variable_values(self.task.trainable_variables)
        evaluation = self._evaluate_dev()
        scores = {} if evaluation is None else evaluation.values
        row = {"stage": self.position.stage, "epoch": self.position.epoch, **values}
        if self.training.dev_loss:
            row["dev_loss"] = self._dev_loss()
        is_best = self._record_evaluation(evaluation, row.get("dev_loss"))
        self._end_epoch(arrays, values["loss"], scores)
        self.history.append({**row, **scores, "best": is_best})
        self.position = self.position._replace(epoch=self.position.epoch + 1, trained=False)
        self.snapshot.step = 0
        self._save(arrays)
        self.run.write_history(self.history)
        self._write_times(time.monotonic() - began)

    def _evaluate_dev(self) -> Evaluation | None:
        """Return the evaluation of dev; None after an epoch that is not scored."""
        # Callbacks of the user expect the scores of every epoch.
        scored = bool(self.callbacks.callbacks) or is_scored(
            self.position.epoch, self.training, len(self.dev)
        )
        return self.task.evaluate_samples(self.reader, self.dev) if scored else None

    def _record_evaluation(self, evaluation: Evaluation | None, loss: float | None) -> bool:
        """Save the weights that the run keeps, and return whether the epoch is the best so far."""
        if evaluation is None:
            save_weights(self.task, self.run / WEIGHTS)
            return False
        if self.position.best is not None and self.task.has_collapsed(evaluation):
            self.position = self.position._replace(stopped=True, collapsed=True)
            return False
        sign = -1 if self.task.monitor in self.task.minimized_scores else 1
        return self._record_score(sign * evaluation.values[self.task.monitor], loss)

    def _dev_loss(self) -> float:
        """Return the loss on dev, without dropout."""
        feed = self.dev_feed = self.dev_feed or self.task.feed(self.reader, self.dev)
        plan = feed.plan(0)
        # A task may override `evaluate`; the method of Keras takes batches and returns the loss.
        values = keras.Model.evaluate(
            self.task,
            as_dataset(feed.batches(plan, 0)),
            steps=len(plan),
            verbose=0,
            return_dict=True,
        )
        return float(values["loss"])

    def _begin_epoch(self, epoch: int) -> None:
        self.task.begin_epoch(epoch)
        self.callbacks.begin_epoch(epoch, self.snapshot.step)

    def _end_epoch(self, arrays: Arrays, loss: float, scores: Mapping[str, float]) -> None:
        """Call the callbacks of the user, and keep a learning rate that they change."""
        if self.callbacks.end_epoch(self.position.epoch, loss, scores):
            self.position = self.position._replace(stopped=True)
        for index, variable in enumerate(self.task.optimizer.variables):
            if variable.name == "learning_rate" and self.callbacks.callbacks:
                arrays[f"optimizer/{index}"] = np.array(ops.convert_to_numpy(variable))

    def _record_score(self, score: float, loss: float | None = None) -> bool:
        """Save the weights that the run keeps, and count epochs towards `patience`.

        Args:
            score: the dev score; higher is better.
            loss: the dev loss; None if it is not computed.

        Returns:
            Whether the epoch is the best so far.
        """
        best = self.position.best
        is_best = best is None or EpochQuality(score, loss).is_better_than(
            EpochQuality(best, self.position.best_loss)
        )
        if is_best or not self.training.restore_best_weights:
            save_weights(self.task, self.run / WEIGHTS)
        if is_best:
            self.position = self.position._replace(best=score, best_loss=loss, waited=0)
        elif self.position.epoch >= int(self.training.start_from_epoch):
            waited = self.position.waited + 1
            stopped = 0 < self.patience <= waited
            self.position = self.position._replace(waited=waited, stopped=stopped)
        return is_best

    def _write_times(self, dev_seconds: float) -> None:
        """Append the last epoch with its times to `times.jsonl`, which is not reproducible."""
        row = {**self.history[-1], "dev_seconds": round(dev_seconds, 2)}
        row["finished"] = time.strftime("%Y-%m-%dT%H:%M:%S%z")
        append_text(self.run / TIMES, json.dumps(row) + "\n")

    def _save_step(self, arrays: Arrays, step: int) -> None:
        # A diverged state is not saved; `_train_epoch` stops the stage at the end of the epoch.
        if state_problem(arrays) is not None:
            return
        self.position = self.position._replace(step=step)
        self._save(arrays)
        self.interrupts.deliver()

    def _save(self, arrays: Arrays) -> None:
        self.position = self.position._replace(number=self.position.number + 1)
        self.run.states.write(
            TrainingState(arrays, self.position, self.history, callbacks=self.callbacks.state)
        )


def save_weights(task: Task, path: Path) -> None:
    """Replace a file by the weights of a task, without those of its optimizer.

    Raises:
        RunError: the file cannot be written; the earlier file is unchanged.
    """
    optimizer, task.optimizer = task.optimizer, None
    try:
        with atomic_replacement(path) as draft:
            # On a full disk, HDF5 would end the process with a segmentation fault.
            reserve_space(draft, 5 * task.count_params() + HDF5_OVERHEAD)
            task.save_weights(draft, overwrite=True)
    except OSError as error:
        raise RunError(
            f"{path}: expected to write the best weights. Received: {error.strerror or error}; the "
            "earlier best weights are unchanged. Fix the cause and run the command again with "
            "--resume."
        ) from error
    finally:
        task.optimizer = optimizer
