"""The report section on the training curves."""

import math
import re

from lrcn_seq.report.curves import best_epoch, curves, plot_names, stages_of


def history(count, **values):
    """Return the history rows of epochs in which the loss falls and CIDEr rises."""
    return [
        {"stage": 0, "epoch": i, "loss": 5.0 - i / 10, "cider": i / 10, "best": True, **values}
        for i in range(count)
    ]


def test_loss_and_monitored_score_come_first():
    """The plots of the loss and the monitored score come before those of other scores."""
    row = {"stage": 0, "epoch": 0, "bleu_4": 0.1, "cider": 0.2, "loss": 3.0, "note": "text"}
    assert plot_names([row | {"best": True}], "cider") == ["loss", "cider", "bleu_4"]


def test_top_5_accuracy_that_is_always_1_has_no_plot():
    """The top-5 accuracy has a plot only if it differs from 1 in an epoch, or is monitored."""
    for value, monitor, shown in (
        (1.0, "top_1", False),
        (0.9, "top_1", True),
        (1.0, "top_5", True),
    ):
        history = [{"epoch": 0, "loss": 1.0, "top_1": 1.0, "top_5": value}]
        names = plot_names(history, monitor)
        assert ("top_5" in names) == shown
        assert "top_1" in names


def test_best_epoch_is_the_last_that_improved():
    """The best epoch is the last one that improved the monitored score."""
    rows = [row | {"best": row["epoch"] in (0, 3)} for row in history(6)]
    assert best_epoch(rows) == 3
    assert best_epoch([]) is None


def test_note_names_the_best_epoch_and_its_score(parse):
    """The note states the best epoch, counted from 1, and its score."""
    rows = [row | {"best": row["epoch"] in (0, 3)} for row in history(6)]
    text = parse(curves(rows, "cider").html).text
    assert "6 epochs. The saved weights are those of epoch 4, which has the best dev CIDEr" in text
    assert "(0.300)" in text


def test_dot_of_the_best_epoch_lies_on_its_point_in_every_plot():
    """Every plot marks the epoch whose weights are saved."""
    rows = [row | {"best": row["epoch"] in (0, 3)} for row in history(6)]
    plots = curves(rows, "cider").html.split("</figure>")[:2]
    for plot in plots:
        points = re.search(r'class="line" d="M(.*?)"', plot)[1].split(" L")
        [dot] = re.findall(r'class="best" cx="(.*?)" cy="(.*?)"', plot)
        assert " ".join(dot) == points[3]


def test_value_beside_a_label_is_that_of_the_best_epoch(parse):
    """The heading of a plot shows the value at the best epoch, or else at the last epoch."""
    rows = [row | {"best": row["epoch"] == 1} for row in history(3)]
    assert "training loss 4.900" in parse(curves(rows, "cider").html).text
    none = [row | {"best": False} for row in rows]
    assert "training loss 4.800" in parse(curves(none, "cider").html).text


def test_run_without_improvement_has_no_mark(parse):
    """If no epoch improved the monitored score, no epoch is marked, and the note says so."""
    rows = [row | {"best": False} for row in history(3)]
    html = curves(rows, "cider").html
    assert "3 epochs; no epoch improved the dev CIDEr." in parse(html).text
    assert 'class="best"' not in html


def test_stages_count_from_one():
    """Consecutive history rows with the same `stage` are grouped; stage names count from 1."""
    rows = [{"stage": 0}, {"stage": 0}, {"stage": 1}, {"stage": "a<b"}]
    assert stages_of(rows) == [("stage 1", 0, 2), ("stage 2", 2, 3), ("a&lt;b", 3, 4)]


def test_note_counts_the_stages(parse):
    """The note counts the epochs and the stages."""
    rows = [*history(5), *history(7, stage=1)]
    assert "12 epochs in 2 stages." in parse(curves(rows, "cider").html).text


def test_values_that_cannot_be_plotted_are_gaps():
    """Values that cannot be plotted, such as NaN and infinity, are gaps in a curve."""
    values = [3.0, None, 2.0, 1.5, math.nan, math.inf, 1e300, 1.0]
    rows = [{"loss": value, "cider": math.nan, "best": False} for value in values]
    html = curves(rows, "cider").html
    assert html.count("<svg") == 1
    assert [path.count("L") + 1 for path in re.findall(r'd="(M.*?)"', html)] == [2]
    assert html.count('<circle class="dot"') == 4
    assert "nan" not in html and "inf" not in html


def test_table_has_all_values(parse):
    """The table has a row per epoch with the stage, the values and the mark of a best epoch."""
    text = parse(curves([*history(1), *history(1, stage=1, best=False)], "cider").html).text
    assert "epoch stage training loss CIDEr best so far 1 stage 1 5.000 0.000 2 stage 2" in text


def test_run_without_epochs_has_no_plots(parse):
    """Before the first epoch ends, the section says that no epoch has been completed."""
    assert parse(curves([], "cider").html).text == "Training No epoch has been completed."
