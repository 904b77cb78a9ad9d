"""Optimizers against their equations in NumPy."""

import keras
import numpy as np
import pytest

from lrcn_seq.config.schema import Optimizer, Schedule
from lrcn_seq.errors import ConfigError
from lrcn_seq.training import optimizer as optimizers


def stepped(settings: Optimizer, gradients, *, rates=None, schedule=None, updates=10):
    """The values of two variables after these gradients."""
    variables = [
        keras.Variable(np.array([1.0, -2.0], "float32")),
        keras.Variable(np.array([0.5], "float32")),
    ]
    rates = {id(variables[place]): rate for place, rate in (rates or {}).items()}
    built = optimizers.build(settings, schedule or Schedule(), rates=rates, updates=updates)
    built.build(variables)
    for gradient in gradients:
        built.apply(
            [keras.ops.convert_to_tensor(np.array(part, "float32")) for part in gradient], variables
        )
    return [keras.ops.convert_to_numpy(variable.value) for variable in variables]


def test_sgd_has_the_momentum_of_the_equation():
    """v ← m v − r g; w ← w + v."""
    found = stepped(
        Optimizer(type="sgd", learning_rate=0.1, momentum=0.9),
        [([1.0, 2.0], [3.0]), ([0.5, 0.0], [1.0])],
    )
    weight, speed = np.array([1.0, -2.0]), np.zeros(2)
    for gradient in ([1.0, 2.0], [0.5, 0.0]):
        speed = 0.9 * speed - 0.1 * np.array(gradient)
        weight = weight + speed
    np.testing.assert_allclose(found[0], weight, rtol=1e-6)


def test_clipping_is_by_the_norm_over_all_gradients_together():
    """A norm of 5 clipped to 1 divides every gradient by 5."""
    found = stepped(
        Optimizer(type="sgd", learning_rate=1.0, momentum=0.0, global_clipnorm=1.0),
        [([3.0, 0.0], [4.0])],
    )
    np.testing.assert_allclose(found[0], [1 - 0.6, -2.0], rtol=1e-6)
    np.testing.assert_allclose(found[1], [0.5 - 0.8], rtol=1e-6)


def test_l2_is_added_after_clipping_as_in_caffe():
    """g / norm + λ w, not (g + λ w) / norm."""
    found = stepped(
        Optimizer(type="sgd", learning_rate=1.0, momentum=0.0, global_clipnorm=1.0, l2=0.1),
        [([3.0, 0.0], [4.0])],
    )
    np.testing.assert_allclose(found[0], [1 - (0.6 + 0.1), -2.0 + 0.2], rtol=1e-6)


def test_decoupled_decay_is_taken_from_the_weight_itself():
    """w ← w (1 − r d) − r g."""
    found = stepped(
        Optimizer(type="sgd", learning_rate=0.5, momentum=0.0, weight_decay=0.1),
        [([0.0, 0.0], [1.0])],
    )
    np.testing.assert_allclose(found[0], np.array([1.0, -2.0]) * 0.95, rtol=1e-6)


def test_a_rate_of_a_part_scales_its_decoupled_decay():
    """w ← w (1 − f r d) for a factor f; with 0 the weight stays as it is."""
    found = stepped(
        Optimizer(type="sgd", learning_rate=0.5, momentum=0.0, weight_decay=0.1),
        [([0.0, 0.0], [1.0])],
        rates={0: 0.1, 1: 0.0},
    )
    np.testing.assert_allclose(found[0], np.array([1.0, -2.0]) * 0.995, rtol=1e-6)
    np.testing.assert_array_equal(found[1], np.float32([0.5]))


@pytest.mark.parametrize("kind", ["sgd", "adam", "rmsprop"])
def test_a_rate_of_a_part_scales_its_update(kind):
    """With a rate of 0.1 a variable moves a tenth as far, whatever the optimizer; with 0 not at all."""
    settings = Optimizer(type=kind, learning_rate=0.01, momentum=0.0)
    whole = stepped(settings, [([1.0, 2.0], [3.0])])
    tenth = stepped(settings, [([1.0, 2.0], [3.0])], rates={0: 0.1, 1: 0.0})
    np.testing.assert_allclose(tenth[0] - [1.0, -2.0], 0.1 * (whole[0] - [1.0, -2.0]), rtol=1e-3)
    np.testing.assert_array_equal(tenth[1], np.float32([0.5]))


def test_accumulated_gradients_are_averaged():
    """Two batches make one update, with their mean."""
    found = stepped(
        Optimizer(type="sgd", learning_rate=1.0, momentum=0.0, gradient_accumulation_steps=2),
        [([1.0, 0.0], [0.0]), ([3.0, 0.0], [0.0])],
    )
    np.testing.assert_allclose(found[0], [1 - 2.0, -2.0], rtol=1e-6)


def test_steps_halve_the_rate():
    """The rate × factor after every `every` updates."""
    curve = optimizers.learning_rate(0.4, Schedule(type="steps", every=10, factor=0.5), 100)
    assert [round(float(curve(step)), 6) for step in (0, 9, 10, 25)] == [0.4, 0.4, 0.2, 0.1]


def test_warm_up_and_cosine_meet_their_ends():
    """Linear to the rate over the warm-up, half a cosine down to the floor."""
    curve = optimizers.learning_rate(1.0, Schedule(type="cosine", warmup=10, floor=0.1), 110)
    assert [round(float(curve(step)), 4) for step in (0, 9, 10, 60, 110, 500)] == [
        0.1,
        1.0,
        1.0,
        0.55,
        0.1,
        0.1,
    ]


def test_accumulated_batches_count_as_one_update():
    """Keras counts batches; the schedule counts updates."""
    curve = optimizers.learning_rate(
        0.4, Schedule(type="steps", every=10, factor=0.5), 100, accumulate=4
    )
    assert [round(float(curve(step)), 6) for step in (39, 40)] == [0.4, 0.2]


def test_a_rate_without_a_variable_is_refused():
    """A misspelled part does not pass silently."""

    class Pair(keras.Model):
        def __init__(self):
            super().__init__()
            self.encoder, self.decoder = (
                keras.layers.Dense(2),
                keras.layers.Dense(2, name="decoder"),
            )

    pair = Pair()
    pair.encoder.build((None, 1))
    pair.decoder.build((None, 1))
    assert set(optimizers.rates_of(pair, {"encoder": 0.1}).values()) == {0.1}
    with pytest.raises(
        ConfigError,
        match=r"training\.learning_rate_multipliers\.encode: no variable that trains has this name",
    ):
        optimizers.rates_of(pair, {"encode": 0.1})
