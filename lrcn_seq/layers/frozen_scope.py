"""A scope in which computations leave the variables of a model unchanged and have no gradient."""

from __future__ import annotations

from collections.abc import Iterable

import keras
from keras import ops


def frozen_scope(variables: Iterable[keras.Variable]) -> keras.StatelessScope:
    """Return a scope in which variables are constants.

    Updates of the variables, such as those of dropout seeds, are discarded at the end of the scope.
    Therefore, the same computation after the scope draws the same dropout masks. Without gradients,
    a loop of any length compiles on JAX.

    Args:
        variables: the variables that the computation reads.
    """
    return keras.StatelessScope(
        state_mapping=[(variable, ops.stop_gradient(variable.value)) for variable in variables]
    )
