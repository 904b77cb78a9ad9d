"""Searches over trained captioners and describers, compiled; and what can be wrong with one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
from keras import ops

from lrcn_seq.errors import ArgumentError, ConfigError, LrcnError, Problem, did_you_mean
from lrcn_seq.records import SPECIAL, Batch, Clips, Hypotheses, Special, StepOutput
from lrcn_seq.registry import metrics, searches, views
from lrcn_seq.tasks._losses import by_owner, word_losses
from lrcn_seq.tasks.base import Task


class Writer(keras.Model):
    """A search over one task, or over the mean log probability of several, as a model, so that every backend compiles it."""

    def __init__(
        self, tasks: Sequence[Task], search: dict[str, Any], weights: Sequence[float] | None = None
    ):
        policies = {task.dtype_policy.name: task.dtype_policy for task in tasks}
        super().__init__(dtype="float32" if len(policies) > 1 else tasks[0].dtype_policy)
        self.encoders, self.decoders = (
            [task.encoder for task in tasks],
            [task.decoder for task in tasks],
        )
        # Past Keras, which would take them for layers of this model.
        object.__setattr__(self, "tasks", tuple(tasks))
        self.search = searches.build(search, place="search")
        self.shares = (
            [weight / sum(weights) for weight in weights]
            if weights
            else [1 / len(tasks)] * len(tasks)
        )
        self.special, self.limit, self.draw = (
            SPECIAL,
            tasks[0].settings.data.words_limit + 1,
            tasks[0].settings.seed,
        )

    def call(self, clips: Sequence[Clips]) -> Hypotheses:
        """Sentences for the same pictures as each task's encoder takes them."""
        starts = [
            decoder.start(encoder(seen, training=False))
            for encoder, decoder, seen in zip(self.encoders, self.decoders, clips, strict=True)
        ]
        memory, state = (tuple(parts) for parts in zip(*starts, strict=True))
        return self.search(
            self.step, state, memory, special=self.special, limit=self.limit, seed=self.draw
        )

    def step(self, word, state, memory) -> StepOutput:
        """One word of all tasks; of one alone, its logits as they are."""
        outputs = [
            decoder.step(word, own, seen)
            for decoder, own, seen in zip(self.decoders, state, memory, strict=True)
        ]
        logits = outputs[0].logits
        if len(outputs) > 1:
            logits = sum(
                share * ops.log_softmax(ops.cast(output.logits, "float32"))
                for share, output in zip(self.shares, outputs, strict=True)
            )
        return StepOutput(logits, None, tuple(output.state for output in outputs))

    def write(self, clips: Sequence[Clips]) -> Hypotheses:
        """The same, compiled, as arrays."""
        return Hypotheses(
            *map(
                ops.convert_to_numpy,
                self.predict_on_batch(
                    tuple(
                        task.encoded_in_parts(seen)
                        for task, seen in zip(self.tasks, clips, strict=True)
                    )
                ),
            )
        )


class Ranker(keras.Model):
    """Log probabilities of given sentences, compiled."""

    def __init__(self, task: Task):
        super().__init__(dtype=task.dtype_policy)
        self.encoder, self.decoder = task.encoder, task.decoder

    def call(self, batch: Batch):
        """log p (B,) of words (B, L), the end included, each with the picture it belongs to."""
        encoded = by_owner(self.encoder(batch.clips, training=False), batch.owner)
        losses, real = word_losses(
            self.decoder(encoded, batch.words[:, :-1], training=False), batch.words[:, 1:]
        )
        return -ops.sum(losses * real, axis=1)


class _FirstStep(Exception):  # noqa: N818 - no error
    """A search has found nothing wrong with its settings."""


def search_problems(search: dict[str, Any], special: Special, limit: int) -> list[Problem]:
    """What is wrong with a search: it is built, and begun as far as its first step."""

    def step(*_):
        raise _FirstStep

    try:
        searches.build(search, place="search")(
            step, ops.zeros((1, 1)), (), special=special, limit=limit
        )
    except ConfigError as error:
        return error.problems
    except ArgumentError as error:
        return [Problem("search", str(error))]
    except _FirstStep:
        pass
    return []


def sentence_problems(task: type[Task], config) -> list[Problem]:
    """What is wrong with the search, the metrics, the monitor and the view of a task that writes sentences."""
    return [
        *search_problems(config.search, SPECIAL, config.data.words_limit + 1),
        *score_problems(task, config),
        *view_problems(config),
    ]


def view_problems(config) -> list[Problem]:
    """A view that shows a picture or clip several times in testing."""
    if views.build(config.data.view, place="data.view").test_view_count == 1:
        return []
    return [
        Problem(
            "data.view",
            f"a sentence is written about one view, and {config.data.view['type']} gives several in testing. Use crop_mirror or none.",
        )
    ]


def score_problems(task: type[Task], config) -> list[Problem]:
    """Metrics that do not run here, and a monitor that is none of their scores."""
    names, problems = ["distinct_captions"], []
    for number, metric in enumerate(config.evaluation.metrics):
        try:
            names += metrics.build({"type": metric}).names
        except LrcnError as error:
            problems.append(Problem(f"evaluation.metrics.{number}", str(error)))
    monitor = config.training.monitor or task.best_by
    if monitor not in names and not problems:
        problems.append(
            Problem(
                "training.monitor",
                f"expected one of the scores of evaluation.metrics: {', '.join(names)}. Received: {monitor!r}.{did_you_mean(monitor, names)}",
            )
        )
    return problems
