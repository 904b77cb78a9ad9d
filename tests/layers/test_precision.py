"""Dtype policies of layers created in a `with` block, and dtypes for accumulation."""

import keras
import pytest

from lrcn_seq.layers.precision import at_least_float32, built_under


@pytest.mark.parametrize("policy", ["mixed_float16", keras.DTypePolicy("mixed_bfloat16")], ids=str)
def test_layers_in_the_block_get_the_policy(policy):
    """Layers that are created in the `with` block have the dtype policy of the block."""
    with built_under(policy):
        inside = keras.layers.Dense(2)
    outside = keras.layers.Dense(2)
    assert inside.dtype_policy == keras.dtype_policies.get(policy)
    assert outside.dtype_policy == keras.DTypePolicy("float32")


def test_the_global_policy_is_restored_after_an_error():
    """The global dtype policy is restored after an exception in the block."""
    with pytest.raises(ZeroDivisionError), built_under("mixed_float16"):
        raise ZeroDivisionError
    assert keras.config.dtype_policy() == keras.DTypePolicy("float32")


def test_blocks_can_be_nested():
    """After a nested block, the policy of the outer block applies again."""
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
    """`at_least_float32` returns float64 for float64 and float32 for every other dtype."""
    assert at_least_float32(dtype) == wide
