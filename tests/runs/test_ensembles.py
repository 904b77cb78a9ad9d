"""Loading runs that predict together."""

import shutil
from types import SimpleNamespace

import numpy as np
import pytest

import lrcn_seq
from lrcn_seq.data.sources.shapes import Drawing
from lrcn_seq.errors import ArgumentError, RunError, UsageError
from lrcn_seq.runs.ensembles import (
    check_ensemble,
    check_rescore_weight,
    check_rescorer,
    check_weights,
    load_ensemble,
)
from lrcn_seq.tasks import Classes, Ensemble, Vocabulary


@pytest.fixture(scope="module")
def images() -> list[np.ndarray]:
    """Return three images (32, 32, 3) uint8."""
    return [Drawing(3, "test", number, 32).draw()[0] for number in range(3)]


class Rated(Ensemble):
    """An ensemble class of a task that writes no captions."""

    default_average = "probabilities"

    def predict(self, media, **options):
        return []

    def serving_model(self):
        return None


def make_task(name="activity", outputs=("a", "b"), ensemble_type=Rated):
    """Return a stand-in for a task, with the attributes that the checks read."""
    kind = Classes if name == "activity" else Vocabulary
    return SimpleNamespace(
        name=name, output_names=outputs, outputs_type=kind, ensemble_type=ensemble_type
    )


def test_loaded_runs_predict_together(smoke_run, images):
    """Runs are loaded from folders or given as tasks; equal runs give the captions of one."""
    task = lrcn_seq.load(smoke_run)
    ensemble = load_ensemble([smoke_run, task], weights=[1, 3], average="probabilities")
    assert ensemble.tasks[1] is task
    assert (ensemble.weights, ensemble.average) == ([1, 3], "probabilities")
    found, expected = ensemble.predict(images), task.predict(images)
    assert [row.captions[0].text for row in found] == [row.captions[0].text for row in expected]


def test_a_single_run_is_an_ensemble(smoke_run, images):
    """An ensemble of one run with weight 1 gives exactly the captions of the run."""
    found = load_ensemble([smoke_run], weights=[1.0]).predict(images, best=2)
    assert found == lrcn_seq.load(smoke_run).predict(images, best=2)


def test_a_run_rescores_captions(smoke_run):
    """The run of `rescore` is loaded with the weight of its score."""
    ensemble = load_ensemble([smoke_run], rescore=smoke_run, rescore_weight=0.2)
    assert ensemble.rescorer.weight == 0.2
    assert len(ensemble.readers()) == 2


@pytest.mark.parametrize("runs", ["runs/a", [], None], ids=str)
def test_a_list_of_runs_is_expected(runs):
    """A single path, or an empty list, is refused."""
    with pytest.raises(ArgumentError, match="runs: expected a list of at least one run"):
        load_ensemble(runs)


def test_wrong_arguments_are_refused_before_a_run_is_loaded():
    """A wrong mean or number of weights is refused before any folder is read."""
    with pytest.raises(ArgumentError, match="average: expected 'probabilities' or"):
        load_ensemble(["absent"], average="mean")
    with pytest.raises(UsageError, match="one weight per run"):
        load_ensemble(["absent", "absent"], weights=[1])
    with pytest.raises(ArgumentError, match="rescore_weight: expected a number from 0 to 1"):
        load_ensemble(["absent"], rescore="absent", rescore_weight=2)
    with pytest.raises(RunError, match="absent"):
        load_ensemble(["absent"])


def test_runs_with_other_vocabularies_are_refused(smoke_run, tmp_path):
    """Runs over other words cannot be fused, and the error names the run."""
    other = shutil.copytree(smoke_run, tmp_path / "other")
    text = (other / "tokenizer.json").read_text()
    (other / "tokenizer.json").write_text(text.replace("triangle", "trigon"))
    with pytest.raises(UsageError, match="other: expected a run of the same task over the same w"):
        load_ensemble([smoke_run, other])


def test_tasks_of_other_packages_may_support_no_ensembles():
    """A task without an ensemble class is refused, also with a rescorer."""
    task = make_task("tagging", ensemble_type=None)
    with pytest.raises(UsageError, match="task tagging, which supports no ensembles"):
        load_ensemble([task, task])


def test_runs_of_equal_tasks_and_outputs_can_be_fused():
    """Runs with equal tasks and classes can be fused, even if one of the fusion weights is 0."""
    check_ensemble([make_task(), make_task()], ["x", "y"], None)
    check_ensemble([make_task(), make_task()], ["x", "y"], [0, 1])


@pytest.mark.parametrize(
    ("other", "outputs"),
    [
        (make_task(outputs=("a", "c")), "labels"),
        (make_task(outputs=("b", "a")), "labels"),
        (make_task("captioning"), "labels"),
    ],
    ids=["another class", "another order", "another task"],
)
def test_different_runs_cannot_be_fused(other, outputs):
    """Runs with different tasks or classes cannot be fused, and the error names both runs."""
    message = f"y: expected a run of the same task over the same {outputs} as x, so that they can"
    with pytest.raises(UsageError, match=message):
        check_ensemble([make_task(), other], ["x", "y"], None)


@pytest.mark.parametrize(
    "weights", [[1.0], [1.0, 1.0, 1.0], [-1.0, 2.0], [0.0, 0.0], [np.inf, 1.0], [np.nan, 1.0]]
)
def test_invalid_weights_are_refused(weights):
    """Fusion needs one finite, non-negative weight per run, of which at least one is positive."""
    with pytest.raises(UsageError, match=r"one weight per run.*Received: --weights=.* for 2 runs"):
        check_ensemble([make_task(), make_task()], ["x", "y"], weights)


@pytest.mark.parametrize("weight", [-0.1, 1.1, np.nan])
def test_a_share_of_the_score_is_expected(weight):
    """The weight of a rescorer is a number from 0 to 1."""
    check_rescore_weight(0)
    check_rescore_weight(1)
    with pytest.raises(ArgumentError, match="rescore_weight: expected a number from 0 to 1"):
        check_rescore_weight(weight)


def test_a_rescorer_writes_captions_for_the_same_inputs():
    """A rescorer has the task of the run; tasks that write no captions have none."""
    writer = SimpleNamespace(name="captioning", ensemble_type=SimpleNamespace(supports_rescoring=1))
    check_rescorer(writer, "x", writer)
    for rescorer, task in ((make_task(), make_task()), (make_task("description"), writer)):
        with pytest.raises(UsageError, match=r"rescore: expected two runs of one task.*x, a run"):
            check_rescorer(rescorer, "x", task)


def test_equal_weights_need_no_check():
    """No weights are equal weights."""
    check_weights(None, 3)
    check_weights([0, 1], 2)
