"""The training loop: dev scores, early stopping, best weights, divergence and stages."""

import json
import resource
import signal
from itertools import accumulate

import h5py
import keras
import numpy as np
import pytest

from lrcn_seq.errors import MediaError, RunError
from lrcn_seq.records import Sample
from lrcn_seq.runs import Run, load_weights
from lrcn_seq.runs.state import Position
from lrcn_seq.runs.training_end import read_ends
from lrcn_seq.tasks import SampleReader
from lrcn_seq.training import trainer as trainers
from lrcn_seq.training.snapshot import assign_variables
from lrcn_seq.training.trainer import Trainer, save_weights
from tests.training.small_runs import Feed, Interrupt, small_classifier, small_task, small_trainer


def weights_of(task) -> np.ndarray:
    """Return all trainable weights of a task in one vector."""
    arrays = map(keras.ops.convert_to_numpy, task.trainable_variables)
    return np.concatenate([array.ravel() for array in arrays])


def scores_in_turn(name: str, values):
    """Return a dev evaluation that scores each epoch with the next of the given values."""
    following = iter(values)
    return lambda samples: {name: next(following)}


@pytest.mark.parametrize(
    ("patience", "epochs", "best"),
    [
        (1, 2, [True, False]),
        (2, 5, [True, False, True, False, False]),
        (3, 6, [True, False, True, False, False, True]),
        (0, 6, [True, False, True, False, False, True]),
    ],
)
def test_training_stops_after_patience_epochs_without_a_better_score(
    tmp_path, patience, epochs, best
):
    """Training stops after `patience` epochs without a better score; 0 turns this off."""
    scores = [2, 1, 3, 3, 1, 4]
    task = small_task(tmp_path, **{"training.epochs": 6, "training.patience": patience})
    trainer = small_trainer(task, tmp_path, scores=scores_in_turn("bleu_1", scores))
    trainer.fit()
    assert [row["bleu_1"] for row in trainer.history] == scores[:epochs]
    assert [row["best"] for row in trainer.history] == best


@pytest.mark.parametrize(("steps", "batches"), [(1, 6), (2, 6), (4, 4)])
def test_the_cosine_ends_with_the_last_update_of_the_stage(tmp_path, steps, batches):
    """The cosine schedule reaches its end with the last update of the stage."""
    changes = {
        "training.schedule": {"type": "cosine"},
        "training.optimizer.gradient_accumulation_steps": steps,
    }
    optimizer = small_trainer(small_task(tmp_path, **changes), tmp_path).task.optimizer
    optimizer._iterations.assign(batches - 1)
    assert float(optimizer.learning_rate) > 1e-4
    optimizer._iterations.assign(batches)
    assert float(optimizer.learning_rate) == pytest.approx(0, abs=1e-9)


def test_a_stopped_stage_is_not_continued(tmp_path):
    """Resuming a stage that stopped early trains no further epoch."""
    task = small_task(tmp_path, **{"training.epochs": 6, "training.patience": 1})
    trainer = small_trainer(task, tmp_path, scores=scores_in_turn("bleu_1", [2, 1]))
    trainer.fit()
    resumed = small_trainer(task, tmp_path, scores=scores_in_turn("bleu_1", []))
    resumed.begin(0, trainer.run.states.read())
    resumed.fit()
    assert resumed.history == trainer.history


@pytest.mark.parametrize("monitor", ["log_loss", "top_1"])
def test_minimized_scores_are_better_when_lower(tmp_path, monitor):
    """A lower log loss counts as better, and so does a higher accuracy."""
    task = small_classifier(tmp_path, **{"training.epochs": 4, "training.monitor": monitor})
    scores = scores_in_turn(monitor, [0.5, 0.7, 0.3, 0.4])
    trainer = small_trainer(task, tmp_path, scores=scores)
    trainer.fit()
    lower, higher = [True, False, True, False], [True, True, False, False]
    expected = lower if monitor == "log_loss" else higher
    assert [row["best"] for row in trainer.history] == expected


def test_the_weights_on_disk_are_those_of_the_best_epoch(tmp_path):
    """The weights on disk are those of the best epoch so far."""
    task = small_task(tmp_path, **{"training.epochs": 3})
    evaluated = []

    def score(samples):
        evaluated.append(weights_of(task))
        return {"bleu_1": [1, 3, 2][len(evaluated) - 1]}

    trainer = small_trainer(task, tmp_path, scores=score)
    trainer.snapshot.begin = lambda epoch: task.decoder.weights[0].assign_add(
        0.1 * np.ones(task.decoder.weights[0].shape)
    )
    trainer.fit()
    load_weights(task, trainer.run.folder)
    np.testing.assert_array_equal(weights_of(task), evaluated[1])
    assert np.abs(evaluated[1] - evaluated[2]).max() > 1e-4


def test_averaged_weights_are_evaluated_and_saved(tmp_path, monkeypatch):
    """Averaged weights are evaluated and saved as best; the state keeps the raw weights."""
    changes = {"training.optimizer.ema_momentum": 0.6}
    task = small_task(tmp_path, **changes)
    evaluated, trained = [], []
    on_batch_end = trainers.Snapshot.on_train_batch_end

    def record_weights(self, batch, logs=None):
        trained.append(weights_of(self.model))
        on_batch_end(self, batch, logs)

    def score(samples):
        evaluated.append(weights_of(task))
        return {"bleu_1": len(evaluated)}

    monkeypatch.setattr(trainers.Snapshot, "on_train_batch_end", record_weights)
    trainer = small_trainer(task, tmp_path, scores=score, fits=True)
    trainer.fit()
    averages = list(accumulate(trained, lambda average, weights: 0.6 * average + 0.4 * weights))
    np.testing.assert_allclose(evaluated, [averages[2], averages[5]], atol=1e-6)

    restored = small_task(tmp_path, **changes)
    load_weights(restored, trainer.run.folder)
    np.testing.assert_array_equal(weights_of(restored), evaluated[-1])
    assign_variables(restored.variables, trainer.run.states.read().arrays, "model")
    np.testing.assert_array_equal(weights_of(restored), trained[-1])
    assert np.abs(trained[-1] - evaluated[-1]).max() > 1e-3


def test_the_history_has_a_row_per_epoch(tmp_path):
    """The history has a row per epoch with stage, mean loss, dev scores and best flag."""
    task = small_task(tmp_path, **{"training.optimizer.learning_rate": 1e-12})
    scores = {"bleu_1": 1.0, "bleu_4": 0.5}
    trainer = small_trainer(task, tmp_path, scores=lambda samples: scores, fits=True)
    batch = task.example()
    logits = keras.ops.convert_to_numpy(task(batch))
    words = batch.words[0, 1:]
    exponentials = np.exp(logits[0])
    probabilities = exponentials / exponentials.sum(axis=1, keepdims=True)
    loss = -np.log(probabilities[np.arange(len(words)), words]).mean()
    trainer.fit()
    rows = trainer.run.history()
    assert [row.pop("loss") for row in rows] == pytest.approx([loss, loss], rel=1e-5)
    shared = {"stage": 0, **scores}
    assert rows == [{**shared, "epoch": 0, "best": True}, {**shared, "epoch": 1, "best": False}]


def test_the_history_has_the_reward_of_drawn_captions(tmp_path, capsys):
    """With the objective `self_critical`, history and epoch line have the reward of training."""
    objective = {"type": "self_critical", "samples": 2, "reward": "bleu_1"}
    task = small_task(tmp_path, **{"training.objective": objective})
    task.has_collapsed = lambda evaluation: False
    trainer = small_trainer(task, tmp_path, scores=lambda samples: {"bleu_1": 1.0}, fits=True)
    trainer.fit()
    for row in trainer.run.history():
        assert row.keys() >= {"loss", "reward", "entropy", "bleu_1"}
        assert 0 <= row["reward"] <= 1 < row["entropy"]
    assert "  reward 0." in capsys.readouterr().err


def test_a_collapsed_stage_ends_with_its_best_weights(tmp_path, monkeypatch):
    """A stage whose dev predictions become the same stops, and its last epoch is not the best."""
    scores = iter([{"bleu_1": 0.5}, {"bleu_1": 0.7}])
    task = small_task(tmp_path, **{"training.epochs": 4})
    monkeypatch.setattr(task, "has_collapsed", lambda evaluation: evaluation.values["bleu_1"] > 0.6)
    trainer = small_trainer(task, tmp_path, scores=lambda samples: next(scores))
    trainer.fit()
    assert [row["best"] for row in trainer.run.history()] == [True, False]
    (end,) = read_ends(trainer.run)
    assert (end.reason, end.kept_epoch, end.epochs) == ("collapsed", 1, 2)


def test_wall_times_are_kept_apart_from_the_history(tmp_path):
    """`times.jsonl` has the history row of each epoch plus evaluation time and finishing date."""
    trainer = small_trainer(small_task(tmp_path), tmp_path)
    trainer.fit()
    lines = (trainer.run / "times.jsonl").read_text().splitlines()
    rows = [json.loads(line) for line in lines]
    assert [row.pop("dev_seconds") >= 0 and "T" in row.pop("finished") for row in rows] == [
        True
    ] * 2
    assert rows == trainer.run.history()


def test_dev_limit_limits_the_evaluated_samples(tmp_path):
    """The first `dev_limit` dev samples are scored; with a limit of 0, all are scored."""
    counts = []

    def score(samples):
        counts.append([sample.id for sample in samples])
        return {"bleu_1": 0.0}

    for limit in (0, 2):
        task = small_task(tmp_path, **{"training.epochs": 1, "training.dev_limit": limit})
        small_trainer(task, tmp_path, scores=score, dev=3).fit()
    assert counts == [["0", "1", "2"], ["0", "1"]]


@pytest.mark.parametrize("with_dev", [False, True])
def test_dev_samples_are_trained_on_if_asked_for(tmp_path, with_dev):
    """With `train_on_dev`, the training batches contain the samples of train and of dev."""
    fed = []

    def feed(reader, samples):
        fed.append([sample.split for sample in samples])
        return Feed(task)

    task = small_task(tmp_path, **{"training.train_on_dev": with_dev})
    task.feed = feed
    samples = {
        split: [Sample(f"{split}{n}", np.zeros((1, 3)), "", split) for n in range(count)]
        for split, count in (("train", 3), ("dev", 2))
    }
    Trainer(task, SampleReader(task), samples, Run(tmp_path / "run"))
    assert fed == [["train"] * 3 + ["dev"] * (2 * with_dev)]


def test_the_error_of_a_file_that_breaks_during_training_reaches_the_caller(tmp_path):
    """An error while reading a training file is raised unchanged by every backend."""
    task, broken = small_task(tmp_path), MediaError("3.png", "the file disappeared")

    def batches():
        yield task.example()
        yield task.example()
        raise broken

    trainer = small_trainer(task, tmp_path, batches=batches, fits=True)
    with pytest.raises(MediaError) as caught:
        trainer.fit()
    assert caught.value is broken


def test_an_error_of_the_network_reaches_the_caller(tmp_path, monkeypatch):
    """An error that `fit` raises is passed on to the caller."""
    task = small_task(tmp_path)
    trainer = small_trainer(task, tmp_path)
    monkeypatch.setattr(trainer.task, "fit", lambda *arguments, **options: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        trainer.fit()


def diverge(task) -> None:
    """Set a weight of a task to NaN."""
    weight = task.trainable_variables[0]
    weight.assign(np.full(weight.shape, np.nan))


def test_a_diverged_stage_ends_with_its_best_weights(tmp_path, capsys):
    """A stage with non-finite weights stops, keeps its best weights, and cannot be continued."""
    task = small_task(tmp_path, **{"training.epochs": 4})
    trainer = small_trainer(task, tmp_path)
    trainer.snapshot.begin = lambda epoch: epoch == 1 and diverge(task)
    trainer.fit()
    assert len(trainer.history) == 1
    trainer.begin(0, trainer.run.states.read())
    trainer.fit()
    assert len(trainer.history) == 1
    assert (
        "training diverged in epoch 2: weights are not finite or too large"
        in capsys.readouterr().err
    )
    load_weights(task, trainer.run.folder)
    assert np.isfinite(weights_of(task)).all()


def test_no_state_has_weights_that_diverged(tmp_path):
    """No state with non-finite weights is saved except the state that ends the stage."""
    task = small_task(tmp_path, **{"training.epochs": 4, "training.save_seconds": 1e-9})
    trainer = small_trainer(task, tmp_path)
    trainer.snapshot.begin = lambda epoch: epoch == 1 and diverge(task)
    written = []
    write = trainer.run.states.write
    trainer.run.states.write = lambda state: written.append(state) or write(state)
    trainer.fit()
    finite = [np.isfinite(state.arrays["model/0"]).all() for state in written]
    assert all(finite[:-1])
    assert written[-1].position.stopped


def test_divergence_in_the_first_epoch_is_an_error(tmp_path):
    """Divergence in the first epoch raises an error that names the settings to change."""
    task = small_task(tmp_path)
    trainer = small_trainer(task, tmp_path)
    trainer.snapshot.begin = lambda epoch: diverge(task)
    message = r"training diverged in epoch 1: .* Lower training\.optimizer\.learning_rate"
    with pytest.raises(RunError, match=message):
        trainer.fit()
    assert not trainer.run.has_begun


def test_scheduled_sampling_follows_the_epochs(tmp_path):
    """The scheduled sampling probability rises linearly from `from_epoch` over `over_epochs`."""
    sampling = {"probability": 0.4, "from_epoch": 2, "over_epochs": 4}
    changes = {"training.epochs": 8, "training.patience": 0}
    task = small_task(tmp_path, **{"training.scheduled_sampling": sampling}, **changes)
    probabilities = []

    def score(samples):
        probabilities.append(float(task.own_words))
        return {"bleu_1": 0.0}

    small_trainer(task, tmp_path, scores=score).fit()
    assert probabilities == pytest.approx([0, 0, 0.1, 0.2, 0.3, 0.4, 0.4, 0.4])


def test_an_epoch_without_batches_is_an_error(tmp_path):
    """An epoch without batches raises an error that names `data.source`."""
    trainer = small_trainer(small_task(tmp_path), tmp_path)
    trainer.feed.plan = lambda epoch: []
    with pytest.raises(RunError, match=r"at least one batch per epoch.*check\s+data\.source"):
        trainer.fit()


def test_a_resumed_stage_rewrites_a_lost_row_of_history(tmp_path):
    """Resuming a stage restores a history row that is missing from the file."""
    task = small_task(tmp_path)
    trainer = small_trainer(task, tmp_path)
    trainer.fit()
    history = (trainer.run / "history.jsonl").read_text()
    (trainer.run / "history.jsonl").write_text(history.splitlines(keepends=True)[0])
    trainer.begin(0, trainer.run.states.read())
    assert (trainer.run / "history.jsonl").read_text() == history


def test_a_stage_resumes_at_the_saved_batch(tmp_path, monkeypatch):
    """A resumed epoch skips the batches that were trained, and its loss covers all batches."""
    changes = {"training.save_seconds": 1e-9, "training.epochs": 1}
    whole = small_trainer(small_task(tmp_path, **changes), tmp_path / "whole", fits=True)
    whole.fit()
    task = small_task(tmp_path, **changes)
    interrupted = small_trainer(task, tmp_path / "resumed", fits=True)
    on_batch_end = trainers.Snapshot.on_train_batch_end

    def interrupt(self, batch, logs=None):
        on_batch_end(self, batch, logs)
        if self.step == 2:
            raise Interrupt

    with monkeypatch.context() as patch, pytest.raises(Interrupt):
        patch.setattr(trainers.Snapshot, "on_train_batch_end", interrupt)
        interrupted.fit()
    slices = []
    resumed = small_trainer(
        small_task(tmp_path, **changes),
        tmp_path / "resumed",
        batches=lambda: [task.example()],
        fits=True,
    )
    batches_of = resumed.feed.batches
    resumed.feed.batches = lambda plan, epoch: slices.append(list(plan)) or batches_of(plan, epoch)
    state = resumed.run.states.read()
    assert state.position.step == 2
    resumed.begin(0, state)
    resumed.fit()
    assert slices == [[2]]
    assert resumed.history == whole.history
    np.testing.assert_array_equal(weights_of(resumed.task), weights_of(whole.task))


@pytest.mark.parametrize(("comparable", "best"), [(True, 7.0), (False, None)])
def test_a_finished_stage_leaves_a_state_for_the_next(tmp_path, comparable, best):
    """A finished stage leaves a state for the next, with its best score if that is comparable."""
    task = small_task(tmp_path, **{"training.epochs": 1})
    trainer = small_trainer(task, tmp_path, scores=lambda samples: {"bleu_1": 7.0})
    trainer.fit()
    number = trainer.position.number
    state = trainer.finish_stage(comparable=comparable)
    assert state.position == Position(stage=1, number=number + 1, best=best)
    assert state.new_stage
    assert state.history == trainer.history
    stored = trainer.run.states.read()
    assert (stored.position, stored.history, stored.new_stage) == state[1:4]
    assert stored.arrays == {}


def test_best_weights_are_saved_without_the_optimizer(tmp_path):
    """The best weights are saved without the optimizer, which the task keeps."""
    trainer = small_trainer(small_task(tmp_path), tmp_path)
    optimizer = trainer.task.optimizer
    save_weights(trainer.task, tmp_path / "a.weights.h5")
    assert trainer.task.optimizer is optimizer
    with h5py.File(tmp_path / "a.weights.h5") as file:
        assert "optimizer" not in file
        assert "decoder" in file


def test_best_weights_replace_the_file_of_an_interrupted_save(tmp_path):
    """Saving the best weights overwrites the incomplete file of an interrupted save."""
    trainer, path = small_trainer(small_task(tmp_path), tmp_path), tmp_path / "a.weights.h5"
    path.write_bytes(b"incomplete")
    save_weights(trainer.task, path)
    with h5py.File(path) as file:
        assert "decoder" in file


def test_a_full_disk_leaves_the_earlier_weights(tmp_path):
    """Saving weights to a full disk raises an error with the reason and keeps the earlier file."""
    trainer = small_trainer(small_task(tmp_path), tmp_path)
    path = tmp_path / "run" / "model.weights.h5"
    save_weights(trainer.task, path)
    before = path.read_bytes()
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    message = r"expected to write the best weights\. Received: File too large; the earlier"
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (len(before) // 2, limits[1]))
        with pytest.raises(RunError, match=message):
            save_weights(trainer.task, path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, handler)
    assert [file.name for file in path.parent.iterdir()] == [path.name]
    assert path.read_bytes() == before
    assert trainer.task.optimizer is not None


def test_weights_that_cannot_be_written_are_an_error(tmp_path):
    """A failure to write the best weights raises an error with the path of the file."""
    trainer = small_trainer(small_task(tmp_path), tmp_path)
    path = tmp_path / "absent" / "model.weights.h5"
    with pytest.raises(RunError, match=r"absent/model\.weights\.h5: expected to write the best"):
        save_weights(trainer.task, path)
    assert trainer.task.optimizer is not None


def test_epochs_of_the_warmup_do_not_count_towards_patience(tmp_path):
    """Patience counts from `start_from_epoch`."""
    changes = {"training.epochs": 6, "training.patience": 1, "training.start_from_epoch": 3}
    scores = scores_in_turn("bleu_1", [3, 2, 1, 2, 4])
    trainer = small_trainer(small_task(tmp_path, **changes), tmp_path, scores=scores)
    trainer.fit()
    assert len(trainer.history) == 4


def test_the_weights_of_the_last_epoch_are_kept(tmp_path):
    """Without `restore_best_weights`, the weights on disk are those of the last epoch."""
    changes = {"training.epochs": 2, "training.restore_best_weights": False}
    task = small_task(tmp_path, **changes)
    scores = scores_in_turn("bleu_1", [2, 1])
    trainer = small_trainer(task, tmp_path, scores=scores, fits=True)
    trainer.fit()
    last = weights_of(task)
    load_weights(task, trainer.run.folder)
    np.testing.assert_array_equal(weights_of(task), last)
    assert [row["best"] for row in trainer.history] == [True, False]


def test_the_dev_loss_decides_between_equal_scores(tmp_path, monkeypatch):
    """Of equal scores, the epoch with the lower dev loss is better; the history has the loss."""
    changes = {"training.epochs": 4, "training.dev_loss": True}
    trainer = small_trainer(small_task(tmp_path, **changes), tmp_path)
    losses = [3.0, 2.0, 2.5, 1.0]
    monkeypatch.setattr(trainer, "_dev_loss", iter(losses).__next__)
    trainer.fit()
    assert [row["dev_loss"] for row in trainer.history] == losses
    assert [row["best"] for row in trainer.history] == [True, True, False, True]
    assert trainer.run.states.read().position.best_loss == 1.0


def test_the_dev_loss_is_the_mean_without_dropout(tmp_path):
    """The dev loss is the mean cross-entropy of the dev captions, and does not affect training."""
    changes = {"training.dev_loss": True, "decoder.dropout": 0.5, "training.epochs": 1}
    task = small_task(tmp_path, **changes)
    trainer = small_trainer(task, tmp_path, fits=True)
    trainer.fit()
    before = [keras.ops.convert_to_numpy(variable) for variable in task.variables]
    batch = task.example()
    logits = keras.ops.convert_to_numpy(task(batch))[0]
    words = batch.words[0, 1:]
    expected = np.mean(np.log(np.exp(logits).sum(axis=1)) - logits[np.arange(len(words)), words])
    assert trainer.history[0]["dev_loss"] == pytest.approx(expected, rel=1e-5)
    assert trainer._dev_loss() == pytest.approx(expected, rel=1e-5)
    for variable, value in zip(task.variables, before, strict=True):
        np.testing.assert_array_equal(keras.ops.convert_to_numpy(variable), value)


def test_the_end_of_a_stage_is_recorded_and_printed(tmp_path, capsys):
    """The reason why a stage ended and the kept epoch are written to the run and printed."""
    task = small_task(tmp_path, **{"training.epochs": 6, "training.patience": 2})
    scores = scores_in_turn("bleu_1", [0.1, 0.3, 0.2, 0.2])
    trainer = small_trainer(task, tmp_path, scores=scores)
    trainer.fit()
    (end,) = read_ends(trainer.run)
    assert (end.reason, end.epochs, end.kept_epoch) == ("patience", 4, 2)
    assert str(end) in capsys.readouterr().err


def test_a_small_dev_split_is_scored_now_and_then(tmp_path):
    """Epochs whose scores select nothing have a row without scores, and save their weights."""
    changes = {"training.epochs": 21, "training.restore_best_weights": False}
    task = small_task(tmp_path, **changes)
    trainer = small_trainer(task, tmp_path, scores=scores_in_turn("bleu_1", [1, 2, 3, 4]))
    trainer.fit()
    scores = {row["epoch"] + 1: row["bleu_1"] for row in trainer.history if "bleu_1" in row}
    assert scores == {1: 1, 10: 2, 20: 3, 21: 4}
    assert len(trainer.history) == 21
    assert [row["epoch"] + 1 for row in trainer.history if row["best"]] == [1, 10, 20, 21]
    (end,) = read_ends(trainer.run)
    assert (end.kept_epoch, end.score) == (21, 4)


def test_the_weights_of_an_epoch_without_scores_are_saved(tmp_path, monkeypatch):
    """The run has the weights of its last epoch also if that epoch was not scored."""
    saved = []
    changes = {"training.epochs": 21, "training.restore_best_weights": False}
    task = small_task(tmp_path, **changes)
    trainer = small_trainer(task, tmp_path)
    epochs = iter(range(1, 22))
    monkeypatch.setattr(trainers, "save_weights", lambda task, path: saved.append(next(epochs)))
    trainer.fit()
    assert saved == list(range(1, 22))
