"""The models that `export` writes."""

import numpy as np
import pytest
from PIL import Image

from lrcn_seq.errors import ArgumentError, UsageError
from lrcn_seq.tasks._caption_ensemble import CaptionEnsemble
from lrcn_seq.tasks._ensemble import Rescorer
from lrcn_seq.tasks._label_ensemble import LabelEnsemble
from tests.tasks.inputs import fresh_captioner, fresh_classifier


def test_probabilities_are_those_of_predict(films):
    """The serving model of a classifier gives the mean probabilities of `predict`."""
    task = fresh_classifier("data.sampling={type: uniform, frames: 4}")
    frames = [film[task.sampling.test(np.arange(len(film)) / 25)[0]] for film in films[:2]]
    model = task.serving_model()
    assert model.shape == (None, 4, 32, 32, 3)
    found = np.asarray(model(np.stack(frames))["probabilities"])
    for row, prediction in zip(found, task.predict(films[:2]), strict=True):
        expected = {label.label: label.probability for label in prediction.labels}
        assert dict(zip(task.labels, row.tolist(), strict=True)) == pytest.approx(
            expected, abs=1e-5
        )


def test_the_input_of_images_has_no_time():
    """The serving model of an image captioner takes images (B, H, W, 3) of uint8."""
    (spec,) = fresh_captioner("search={type: greedy}").serving_model().input_signature()
    assert (spec.shape, spec.dtype) == ((None, 32, 32, 3), "uint8")


def test_vectors_are_served():
    """The serving model of an encoder of vectors takes sequences of vectors (B, T, D)."""
    task = fresh_captioner("encoder={type: vectors, width: 3}", "search={type: greedy}")
    model = task.serving_model()
    assert model.shape == (None, None, 3)
    assert model(np.zeros((2, 4, 3), "float32"))["scores"].shape == (2, 1)


def test_a_search_that_reranks_captions_is_not_served():
    """A search that ranks captions outside the compiled model cannot be exported."""
    task = fresh_captioner("search={type: minimum_bayes_risk}")
    with pytest.raises(ArgumentError, match="Received: minimum_bayes_risk, which reranks captions"):
        task.serving_model()


@pytest.mark.parametrize("average", ["probabilities", "log_probabilities"])
def test_probabilities_of_an_ensemble_are_those_of_predict(films, average):
    """The serving model of several classifiers gives the mean probabilities of `predict`."""
    sampling = "data.sampling={type: uniform, frames: 4}"
    tasks = [fresh_classifier(sampling), fresh_classifier(sampling, "seed=2")]
    ensemble = LabelEnsemble(tasks, [1.0, 3.0], average=average)
    frames = [film[tasks[0].sampling.test(np.arange(len(film)) / 25)[0]] for film in films[:2]]
    found = np.asarray(ensemble.serving_model()(np.stack(frames))["probabilities"])
    for row, prediction in zip(found, ensemble.predict(films[:2]), strict=True):
        expected = {label.label: label.probability for label in prediction.labels}
        assert dict(zip("abc", row.tolist(), strict=True)) == pytest.approx(expected, abs=1e-5)


def test_captions_of_an_ensemble_are_those_of_predict(images):
    """The serving model of several captioners gives the log probabilities of `predict`."""
    tasks = [fresh_captioner("search={type: greedy}", f"seed={seed}") for seed in (1, 2)]
    ensemble = CaptionEnsemble(tasks, [1.0, 3.0], average="probabilities")
    found = ensemble.serving_model()(np.stack(images[:2]))
    expected = [row.captions[0].log_probability for row in ensemble.predict(images[:2])]
    np.testing.assert_allclose(found["log_probabilities"][:, 0], expected, rtol=1e-4)
    with pytest.raises(ArgumentError, match="rescore: expected an ensemble without it"):
        CaptionEnsemble(tasks, rescorer=Rescorer(tasks[0])).serving_model()


def test_tasks_with_other_inputs_are_not_exported_together():
    """An exported model has one input, so that all tasks read inputs of one size."""
    small = fresh_captioner("search={type: greedy}")
    large = fresh_captioner("encoder={type: tiny_cnn, size: 40, filters: 2, blocks: 2}")
    with pytest.raises(ArgumentError, match=r"same size.*Received: \(32, 32, 3,.*and \(40, 40, 3"):
        CaptionEnsemble([small, large]).serving_model()


@pytest.mark.parametrize(
    "encoder", ["tiny_cnn, size: 32, filters: 2, blocks: 2", "conv3d, size: 32"]
)
def test_padding_of_clips_has_no_effect(films, encoder):
    """A padded clip with its number of frames has the probabilities of the clip alone."""
    task = fresh_classifier(f"encoder={{type: {encoder}}}", "decoder.output=last")
    model = task.serving_model()
    clip = np.stack([film[:3] for film in films[:2]])[:, :, :32, :32]
    padded = np.concatenate([clip, np.full_like(clip[:, :2], 77)], axis=1)
    expected = model(clip)["probabilities"]
    received = model(padded, np.array([3, 3], "int32"))["probabilities"]
    np.testing.assert_allclose(received, expected, rtol=1e-4)


def test_answers_are_those_of_predict(images, tmp_path):
    """The answers of a file are the captions of `predict` with the search of the model."""
    Image.fromarray(images[0]).save(tmp_path / "image.png")
    task = fresh_captioner()
    model = task.serving_model(beams=2)
    expected = task.predict(tmp_path / "image.png", beams=2, best=2).captions
    assert model.answers(tmp_path / "image.png") == [one[:3] for one in expected]
    assert model.describe()["search"]["beams"] == 2


def test_a_classifier_has_no_search():
    """A search and beams are refused by a task that classifies."""
    with pytest.raises(UsageError, match=r"the task classifies.*search=None, beams=2"):
        fresh_classifier().serving_model(beams=2)
