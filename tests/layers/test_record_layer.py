"""The base class of layers whose input is a record."""

import subprocess
import sys

import keras
import numpy as np
import pytest
from keras import ops

from lrcn_seq.encoders import registry
from lrcn_seq.encoders.vectors import Vectors
from lrcn_seq.errors import ArgumentError
from lrcn_seq.layers.record_layer import RecordLayer
from lrcn_seq.records import Encoded

LOAD = """
import sys

import keras
import lrcn_seq.encoders

model = keras.models.load_model(sys.argv[1])
print(model([keras.ops.array([[3.0, 4.0]]), keras.ops.array([[0]])])[0].numpy().ravel().tolist())
"""


class Features(RecordLayer):
    """A layer that returns the features of its input."""

    record = Encoded
    record_argument = "encoded"

    def call(self, encoded):
        return encoded.features


@pytest.mark.parametrize("kind", [Encoded, list, tuple])
def test_a_list_or_tuple_becomes_the_record(kind):
    """The layer receives a record if its input is a record, a list or a tuple."""
    pair = [ops.ones((1, 2)), ops.ones((1, 1), "bool")]
    given = Encoded(*pair) if kind is Encoded else kind(pair)
    assert Features()(given).shape == (1, 2)
    assert Features()(encoded=given).shape == (1, 2)


@pytest.mark.parametrize(
    ("given", "received"), [(np.ones((1, 2)), "ndarray"), ([np.ones((1, 2))], "1 values")]
)
def test_other_inputs_are_refused(given, received):
    """The error for an input that is not a pair lists the fields of the record."""
    with pytest.raises(ArgumentError, match=rf"Encoded\(features, mask\). Received: .*{received}"):
        Features()(given)


def test_classes_of_one_name_in_two_packages_are_both_registered():
    """A class of another package does not replace the registered part of the same name."""
    base = registry.get("tiny_cnn")
    type("TinyCnn", (base,), {"__module__": "another_package.parts"})
    assert keras.saving.get_registered_object("lrcn_seq>TinyCnn") is base
    assert keras.saving.get_registered_object("another_package>TinyCnn") is not base


@pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="one backend suffices")
def test_a_new_process_loads_a_saved_model(tmp_path):
    """Importing `lrcn_seq.encoders` is enough to load a model; no `custom_objects` are needed."""
    vectors, index = keras.Input((2,)), keras.Input((None,), dtype="int32")
    model = keras.Model([vectors, index], Vectors(2, normalize="l2")([vectors, index]))
    model.save(tmp_path / "model.keras")
    command = [sys.executable, "-c", LOAD, str(tmp_path / "model.keras")]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.stdout.strip() == "[0.6000000238418579, 0.800000011920929]", result.stderr
