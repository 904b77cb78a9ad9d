"""One training run, from config to report; every step of it can be stopped and started again."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from lrcn_seq import config as configs
from lrcn_seq.errors import ConfigError
from lrcn_seq.runs.folder import Position, Run, machine
from lrcn_seq.tasks import Task
from lrcn_seq.tasks.base import load_weights
from lrcn_seq.training import evaluation
from lrcn_seq.training.bar import Bar
from lrcn_seq.training.feeds import feed_of
from lrcn_seq.training.fit import Trainer
from lrcn_seq.training.preparation import (
    Answers,
    Corpus,
    Media,
    answers_of,
    check_splits,
    corpus_of,
    network_problems,
)
from lrcn_seq.training.state import assign

Pause = Callable[[str], None]


def train(
    config: configs.Config | str | Path,
    folder: str | Path,
    *,
    resume: bool = False,
    pause: Pause = lambda phase: None,
) -> Run:
    """Trains a config's stages into a run folder, evaluates on test (or dev), and writes the report.

    Args:
        resume: go on with a run that was stopped, to the same bits as if it had not been; a run that never began, begins.
        pause: called by name at the moments where a test stops the process.

    Raises:
        ConfigError, DataError, RunError: each says what is wrong and what to do.
    """
    config = configs.read(config) if isinstance(config, (str, Path)) else config
    run = Run(folder)
    with run.locked():
        run.check(config, resume=resume)
        try:
            if not run.begun:
                check_stages(config)
            corpus = corpus_of(config, run)
            check_splits(corpus.splits)
            run.create(config)
            compare_machine(run)
            task = _stages(config, run, corpus, pause)
        except BaseException:
            run.abandon()
            raise
        conclude(task, run, corpus)
    return run


def check_stages(config: configs.Config) -> None:
    """Raises ConfigError where a later stage cannot be built or take over weights: it would come out after the stages before were trained."""
    if len(config.stages) > 1 and (problems := network_problems(config)):
        raise ConfigError(problems)


def _stages(config: configs.Config, run: Run, corpus: Corpus, pause: Pause) -> Task:
    answers = answers_of(config, run, corpus)
    saved = run.read_state()
    at = Position(**saved[1]["position"]).stage if saved else 0
    stages = configs.stage_configs(config)
    task = None
    for number, stage in enumerate(stages):
        if number < at:
            continue
        task = _task(stage, answers, fresh=saved is None and number == 0)
        if saved and saved[1].get("fresh"):
            load_weights(task, run.folder, kept(stages[number - 1], stage))
        elif saved:
            # Before features are asked for: they are those of the weights that the encoder has now.
            assign(task.variables, saved[0], "model")
        trainer = _trainer(task, run, corpus, number, pause)
        if saved and number == at:
            trainer.restore(*saved)
        trainer.fit()
        if number + 1 < len(stages):
            following = stages[number + 1]
            trainer.hand_over(
                comparable="decoder" in kept(stage, following) and _judged_alike(stage, following)
            )
            saved, at = run.read_state(), number + 1
    load_weights(task, run.folder)
    return task


def kept(before: configs.Config, after: configs.Config) -> tuple[str, ...]:
    """The parts whose weights go from one stage to the next: not a decoder that is replaced."""
    return (
        ("encoder", "decoder") if before.decoder["type"] == after.decoder["type"] else ("encoder",)
    )


def _judged_alike(before: configs.Config, after: configs.Config) -> bool:
    return (
        all(
            getattr(before.training, name) == getattr(after.training, name)
            for name in ("monitor", "dev_limit")
        )
        and before.evaluation == after.evaluation
    )


def _task(config: configs.Config, answers: Answers, *, fresh: bool) -> Task:
    task = answers.task(config, pretrained=fresh)
    if config.init is not None and fresh:
        load_weights(task, Path(config.init.run), config.init.parts)
    return task


def _trainer(task: Task, run: Run, corpus: Corpus, stage: int, pause: Pause) -> Trainer:
    config = task.settings
    media = Media(config, task, corpus.contents)
    dev = corpus.splits["dev"][: config.training.dev_limit or None]
    feed = feed_of(task, media, corpus.splits["train"])
    trainer = Trainer(
        task,
        feed,
        run,
        score=Scorer(media, dev),
        bar=Bar(config.training.epochs, feed),
        pause=pause,
    )
    trainer.position = Position(stage=stage)
    trainer.compile()
    return trainer


class Scorer:
    """The dev scores of a task as it stands."""

    def __init__(self, media: Media, samples):
        self.media, self.samples = media, samples

    def __call__(self, task: Task) -> dict[str, float]:
        """Real decoding, and every metric of the config."""
        return evaluation.evaluate([task], [self.media], self.samples).values


def conclude(task: Task, run: Run, corpus: Corpus) -> dict[str, Any]:
    """Scores the best weights on test, or on dev where there is no test, and writes the report."""
    from lrcn_seq.training.reporting import known_of, write_report

    split = "test" if corpus.splits["test"] else "dev"
    known = known_of(run, corpus.notes)
    evaluated = evaluation.evaluate(
        [task],
        [Media(task.settings, task, corpus.contents)],
        corpus.splits[split],
        training=corpus.splits["train"],
    )
    scores = evaluation.write(run, evaluated, split)
    write_report(task, run, evaluated, scores, known)
    return scores


def compare_machine(run: Run) -> None:
    """Says so when a run goes on under other versions or another processor than it began under, since bits may then differ."""
    before = run.began_on()
    if before and (changed := list(configs.differences(before, machine()))):
        import sys

        print(
            f"{run.folder}: goes on under another set-up, so the result may differ in the last bits: {'; '.join(changed)}.",
            file=sys.stderr,
        )
