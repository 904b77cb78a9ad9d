"""A wrapper that hides an object from Keras's attribute tracking."""

from __future__ import annotations

from typing import Generic, TypeVar

T = TypeVar("T")


class Untracked(Generic[T]):
    """A wrapper that keeps a value from becoming a sublayer of the model that refers to it.

    Keras tracks every layer and variable assigned to an attribute of a model, also in lists, tuples
    and dictionaries, but not in this wrapper.

    Args:
        value: the wrapped object.
    """

    def __init__(self, value: T):
        self.value = value
