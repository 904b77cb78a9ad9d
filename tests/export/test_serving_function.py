"""The inputs of the exported function."""

import keras
import numpy as np
import pytest

from lrcn_seq.export.serving_function import InputType, ServingFunction
from tests.tasks.inputs import fresh_captioner, fresh_classifier


def test_images_have_one_input():
    """The function of an image captioner takes images alone, with an open or fixed batch size."""
    model = fresh_captioner("search={type: greedy}").serving_model()
    assert ServingFunction(model, 2, None).inputs == [InputType("inputs", (2, 32, 32, 3), "uint8")]


def test_clips_have_lengths_and_random_searches_seeds():
    """Clips come with their lengths, and a random search with a seed per input."""
    model = fresh_captioner("search={type: sampling}", task="description").serving_model()
    function = ServingFunction(model, None, 4)
    assert function.inputs == [
        InputType("inputs", (None, 4, 32, 32, 3), "uint8"),
        InputType("lengths", (None,), "int32"),
        InputType("seeds", (None,), "int32"),
    ]
    example = function.example(batch=3)
    assert example["inputs"].shape == (3, 4, 32, 32, 3)
    assert example["lengths"].tolist() == [4, 4, 4]
    assert model(**example)["words"].shape[0] == 3


@pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="a tf.Module")
def test_a_module_computes_what_the_model_computes():
    """The function of the `tf.Module` has the probabilities of the model, for any batch size."""
    model = fresh_classifier().serving_model()
    module = ServingFunction(model, None, None).tensorflow_module()
    clips = np.random.default_rng(0).integers(0, 256, (2, 3, 32, 32, 3), np.uint8)
    lengths = np.array([3, 2], "int32")
    received = module.serve(clips, lengths)["probabilities"].numpy()
    np.testing.assert_allclose(received, model(clips, lengths)["probabilities"], rtol=1e-5)
    assert len(module.parameters) == len(model.variables)
