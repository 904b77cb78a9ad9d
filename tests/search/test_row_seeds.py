"""Random numbers that depend only on the seed of a row."""

import keras
import numpy as np
from keras import ops

from lrcn_seq.search._row_seeds import row_seeds, row_uniforms


def uniforms_of(seeds, shape=(3, 2)):
    """Return the random numbers (B, *shape) of seeds (B,) as a NumPy array."""
    return ops.convert_to_numpy(row_uniforms(ops.convert_to_tensor(seeds, "int32"), shape))


def test_a_row_depends_only_on_its_seed():
    """Equal seeds give equal random numbers in any batch; different seeds give different ones."""
    numbers = uniforms_of([5, 9, 5, 2])
    assert numbers.shape == (4, 3, 2)
    assert (numbers[0] == numbers[2]).all()
    assert (uniforms_of([9])[0] == numbers[1]).all()
    assert len(np.unique(numbers)) == 18


def test_numbers_are_uniform_over_rows():
    """The uniforms of 200 consecutive seeds have mean ½ at each position, and variance 1/12."""
    numbers = uniforms_of(np.arange(200), (10,))
    assert np.abs(numbers.mean(0) - 0.5).max() < 0.09
    assert abs(numbers.mean() - 0.5) < 0.03
    assert abs(numbers.var() - 1 / 12) < 0.01


def test_an_integer_is_the_seed_of_every_row():
    """An integer seed up to 2³² − 1 gives all rows the same seed at every call."""
    for seed in (0, 7, 2**32 - 1):
        seeds = ops.convert_to_numpy(row_seeds(seed, 4))
        assert seeds.tolist() == [seeds[0]] * 4 == ops.convert_to_numpy(row_seeds(seed, 4)).tolist()


def test_a_seed_generator_draws_new_seeds():
    """A `SeedGenerator` gives a different seed to each row at each call."""
    generator = keras.random.SeedGenerator(1)
    first, second = (ops.convert_to_numpy(row_seeds(generator, 4)) for _ in range(2))
    assert len({*first.tolist(), *second.tolist()}) == 8


def test_seeds_of_rows_are_kept():
    """A tensor with one seed per row is returned unchanged."""
    seeds = row_seeds(ops.convert_to_tensor([3, 1]), 2)
    assert ops.convert_to_numpy(seeds).tolist() == [3, 1]
