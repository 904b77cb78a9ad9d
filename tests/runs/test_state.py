"""Training states on disk."""

import json

import numpy as np
import pytest

from lrcn_seq.errors import RunError
from lrcn_seq.runs import state as states
from lrcn_seq.runs.state import Position, StateFolder, TrainingState


def make_state(number: int, **fields) -> TrainingState:
    """Return a state with an array; the length of the array is the number of the state."""
    row = {"epoch": 0, "loss": 0.5}
    return TrainingState({"x": np.arange(number)}, Position(number=number), [row], **fields)


@pytest.fixture
def folder(tmp_path) -> StateFolder:
    """Return a state folder with one state."""
    folder = StateFolder(tmp_path / "state")
    folder.write(make_state(1))
    return folder


def test_clear_removes_every_state(tmp_path):
    """After clearing, no state exists; the folder may be missing."""
    states = StateFolder(tmp_path / "state")
    states.clear()
    states.write(TrainingState({}, Position(number=1), []))
    states.clear()
    assert not (tmp_path / "state").exists()
    assert states.read() is None


def test_a_folder_without_states(tmp_path):
    """Reading a state folder without states gives None."""
    folder = StateFolder(tmp_path / "state")
    assert not folder.exists
    assert folder.read() is None


def test_a_state_is_read_as_written(tmp_path):
    """A state that is read has the arrays, position, history and stage flag of the written one."""
    position = Position(1, 2, 3, trained=True, number=7, best=-0.1, waited=2, stopped=True)
    arrays = {"model/0": np.float32([[0.1, np.nan]]), "optimizer/0": np.array(5)}
    folder = StateFolder(tmp_path / "state")
    folder.write(TrainingState(arrays, position, [{"epoch": 0, "loss": 0.1}], new_stage=True))
    state = folder.read()
    assert state[1:] == (position, [{"epoch": 0, "loss": 0.1}], True, ())
    assert state.arrays.keys() == arrays.keys()
    assert all(state.arrays[name].tobytes() == arrays[name].tobytes() for name in arrays)


@pytest.mark.parametrize("value", [np.nan, np.inf, 1e11])
def test_a_state_with_absurd_weights_is_refused(tmp_path, value):
    """A state with NaN or huge weights is refused unless training stopped because it diverged."""
    folder = StateFolder(tmp_path / "state")
    arrays = {"model/3": np.array([1.0, value]), "optimizer/0": np.array([np.inf])}
    folder.write(TrainingState(arrays, Position(number=1), []))
    message = r"arrays\.npz: expected finite weights\. Received: model/3 with values"
    with pytest.raises(RunError, match=message):
        folder.read()
    folder.write(TrainingState(arrays, Position(number=2, stopped=True), []))
    assert folder.read().position.stopped


def test_a_state_may_continue_its_stage(folder):
    """By default, a state continues its stage instead of starting a new one."""
    assert not folder.read().new_stage


def test_only_the_last_state_is_kept(folder):
    """Writing a state deletes the previous state and points to the new one."""
    folder.write(make_state(2))
    assert folder.read().position.number == 2
    assert sorted(path.name for path in folder.folder.iterdir()) == ["000002", "last"]
    assert (folder.folder / "last").read_text() == "000002"


@pytest.mark.parametrize("name", ["arrays.npz", "meta.json", "last"])
def test_an_interrupted_write_leaves_the_last_state(folder, monkeypatch, name):
    """An interrupted write keeps the previous state, and the new state can be written later."""
    write_file, write_text = states.write_file, states.write_text

    def stop(write):
        def patched(path, content):
            if path.name == name:
                raise KeyboardInterrupt
            write(path, content)

        return patched

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(states, "write_file", stop(write_file))
        patch.setattr(states, "write_text", stop(write_text))
        folder.write(make_state(2))
    assert folder.read().position.number == 1
    folder.write(make_state(2))
    assert folder.read().position.number == 2


def test_a_state_that_cannot_be_written_is_an_error(tmp_path):
    """A state that cannot be written raises an error; the previous state is unchanged."""
    (tmp_path / "state").write_text("a file")
    message = r"000001: expected to write the training state\. Received: .*; the last state is unch"
    with pytest.raises(RunError, match=message):
        StateFolder(tmp_path / "state").write(make_state(1))


@pytest.mark.parametrize("content", [b"broken", b"", b"PK\3\4 cut short", None])
def test_damaged_arrays_are_an_error(folder, content):
    """Damaged arrays of a state raise an error with the folder of the state."""
    path = folder.folder / "000001" / "arrays.npz"
    path.unlink() if content is None else path.write_bytes(content)
    with pytest.raises(RunError, match="000001: expected a complete training state"):
        folder.read()


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("zzz", "Expecting value"),
        ("{}", "the key 'position' is missing; the run is damaged"),
        ('{"position": {}}', "the key 'history' is missing"),
        ('{"position": {"place": 1}, "history": []}', "unexpected keyword argument 'place'"),
        ('{"position": [], "history": []}', "must be a mapping"),
        ('{"position": {}, "history": [1]}', "."),
        *(
            (json.dumps({"position": {name: value}, "history": []}), rf"Position\(.*{name}={value}")
            for name in ("stage", "epoch", "step", "number", "waited")
            for value in (None, -1, 0.5)
        ),
    ],
)
def test_damaged_metadata_are_an_error(folder, content, reason):
    """Damaged metadata of a state raise an error with the file and the reason."""
    path = folder.folder / "000001" / "meta.json"
    path.write_text(content.replace("None", "null"))
    message = rf"000001/meta\.json: expected the metadata of a training state as JSON\. .*{reason}"
    with pytest.raises(RunError, match=message):
        folder.read()


@pytest.mark.parametrize("pointer", [b"000009", b"", b"\xff\xfe", b"../elsewhere"])
def test_a_damaged_pointer_is_an_error(folder, pointer):
    """A damaged pointer to the last state raises a RunError."""
    (folder.folder / "last").write_bytes(pointer)
    with pytest.raises(RunError, match="expected a complete training state"):
        folder.read()


def test_the_position_is_read_without_the_arrays(folder):
    """The position of the last state is read also if its arrays are damaged."""
    (folder.folder / "000001" / "arrays.npz").write_bytes(b"damaged")
    assert folder.read_position().number == 1


def test_there_is_no_position_before_the_first_state(tmp_path):
    """Without a state, there is no position."""
    assert StateFolder(tmp_path / "state").read_position() is None


def test_leftovers_of_a_killed_process_are_removed(folder):
    """The files that a killed process left are removed, except the last state and its pointer."""
    for name in ("000000", "000002", ".last.01234567.lrcn-tmp"):
        (folder.folder / name).mkdir()
    (folder.folder / "000002" / "arrays.npz").write_bytes(b"incomplete")
    folder.remove_leftovers()
    assert sorted(path.name for path in folder.folder.iterdir()) == ["000001", "last"]
    assert folder.read().position.number == 1


def test_an_incomplete_first_state_is_removed(tmp_path):
    """A state without a pointer, left by a killed process, is removed."""
    folder = StateFolder(tmp_path / "state")
    folder.remove_leftovers()
    (folder.folder / "000001").mkdir(parents=True)
    folder.remove_leftovers()
    assert list(folder.folder.iterdir()) == []


@pytest.mark.parametrize("pointer", [b"000009", b"", b"\xff", b"../state/000001"])
def test_a_damaged_pointer_removes_no_state(folder, pointer):
    """If the pointer is damaged, no state is removed, so that a user can repair the pointer."""
    (folder.folder / "last").write_bytes(pointer)
    folder.remove_leftovers()
    assert (folder.folder / "000001" / "meta.json").exists()


def test_states_of_version_0_1_are_read(tmp_path):
    """States that version 0.1.0 wrote can still be read."""
    folder = tmp_path / "state" / "000003"
    folder.mkdir(parents=True)
    np.savez(folder / "arrays.npz", **{"model/0": np.ones(2)})
    position = {
        "stage": 1,
        "epoch": 0,
        "step": 0,
        "trained": False,
        "number": 3,
        "best": 0.25,
        "waited": 0,
        "stopped": False,
    }
    metadata = {"position": position, "history": [{"epoch": 0}], "fresh": True}
    (folder / "meta.json").write_text(json.dumps(metadata))
    (tmp_path / "state" / "last").write_text("000003")
    state = StateFolder(tmp_path / "state").read()
    assert state.position == Position(stage=1, number=3, best=0.25)
    assert state.new_stage
    assert state.history == [{"epoch": 0}]


@pytest.mark.parametrize("name", ["../../other", "/etc", "", "000001/.."])
def test_the_pointer_names_a_folder_of_this_run(folder, name):
    """A pointer to a folder outside the state folder counts as damaged."""
    (folder.folder / "last").write_text(name)
    with pytest.raises(RunError, match=r"last: expected a complete training state\. Received: '"):
        folder.read()
