"""Training runs from the config to the report, and resuming runs."""

import json
from pathlib import Path

import keras
import numpy as np
import pytest

import lrcn_seq
from lrcn_seq.data.sources.shapes import Shapes
from lrcn_seq.errors import ConfigError, DataError, RunError
from lrcn_seq.registry import sources
from lrcn_seq.runs import Run
from lrcn_seq.training import precompute_features, train
from lrcn_seq.training.pipeline import check_stages, scores_comparable
from lrcn_seq.training.trainer import Trainer
from tests.training.small_runs import VECTORS, Interrupt, small_config


def interrupt_after(config, folder: Path, epochs: int) -> None:
    """Train a run and interrupt it before the evaluation of the given epoch."""
    remaining = epochs
    evaluate = Trainer._evaluate

    def stop(trainer):
        nonlocal remaining
        remaining -= 1
        if not remaining:
            raise Interrupt
        evaluate(trainer)

    with pytest.MonkeyPatch.context() as patch, pytest.raises(Interrupt):
        patch.setattr(Trainer, "_evaluate", stop)
        train(config, folder)


def feature_stores(folder: Path) -> list[str]:
    """Return the names of the feature stores under a folder."""
    return [path.name for path in (folder / "features").iterdir() if path.is_dir()]


def history_text(folder: Path) -> str:
    """Return the content of the history file of a run."""
    return (folder / "history.jsonl").read_text()


@pytest.fixture(scope="module")
def history_with_init(donor, frozen, tmp_path_factory) -> str:
    """Return the history of an uninterrupted run with an `init` section."""
    folder = tmp_path_factory.mktemp("whole")
    train(small_config(folder, init=donor, **frozen), folder / "run")
    return history_text(folder / "run")


@pytest.mark.parametrize("epochs", [1, 2])
def test_a_resumed_run_uses_the_features_of_its_own_encoder(
    tmp_path, donor, frozen, history_with_init, epochs
):
    """A resumed run with `init` restores its frozen encoder before it reads features.

    This holds whether the run was interrupted before or after its first best weights were saved.
    """
    config = small_config(tmp_path, init=donor, **frozen)
    interrupt_after(config, tmp_path / "run", epochs)
    train(config, tmp_path / "run", resume=True)
    assert len(feature_stores(tmp_path)) == 1
    assert history_text(tmp_path / "run") == history_with_init


def test_training_uses_precomputed_features(tmp_path, donor, frozen):
    """Training reads the features that `precompute_features` stored for a config with `init`."""
    config = small_config(tmp_path, init=donor, **frozen, **{"training.epochs": 1})
    store, _ = precompute_features(config)
    train(config, tmp_path / "run")
    assert feature_stores(tmp_path) == [Path(store.folder).name]


def test_a_run_writes_its_results(tmp_path, capsys, monkeypatch):
    """A run writes its history, scores, predictions and the notes of its data source.

    The predictions equal those of the loaded run on the test split.
    """

    class Noted(Shapes):
        notes = ("2 listed images are missing.",)

    monkeypatch.setitem(sources._parts, "noted", Noted)
    source = {"type": "noted", "train": 12, "dev": 4, "test": 3, "pixels": 32}
    run = train(small_config(tmp_path, **{"data.source": source}), tmp_path / "run")
    assert capsys.readouterr().err.startswith("2 listed images are missing.\n")
    assert "2 listed images are missing." in (run / "report.html").read_text()
    diversity = {
        "distinct_captions",
        "repetition",
        "unknown",
        "mean_length",
        "min_length",
        "max_length",
    }
    assert [row.keys() >= diversity for row in run.history()] == [True, True]

    scores = json.loads((run / "scores.json").read_text())
    assert (scores["split"], scores["count"]) == ("test", 3)
    rows = [json.loads(line) for line in (run / "predictions.jsonl").read_text().splitlines()]
    images = [
        sample.media.draw()[0] for sample in Noted(**_arguments(source)) if sample.split == "test"
    ]
    predictions = lrcn_seq.load(run.folder).predict(images)
    assert [row["caption"] for row in rows] == [one.captions[0].text for one in predictions]


def _arguments(source: dict) -> dict:
    return {name: value for name, value in source.items() if name != "type"}


def test_without_a_test_split_the_dev_split_is_evaluated(tmp_path):
    """Without a test split, a run is evaluated on the dev split."""
    run = train(
        small_config(tmp_path, **{"data.source.test": 0, "training.epochs": 1}), tmp_path / "run"
    )
    scores = json.loads((run / "scores.json").read_text())
    assert (scores["split"], scores["count"]) == ("dev", 4)


def test_a_changed_environment_is_reported(tmp_path, capsys):
    """Resuming a run in a changed environment prints the differences."""
    config = small_config(tmp_path, **{"training.epochs": 1})
    environment = tmp_path / "run" / "machine.json"
    train(config, tmp_path / "run")
    recorded = json.loads(environment.read_text())
    environment.write_text(json.dumps({**recorded, "keras": "2.0"}))
    train(config, tmp_path / "run", resume=True)
    message = "the environment has changed since the run began"
    assert f"{message}, so results may differ in the last bits: keras: 2.0 → " in (
        capsys.readouterr().err
    )
    environment.unlink()
    train(config, tmp_path / "run", resume=True)
    assert message not in capsys.readouterr().err


def test_a_run_in_mixed_precision_resumes_to_the_same_bits(tmp_path):
    """A resumed run in mixed_float16 ends with the bits of an uninterrupted run."""
    config = small_config(tmp_path, **{"training.precision": "mixed_float16"})
    train(config, tmp_path / "whole")
    interrupt_after(config, tmp_path / "run", 1)
    train(config, tmp_path / "run", resume=True)
    assert history_text(tmp_path / "run") == history_text(tmp_path / "whole")
    arrays, expected = (Run(tmp_path / name).states.read().arrays for name in ("run", "whole"))
    assert arrays.keys() == expected.keys()
    assert all(np.array_equal(arrays[name], expected[name]) for name in expected)


def weights_text(folder: Path) -> list[bytes]:
    """Return the bytes of all weights of a run."""
    return [array.tobytes() for array in lrcn_seq.load(folder).get_weights()]


def test_a_run_with_more_epochs_has_the_bits_of_one_training(tmp_path, capsys):
    """With a kept state and a constant schedule, adding epochs later gives identical results."""
    longer = small_config(tmp_path, **{"training.epochs": 3})
    train(longer, tmp_path / "whole")
    train(small_config(tmp_path, **{"training.epochs": 1}), tmp_path / "run")
    capsys.readouterr()
    train(longer, tmp_path / "run", resume=True)
    assert "epoch 2 of 3 continues from the last state, as one training of 3 epochs does" in (
        capsys.readouterr().err
    )
    assert history_text(tmp_path / "run") == history_text(tmp_path / "whole")
    assert weights_text(tmp_path / "run") == weights_text(tmp_path / "whole")
    names = ("config.yaml", "predictions.jsonl")
    run, whole = (
        [(tmp_path / one / name).read_bytes() for name in names] for one in ("run", "whole")
    )
    assert run == whole


def test_a_finished_run_drops_its_state_and_can_be_trained_longer(tmp_path, capsys):
    """Without a kept state, further epochs start from the best weights, which is stated."""
    keys = {"training.keep_state": False, "training.patience": 0}
    config = small_config(tmp_path, **keys, **{"training.epochs": 1})
    train(config, tmp_path / "run")
    assert not (tmp_path / "run" / "state").exists()
    weights, history = weights_text(tmp_path / "run"), history_text(tmp_path / "run")
    with pytest.raises(RunError, match="contains a run"):
        train(config, tmp_path / "run")
    train(config, tmp_path / "run", resume=True)
    assert "the run is finished, and is evaluated again" in capsys.readouterr().err
    assert weights_text(tmp_path / "run") == weights
    longer = small_config(tmp_path, **keys, **{"training.epochs": 3})
    interrupt_after_resuming(longer, tmp_path / "run")
    train(longer, tmp_path / "run", resume=True)
    assert "from the best weights (epoch 1) with a new optimizer" in capsys.readouterr().err
    assert history_text(tmp_path / "run").startswith(history)
    rows = Run(tmp_path / "run").history()
    assert [row["epoch"] for row in rows] == [0, 1, 2]
    assert rows[-1]["loss"] < rows[0]["loss"]
    assert not (tmp_path / "run" / "state").exists()


def interrupt_after_resuming(config, folder: Path) -> None:
    """Resume a run and interrupt it before the evaluation of its first new epoch."""

    def stop(trainer):
        raise Interrupt

    with pytest.MonkeyPatch.context() as patch, pytest.raises(Interrupt):
        patch.setattr(Trainer, "_evaluate", stop)
        train(config, folder, resume=True)


def test_a_run_is_not_resumed_with_other_samples(tmp_path):
    """Resuming a run with changed samples raises an error with the numbers of samples."""
    config = small_config(tmp_path)
    interrupt_after(config, tmp_path / "run", 1)
    derived = tmp_path / "run" / "derived.json"
    derived.write_text(json.dumps({**json.loads(derived.read_text()), "samples": "0"}))
    message = (
        r"--resume expects the samples with which the run began\. "
        r"Received: 12 train and 4 dev samples, which are not the same"
    )
    with pytest.raises(RunError, match=message):
        train(config, tmp_path / "run", resume=True)


@pytest.mark.parametrize(("split", "message"), [("train", "training"), ("dev", "dev")])
def test_training_needs_training_and_dev_samples(tmp_path, split, message):
    """Training without training samples or dev samples raises an error and leaves no run."""
    config = small_config(tmp_path, **{f"data.source.{split}": 0})
    with pytest.raises(DataError, match=f"Expected {message} samples"):
        train(config, tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_an_invalid_later_stage_is_found_before_training(tmp_path):
    """An invalid later stage raises a ConfigError before the first stage is trained."""
    config = small_config(tmp_path, stages=[{}, {"decoder.units": 6}])
    message = r"stages\.1\.decoder: its weights do not fit those of the previous stage"
    with pytest.raises(ConfigError, match=message):
        train(config, tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_stages_that_fit_have_no_problems(tmp_path):
    """`check_stages` accepts stages whose weights fit each other."""
    check_stages(small_config(tmp_path, encoder=VECTORS, stages=[{}, {"training.epochs": 1}]))


def test_a_stage_starts_with_the_best_weights_of_the_previous_stage(tmp_path):
    """A stage starts with the best weights of the previous stage.

    If the monitor changes, the first epoch of the new stage counts as the best so far.
    """
    still = {"training.optimizer.learning_rate": 1e-12, "training.monitor": "bleu_4"}
    stages = [{"training.epochs": 1}, {"training.epochs": 1, **still}]
    weights = []
    finish = Trainer.finish_stage

    def finish_stage(trainer, **options):
        weights.append([variable.numpy() for variable in trainer.task.trainable_variables])
        return finish(trainer, **options)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Trainer, "finish_stage", finish_stage)
        run = train(small_config(tmp_path, stages=stages), tmp_path / "run")
    history = run.history()
    assert [(row["stage"], row["epoch"], row["best"]) for row in history] == [
        (0, 0, True),
        (1, 0, True),
    ]
    task = lrcn_seq.load(run.folder)
    for variable, expected in zip(task.trainable_variables, weights[0], strict=True):
        np.testing.assert_allclose(keras.ops.convert_to_numpy(variable), expected, atol=1e-6)


@pytest.mark.parametrize(
    ("change", "comparable"),
    [
        ({"training.epochs": 5}, True),
        ({"training.monitor": "bleu_4"}, False),
        ({"training.dev_limit": 2}, False),
        ({"evaluation.tokenize": "none"}, False),
        ({"decoder": {"type": "attention_lstm"}}, False),
    ],
)
def test_scores_are_comparable_if_they_measure_the_same(tmp_path, change, comparable):
    """Stage scores are comparable if monitor, dev samples, metrics and decoder are equal."""
    before, after = small_config(tmp_path), small_config(tmp_path, **change)
    assert scores_comparable(before, after) is comparable


@pytest.fixture(scope="module")
def vectors_table(tmp_path_factory) -> Path:
    """Write a table of six stored vectors of width 5 with captions, and return its path."""
    folder = tmp_path_factory.mktemp("vectors")
    draw = np.random.default_rng(0)
    lines = ["image,caption,split"]
    words, splits = ("red", "blue"), ("train", "train", "train", "train", "dev", "test")
    for number, split in enumerate(splits):
        np.save(folder / f"{number}.npy", draw.normal(size=(1, 5)).astype("float32"))
        lines.append(f"{number}.npy,a {words[number % 2]} thing,{split}")
    (folder / "table.csv").write_text("\n".join(lines))
    return folder / "table.csv"


def vectors_config(folder: Path, table: Path, width: int):
    """Return a config that captions the vectors of a table."""
    encoder = {"type": "vectors", "width": width}
    source = {"type": "caption_table", "table": str(table)}
    return small_config(folder, encoder=encoder, **{"data.source": source})


def test_captions_of_stored_vectors(tmp_path, vectors_table):
    """A captioning run on stored vectors trains, writes a report and predicts."""
    run = train(vectors_config(tmp_path, vectors_table, 5), tmp_path / "run")
    assert (run / "report.html").exists()
    prediction = lrcn_seq.load(run.folder).predict([vectors_table.with_name("0.npy")])[0]
    assert prediction.error is None
    assert prediction.captions


def test_vectors_of_another_width_are_an_error(tmp_path, vectors_table):
    """Stored vectors of the wrong width raise an error that names the config key."""
    message = r"width 7.*Received: .*width 5.*encoder\.width"
    with pytest.raises(DataError, match=message):
        train(vectors_config(tmp_path, vectors_table, 7), tmp_path / "run")
    assert not (tmp_path / "run" / "config.yaml").exists()


def test_the_confidence_of_earlier_weights_is_removed(tmp_path):
    """A run that is trained longer has no confidence until its end, since its weights change."""
    train(small_config(tmp_path), tmp_path / "run")
    assert (tmp_path / "run" / "confidence.json").exists()
    longer = small_config(tmp_path, **{"training.epochs": 3})
    with pytest.MonkeyPatch.context() as patch, pytest.raises(Interrupt):
        patch.setattr(Trainer, "fit", interrupt)
        train(longer, tmp_path / "run", resume=True)
    assert not (tmp_path / "run" / "confidence.json").exists()
    train(longer, tmp_path / "run", resume=True)
    assert (tmp_path / "run" / "confidence.json").exists()


def interrupt(trainer) -> None:
    """Interrupt a training before its first epoch."""
    raise Interrupt
