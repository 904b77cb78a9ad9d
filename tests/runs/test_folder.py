"""The run folder: whole at any moment, one process at a time."""

import importlib.metadata
import json
import shutil
import subprocess
import sys
from types import SimpleNamespace

import numpy as np
import pytest

from lrcn_seq import config, files
from lrcn_seq.errors import ConfigError, RunError
from lrcn_seq.runs.folder import Run, machine
from lrcn_seq.training import train

SPEC = {
    "task": {"type": "captioning"},
    "data": {"source": {"type": "shapes"}},
    "encoder": {"type": "tiny_cnn"},
    "decoder": {"type": "lrcn"},
}


def test_a_failed_write_leaves_what_was_there(tmp_path):
    """An error in the middle of writing neither changes the file nor leaves another."""
    files.write_text(tmp_path / "a", "old")

    def fail(file):
        file.write(b"new")
        raise OSError(28, "No space left on device")

    with pytest.raises(RunError, match="No space left on device"):
        files.write(tmp_path / "a", fail)
    assert [path.name for path in tmp_path.iterdir()] == ["a"]
    assert (tmp_path / "a").read_text() == "old"


def record(number: int) -> dict:
    """What goes with the arrays of a state."""
    return {"position": {"number": number}, "history": [{"epoch": 0}]}


def test_a_state_is_read_back_as_written(tmp_path):
    """Arrays and record come back; only the last state is kept."""
    run = Run(tmp_path)
    assert run.read_state() is None
    for number in (1, 2):
        run.write_state(number, {"x": np.arange(number)}, record(number))
    arrays, found = run.read_state()
    assert arrays["x"].tolist() == [0, 1] and found == record(2)
    assert sorted(path.name for path in (tmp_path / "state").iterdir()) == ["000002", "last"]


@pytest.mark.parametrize("phase", ["state", "pointer"])
def test_a_state_cut_short_leaves_the_one_before(tmp_path, phase):
    """Stopped inside the writing of a state, the last complete one counts."""
    run = Run(tmp_path)
    run.write_state(1, {"x": np.zeros(1)}, record(1))

    def stop(moment):
        if moment == phase:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run.write_state(2, {"x": np.ones(1)}, record(2), pause=stop)
    assert run.read_state()[1] == record(1)
    run.write_state(2, {"x": np.ones(1)}, record(2))
    assert run.read_state()[1] == record(2)


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("arrays.npz", b"broken", "000001: expected a complete training state"),
        ("arrays.npz", b"", "000001: expected a complete training state"),
        ("arrays.npz", b"PK\3\4 cut short", "000001: expected a complete training state"),
        (
            "meta.json",
            b"zzz",
            r"000001/meta\.json: expected the record of a training state, as JSON. Received: Expecting value",
        ),
        (
            "meta.json",
            b"{}",
            r"000001/meta\.json: .* Received: nothing under 'position'; this run is damaged",
        ),
        (
            "meta.json",
            b'{"position": {}}',
            r"000001/meta\.json: .* Received: nothing under 'history'",
        ),
        ("meta.json", b'{"position": {"place": 1}, "history": []}', r"000001/meta\.json: .*place"),
        *(
            (
                "meta.json",
                b'{"position": {"epoch": ' + epoch + b'}, "history": []}',
                r"000001/meta\.json: .*Position\(stage=0, epoch=",
            )
            for epoch in (b"null", b"-1", b"0.5")
        ),
    ],
)
def test_a_damaged_state_is_named(tmp_path, name, content, sentence):
    """A state that cannot be read says where it lies."""
    run = Run(tmp_path)
    run.write_state(1, {"x": np.zeros(1)}, record(1))
    (tmp_path / "state" / "000001" / name).write_bytes(content)
    with pytest.raises(RunError, match=sentence):
        run.read_state()


def begun(folder) -> Run:
    """A run with a config and a state."""
    run = Run(folder)
    folder.mkdir()
    run.create(config.validate(SPEC))
    run.write_state(1, {}, {})
    return run


def test_a_run_is_not_begun_twice(tmp_path):
    """A folder with a state is refused without --resume, and with another config."""
    run = begun(tmp_path / "run")
    run.check(config.validate(SPEC), resume=True)
    with pytest.raises(RunError, match="a run is here already"):
        run.check(config.validate(SPEC), resume=False)
    with pytest.raises(RunError, match="expected the config that the run began with"):
        run.check(config.validate({**SPEC, "seed": 2}), resume=True)


def test_a_run_of_version_0_1_is_resumed(tmp_path, capsys):
    """Old and new names of a key are equal, and old names in a run folder are not reported."""
    run = begun(tmp_path / "run")
    text = (run / "config.yaml").read_text()
    assert "  batch_size: " in text and "    learning_rate: " in text
    text = text.replace("batch_size:", "batch:").replace("    learning_rate:", "    rate:")
    (run / "config.yaml").write_text(text)
    run.check(config.validate(SPEC), resume=True)
    with pytest.raises(RunError, match=r"training\.optimizer\.learning_rate: 0\.\d+ → 0\.5"):
        run.check(
            config.validate({**SPEC, "training": {"optimizer": {"learning_rate": 0.5}}}),
            resume=True,
        )
    assert capsys.readouterr().err == ""


def test_a_config_that_is_no_text_is_named(tmp_path):
    """As it is where a config is given."""
    run = begun(tmp_path / "run")
    (run / "config.yaml").write_bytes(b"\xff")
    with pytest.raises(ConfigError, match=r"config\.yaml: .*\s+expected a YAML file in UTF-8"):
        run.check(config.validate(SPEC), resume=True)


def test_a_run_that_failed_before_its_first_state_leaves_nothing(tmp_path):
    """What never began may be begun again, with any config; what was left out stays listed."""
    run = Run(tmp_path / "run")
    with run.locked():
        run.create(config.validate(SPEC))
        run.abandon()
    assert not (tmp_path / "run").exists()
    with run.locked():
        (run / "left_out.jsonl").write_text("{}")
        run.create(config.validate({**SPEC, "seed": 2}))
        run.abandon()
    assert [path.name for path in (tmp_path / "run").iterdir()] == ["left_out.jsonl"]


def test_a_run_that_has_begun_is_never_abandoned(tmp_path):
    """A failure later keeps everything."""
    run = begun(tmp_path / "run")
    run.abandon()
    assert run.begun and (run / "config.yaml").exists()


@pytest.mark.parametrize("name", ["config.yaml", "labels.json"])
def test_files_of_something_else_are_left_alone(tmp_path, name):
    """A folder with a config or labels that no run wrote is refused, and keeps them."""
    (tmp_path / name).write_text("mine")
    with pytest.raises(RunError, match=f"Received: {name} of something else"):
        train(config.validate(SPEC), tmp_path)
    assert (tmp_path / name).read_text() == "mine"


def test_a_trained_model_without_its_state_is_left_alone(tmp_path):
    """A run whose state was removed to save space is neither begun anew nor cleared."""
    run = begun(tmp_path / "run")
    (run / "model.weights.h5").write_text("weights")
    shutil.rmtree(run / "state")
    for resume in (True, False):
        with pytest.raises(RunError, match="a trained model without state/"):
            train(config.validate(SPEC), run.folder, resume=resume)
    assert {"config.yaml", "machine.json", "model.weights.h5"} <= {
        path.name for path in run.folder.iterdir()
    }


def test_names_that_are_no_utf_8_are_written(tmp_path):
    """Half of a surrogate pair, as Python reads such a name of a file, stands as an escape that JSON reads back."""
    files.write_text(tmp_path / "a", json.dumps("caf\udce9", ensure_ascii=False))
    assert json.loads((tmp_path / "a").read_text(encoding="utf-8")) == "caf\udce9"


def test_a_second_process_is_refused(tmp_path):
    """The lock of another process is respected, and goes when that process goes."""
    code = f"import sys; from lrcn_seq.runs.folder import Run\nwith Run({str(tmp_path)!r}).locked(): print('in', flush=True); sys.stdin.read()"
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        other.stdout.readline()
        with pytest.raises(RunError, match="another process is working"), Run(tmp_path).locked():
            pass
        other.kill()
        other.wait()
    with Run(tmp_path).locked():
        pass


@pytest.mark.parametrize("backend", ["jax", "torch"])
def test_the_record_of_the_machine_has_what_bits_depend_on(monkeypatch, backend):
    """The version of the backend in use, and its accelerators."""
    pytest.importorskip(backend)
    monkeypatch.setattr("keras.backend.backend", lambda: backend)
    monkeypatch.setattr(
        "jax.devices",
        lambda: [
            SimpleNamespace(platform="cpu", device_kind="cpu"),
            SimpleNamespace(platform="gpu", device_kind="H1"),
        ],
    )
    if backend == "torch":
        monkeypatch.setattr("torch.cuda.device_count", lambda: 1)
        monkeypatch.setattr("torch.cuda.get_device_name", lambda number: "H1")
    assert {
        "backend": backend,
        backend: importlib.metadata.version(backend),
        "accelerators": "H1",
    }.items() <= machine().items()


def test_history_is_rewritten_whole(tmp_path):
    """The file has the rows given, no others."""
    run = Run(tmp_path)
    run.write_history([{"epoch": 0}, {"epoch": 1}])
    run.write_history([{"epoch": 0}])
    assert (
        [json.loads(line) for line in (tmp_path / "history.jsonl").read_text().splitlines()]
        == run.history()
        == [{"epoch": 0}]
    )
