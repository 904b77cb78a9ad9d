"""The run folder: lock, files, and the checks before training."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from lrcn_seq import config
from lrcn_seq.config import versions
from lrcn_seq.errors import ConfigError, RunError
from lrcn_seq.runs.folder import Run, setup_files
from lrcn_seq.runs.state import Position, TrainingState
from lrcn_seq.training import train

SPEC = {
    "task": {"type": "captioning"},
    "data": {"source": {"type": "shapes"}},
    "encoder": {"type": "tiny_cnn"},
    "decoder": {"type": "lrcn"},
}


@pytest.fixture(scope="module")
def settings():
    """Return a valid config."""
    return config.validate(SPEC)


@pytest.fixture
def begun(tmp_path, settings) -> Run:
    """Return a run that has a config and a training state."""
    run = Run(tmp_path / "run")
    run.folder.mkdir()
    run.create(settings)
    run.states.write(TrainingState({}, Position(number=1), []))
    return run


def file_names(run: Run) -> set[str]:
    """Return the names of the files in a run folder."""
    return {path.name for path in run.folder.iterdir()}


def test_paths_of_files(tmp_path):
    """`run / name` is the path of a file in the run folder."""
    assert Run(str(tmp_path)) / "a.txt" == tmp_path / "a.txt"


def test_a_run_begins_with_its_first_state(begun, settings, tmp_path):
    """A run has begun when its first training state is written; a config is not enough."""
    assert begun.has_begun
    other = Run(tmp_path / "other")
    other.folder.mkdir()
    other.create(settings)
    assert not other.has_begun


def test_a_new_run_has_environment_and_config(tmp_path, settings):
    """A new run records its environment, and its config with every key."""
    run = Run(tmp_path)
    run.create(settings)
    assert file_names(run) == {"machine.json", "config.yaml"}
    assert config.read_run(run / "config.yaml") == config.state_keys(settings)
    assert "keras" in run.environment()


def test_a_run_records_its_overrides(tmp_path, settings):
    """A run records the overrides of its config, which are no part of its environment."""
    run = Run(tmp_path)
    assert run.overrides() == []
    run.create(settings, ["seed=3", "data.source.table=a b.csv"])
    assert run.overrides() == ["seed=3", "data.source.table=a b.csv"]
    assert "overrides" not in run.environment()


def test_overrides_of_a_resumed_run_replace_those_before(begun, settings):
    """Updating a run replaces its overrides and keeps the rest of the record."""
    environment, places = begun.environment(), begun.places()
    begun.update(settings, ["training.epochs=9"])
    assert begun.overrides() == ["training.epochs=9"]
    assert (begun.environment(), begun.places()) == (environment, places)


def test_creating_a_run_removes_the_files_of_an_interrupted_attempt(tmp_path, settings):
    """Creating a run deletes the files of an interrupted attempt and keeps unrelated files."""
    for name in ("machine.json", "derived.json", "tokenizer.json", "labels.json", "note.txt"):
        (tmp_path / name).write_text("old")
    run = Run(tmp_path)
    run.create(settings)
    assert file_names(run) == {"machine.json", "config.yaml", "note.txt"}
    assert (tmp_path / "machine.json").read_text() != "old"


def test_creating_a_run_that_has_begun_changes_nothing(begun):
    """`create` leaves the config and environment of a run that has begun unchanged."""
    (begun / "machine.json").write_text("old")
    before = (begun / "config.yaml").read_text()
    begun.create(config.validate({**SPEC, "seed": 2}))
    assert (begun / "machine.json").read_text() == "old"
    assert (begun / "config.yaml").read_text() == before


def test_a_run_is_resumed_only_on_request(begun, settings):
    """A folder that contains a run is refused unless `resume` is true."""
    begun.check(settings, resume=True)
    message = r"contains a run\. Continue it with --resume, unless another process"
    with pytest.raises(RunError, match=message):
        begun.check(settings, resume=False)


def test_a_run_is_not_resumed_with_another_config(begun):
    """A run is not resumed with a changed config, and the error lists up to three changes."""
    changed = config.validate({**SPEC, "seed": 2})
    message = r"--resume expects the config with which the run began\. .*\(seed: 1 → 2\)"
    with pytest.raises(RunError, match=message):
        begun.check(changed, resume=True)
    training = {"epochs": 3, "batch_size": 4, "patience": 1}
    with pytest.raises(RunError) as caught:
        begun.check(config.validate({**SPEC, "seed": 2, "training": training}), resume=True)
    assert str(caught.value).count("→") == 3
    assert " …); use the same config" in str(caught.value)


def test_a_run_is_resumed_with_more_epochs_and_patience(begun):
    """`training.epochs`, `training.patience` and `training.keep_state` may change."""
    training = {"epochs": 33, "patience": 9, "keep_state": True}
    changed = config.validate({**SPEC, "training": training})
    begun.check(changed, resume=True)
    begun.update(changed)
    assert config.read_run(begun / "config.yaml") == config.state_keys(changed)


def test_a_run_is_not_resumed_with_fewer_epochs_than_are_finished(begun):
    """A config with fewer epochs than the history contains is refused."""
    begun.write_history([{"epoch": 0}, {"epoch": 1}])
    begun.check(config.validate({**SPEC, "training": {"epochs": 2}}), resume=True)
    with pytest.raises(RunError, match=r"expects training\.epochs of at least 2.* Received: 1;"):
        begun.check(config.validate({**SPEC, "training": {"epochs": 1}}), resume=True)


def test_the_epochs_of_a_run_with_stages_do_not_change(begun):
    """The epochs of several stages cannot change, since the earlier stages are finished."""
    staged = {**SPEC, "stages": [{}, {"training.epochs": 2}]}
    (begun / "config.yaml").write_text(config.dump_run(config.validate(staged)))
    with pytest.raises(RunError, match=r"training\.epochs: auto → 33"):
        begun.check(config.validate({**staged, "training": {"epochs": 33}}), resume=True)


def test_a_run_without_state_is_finished_if_it_has_weights_and_history(begun):
    """A run without a state counts as begun and finished if it has weights and a history."""
    assert not begun.is_finished
    begun.states.clear()
    assert not begun.has_begun
    for name in ("model.weights.h5", "history.jsonl"):
        (begun / name).write_text("")
    assert begun.has_begun
    assert begun.is_finished


def test_places_are_recorded_apart_from_the_environment(begun, tmp_path):
    """The working folder and the run folder are recorded, but not part of the environment."""
    assert begun.places() == (Path.cwd(), begun.folder.resolve())
    assert not {"working_folder", "run_folder"} & begun.environment().keys()
    (begun / "machine.json").write_text('{"keras": "3"}')
    assert begun.places() is None


def test_a_run_with_old_config_keys_is_resumed(begun, settings, capsys):
    """A run whose config has deprecated keys is resumed without a deprecation message."""
    text = (begun / "config.yaml").read_text()
    assert "  batch_size: " in text
    assert "    learning_rate: " in text
    text = text.replace("batch_size:", "batch:").replace("    learning_rate:", "    rate:")
    (begun / "config.yaml").write_text(text)
    begun.check(settings, resume=True)
    changed = {**SPEC, "training": {"optimizer": {"learning_rate": 0.5}}}
    with pytest.raises(RunError, match=r"training\.optimizer\.learning_rate: 0\.\d+ → 0\.5"):
        begun.check(config.validate(changed), resume=True)
    assert capsys.readouterr().err == ""


def test_auto_is_resumed_with_the_sizes_of_the_run(tmp_path, settings):
    """A run that was sized to its data is resumed with a config that still has `auto`."""
    tree = {**settings.model_dump(), "training": {"epochs": 4}}
    sized = config.validate(tree)
    run = Run(tmp_path / "sized")
    with run.lock():
        run.create(config.size_config(run.complete(sized), config.DataSize(300, 6)))
        run.states.write(TrainingState({}, Position(number=1), []))
    run.check(sized, resume=True)
    assert run.complete(sized).training.batch_size == 16
    other = config.validate({**tree, "training": {"epochs": 4, "batch_size": 17}})
    with pytest.raises(RunError, match=r"training\.batch_size: 16 → 17"):
        run.check(other, resume=True)


def write_version_1(run: Run, text: str) -> None:
    """Write a config as release 0.1.0 did: without a version and without defaults of parts."""
    (run / "config.yaml").write_text(config.dump(config.validate(config.parse(text, "text"))))


def test_an_older_run_is_resumed_with_the_values_of_its_version(begun, settings, monkeypatch):
    """For a key added after version 1, a run of version 1 uses the value of the old behavior."""
    write_version_1(begun, config.dump(settings))
    row = versions.AddedKey(2, "search.alpha", 0.25)
    monkeypatch.setattr(versions, "ADDED_KEYS", (row,))
    begun.check(settings, resume=True)
    assert begun.complete(settings).search["alpha"] == 0.25
    changed = config.validate({**SPEC, "search": {"type": "beam", "beams": 5, "alpha": 0.5}})
    with pytest.raises(RunError, match=r"search\.alpha: 0\.25 → 0\.5"):
        begun.check(changed, resume=True)
    (begun / "state" / "last").unlink()
    assert begun.complete(settings).search["alpha"] == 0.6


def test_a_run_whose_config_lacks_keys_is_not_resumed(begun, settings):
    """The error for a run config that lacks keys names the keys."""
    text = (begun / "config.yaml").read_text()
    (begun / "config.yaml").write_text(text[: text.index("  monitor:")])
    with pytest.raises(ConfigError, match=r"training\.patience: expected every key") as caught:
        begun.check(settings, resume=True)
    assert "evaluation: expected every key" in str(caught.value)


def test_a_config_that_is_not_text_is_an_error(begun, settings):
    """A run config that is not UTF-8 text raises the same error as a user's config."""
    (begun / "config.yaml").write_bytes(b"\xff")
    with pytest.raises(ConfigError, match=r"config\.yaml: .*\s+expected a YAML file in UTF-8"):
        begun.check(settings, resume=True)


@pytest.mark.parametrize("name", ["config.yaml", "derived.json", "labels.json", "tokenizer.json"])
def test_files_of_another_program_are_kept(tmp_path, settings, name):
    """A folder that has a file named like a file of a run, but no `machine.json`, is refused."""
    (tmp_path / name).write_text("mine")
    with pytest.raises(RunError, match=f"Received: a folder with {name} of another program"):
        train(settings, tmp_path)
    assert (tmp_path / name).read_text() == "mine"


def test_an_interrupted_run_may_be_started_again(tmp_path, settings):
    """A run that was interrupted before its first training state can be started again."""
    (tmp_path / "machine.json").write_text("{}")
    (tmp_path / "config.yaml").write_text("old")
    Run(tmp_path).check(settings, resume=False)


@pytest.mark.parametrize("resume", [True, False])
def test_a_trained_model_without_its_state_is_kept(begun, settings, resume):
    """A trained model whose states were deleted is neither resumed nor overwritten."""
    (begun / "model.weights.h5").write_text("weights")
    shutil.rmtree(begun / "state")
    with pytest.raises(RunError, match="a trained model without state/"):
        train(settings, begun.folder, resume=resume)
    assert file_names(begun) >= {"config.yaml", "machine.json", "model.weights.h5"}


def test_an_abandoned_run_leaves_no_folder(tmp_path, settings):
    """A run that fails before its first training state leaves no folder."""
    run = Run(tmp_path / "run")
    (run / "state" / "000001").mkdir(parents=True)  # left by a killed process
    with run.lock():
        run.create(settings)
        run.remove_unless_begun(settings)
    assert not run.folder.exists()


def test_an_abandoned_run_leaves_the_list_of_skipped_files(tmp_path, settings):
    """A run that fails before its first training state leaves its list of skipped files."""
    run = Run(tmp_path / "run")
    with run.lock():
        run.create(settings)
        (run / "left_out.jsonl").write_text("{}")
        run.remove_unless_begun(settings)
    assert file_names(run) == {"left_out.jsonl"}


def test_a_run_that_has_begun_is_not_abandoned(begun, settings):
    """A failure after the first training state removes no files of the run."""
    before = file_names(begun)
    begun.remove_unless_begun(settings)
    assert file_names(begun) == before


def test_the_mark_of_an_interrupted_run_is_removed_last(settings):
    """`machine.json`, which marks an interrupted run, is the last setup file to be removed."""
    names = setup_files(settings)
    assert names[-1] == "machine.json"
    assert {"config.yaml", "derived.json", "tokenizer.json", "labels.json"} < set(names)


def test_a_folder_is_locked_by_one_process(tmp_path):
    """Only one process can lock a run folder, and the lock ends when that process is killed."""
    code = (
        "import sys\n"
        "from lrcn_seq.runs import Run\n"
        f"with Run({str(tmp_path)!r}).lock():\n"
        "    print('locked', flush=True)\n"
        "    sys.stdin.read()\n"
    )
    run = Run(tmp_path)
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen([sys.executable, "-c", code], **pipes) as other:
        assert other.stdout.readline() == "locked\n"
        with pytest.raises(RunError, match="another process uses this run folder"), run.lock():
            pass
        other.kill()
        other.wait()
    with run.lock():
        pass


def test_locking_removes_what_killed_processes_left(begun):
    """Locking a run removes temporary folders and incomplete states, and keeps other files."""
    before = {*begun.folder.rglob("*")}
    for name in (".scores.json.01234567.lrcn-tmp", "state/000002", "state/.last.abcdefgh.lrcn-tmp"):
        (begun / name).mkdir()
        (begun / name / "content").write_text("incomplete")
    with begun.lock():
        assert {*begun.folder.rglob("*")} == before | {begun / ".lock"}


def test_a_file_system_without_locks_is_used(tmp_path, without_locks, capsys):
    """On a file system without locks, a run can be used, and a warning is printed."""
    with Run(tmp_path).lock():
        pass
    assert "Files cannot be locked on this file system" in capsys.readouterr().err


def test_a_link_in_the_place_of_the_lock_is_not_followed(tmp_path):
    """A symbolic link in the place of the lock file is refused, and its target is not changed."""
    (tmp_path / "target").write_text("old")
    (tmp_path / ".lock").symlink_to("target")
    with pytest.raises(RunError, match="symbolic links"), Run(tmp_path).lock():
        pass
    assert (tmp_path / "target").read_text() == "old"


def test_a_folder_that_cannot_be_made_is_an_error(tmp_path):
    """A run folder that cannot be created raises an error that names `--run`."""
    (tmp_path / "file").write_text("")
    message = "expected to write into the run folder.*choose another folder with --run"
    with pytest.raises(RunError, match=message), Run(tmp_path / "file" / "run").lock():
        pass


def test_the_history_is_replaced_as_a_whole(tmp_path):
    """Writing the history replaces all of its rows."""
    run = Run(tmp_path)
    assert run.history() == []
    run.write_history([{"epoch": 0}, {"epoch": 1}])
    run.write_history([{"epoch": 0}])
    assert (tmp_path / "history.jsonl").read_text() == '{"epoch": 0}\n'
    assert run.history() == [{"epoch": 0}]


def test_an_unknown_environment_is_empty(tmp_path):
    """A run without an environment file has an empty environment."""
    assert Run(tmp_path).environment() == {}


def test_skipped_files_have_reasons(tmp_path):
    """The skipped files of a run are listed with reasons; a run without a list has none."""
    run = Run(tmp_path)
    assert run.skipped_files() == []
    rows = [{"id": "1", "media": "a.png", "reason": "cut short"}]
    (run / "left_out.jsonl").write_text(json.dumps(rows[0]) + "\n")
    assert run.skipped_files() == [("a.png", "cut short")]


@pytest.mark.parametrize(
    ("name", "content", "read", "message"),
    [
        ("history.jsonl", "[1]", Run.history, "the history of epochs"),
        ("machine.json", "[]", Run.environment, "the environment of the run"),
        ("left_out.jsonl", '{"media": "a"}', Run.skipped_files, "the list of skipped files"),
    ],
)
def test_damaged_files_are_errors(tmp_path, name, content, read, message):
    """A damaged file in a run folder raises an error with its name and expected content."""
    (tmp_path / name).write_text(content)
    with pytest.raises(RunError, match=f"{name}: expected {message} as JSON"):
        read(Run(tmp_path))


def test_a_run_shows_its_scores_in_a_notebook(tmp_path):
    """A notebook shows a run with its escaped scores, or as not evaluated."""
    run = Run(tmp_path)
    assert "not evaluated" in run._repr_html_()
    scores = {"metrics": {"a<b": 0.25}, "count": 3, "split": "test"}
    (tmp_path / "scores.json").write_text(json.dumps(scores))
    assert "<td>a&lt;b</td><td>0.2500</td>" in run._repr_html_()
    assert "3 samples of the split test" in run._repr_html_()


def test_a_run_folder_is_checked_without_numpy():
    """The checks of a run folder import neither NumPy nor Keras, which would delay errors."""
    code = (
        "import sys; from lrcn_seq.runs.folder import Run, check_trained; from lrcn_seq.runs "
        "import hub; print(sorted({'numpy', 'keras', 'tensorflow'} & set(sys.modules)))"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert result.stdout.strip() == "[]"
