"""The command `lrcn train`: errors in configs and data, existing runs, and full disks."""

import errno
import os
import shutil
from pathlib import Path

import pytest

from lrcn_seq.cli.train import merge_overrides
from lrcn_seq.runs.folder import Run
from lrcn_seq.tasks import Task

NO_SPACE = OSError(errno.ENOSPC, "No space left on device")


@pytest.fixture
def train(lrcn, project):
    """Return a function that calls `lrcn train` on the project with the run folder `run`."""
    return lambda *arguments: lrcn(
        "train", project / "config.yaml", *arguments, "--run", project / "run"
    )


def contents(folder: Path) -> dict[Path, bytes]:
    """Return the content of each file in a folder, by path."""
    return {path: path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def change_table(project: Path, old: str, new: str) -> None:
    """Replace a line of the project's caption table."""
    table = project / "table.csv"
    assert old in table.read_text()
    table.write_text(table.read_text().replace(old, new))


def check_failure(result, project: Path, code: int, message: str) -> None:
    """Assert that a call failed with a message and wrote at most the list of skipped files."""
    assert (result.code, result.out) == (code, "")
    assert message in result.err
    assert "Traceback" not in result.err
    run = project / "run"
    assert not run.is_dir() or {path.name for path in run.iterdir()} <= {"left_out.jsonl"}


def test_training_prints_the_run_folder(train, project):
    """Training prints the run folder on stdout and progress on stderr, and writes a report."""
    result = train()
    assert (result.code, result.out) == (0, f"{project / 'run'}\n")
    lines = result.err.splitlines()
    assert lines[0] == f"{project / 'run'}: training the task captioning; loading Keras"
    assert "\nepoch 1/1  loss " in result.err
    assert (
        "\nTraining ended after its only epoch. The run keeps the weights of epoch 1" in result.err
    )
    assert "\n1 sample of test (95 % intervals: none, a single sample):\n  bleu_1 " in result.err
    assert lines[-2:] == [
        f"Report: {project / 'run' / 'report.html'}",
        f"Next: lrcn caption {project / 'run'} FILE...",
    ]
    assert (project / "run" / "report.html").exists()


def test_run_folder_is_named_after_the_config(lrcn, project, monkeypatch):
    """The default run folder is `runs/` followed by the stem of the config."""
    folders = []
    monkeypatch.setattr(
        "lrcn_seq.training.train",
        lambda config, folder, resume, overrides: folders.append((folder, resume)),
    )
    assert lrcn("train", project / "config.yaml", "--resume").out == "runs/config\n"
    assert folders == [("runs/config", True)]


@pytest.mark.parametrize(
    ("override", "code", "message"),
    [
        ("training.epoch=1", 2, "training.epoch: unknown key. Did you mean 'epochs'?"),
        ("decoder.units=0", 2, "decoder.units: expected a number greater than 0. Received: 0."),
        ("epochs", 2, "epochs: expected section.key=value"),
        ("encoder.type=tiny", 2, "encoder.type: encoders has no 'tiny'. Did you mean 'tiny_cnn'?"),
        ("decoder.vocabulary_size=9", 2, "decoder.vocabulary_size: "),
        ("training.monitor=blue_4", 2, "training.monitor: expected one of the scores"),
        ("search.minimum_length=9", 2, "search: "),
        (
            "encoder={type: applications, network: MobileNetV2, size: 32, train: nolayer}",
            2,
            "encoder: MobileNetV2 has no layer 'nolayer'.",
        ),
        ("data.source.table=absent.csv", 1, "absent.csv: expected "),
        ("tokenizer.minimum_count=50", 1, "minimum_count"),
        ("init={run: absent}", 1, "absent: expected a run with model.weights.h5"),
        (
            "encoder={type: applications, network: MobileNetV2, size: 32, weights: absent.h5}",
            1,
            "absent.h5: expected the weights of MobileNetV2",
        ),
        (
            "training.learning_rate_multipliers={encodr: 0.1}",
            2,
            "training.learning_rate_multipliers.encodr: ",
        ),
        ("decoder={type: lstm_frames}", 2, "decoder.type: captioning expects a decoder"),
        ("evaluation.metrics=[]", 2, "evaluation.metrics: expected at least one value."),
        ("evaluation.metrics=bleu,cider", 2, "Write a list as [bleu,cider]."),
        ("data.source.table=2024", 2, 'Put quotes around a string like this: "2024"'),
        ("stages=[{}, {decoder.units: 6}]", 2, "stages.1.decoder: "),
    ],
)
def test_mistake_in_an_override(train, project, override, code, message):
    """The error for an invalid override names its key, and no run is created."""
    check_failure(train(override), project, code, message)


def test_overrides_that_exclude_each_other(train, project):
    """`data.plan: by_caption` without a feature store is refused."""
    result = train("data.plan=by_caption", "data.store.use=false")
    check_failure(result, project, 2, "data.plan: by_caption needs stored features")


def test_shares_that_leave_nothing_to_train_on(train, project):
    """If the shares of the dev and test splits add up to more than 1, the config is refused."""
    result = train("data.source.dev=0.6", "data.source.test=0.5")
    check_failure(result, project, 2, "dev and test: expected shares")


def test_broken_image_is_an_error(train, project):
    """By default, a broken image is an error that ends training."""
    (project / "2.png").write_bytes((project / "2.png").read_bytes()[:300])
    check_failure(train(), project, 1, "2.png: ")


def test_too_many_broken_images_are_an_error(train, project):
    """Broken images are not skipped if their share is larger than the config allows."""
    (project / "2.png").write_bytes((project / "2.png").read_bytes()[:300])
    result = train("data.on_error=skip")
    check_failure(result, project, 1, "1 of 4 files cannot be read")


def test_missing_image_is_an_error(train, project):
    """The error for a missing image names the file."""
    (project / "3.png").unlink()
    check_failure(train(), project, 1, "3.png: ")


def test_empty_caption_is_an_error(train, project):
    """The error for an empty caption names the line and the column of the table."""
    change_table(project, "2.png,a blue square,train", "2.png,  ,train")
    check_failure(train(), project, 1, "line 3: expected a sentence under 'caption'.")


@pytest.mark.parametrize(
    ("split", "message"), [("dev", "Expected dev samples"), ("train", "train")]
)
def test_empty_split_is_an_error(train, project, split, message):
    """Training requires samples in the train and dev splits."""
    table = (project / "table.csv").read_text().splitlines(keepends=True)
    (project / "table.csv").write_text("".join(row for row in table if f",{split}\n" not in row))
    check_failure(train(), project, 1, message)


def test_file_in_place_of_the_run_folder(train, project):
    """A file in the place of the run folder is an error, and the file is not changed."""
    (project / "run").write_text("a file")
    check_failure(train(), project, 1, "run: expected to write into the run folder. Received: ")
    assert (project / "run").read_text() == "a file"


def test_corrected_call_begins_after_a_failure(train, project):
    """After a failed call, the corrected call trains in the same folder."""
    assert train("tokenizer.minimum_count=50").code == 1
    assert train().code == 0


def test_existing_run_is_not_overwritten(lrcn, trained_project):
    """An existing run is not overwritten, and the error names `--resume`."""
    run, before = trained_project / "run", contents(trained_project / "run")
    result = lrcn("train", trained_project / "config.yaml", "--run", run)
    assert result.code == 1
    assert "--resume" in result.err
    assert contents(run) == before


def test_resuming_with_another_config_is_refused(lrcn, trained_project):
    """The error for resuming with another config shows the difference."""
    run, before = trained_project / "run", contents(trained_project / "run")
    result = lrcn("train", trained_project / "config.yaml", "seed=2", "--run", run, "--resume")
    assert result.code == 1
    assert "(seed: 1 → 2)" in result.err
    assert contents(run) == before


def test_overrides_may_be_left_out_when_resuming(train, project):
    """A resumed run keeps the overrides of its first call, refuses other values, and adds epochs.

    The number of epochs of a longer training is recorded for the next call.
    """
    assert train("seed=5", "training.epochs=1").code == 0
    refused = train("--resume", "seed=6")
    assert refused.code == 1
    assert "(seed: 5 → 6)" in refused.err
    assert train("--resume", "training.epochs=2").code == 0
    assert len((project / "run" / "history.jsonl").read_text().splitlines()) == 2
    assert Run(project / "run").overrides() == ["seed=5", "training.epochs=2"]


def test_a_config_that_was_changed_is_refused(train, project):
    """A resumed run does not ignore a change of the config file."""
    assert train("training.epochs=1").code == 0
    path = project / "config.yaml"
    path.write_text(path.read_text().replace("units: 8", "units: 9"))
    refused = train("--resume")
    assert refused.code == 1
    assert "(decoder.units: 8 → 9)" in refused.err


@pytest.mark.parametrize(
    ("recorded", "given", "merged"),
    [
        (["a.b=1", "c=2"], [], ["a.b=1", "c=2"]),
        (["a.b=1", "c=2"], ["a.b=3"], ["c=2", "a.b=3"]),
        ([], ["c=1"], ["c=1"]),
    ],
)
def test_given_overrides_replace_recorded_ones(recorded, given, merged):
    """An override of the call replaces the recorded one of the same key."""
    assert merge_overrides(recorded, given) == merged


@pytest.mark.parametrize("verb", ["train", "evaluate"])
def test_run_of_another_process_is_left_alone(lrcn, trained_project, verb):
    """A run that another process has locked is refused and remains unchanged."""
    run = trained_project / "run"
    arguments = {
        "train": [trained_project / "config.yaml", "--run", run, "--resume"],
        "evaluate": [run],
    }
    before = contents(run)
    with Run(run).lock():
        result = lrcn(verb, *arguments[verb])
    assert (result.code, result.out) == (1, "")
    assert "another process" in result.err
    assert contents(run) == before


def test_full_disk_keeps_the_last_state(train, project, monkeypatch):
    """A run that stopped on a full disk resumes from its last state."""
    run, fsync, states = project / "run", os.fsync, []

    def fail_at_second_state(handle: int) -> None:
        if Path(f"/proc/self/fd/{handle}").readlink().name == "arrays.npz":
            states.append(handle)
            if len(states) == 2:
                raise NO_SPACE
        fsync(handle)

    monkeypatch.setattr(os, "fsync", fail_at_second_state)
    result = train("training.epochs=2")
    assert result.code == 1
    assert "arrays.npz: " in result.err
    assert "Received: No space left on device" in result.err
    assert (run / "state" / "last").exists()
    monkeypatch.setattr(os, "fsync", fsync)
    assert train("training.epochs=2", "--resume").code == 0
    assert len((run / "history.jsonl").read_text().splitlines()) == 2


def test_full_disk_while_weights_are_saved(train, monkeypatch):
    """A full disk while weights are saved is reported in one message."""

    def fail(*arguments, **options):
        raise NO_SPACE

    monkeypatch.setattr(Task, "save_weights", fail)
    result = train()
    assert result.code == 1
    assert "expected to write the best weights. Received: " in result.err
    assert "No space left on device" in result.err


@pytest.mark.parametrize("name", ["machine.json", "state/*/meta.json"])
def test_damaged_run_cannot_be_resumed(lrcn, trained_project, tmp_path, name):
    """Resuming a damaged run gives an error that names the damaged file."""
    run = shutil.copytree(trained_project / "run", tmp_path / "run")
    (damaged,) = run.glob(name)
    damaged.write_text("[]")
    result = lrcn("train", trained_project / "config.yaml", "--run", run, "--resume")
    assert (result.code, result.out) == (1, "")
    assert f"lrcn train: {damaged}: expected " in result.err
