"""The check for damaged weights."""

import re

import keras
import numpy as np
import pytest

from lrcn_seq.layers.weight_checks import LARGEST, array_problem, variable_problem


@pytest.mark.parametrize(
    ("values", "problem"),
    [
        ([1.0, np.nan], "b with values from nan to nan"),
        ([1.0, np.inf], "b with values from 1 to inf"),
        ([-np.inf, 1.0], "b with values from -inf to 1"),
        ([-2e10, 1.0], r"b with values from -2e\+10 to 1"),
        ([1.0, 1e300], r"b with values from 1 to 1e\+300"),
        (["1"], "b of dtype <U1"),
        ([1 + 1j], "b of dtype complex128"),
    ],
)
def test_the_first_bad_array_is_named(values, problem):
    """The description of a damaged array has its name, and its range of values or its dtype."""
    arrays = [("a", np.ones(2)), ("b", np.array(values)), ("c", np.array([np.nan]))]
    assert re.fullmatch(problem, array_problem(arrays))


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64", "int32", "uint32", "bool"])
def test_numbers_of_any_dtype_are_weights(dtype):
    """Arrays of all numeric dtypes are accepted, as are empty arrays and values up to the limit."""
    arrays = [("a", np.ones((2, 2), dtype)), ("b", np.zeros((0, 3), dtype))]
    assert array_problem(arrays) is None
    assert array_problem([("a", np.array([-LARGEST, LARGEST]))]) is None


def test_variables_are_named_by_their_path():
    """The description of a damaged variable begins with the names of its layers."""
    layer = keras.layers.Dense(2, name="labels")
    layer.build((None, 3))
    assert variable_problem(layer.weights) is None
    layer.bias.assign([0.0, np.nan])
    assert variable_problem(layer.weights) == "labels/bias with values from nan to nan"
