"""Dtype policies within a block, and accumulation dtypes."""

import keras
import pytest

from lrcn_seq.layers.precision import at_least_float32, built_under


@pytest.mark.parametrize("policy", ["mixed_float16", keras.DTypePolicy("mixed_bfloat16")], ids=str)
def test_layers_in_the_block_get_the_policy(policy):
    """Layers created in the block have its policy, and later layers the global one."""
    with built_under(policy):
        inside = keras.layers.Dense(2)
    outside = keras.layers.Dense(2)
    assert inside.dtype_policy == keras.dtype_policies.get(policy)
    assert outside.dtype_policy == keras.DTypePolicy("float32")


def test_the_global_policy_is_restored_after_an_error():
    """An exception in the block leaves the global policy unchanged."""
    with pytest.raises(ZeroDivisionError), built_under("mixed_float16"):
        raise ZeroDivisionError
    assert keras.config.dtype_policy() == keras.DTypePolicy("float32")


def test_blocks_can_be_nested():
    """After a nested block, the outer block continues with its policy."""
    with built_under("mixed_float16"):
        with built_under("float64"):
            assert keras.config.dtype_policy().name == "float64"
        assert keras.config.dtype_policy().name == "mixed_float16"


@pytest.mark.parametrize(
    ("dtype", "wide"),
    [
        ("float16", "float32"),
        ("bfloat16", "float32"),
        ("float32", "float32"),
        ("float64", "float64"),
        ("uint8", "float32"),
    ],
)
def test_at_least_float32(dtype, wide):
    """Every dtype becomes float32, except float64, which is wider."""
    assert at_least_float32(dtype) == wide
