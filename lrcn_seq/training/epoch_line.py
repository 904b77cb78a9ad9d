"""The line that training prints after every epoch."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from lrcn_seq.progress import duration
from lrcn_seq.runs.training_end import best_row

OTHER_SCORES = 2
"""Number of dev scores that a line shows besides the monitored one."""
TRAINING_VALUES = frozenset({"loss", "reward", "entropy"})
"""Values of the training batches, without dev."""
NOT_SCORES = frozenset({"stage", "epoch", "dev_loss", "best", *TRAINING_VALUES})
NUMBERED = re.compile(r"(.+)_\d+")


class EpochFacts(NamedTuple):
    """What a line states besides the scores.

    Attributes:
        epochs: number of epochs in the stage.
        patience: `training.patience`.
        waited: number of epochs without a better score.
        learning_rate: the learning rate at the end of the epoch.
        samples_per_second: number of trained captions or clips per second.
        seconds_left: estimated time until the last epoch has been trained and evaluated; None if
            it is unknown.
        keeps_best: whether the run keeps the weights of the best epoch, which the line then names.
    """

    epochs: int
    patience: int
    waited: int
    learning_rate: float
    samples_per_second: float
    seconds_left: float | None
    keeps_best: bool = True


def epoch_line(
    history: Sequence[Mapping[str, Any]], monitor: str, facts: EpochFacts, usual: str = ""
) -> str:
    """Return the line of the last epoch.

    Args:
        history: the rows of all epochs, as in `history.jsonl`.
        monitor: the dev score that selects the best weights.
        facts: what the line states besides the scores.
        usual: the dev score that the task monitors by default.
    """
    row = history[-1]
    best = best_row(history) if facts.keeps_best else None
    fields = [
        f"epoch {row['epoch'] + 1}/{facts.epochs}",
        f"loss {row['loss']:.4f}" + (f" (dev {row['dev_loss']:.4f})" if "dev_loss" in row else ""),
        f"reward {row['reward']:.4f}" if "reward" in row else "",
        _scores(row, monitor, usual),
        f"best {best[monitor]:.4f} (epoch {best['epoch'] + 1})" if best else "",
        f"patience left {max(0, facts.patience - facts.waited)}" if facts.patience else "",
        f"learning rate {facts.learning_rate:.3g}",
        f"{facts.samples_per_second:,.0f} samples/s",
        _time_left(facts),
    ]
    return "  ".join(filter(None, fields))


def _time_left(facts: EpochFacts) -> str:
    """Return the time left, which is an upper bound if training may stop early."""
    if facts.seconds_left is None:
        return ""
    return f"{'at most ' if facts.patience else ''}{duration(facts.seconds_left)} left"


def _scores(row: Mapping[str, Any], monitor: str, usual: str) -> str:
    """Return the dev scores of a line; empty if the epoch was not scored."""
    if monitor not in row:
        return ""
    names = shown_scores(row, monitor, usual)
    return "dev " + ", ".join(f"{name} {row[name]:.4f}" for name in names)


def shown_scores(row: Mapping[str, Any], monitor: str, usual: str = "") -> list[str]:
    """Return the names of the scores of a line: the monitored one, and up to two others.

    Of scores such as bleu_1 to bleu_4, only the last one is shown. Of top_1 and top_5, it is the
    one that the task monitors by default, since top_5 is always 1 for up to five classes.

    Args:
        row: the row of an epoch.
        monitor: the monitored score.
        usual: the score that the task monitors by default.
    """
    families: dict[str, str] = {}
    for name in row:
        if name not in NOT_SCORES:
            numbered = NUMBERED.fullmatch(name)
            family = numbered[1] if numbered else name
            if families.get(family) != usual:
                families[family] = name
    others = [name for name in families.values() if name != monitor]
    return [monitor, *others[:OTHER_SCORES]]
