"""Loading several runs that predict together.

The checks of options need neither Keras nor a backend.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from lrcn_seq.errors import ArgumentError, UsageError

if TYPE_CHECKING:
    from lrcn_seq.tasks import Average, Ensemble, Task


def load_ensemble(
    runs: Sequence[str | Path | Task],
    *,
    weights: Sequence[float] | None = None,
    average: Average | None = None,
    rescore: str | Path | Task | None = None,
    rescore_weight: float = 0.5,
) -> Ensemble:
    """Load several runs that predict together.

    The probabilities of words or classes are averaged. The runs may have different encoders and
    decoders; each reads the inputs for its own encoder. Search, word limit and seed are those of
    the first run.

    Args:
        runs: run folders, addresses on the Hugging Face Hub, or loaded tasks, with equal
            vocabularies or classes.
        weights: one weight per run; None for equal weights.
        average: `probabilities` for their arithmetic mean, `log_probabilities` for their geometric
            mean, renormalized; None for log probabilities of words and probabilities of classes.
        rescore: a run that ranks again the captions that the search has found, also with another
            vocabulary. The new score of a caption is the weighted mean of its score and of its
            log probability under this run, which is normalized by length in the same way.
        rescore_weight: weight of the second term, from 0 to 1.

    Returns:
        An ensemble, whose `predict` has the arguments of `predict` of a task.

    Raises:
        ArgumentError: `runs` is not a list, or an argument is invalid.
        RunError: a run cannot be loaded.
        UsageError: the runs differ in task, vocabulary or classes, the weights are invalid, or the
            task supports no ensembles.
    """
    from lrcn_seq.tasks import Rescorer, check_average

    if isinstance(runs, (str, Path)) or not isinstance(runs, Sequence) or not runs:
        raise ArgumentError(f"runs: expected a list of at least one run. Received: {runs!r}.")
    check_average(average)
    check_weights(weights, len(runs))
    check_rescore_weight(rescore_weight)
    tasks = [_load(run) for run in runs]
    names = [_name(run) for run in runs]
    check_ensemble(tasks, names, weights)
    rescorer = None
    if rescore is not None:
        rescorer = Rescorer(_load(rescore), rescore_weight)
        check_rescorer(rescorer.task, _name(rescore), tasks[0])
    kind = tasks[0].ensemble_type
    if kind is None:
        raise UsageError(
            f"{names[0]}: expected a run whose task supports ensembles. Received: a run of the "
            f"task {tasks[0].name}, which supports no ensembles; predict with one run at a time."
        )
    return kind(tasks, weights, average=average, rescorer=rescorer)


def _load(run: str | Path | Task) -> Task:
    from lrcn_seq.runs.loading import load

    return load(run) if isinstance(run, (str, Path)) else run


def _name(run: str | Path | Task) -> str:
    """Return the name of a run in messages."""
    return str(run) if isinstance(run, (str, Path)) else f"the task {run.name}"


def check_weights(weights: Sequence[float] | None, count: int) -> None:
    """Raise UsageError unless there is one weight per run, none negative and not all 0.

    Args:
        weights: the weights; None for equal weights.
        count: the number of runs.
    """
    if weights is None:
        return
    valid = len(weights) == count and all(0 <= weight < math.inf for weight in weights)
    if not valid or sum(weights) == 0:
        raise UsageError(
            "Expected one weight per run, none negative and not all 0. Received: "
            f"--weights={','.join(map(str, weights))} for {count} runs."
        )


def check_rescore_weight(weight: float) -> None:
    """Raise ArgumentError unless a weight is a number from 0 to 1."""
    if not 0 <= weight <= 1:
        raise ArgumentError(f"rescore_weight: expected a number from 0 to 1. Received: {weight!r}.")


def check_ensemble(
    tasks: Sequence[Task], names: Sequence[str], weights: Sequence[float] | None
) -> None:
    """Raise UsageError if runs differ in task, classes or words, or if the weights are invalid.

    Args:
        tasks: the tasks of the runs.
        names: the names of the runs, for messages.
        weights: the weights; None for equal weights.
    """
    check_weights(weights, len(tasks))
    for task, name in zip(tasks, names, strict=True):
        same_task = task.name == tasks[0].name
        if not same_task or list(task.output_names) != list(tasks[0].output_names):
            raise UsageError(
                f"{name}: expected a run of the same task over the same "
                f"{tasks[0].outputs_type.size_name} as {names[0]}, so that they can be fused. "
                f"Received: a run of {task.name}."
            )


def check_rescorer(rescorer: Task, name: str, task: Task) -> None:
    """Raise UsageError unless a run can score the captions of a task.

    Args:
        rescorer: the task of the run.
        name: the name of the run, for the message.
        task: the task that writes the captions.
    """
    supported = task.ensemble_type is not None and task.ensemble_type.supports_rescoring
    if not supported or rescorer.name != task.name:
        raise UsageError(
            f"rescore: expected two runs of one task that writes captions. Received: {name}, a "
            f"run of the task {rescorer.name}, for a run of the task {task.name}."
        )
