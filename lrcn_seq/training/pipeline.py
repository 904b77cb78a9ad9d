"""The training pipeline from a config to the report; it can be interrupted at any time."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import keras

from lrcn_seq import config as configs
from lrcn_seq.errors import ConfigError
from lrcn_seq.runs import Run, load_weights
from lrcn_seq.runs.confidence_file import write_confidence
from lrcn_seq.runs.corpus import Corpus, check_splits, data_size, print_notes, read_corpus
from lrcn_seq.runs.data_advice import data_advice
from lrcn_seq.runs.environment import warn_of_changes
from lrcn_seq.runs.folder import CONFIDENCE, CONFIG, SKIPPED
from lrcn_seq.runs.longer_training import resumed_state
from lrcn_seq.runs.results import TrainingRecord, write_results
from lrcn_seq.runs.run_outputs import prepare_outputs
from lrcn_seq.runs.state import TrainingState
from lrcn_seq.tasks import Outputs, SampleReader, Task, build_task, check_config, task_type
from lrcn_seq.terminal import print_note
from lrcn_seq.training.network_checks import shared_parts, stage_problems
from lrcn_seq.training.snapshot import assign_variables
from lrcn_seq.training.trainer import Trainer
from lrcn_seq.training.user_callbacks import build_callbacks


def train(
    config: configs.Config | str | Path,
    folder: str | Path,
    *,
    resume: bool = False,
    callbacks: Sequence[keras.callbacks.Callback] = (),
    overrides: Sequence[str] = (),
) -> Run:
    """Train the stages of a config, evaluate on test (or dev), and write the report.

    Args:
        config: a config, or the path of its YAML file.
        folder: the run folder.
        resume: whether to resume an interrupted run, with bit-identical results; without a run in
            the folder, a new run is started.
        callbacks: Keras callbacks besides those of the config; see `user_callbacks`.
        overrides: the overrides with which a config that is not a path was read; the run records
            them, so that `lrcn train --resume` can leave them out.

    Raises:
        ConfigError, DataError, RunError: the config, the data or the run folder cannot be used.
    """
    config = configs.read(config) if isinstance(config, (str, Path)) else config
    run = Run(folder)
    with run.lock():
        run.check(config, resume=resume)
        config = run.complete(config)
        try:
            build_callbacks(config.training.callbacks, run.folder)  # raises errors early
            if len(config.stages) > 1 and not run.has_begun:
                check_stages(config)
            corpus = read_corpus(config, skipped=run / SKIPPED)
            check_splits(corpus.splits)
            if not run.has_begun:
                print_notes(data_advice(corpus.splits, config))
                config = size_to_data(config, corpus)
            run.create(config, overrides)
            warn_of_changes(str(run.folder), run.environment())
            outputs = prepare_outputs(run, config, corpus)
            state = read_state(run, config, overrides)
            # The weights on which the confidence depends may change.
            (run / CONFIDENCE).unlink(missing_ok=True)
            task = train_stages(config, run, corpus, outputs, state, callbacks=callbacks)
        except BaseException:
            run.remove_unless_begun(config)
            raise
        evaluate_best(task, run, corpus)
        if not config.training.keep_state:
            run.states.clear()
    return run


def read_state(
    run: Run, config: configs.Config, overrides: Sequence[str] = ()
) -> TrainingState | None:
    """Return the state from which training continues, and update the config of a resumed run.

    Args:
        run: the run.
        config: the config, which may have more epochs than that of the run.
        overrides: the overrides with which the config was read.

    Returns:
        The state; None for a new run, and for a finished run that is not trained longer.
    """
    if not run.has_begun:
        return None
    task = task_type(config)
    monitor = config.training.monitor or task.default_monitor
    state = resumed_state(
        run,
        configs.read_run(run / CONFIG),
        config,
        monitor=monitor,
        minimized=monitor in task.minimized_scores,
    )
    run.update(config, overrides)
    return state


def size_to_data(config: configs.Config, corpus: Corpus) -> configs.Config:
    """Replace `auto` by values that suit the data, and print them."""
    size = data_size(corpus.splits)
    sized = configs.size_config(config, size)
    if changes := list(configs.sized_values(config, sized)):
        print_note(f"Training is sized to the data: {', '.join(changes)}.")
    return sized


def check_stages(config: configs.Config) -> None:
    """Before training, raise ConfigError unless the networks of all stages can be built."""
    if problems := stage_problems(config):
        raise ConfigError(problems)


def train_stages(
    config: configs.Config,
    run: Run,
    corpus: Corpus,
    outputs: Outputs,
    state: TrainingState | None,
    *,
    callbacks: Sequence[keras.callbacks.Callback] = (),
) -> Task:
    """Train all unfinished stages from the last state of the run.

    Args:
        config: the config.
        run: the run.
        corpus: the samples.
        outputs: the vocabulary or classes of the task.
        state: the last state; None if the run is new, or finished and not trained longer.
        callbacks: Keras callbacks besides those of the config.

    Returns:
        The task of the last stage with the best weights.
    """
    stages = configs.stage_configs(config)
    if run.is_finished:
        task = build_task(stages[-1], outputs)
        load_weights(task, run.folder)
        print_note(f"{run.folder}: the run is finished, and is evaluated again.")
        return task
    first = state.position.stage if state else 0
    for number in range(first, len(stages)):
        task = stage_task(stages, number, outputs, run, state)
        own = build_callbacks(stages[number].training.callbacks, run.folder, number)
        reader = SampleReader(task, corpus.contents)
        trainer = Trainer(task, reader, corpus.splits, run, [*own, *callbacks])
        trainer.begin(number, state)
        trainer.fit()
        if number + 1 < len(stages):
            comparable = scores_comparable(stages[number], stages[number + 1])
            state = trainer.finish_stage(comparable=comparable)
    load_weights(task, run.folder)
    return task


def stage_task(
    stages: list[configs.Config],
    number: int,
    outputs: Outputs,
    run: Run,
    state: TrainingState | None,
) -> Task:
    """Build the task of a stage with the weights that it starts from.

    A new run starts with random weights, unless the config selects pretrained weights of the
    encoder or the weights of another run (`init`). A later stage starts with the best weights of
    the run, in the parts that it shares with the previous stage. A resumed stage continues with the
    weights of the state.

    Args:
        stages: the configs of all stages.
        number: index of the stage.
        outputs: the vocabulary or classes of the task.
        run: the run; a later stage starts with its best weights.
        state: the last state of the run, or None in a new run.
    """
    config = stages[number]
    check_config(config)
    task = build_task(config, outputs, pretrained=state is None)
    if state is None and config.init is not None:
        load_weights(task, Path(config.init.run), config.init.parts)
    elif state is not None and state.new_stage:
        load_weights(task, run.folder, shared_parts(stages[number - 1], config))
    elif state is not None:
        # Assign the weights of the encoder before features are extracted with them.
        assign_variables(task.variables, state.arrays, "model")
    return task


def scores_comparable(before: configs.Config, after: configs.Config) -> bool:
    """Return whether the dev scores of two consecutive stages can be compared."""
    same_scores = all(
        getattr(before.training, name) == getattr(after.training, name)
        for name in ("monitor", "dev_limit")
    )
    same_decoder = "decoder" in shared_parts(before, after)
    return same_decoder and same_scores and before.evaluation == after.evaluation


def evaluate_best(task: Task, run: Run, corpus: Corpus) -> None:
    """Score the best weights on test, or on dev if test is empty, and write the results.

    Args:
        task: the task with the best weights.
        run: the run.
        corpus: the samples.
    """
    split = "test" if corpus.splits["test"] else "dev"
    record = TrainingRecord.read(run, corpus.notes)
    reader = SampleReader(task, corpus.contents)
    training = corpus.splits["train"]
    write_confidence(run, task, reader, corpus.splits)
    evaluation = task.evaluate_samples(reader, corpus.splits[split], training=training)
    write_results(run, task, evaluation, record, split=split)
