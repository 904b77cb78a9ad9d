"""Arguments of sources whose default has changed since a run began."""

import pytest

from lrcn_seq import config as configs
from lrcn_seq.data.sources.video_table import VideoTable
from lrcn_seq.errors import RunError
from lrcn_seq.runs.folder import Run
from lrcn_seq.runs.loading import read_config
from lrcn_seq.runs.source_defaults import state_defaults, with_defaults
from lrcn_seq.runs.state import Position, TrainingState

SOURCE = {"type": "video_table", "table": "t.csv"}


def config_of(source: dict) -> configs.Config:
    """Return a config of a classifier with a source."""
    return configs.validate(
        {
            "task": {"type": "activity"},
            "data": {"source": source, "sampling": {"type": "every"}},
            "encoder": {"type": "tiny_cnn"},
            "decoder": {"type": "lstm_frames"},
        }
    )


def begun_run(folder, source: dict) -> Run:
    """Return a run that began with a source."""
    run = Run(folder)
    run.create(config_of(source))
    run.states.write(TrainingState({}, Position(number=1), []))
    return run


def test_a_new_run_states_the_current_default():
    """A new run is stratified unless its config says otherwise."""
    assert VideoTable.previous_defaults == {"stratify": False}
    assert state_defaults(SOURCE) == {**SOURCE, "stratify": True}
    assert state_defaults({**SOURCE, "stratify": False})["stratify"] is False


def test_an_existing_run_has_the_default_with_which_it_began():
    """A run that does not state the argument has the previous default."""
    assert state_defaults(SOURCE, SOURCE)["stratify"] is False
    assert state_defaults(SOURCE, {**SOURCE, "stratify": True})["stratify"] is True
    assert state_defaults({**SOURCE, "stratify": True}, SOURCE)["stratify"] is True


def test_sources_without_changed_defaults_stay_as_they_are():
    """The config of another source has no new arguments."""
    config = config_of({"type": "moving_shapes"})
    assert with_defaults(config) == config


@pytest.mark.parametrize("stratify", [True, False])
def test_a_run_is_resumed_with_its_splits(tmp_path, stratify):
    """A resumed run keeps the value with which it began, stated or not, and refuses another."""
    stated = {**SOURCE, "stratify": True} if stratify else SOURCE
    run = begun_run(tmp_path, stated)
    assert run.complete(config_of(SOURCE)).data.source["stratify"] is stratify
    assert read_config(tmp_path).data.source["stratify"] is stratify
    run.check(config_of(SOURCE), resume=True)
    run.check(config_of({**SOURCE, "stratify": stratify}), resume=True)
    with pytest.raises(RunError, match=r"data\.source\.stratify"):
        run.check(config_of({**SOURCE, "stratify": not stratify}), resume=True)
