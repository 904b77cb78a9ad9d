"""Optimizers compared with their update equations in NumPy."""

import keras
import numpy as np
import pytest

from lrcn_seq.config.schema import Optimizer, Schedule
from lrcn_seq.errors import ConfigError
from lrcn_seq.training.optimizer import build_optimizer, learning_rate_multipliers

FIRST, SECOND = [1.0, -2.0], [0.5]
"""Initial values of the two variables."""


def optimize(settings: Optimizer, gradients, *, multipliers=None, schedule=None, updates=10):
    """Apply gradients to two variables.

    Args:
        settings: the optimizer.
        gradients: the gradients of both variables for each batch.
        multipliers: learning rate multipliers by position of a variable.
        schedule: the schedule; constant if None.
        updates: the number of updates in the stage.

    Returns:
        The optimizer and the values of both variables.
    """
    variables = [keras.Variable(np.array(value, "float32")) for value in (FIRST, SECOND)]
    by_id = {id(variables[position]): factor for position, factor in (multipliers or {}).items()}
    optimizer = build_optimizer(
        settings, schedule or Schedule(), multipliers=by_id, updates=updates
    )
    optimizer.build(variables)
    for gradient in gradients:
        tensors = [keras.ops.convert_to_tensor(np.array(part, "float32")) for part in gradient]
        optimizer.apply(tensors, variables)
    return optimizer, [keras.ops.convert_to_numpy(variable.value) for variable in variables]


def sgd(**settings) -> Optimizer:
    """Return the settings of SGD with a learning rate of 1 and without momentum."""
    return Optimizer(**{"type": "sgd", "learning_rate": 1.0, "momentum": 0.0, **settings})


@pytest.mark.parametrize("nesterov", [False, True])
def test_sgd_with_momentum(nesterov):
    """SGD computes v ← m v − η g; w ← w + v, or with Nesterov momentum w ← w + m v − η g."""
    gradients = [([1.0, 2.0], [3.0]), ([0.5, 0.0], [1.0])]
    settings = sgd(learning_rate=0.1, momentum=0.9, nesterov=nesterov)
    _, (first, _) = optimize(settings, gradients)
    weight, velocity = np.array(FIRST), np.zeros(2)
    for gradient, _ in gradients:
        step = 0.1 * np.array(gradient)
        velocity = 0.9 * velocity - step
        weight = weight + (0.9 * velocity - step if nesterov else velocity)
    np.testing.assert_allclose(first, weight, rtol=1e-6)


def test_adam_uses_both_momenta():
    """Adam uses `momentum` as β₁ and `beta_2` as β₂ (Kingma and Ba 2015, algorithm 1)."""
    gradients = [([1.0, 2.0], [3.0]), ([0.5, -1.0], [1.0])]
    settings = Optimizer(type="adam", learning_rate=0.1, momentum=0.8, beta_2=0.9)
    _, (first, _) = optimize(settings, gradients)
    weight, mean, square = np.array(FIRST), np.zeros(2), np.zeros(2)
    for step, (gradient, _) in enumerate(gradients, 1):
        mean = 0.8 * mean + 0.2 * np.array(gradient)
        square = 0.9 * square + 0.1 * np.array(gradient) ** 2
        corrected = mean / (1 - 0.8**step)
        weight = weight - 0.1 * corrected / np.sqrt(square / (1 - 0.9**step))
    np.testing.assert_allclose(first, weight, rtol=1e-5)


def test_rmsprop_with_momentum():
    """RMSprop computes s ← 0.9 s + 0.1 g²; v ← m v + η g / √s; w ← w − v."""
    gradients = [([1.0, 2.0], [3.0]), ([0.5, -1.0], [1.0])]
    settings = Optimizer(type="rmsprop", learning_rate=0.1, momentum=0.5)
    _, (first, _) = optimize(settings, gradients)
    weight, square, velocity = np.array(FIRST), np.zeros(2), np.zeros(2)
    for gradient, _ in gradients:
        square = 0.9 * square + 0.1 * np.array(gradient) ** 2
        velocity = 0.5 * velocity + 0.1 * np.array(gradient) / np.sqrt(square)
        weight = weight - velocity
    np.testing.assert_allclose(first, weight, rtol=1e-4)


def test_clipping_uses_the_norm_of_all_gradients_together():
    """Gradient clipping uses the global norm of all gradients."""
    _, (first, second) = optimize(sgd(global_clipnorm=1.0), [([3.0, 0.0], [4.0])])
    np.testing.assert_allclose(first, [1 - 0.6, -2.0], rtol=1e-6)
    np.testing.assert_allclose(second, [0.5 - 0.8], rtol=1e-6)


def test_l2_is_added_after_clipping():
    """The L2 term is added after clipping: the gradient is g / norm + λ w, as in Caffe."""
    settings = sgd(global_clipnorm=1.0, l2=0.1)
    _, (first, second) = optimize(settings, [([3.0, 0.0], [4.0])])
    np.testing.assert_allclose(first, [1 - (0.6 + 0.1), -2.0 + 0.2], rtol=1e-6)
    np.testing.assert_allclose(second, [0.5 - (0.8 + 0.05)], rtol=1e-6)


def test_l2_is_part_of_the_momentum():
    """The L2 term is part of the momentum: v ← m v − η (g + λ w), as in Caffe."""
    gradients = [([1.0, 0.0], [0.0])] * 2
    _, (first, _) = optimize(sgd(learning_rate=0.1, momentum=0.9, l2=0.5), gradients)
    weight, velocity = 1.0, 0.0
    for _ in gradients:
        velocity = 0.9 * velocity - 0.1 * (1.0 + 0.5 * weight)
        weight += velocity
    assert first[0] == pytest.approx(weight, rel=1e-6)


def test_decoupled_weight_decay_shrinks_the_weights():
    """Decoupled weight decay computes w ← w (1 − η d) − η g (Loshchilov and Hutter 2019)."""
    settings = sgd(learning_rate=0.5, weight_decay=0.1)
    _, (first, second) = optimize(settings, [([0.0, 0.0], [1.0])])
    np.testing.assert_allclose(first, np.array(FIRST) * 0.95, rtol=1e-6)
    np.testing.assert_allclose(second, [0.5 * 0.95 - 0.5], rtol=1e-6)


def test_multipliers_scale_decoupled_weight_decay():
    """A learning rate multiplier f scales decoupled weight decay: w ← w (1 − f η d)."""
    settings = sgd(learning_rate=0.5, weight_decay=0.1)
    gradients = [([0.0, 0.0], [1.0])]
    optimizer, (first, second) = optimize(settings, gradients, multipliers={0: 0.1, 1: 0.0})
    np.testing.assert_allclose(first, np.array(FIRST) * 0.995, rtol=1e-6)
    np.testing.assert_array_equal(second, np.float32(SECOND))
    assert optimizer.weight_decay == 0.1


@pytest.mark.parametrize("kind", ["sgd", "adam", "rmsprop"])
def test_multipliers_scale_updates(kind):
    """A learning rate multiplier scales updates; a variable with multiplier 0 is unchanged."""
    settings, gradients = Optimizer(type=kind, learning_rate=0.01), [([1.0, 2.0], [3.0])]
    _, (full, moved) = optimize(settings, gradients)
    _, (tenth, fixed) = optimize(settings, gradients, multipliers={0: 0.1, 1: 0.0})
    np.testing.assert_allclose(tenth - FIRST, 0.1 * (full - FIRST), rtol=1e-3)
    np.testing.assert_array_equal(fixed, np.float32(SECOND))
    assert abs(moved - SECOND) > 1e-3


def test_accumulated_gradients_are_averaged():
    """Gradient accumulation over two batches gives one update with the mean gradient."""
    settings = sgd(gradient_accumulation_steps=2)
    gradients = [([1.0, 0.0], [0.0]), ([3.0, 0.0], [0.0])]
    _, (early, _) = optimize(settings, gradients[:1])
    _, (first, _) = optimize(settings, gradients)
    np.testing.assert_array_equal(early, np.float32(FIRST))
    np.testing.assert_allclose(first, [1 - 2.0, -2.0], rtol=1e-6)


def test_the_schedule_counts_updates():
    """With gradient accumulation, a schedule counts updates instead of batches."""
    settings = sgd(gradient_accumulation_steps=2)
    schedule = Schedule(type="steps", every=1, factor=0.5)
    _, (first, _) = optimize(settings, [([1.0, 0.0], [0.0])] * 4, schedule=schedule)
    np.testing.assert_allclose(first, [1 - 1.0 - 0.5, -2.0], rtol=1e-6)


def test_the_average_of_weights_replaces_them_at_the_end():
    """At the end of an epoch, the average w̄ ← m w̄ + (1 − m) w replaces the weights."""
    variable = keras.Variable(np.array([1.0], "float32"))
    optimizer = build_optimizer(sgd(ema_momentum=0.6), Schedule(), multipliers={}, updates=3)
    optimizer.build([variable])
    weights = []
    for gradient in (1.0, 2.0, -4.0):
        optimizer.apply([keras.ops.convert_to_tensor(np.array([gradient], "float32"))], [variable])
        weights.append(float(variable.value[0]))
    assert weights == [0.0, -2.0, 2.0]
    optimizer.finalize_variable_values([variable])
    average = 0.6 * (0.6 * 0.0 + 0.4 * -2.0) + 0.4 * 2.0
    assert float(variable.value[0]) == pytest.approx(average)


class Pair(keras.Model):
    """A model with an encoder of one layer and a decoder of two layers."""

    def __init__(self):
        super().__init__()
        self.encoder = keras.layers.Dense(2)
        self.decoder = keras.Sequential(
            [keras.layers.Dense(2, name="hidden"), keras.layers.Dense(2, name="output_words")],
            name="decoder",
        )
        self.encoder.build((None, 1))
        self.decoder.build((None, 1))


def test_multipliers_apply_to_parts_layers_and_weights():
    """The longest name that matches a variable determines its learning rate multiplier."""
    pair = Pair()
    names = {"decoder/output_words/bias": 4.0, "decoder": 2.0, "decoder/output_words": 3.0}
    by_id = learning_rate_multipliers(pair, names)
    hidden, output = pair.decoder.layers
    assert by_id == {
        id(hidden.kernel): 2.0,
        id(hidden.bias): 2.0,
        id(output.kernel): 3.0,
        id(output.bias): 4.0,
    }


def test_multipliers_of_unknown_names_are_refused():
    """All learning rate multipliers with unknown names are reported together."""
    names = {"encode": 0.1, "decoder/out": 0.1, "decoder/absent": 0.1, "encoder": 0.1}
    with pytest.raises(ConfigError) as caught:
        learning_rate_multipliers(Pair(), names)
    assert {problem.place for problem in caught.value.problems} == {
        f"training.learning_rate_multipliers.{name}" for name in names if name != "encoder"
    }
    assert "a name that no trainable variable has" in str(caught.value)


def test_multipliers_of_frozen_parts_are_refused():
    """A learning rate multiplier for a frozen part raises a ConfigError."""
    pair = Pair()
    pair.encoder.trainable = False
    with pytest.raises(ConfigError, match=r"learning_rate_multipliers\.encoder"):
        learning_rate_multipliers(pair, {"encoder": 0.1})
