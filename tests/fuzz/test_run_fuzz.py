"""Damaged and hostile run folders."""

import shutil
from pathlib import Path

import pytest

from lrcn_seq.demos.measures import read_scores
from lrcn_seq.runs import Run, load
from lrcn_seq.runs.folder import CONFIG, DERIVED, ENVIRONMENT, HISTORY, PREDICTIONS, SCORES, WEIGHTS
from lrcn_seq.training import train
from lrcn_seq.training.cross_validation import read_predictions
from tests.fuzz.mutants import check_reader, mutants
from tests.training.small_runs import small_config

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def trained(tmp_path_factory) -> Path:
    """The folder of a tiny captioning run; each test changes a copy of the folder."""
    folder = tmp_path_factory.mktemp("trained")
    train(small_config(folder, **{"training.epochs": 1}), folder / "run")
    return folder / "run"


@pytest.fixture
def run(trained, tmp_path) -> Run:
    """A copy of the run, which the test may change."""
    return Run(shutil.copytree(trained, tmp_path / "run"))


@pytest.mark.parametrize(
    ("name", "count"), [(CONFIG, 60), (DERIVED, 40), ("tokenizer.json", 80), (WEIGHTS, 60)]
)
def test_mutants_of_the_files_of_a_model_are_refused_or_loaded(run, name, count):
    """Each mutant of a file raises an LrcnError or gives a task."""
    path = run / name
    content = path.read_bytes()

    def read() -> None:
        load(run.folder)

    read()
    assert check_reader(read, path, mutants(content, count)) == count


@pytest.mark.parametrize("name", ["arrays.npz", "meta.json"])
def test_mutants_of_a_training_state_are_refused_or_read(run, name):
    """Each of 80 mutants of a state file raises an LrcnError or gives a state."""
    (path,) = (run / "state").glob(f"*/{name}")
    assert check_reader(run.states.read, path, mutants(path.read_bytes(), 80)) == 80


def test_mutants_of_the_pointer_to_the_last_state_are_refused_or_read(run):
    """Each of 80 mutants of the pointer to a state raises an LrcnError or gives a state."""
    path = run / "state" / "last"
    assert check_reader(run.states.read, path, mutants(path.read_bytes(), 80)) == 80


@pytest.mark.parametrize(
    ("name", "read"),
    [
        (HISTORY, Run.history),
        (ENVIRONMENT, Run.environment),
        (SCORES, read_scores),
        (SCORES, read_predictions),
        (PREDICTIONS, read_predictions),
    ],
)
def test_mutants_of_records_are_refused_or_read(run, name, read):
    """Each of 80 mutants of a record raises an LrcnError or is read."""
    path = run / name
    assert check_reader(lambda: read(run), path, mutants(path.read_bytes(), 80)) == 80
