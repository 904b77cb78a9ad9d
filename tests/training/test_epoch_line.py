"""The line that training prints after every epoch."""

import pytest

from lrcn_seq.training.epoch_line import EpochFacts, epoch_line, shown_scores

FACTS = EpochFacts(20, 5, 1, 0.0005, 812.4, 125.0)
HISTORY = [
    {
        "stage": 0,
        "epoch": 0,
        "loss": 3.0,
        "bleu_1": 0.5,
        "bleu_4": 0.1,
        "cider": 0.25,
        "best": True,
    },
    {
        "stage": 0,
        "epoch": 1,
        "loss": 2.5,
        "bleu_1": 0.5,
        "bleu_4": 0.2,
        "cider": 0.2,
        "best": False,
    },
]


def test_line_has_everything_about_an_epoch():
    """The line has loss, dev scores, best score, patience left, learning rate, speed and time."""
    assert epoch_line(HISTORY, "cider", FACTS) == (
        "epoch 2/20  loss 2.5000  dev cider 0.2000, bleu_4 0.2000  best 0.2500 (epoch 1)  "
        "patience left 4  learning rate 0.0005  812 samples/s  at most 2:05 left"
    )


def test_line_has_the_loss_on_dev():
    """The epoch line shows the dev loss, if computed, in parentheses after the training loss."""
    history = [*HISTORY, {**HISTORY[1], "epoch": 2, "dev_loss": 3.25}]
    line = epoch_line(history, "cider", FACTS)
    assert line.startswith("epoch 3/20  loss 2.5000 (dev 3.2500)  dev cider 0.2000, bleu_4 0.2000")


def test_line_without_early_stopping_has_no_patience():
    """With a patience of 0, training does not stop early, and the line does not mention it."""
    assert "patience" not in epoch_line(HISTORY, "cider", FACTS._replace(patience=0))


def test_line_names_the_best_epoch_only_if_it_is_kept():
    """If the run keeps the last epoch, the line does not mention the best one."""
    assert "best" not in epoch_line(HISTORY, "cider", FACTS._replace(keeps_best=False))


@pytest.mark.parametrize(
    ("names", "monitor", "expected"),
    [
        (["bleu_1", "bleu_2", "rouge_l", "cider", "x"], "cider", ["cider", "bleu_2", "rouge_l"]),
        (["bleu_1", "bleu_2", "cider"], "bleu_1", ["bleu_1", "bleu_2", "cider"]),
        (["f1"], "f1", ["f1"]),
    ],
)
def test_monitored_score_comes_first(names, monitor, expected):
    """The monitored score precedes up to two others, each the last of its numbered family."""
    row = dict.fromkeys(["stage", "epoch", "loss", *names, "best"], 0.0)
    assert shown_scores(row, monitor) == expected


@pytest.mark.parametrize(
    ("monitor", "expected"),
    [
        ("log_loss", ["log_loss", "top_1", "mean_class"]),
        ("top_1", ["top_1", "mean_class", "log_loss"]),
        ("top_5", ["top_5", "top_1", "mean_class"]),
    ],
)
def test_usual_score_stands_for_its_family(monitor, expected):
    """The accuracy is shown instead of top_5, which is always 1 for two classes."""
    names = ["stage", "epoch", "top_1", "top_5", "mean_class", "log_loss", "best"]
    assert shown_scores(dict.fromkeys(names, 0.0), monitor, "top_1") == expected


def test_line_shows_the_usual_score():
    """The epoch line contains the score that the task monitors by default."""
    row = {"stage": 0, "epoch": 0, "loss": 1.0, "top_1": 0.5, "top_5": 1.0, "log_loss": 0.7}
    line = epoch_line([{**row, "best": True}], "log_loss", FACTS, "top_1")
    assert "dev log_loss 0.7000, top_1 0.5000  best" in line


def test_line_of_an_epoch_without_scores():
    """The line of an epoch that was not scored has the loss, and the best score so far."""
    row = {"stage": 0, "epoch": 2, "loss": 2.25, "dev_loss": 3.0, "best": False}
    line = epoch_line([*HISTORY, row], "cider", FACTS)
    assert line.startswith("epoch 3/20  loss 2.2500 (dev 3.0000)  best 0.2500 (epoch 1)  patience")
