"""Comparison of epochs by dev score and dev loss."""

import pytest

from lrcn_seq.config.schema import Training
from lrcn_seq.training.epoch_selection import EpochQuality, is_scored


@pytest.mark.parametrize(
    ("better", "worse"),
    [
        ((0.3, 9.0), (0.2, 1.0)),
        ((0.3, 1.0), (0.3, 1.1)),
        ((0.0, 2.0), (0.0005, 3.0)),
        ((0.01, 3.0), (0.0099, 2.0)),
        ((-0.4, 3.0), (-0.5, 2.0)),
        ((-0.004, 3.0), (-0.005, 2.0)),
        ((0.002, None), (0.001, 1.0)),
    ],
)
def test_the_loss_decides_between_equal_and_near_zero_scores(better, worse):
    """The higher score is better; of equal scores and of scores below 0.01, the lower loss."""
    assert EpochQuality(*better).is_better_than(EpochQuality(*worse))
    assert not EpochQuality(*worse).is_better_than(EpochQuality(*better))


@pytest.mark.parametrize("quality", [(0.3, 1.0), (0.3, None), (0.0, float("nan"))])
def test_an_epoch_is_not_better_than_itself(quality):
    """Equal epochs are no improvement, nor is a loss that is not finite."""
    assert not EpochQuality(*quality).is_better_than(EpochQuality(*quality))


def training(epochs, patience=0, *, best=False):
    """Return a section `training` without `auto`."""
    return Training(epochs=epochs, patience=patience, restore_best_weights=best)


def test_scores_that_select_nothing_are_computed_now_and_then():
    """A small dev split is scored after the first epoch, every tenth one and the last one."""
    scored = [epoch + 1 for epoch in range(34) if is_scored(epoch, training(34), 3)]
    assert scored == [1, 10, 20, 30, 34]


@pytest.mark.parametrize(
    ("settings", "dev"),
    [
        (training(34, best=True), 3),
        (training(34, patience=5), 3),
        (training(34), 20),
        (training(20), 3),
    ],
)
def test_other_trainings_are_scored_after_every_epoch(settings, dev):
    """Dev is scored after every epoch if scores select one, dev is large, or epochs are few."""
    assert all(is_scored(epoch, settings, dev) for epoch in range(20))
