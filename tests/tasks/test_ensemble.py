"""Tasks that predict together, whatever they predict."""

from types import SimpleNamespace

import pytest

from lrcn_seq.errors import ArgumentError
from lrcn_seq.tasks._ensemble import Ensemble, Rescorer, check_average, normalize_weights
from tests.tasks.inputs import fresh_classifier


class Pair(Ensemble):
    """An ensemble that predicts the number of its readers."""

    default_average = "probabilities"

    def predict(self, media, **options):
        """Return the number of readers."""
        return len(self.readers())

    def serving_model(self):
        """Return a stand-in for a model, whose export returns its arguments."""
        return SimpleNamespace(
            input_signature=lambda: "signature",
            export=lambda path, **options: self.exported.append((path, options)),
        )

    def __init__(self, *tasks, **options):
        super().__init__(*tasks, **options)
        self.exported = []


@pytest.fixture(scope="module")
def tasks():
    """Return two classifiers that differ in their seed."""
    return [fresh_classifier("seed=1"), fresh_classifier("seed=2")]


def test_an_ensemble_has_the_attributes_of_its_first_task(tasks):
    """Name, verb, config, batch size and header of an ensemble are those of its first task."""
    ensemble = Pair(tasks)
    assert (ensemble.name, ensemble.verb) == ("activity", "classify")
    assert ensemble.settings is tasks[0].settings
    assert ensemble.predict_batch_size == tasks[0].predict_batch_size
    assert ensemble.json_header() == {"classes": ["a", "b", "c"]}
    assert ensemble.json_object([]) == {"classes": ["a", "b", "c"], "results": []}


def test_all_tasks_and_the_rescorer_read_the_inputs(tasks):
    """The readers are the tasks, followed by the rescorer if there is one."""
    assert Pair(tasks).readers() == tuple(tasks)
    assert Pair(tasks, rescorer=Rescorer(tasks[1])).readers() == (*tasks, tasks[1])
    assert tasks[0].readers() == (tasks[0],)


def test_the_serving_model_is_exported(tasks):
    """`export` writes the serving model with its signature and the options of Keras."""
    ensemble = Pair(tasks)
    ensemble.export("path", format="onnx", verbose=False)
    options = {"format": "onnx", "verbose": False, "input_signature": "signature"}
    assert ensemble.exported == [("path", options)]


def test_weights_and_mean_have_defaults(tasks):
    """Without arguments, all weights are equal and the mean is that of the ensemble's class."""
    ensemble = Pair(tasks)
    assert (ensemble.weights, ensemble.average) == ([1.0, 1.0], "probabilities")
    assert Pair(tasks, average="log_probabilities").average == "log_probabilities"


def test_another_mean_is_refused(tasks):
    """A mean other than that of probabilities or log probabilities is refused."""
    check_average(None)
    with pytest.raises(ArgumentError, match="average: expected 'probabilities' or 'log_prob"):
        Pair(tasks, average="median")


@pytest.mark.parametrize(
    ("weights", "count", "shares"),
    [(None, 4, [0.25] * 4), ([1, 3], 2, [0.25, 0.75]), ([0, 2], 2, [0, 1])],
)
def test_normalized_weights_have_a_sum_of_one(weights, count, shares):
    """Weights are divided by their sum; without weights, they are equal."""
    assert normalize_weights(weights, count) == shares
